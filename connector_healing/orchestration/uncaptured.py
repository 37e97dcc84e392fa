"""Failed runs of connectors that could not leave a failure themselves.

A run whose process was killed, or that failed before the connector's code was reached, leaves
only Dagster's event log: strings, no status, no headers.
"""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from logging import Logger

import dagster as dg

from connector_healing.core.failure import ExceptionLink, Failure, Stage
from connector_healing.core.records import RunRecord, RunStatus
from connector_healing.core.redaction import Redactor
from connector_healing.errors import StoreUnavailableError
from connector_healing.orchestration.failed_runs import ATTEMPTS, is_ours_to_heal
from connector_healing.orchestration.opening import open_case
from connector_healing.orchestration.services import RunServices
from connector_healing.runtime.secret_values import secret_values

#: Executions of a connector among which this run's own record is looked for.
_LOOKED_AT = 50

_PLANNED = dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED
_STARTED = dg.DagsterEventType.STEP_START
_SUCCEEDED = dg.DagsterEventType.STEP_SUCCESS
_FAILED = dg.DagsterEventType.STEP_FAILURE

#: The link of a run that left no exception.
ENDED_SILENTLY = "connector_healing.RunEndedSilently"


def record_uncaptured(
    instance: dg.DagsterInstance,
    services: RunServices,
    runs: Sequence[dg.DagsterRun],
    *,
    keys: Mapping[dg.AssetKey, str],
    again: Mapping[str, int],
    log: Logger,
) -> dict[str, int]:
    """Give each failed run a failure and a case for each connector that left none.

    Args:
        instance: Of Dagster.
        services: Store and registry.
        runs: Failed runs.
        keys: The connector of each asset.
        again: How often runs were tried before, by run id.
        log: Told of runs that cannot be read.

    Returns:
        Runs that could not be read and are to be tried again. After `ATTEMPTS` a run is parked:
        a note in the store says so.
    """
    left: dict[str, int] = {}
    for run in runs:
        try:
            if is_ours_to_heal(run):
                _look_at(instance, services, run, keys)
        except StoreUnavailableError:
            raise  # not this run's fault: the tick is repeated from its cursor
        except Exception as error:
            log.exception("Failed run %s cannot be read.", run.run_id)
            attempts = again.get(run.run_id, 0) + 1
            if attempts < ATTEMPTS:
                left[run.run_id] = attempts
            else:
                told = Redactor(secret_values()).text(f"{type(error).__name__}: {error}")
                services.store.set_note(f"unreadable_run/{run.run_id}", told)
    return left


def _look_at(
    instance: dg.DagsterInstance,
    services: RunServices,
    run: dg.DagsterRun,
    keys: Mapping[dg.AssetKey, str],
) -> None:
    record = instance.get_run_record_by_id(run.run_id)
    ended = datetime.fromtimestamp((record and record.end_time) or 0, UTC)
    captured = {f.connector_id for f in services.store.failures_of_run(run.run_id)}
    for connector_id, failed in _unfinished(instance, run, keys).items():
        recorded = services.store.runs(connector_id, _LOOKED_AT)
        if connector_id in captured or any(r.run_id == run.run_id for r in recorded):
            continue
        if any(r.status is RunStatus.SUCCEEDED and r.started_at > ended for r in recorded):
            continue  # it was overcome since: a run from before the plugin, or before its store
        _record(services, _failure(services, run, connector_id, failed))


def _unfinished(
    instance: dg.DagsterInstance, run: dg.DagsterRun, keys: Mapping[dg.AssetKey, str]
) -> Mapping[str, dg.EventLogEntry | None]:
    """The connectors that the run began and did not finish, each with its failure event, if any.

    Where no step was begun at all, these are all connectors that the run was to make.
    """
    planned: dict[str, str] = {}
    begun: set[str] = set()
    succeeded: set[str] = set()
    failed: dict[str, dg.EventLogEntry] = {}
    for entry in instance.all_logs(run.run_id, {_PLANNED, _STARTED, _SUCCEEDED, _FAILED}):
        event = entry.get_dagster_event()
        step = event.step_key or ""
        if event.event_type is _PLANNED and (key := event.asset_key) and key in keys:
            planned[step] = keys[key]
        elif event.event_type is _STARTED:
            begun.add(step)
        elif event.event_type is _SUCCEEDED:
            succeeded.add(step)
        elif event.event_type is _FAILED:
            failed[step] = entry
    return {
        connector_id: failed.get(step)
        for step, connector_id in planned.items()
        if step not in succeeded and (step in begun or not begun)
    }


def _failure(
    services: RunServices, run: dg.DagsterRun, connector_id: str, entry: dg.EventLogEntry | None
) -> Failure:
    links = tuple(_links(entry, Redactor(secret_values())))
    return Failure(
        failure_id=uuid.uuid4().hex,
        connector_id=connector_id,
        dlt_resource=None,
        run_id=run.run_id,
        version_id=services.store.active_version(connector_id),
        occurred_at=datetime.now(UTC),
        stage=Stage.UNKNOWN,
        chain=links,
        root=len(links) - 1,
    )


def _links(entry: dg.EventLogEntry | None, redactor: Redactor) -> Iterator[ExceptionLink]:
    error = entry.get_dagster_event().step_failure_data.error if entry else None
    if error is None:
        message = "The run ended without an exception: its process was killed, or never began."
        yield ExceptionLink(type=ENDED_SILENTLY, message=message)
    while error is not None:
        yield ExceptionLink(
            type=error.cls_name or "Exception", message=redactor.text(error.message.strip())
        )
        error = error.cause


def _record(services: RunServices, failure: Failure) -> None:
    """Keep it; a connector that is not known by an earlier run cannot be healed, only listed."""
    store = services.store
    runtime = store.runtime(failure.connector_id)
    case = None
    store.record_failure(failure)
    if runtime is not None and failure.version_id is not None:
        case = open_case(store, failure, runtime.connector.policy, failure.occurred_at)
    store.record_run(
        RunRecord(
            record_id=failure.failure_id,
            connector_id=failure.connector_id,
            run_id=failure.run_id,
            version_id=failure.version_id or "",
            status=RunStatus.FAILED,
            started_at=failure.occurred_at,
            ended_at=failure.occurred_at,
            message=failure.message,
            failure_id=failure.failure_id,
            case_id=case.case_id if case else None,
        )
    )
