"""The sensor that asks for heals: many failures a tick, its own cursor, no loops.

The store decides what is healed: a failed run of a healing connector left its case there. What
the sensor adds is the runs that do the work, also for cases whose worker died (their lease ran
out), and cases for failed runs that could not leave one themselves.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg

from connector_healing.healing.holding import release_stale
from connector_healing.orchestration.failed_runs import SensorCursor, failed_runs
from connector_healing.orchestration.heal_requests import heal_requests, release_requests
from connector_healing.orchestration.healing_resource import HealingResource
from connector_healing.orchestration.metadata import CONNECTOR_TAG
from connector_healing.orchestration.uncaptured import record_uncaptured

SENSOR_NAME = "connector_failure_sensor"


def build_connector_failure_sensor(
    *,
    healing: HealingResource,
    heal_connector: dg.JobDefinition,
    rerun: Any = None,
    minimum_interval: timedelta = timedelta(seconds=10),
    default_status: dg.DefaultSensorStatus = dg.DefaultSensorStatus.RUNNING,
) -> dg.SensorDefinition:
    """The sensor `connector_failure_sensor`; it finds the connectors in its code location.

    Args:
        healing: Where store and files are.
        heal_connector: The job that it asks for.
        rerun: The asset job that runs a connector again after a release; None: it is left to the
            next scheduled run.
        minimum_interval: Between two ticks.
        default_status: RUNNING: it works without being switched on.
    """

    @dg.sensor(
        name=SENSOR_NAME,
        jobs=[heal_connector, *([rerun] if rerun is not None else [])],
        minimum_interval_seconds=int(minimum_interval.total_seconds()),
        default_status=default_status,
        description="Asks for a heal of each failed connector run, and of each heal whose worker died.",
    )
    def connector_failure_sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        now, services, instance = datetime.now(UTC), healing.opened(), context.instance
        keys = connector_keys(context.repository_def)
        before = SensorCursor.read(context.cursor)
        runs, cursor = failed_runs(instance, before, now)
        again = record_uncaptured(
            instance, services, runs, keys=keys, again=before.again, log=context.log
        )
        # A worker killed between closing its case and giving its lease back leaves one.
        release_stale(services.store, services.store, SENSOR_NAME)
        requests = list(heal_requests(instance, services, now))
        if rerun is not None:
            requests += release_requests(instance, services, keys, rerun.name)
        told = f"{len(runs)} failed runs, {len(requests)} requests."
        context.log.info(told)
        return dg.SensorResult(
            run_requests=requests or None,
            cursor=SensorCursor(storage_id=cursor.storage_id, again=again).written(),
            skip_reason=None if requests else dg.SkipReason(f"{told} No case is due."),
        )

    return connector_failure_sensor


def connector_keys(repository: dg.RepositoryDefinition | None) -> Mapping[dg.AssetKey, str]:
    """The connector of each asset of a code location that one makes."""
    if repository is None:
        return {}
    graph = repository.asset_graph
    owners = {key: graph.get(key) for key in graph.materializable_asset_keys}
    return {k: node.tags[CONNECTOR_TAG] for k, node in owners.items() if CONNECTOR_TAG in node.tags}
