"""The sensor that asks for heals: many failures a tick, its own cursor, no loops.

The store decides what is healed: a failed run of a healing connector left its case there. What
the sensor adds is the runs that do the work, also for cases whose worker died (their lease ran
out), and cases for failed runs that could not leave one themselves.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg

from connector_healing.core.case import HealCase
from connector_healing.core.lease import case_lease_name
from connector_healing.orchestration import heal_job
from connector_healing.orchestration.healing_resource import HealingResource
from connector_healing.orchestration.metadata import CASE_TAG, CONNECTOR_TAG
from connector_healing.orchestration.services import RunServices
from connector_healing.orchestration.uncaptured import record_uncaptured

SENSOR_NAME = "connector_failure_sensor"

#: Failed runs that one tick looks at, at most.
FETCH_LIMIT = 500

#: Failed runs from before the sensor was first switched on are looked at, so far back.
LOOK_BACK = timedelta(days=1)

#: A heal run that was asked for so recently may not have claimed its case yet.
STARTING = timedelta(seconds=60)

#: Of an automatic retry that is still to come; the value is Dagster's.
_WILL_RETRY = "dagster/will_retry"

_WAITING = frozenset(
    {dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTING}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorCursor:
    """Up to which failed run the sensor has looked."""

    storage_id: int | None

    @staticmethod
    def read(text: str | None) -> "SensorCursor":
        """The cursor that a tick left; one that cannot be read looks back again."""
        try:
            stored = json.loads(text or "{}").get("storage_id")
        except (ValueError, AttributeError):
            stored = None
        return SensorCursor(storage_id=stored if isinstance(stored, int) else None)

    def written(self) -> str:
        """The cursor as text."""
        return json.dumps({"version": 1, "storage_id": self.storage_id})


def failed_runs(
    instance: dg.DagsterInstance, cursor: SensorCursor, now: datetime
) -> tuple[list[dg.RunRecord], SensorCursor]:
    """Failed runs after the cursor, oldest first, and the cursor behind them."""
    changes = instance.fetch_run_status_changes(
        dg.RunStatusChangeRecordsFilter(
            event_type=dg.DagsterEventType.RUN_FAILURE,
            after_storage_id=cursor.storage_id,
            after_timestamp=None if cursor.storage_id else (now - LOOK_BACK).timestamp(),
        ),
        limit=FETCH_LIMIT,
        ascending=True,
    ).records
    if not changes:
        return [], cursor
    ids = [change.event_log_entry.run_id for change in changes]
    records = {
        r.dagster_run.run_id: r for r in instance.get_run_records(dg.RunsFilter(run_ids=ids))
    }
    found = [records[run_id] for run_id in dict.fromkeys(ids) if run_id in records]
    return found, SensorCursor(storage_id=changes[-1].storage_id)


def is_ours_to_heal(run: dg.DagsterRun) -> bool:
    """Whether a failed run is neither a heal itself nor about to be retried by Dagster."""
    return CASE_TAG not in run.tags and run.tags.get(_WILL_RETRY) != "true"


def heal_requests(
    instance: dg.DagsterInstance, services: RunServices, now: datetime
) -> Iterator[dg.RunRequest]:
    """A run for each case that is due and that no run is about to take up.

    The run key carries the lease's epoch and how often a run was asked for, since Dagster
    refuses a repeated key for ever.
    """
    epochs = {lease.name: lease.epoch for lease in services.store.held()}
    for case in services.store.due_cases(now):
        if _awaits_retry(instance, case):
            continue
        runs = instance.get_run_records(dg.RunsFilter(tags={CASE_TAG: case.case_id}), limit=100)
        if any(_may_claim(record, now) for record in runs):
            continue
        epoch = max(case.epoch, epochs.get(case_lease_name(case.case_id), 0))
        yield request_for(case, f"{epoch}/{len(runs)}")


def request_for(case: HealCase, occurrence: str) -> dg.RunRequest:
    """The run that heals a case."""
    return dg.RunRequest(
        run_key=f"heal/{case.case_id}/{occurrence}",
        job_name=heal_job.JOB_NAME,
        run_config={
            "connector_id": case.connector_id,
            "case_id": case.case_id,
            "mode": case.mode.value,
        },
        tags={CASE_TAG: case.case_id, CONNECTOR_TAG: case.connector_id},
    )


def _may_claim(record: dg.RunRecord, now: datetime) -> bool:
    if record.dagster_run.status in _WAITING:
        return True
    begun = datetime.fromtimestamp(record.start_time, UTC) if record.start_time else None
    started = record.dagster_run.status is dg.DagsterRunStatus.STARTED
    return started and begun is not None and now - begun < STARTING


def _awaits_retry(instance: dg.DagsterInstance, case: HealCase) -> bool:
    run = instance.get_run_by_id(case.run_id) if case.run_id else None
    return run is not None and run.tags.get(_WILL_RETRY) == "true"


def build_connector_failure_sensor(
    *,
    assets: Sequence[dg.AssetsDefinition] = (),
    healing: HealingResource | None = None,
    minimum_interval: timedelta = timedelta(seconds=10),
    default_status: dg.DefaultSensorStatus = dg.DefaultSensorStatus.RUNNING,
    heal_connector: dg.JobDefinition | None = None,
    rerun: Any = None,
) -> dg.SensorDefinition:
    """The sensor `connector_failure_sensor`.

    Args:
        assets: The connectors' assets; failed runs of these that left no case get one.
        healing: Where store and files are; None: the defaults.
        minimum_interval: Between two ticks.
        default_status: RUNNING: it works without being switched on.
        heal_connector: The job that it asks for; None: the default one.
        rerun: The asset job that runs a connector again after a release; None: it is left to the
            next scheduled run.
    """
    used = healing or HealingResource()
    keys = connector_assets(assets)
    jobs: list[Any] = [heal_connector or heal_job.build_heal_connector_job(used)]
    if rerun is not None:
        jobs.append(rerun)

    @dg.sensor(
        name=SENSOR_NAME,
        jobs=jobs,
        minimum_interval_seconds=int(minimum_interval.total_seconds()),
        default_status=default_status,
        description="Asks for a heal of each failed connector run, and of each heal whose worker died.",
    )
    def connector_failure_sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        now, services = datetime.now(UTC), used.opened()
        found, cursor = failed_runs(context.instance, SensorCursor.read(context.cursor), now)
        for record in found:
            if is_ours_to_heal(record.dagster_run):
                record_uncaptured(context.instance, services, record.dagster_run, keys, context.log)
        requests = list(heal_requests(context.instance, services, now))
        if rerun is not None:
            requests += _released(services, keys, rerun.name)
        told = f"{len(found)} failed runs, {len(requests)} requests."
        context.log.info(told)
        return dg.SensorResult(
            run_requests=requests or None,
            cursor=cursor.written(),
            skip_reason=None if requests else dg.SkipReason(f"{told} No case is due."),
        )

    return connector_failure_sensor


def connector_assets(
    assets: Sequence[dg.AssetsDefinition],
) -> Mapping[str, tuple[dg.AssetKey, ...]]:
    """The asset keys of each connector."""
    found: dict[str, tuple[dg.AssetKey, ...]] = {}
    for definition in assets:
        for key in definition.keys:
            connector_id = definition.tags_by_key.get(key, {}).get(CONNECTOR_TAG)
            if connector_id:
                found[connector_id] = (*found.get(connector_id, ()), key)
    return found


def _released(
    services: RunServices, keys: Mapping[str, tuple[dg.AssetKey, ...]], job_name: str
) -> Iterator[dg.RunRequest]:
    """A run for each connector of which a person released what was held."""
    for connector_id, asset_keys in keys.items():
        for case_id in sorted({waiver[0] for waiver in services.store.waivers(connector_id)}):
            yield dg.RunRequest(
                run_key=f"release/{case_id}",
                job_name=job_name,
                asset_selection=list(asset_keys),
                tags={CONNECTOR_TAG: connector_id},
            )
