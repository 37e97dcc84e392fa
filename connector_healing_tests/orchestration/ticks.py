"""Ticks of the failure sensor, and what stands in for the runs around them."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import dagster as dg

from connector_healing.core.case import HealCase
from connector_healing.core.failure import ExceptionLink, Failure, Stage
from connector_healing.core.policy import HealMode
from connector_healing.orchestration.failure_sensor import SENSOR_NAME
from connector_healing.orchestration.heal_job import JOB_NAME
from connector_healing.store import SqlStore


@dataclass
class Sensor:
    """The sensor of some definitions with its cursor; what it asks for is queued as a run."""

    definitions: dg.Definitions
    instance: dg.DagsterInstance
    cursor: str | None = None

    def tick(self, *, queued: bool = True) -> Sequence[dg.RunRequest]:
        sensor = self.definitions.resolve_sensor_def(SENSOR_NAME)
        with dg.build_sensor_context(
            instance=self.instance, cursor=self.cursor, definitions=self.definitions
        ) as context:
            data = sensor.evaluate_tick(context)
        self.cursor = data.cursor
        for request in data.run_requests or () if queued else ():
            self.queue(request)
        return data.run_requests or ()

    def queue(
        self,
        request: dg.RunRequest,
        status: dg.DagsterRunStatus = dg.DagsterRunStatus.NOT_STARTED,
    ) -> dg.DagsterRun:
        """What the daemon makes of a request."""
        tags = {**request.tags, "dagster/run_key": request.run_key or ""}
        job = self.definitions.resolve_job_def(request.job_name or JOB_NAME)
        return self.instance.create_run_for_job(
            job_def=job, run_config=dict(request.run_config), tags=tags, status=status
        )

    def failed_run(self, tags: Mapping[str, str] | None = None, job: str = "run_shop") -> str:
        """A run that failed before any of its steps began."""
        run = self.instance.create_run_for_job(
            job_def=self.definitions.resolve_job_def(job), tags=dict(tags or {})
        )
        self.instance.report_run_failed(run)
        return run.run_id


def captured(
    store: SqlStore, connector_id: str, run_id: str | None = None, what: str = "KeyError"
) -> HealCase:
    """The case of a failure that a run left."""
    now = datetime.now(UTC)
    failure = Failure(
        failure_id=uuid.uuid4().hex,
        connector_id=connector_id,
        dlt_resource="orders",
        run_id=run_id,
        version_id="0" * 16,
        occurred_at=now,
        stage=Stage.EXTRACT,
        chain=(ExceptionLink(type=what, message="'amount'"),),
    )
    case, _ = store.open_case(failure, f"{connector_id}-{what}", HealMode.PROPOSE, {}, now)
    return case
