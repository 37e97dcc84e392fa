"""Running a project's jobs and sensor in this process, as the daemon would in its own."""

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

from connector_healing.orchestration.failure_sensor import SENSOR_NAME
from connector_healing.orchestration.project import job_of
from connector_healing.orchestration.stopping import stopped_by_signals


class LocalProject:
    """A project's definitions on an instance, without a daemon.

    Whoever stops the process stops its run: each call then raises `KeyboardInterrupt`.

    Args:
        definitions: The project's.
        instance: Where runs are recorded.
    """

    def __init__(self, definitions: dg.Definitions, instance: dg.DagsterInstance) -> None:
        self._definitions = definitions
        self._instance = instance
        self._cursor: str | None = None

    def run_connector(self, connector_id: str) -> bool:
        """Materialise a connector's assets; whether the run succeeded."""
        return self._execute(job_of(connector_id), {}, {})

    def tick(self) -> Sequence[dg.RunRequest]:
        """One tick of the failure sensor; its cursor moves on."""
        sensor = self._definitions.resolve_sensor_def(SENSOR_NAME)
        with (
            stopped_by_signals(),
            dg.build_sensor_context(
                instance=self._instance, cursor=self._cursor, definitions=self._definitions
            ) as context,
        ):
            data = sensor.evaluate_tick(context)
        self._cursor = data.cursor
        return data.run_requests or ()

    def execute(self, request: dg.RunRequest) -> bool:
        """Carry out what the sensor asked for; whether the run succeeded."""
        tags = {**request.tags, "dagster/run_key": request.run_key or ""}
        return self._execute(request.job_name or "", dict(request.run_config), tags)

    def _execute(self, job_name: str, config: Mapping[str, Any], tags: Mapping[str, str]) -> bool:
        job = self._definitions.resolve_job_def(job_name)
        with stopped_by_signals():
            result = job.execute_in_process(
                run_config=dict(config) or None,
                instance=self._instance,
                tags=dict(tags),
                raise_on_error=False,
            )
        return result.success
