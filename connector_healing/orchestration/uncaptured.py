"""Failed runs of connectors that could not leave a failure themselves.

A run whose process was killed, or that failed before the connector's code was reached, leaves
only Dagster's event log: strings, no status, no headers.
"""

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from logging import Logger

import dagster as dg

from connector_healing.core.failure import ExceptionLink, Failure, Stage
from connector_healing.core.fingerprint import fingerprint
from connector_healing.core.records import RunRecord, RunStatus
from connector_healing.core.redaction import Redactor
from connector_healing.orchestration.services import RunServices
from connector_healing.runtime.secret_values import secret_values


def record_uncaptured(
    instance: dg.DagsterInstance,
    services: RunServices,
    run: dg.DagsterRun,
    keys: Mapping[str, tuple[dg.AssetKey, ...]],
    log: Logger,
) -> None:
    """Give a failed run a failure and a case, where it left none and ran one of our connectors.

    One run that cannot be read is logged and passed over; the others are worked on.
    """
    try:
        if services.store.failures_of_run(run.run_id):
            return
        for connector_id, asset_keys in keys.items():
            if set(asset_keys) & (run.asset_selection or frozenset()):
                _record(services, connector_id, _failure(instance, services, run, connector_id))
    except Exception:
        log.exception("Failed run %s could not be recorded.", run.run_id)


def _failure(
    instance: dg.DagsterInstance, services: RunServices, run: dg.DagsterRun, connector_id: str
) -> Failure:
    redactor = Redactor(secret_values())
    links: list[ExceptionLink] = []
    for entry in instance.all_logs(run.run_id, of_type=dg.DagsterEventType.STEP_FAILURE):
        data = entry.get_dagster_event().step_failure_data
        error = data.error
        while error is not None:
            links.append(
                ExceptionLink(
                    type=error.cls_name or "Exception", message=redactor.text(error.message)
                )
            )
            error = error.cause
    return Failure(
        failure_id=uuid.uuid4().hex,
        connector_id=connector_id,
        dlt_resource=None,
        run_id=run.run_id,
        version_id=services.store.active_version(connector_id),
        occurred_at=datetime.now(UTC),
        stage=Stage.UNKNOWN,
        chain=tuple(links),
        root=max(len(links) - 1, 0),
    )


def _record(services: RunServices, connector_id: str, failure: Failure) -> None:
    store = services.store
    runtime = store.runtime(connector_id)
    if runtime is None or failure.version_id is None:
        return
    store.record_failure(failure)
    case, _ = store.open_case(
        failure,
        fingerprint(failure),
        runtime.connector.policy.automatic_mode,
        {},
        failure.occurred_at,
    )
    store.record_run(
        RunRecord(
            record_id=failure.failure_id,
            connector_id=connector_id,
            run_id=failure.run_id,
            version_id=failure.version_id,
            status=RunStatus.FAILED,
            started_at=failure.occurred_at,
            ended_at=failure.occurred_at,
            message=failure.message,
            failure_id=failure.failure_id,
            case_id=case.case_id,
        )
    )
