"""What a person says of a heal case: approve, reject, release, roll back, heal by hand."""

from collections.abc import Mapping

from connector_healing.core.case import RELEASED, CaseState, HealCase, HealOutcome
from connector_healing.core.failure import Failure
from connector_healing.core.fingerprint import fingerprint
from connector_healing.core.policy import MIN_SAMPLE_ROWS, HealMode
from connector_healing.core.records import RunStatus
from connector_healing.core.reproduction import Traffic
from connector_healing.errors import InvalidCaseStateError, NothingToUndoError, UsageError
from connector_healing.healing.monitor import monitored, roll_back
from connector_healing.healing.reporting import write_report
from connector_healing.healing.services import CaseServices
from connector_healing.healing.submission import activate
from connector_healing.healing.telling import ended_outcome

#: Executions among which a failure is looked for.
_LOOK_BACK = 200

_TRAFFIC = (Traffic.LIVE.value, Traffic.CASSETTE.value)


def approve(services: CaseServices, case_id: str, by: str) -> HealOutcome:
    """Make a proposed version active.

    Returns:
        `NotHealed` where another version became active since the proposal: that one stays, and the
        case is closed.

    Raises:
        UnknownCaseError: If there is no such case.
        InvalidCaseStateError: If nothing is proposed in it.
    """
    case = _in_state(services, case_id, CaseState.AWAITING_APPROVAL, CaseState.SUBMITTED)
    ended = activate(
        services,
        case,
        case.submitted_version or "",
        winner=case.winner,
        reason=f"Approved by {by}.",
        lease=None,
    )
    write_report(services, ended)
    return ended_outcome(services, ended)


def reject(services: CaseServices, case_id: str, by: str, reason: str = "") -> HealCase:
    """Refuse a proposal; the failing version stays active.

    Raises:
        UnknownCaseError: If there is no such case.
        InvalidCaseStateError: If the case is closed or its heal is active already.
    """
    case = _in_state(
        services,
        case_id,
        CaseState.AWAITING_APPROVAL,
        CaseState.OPEN,
        CaseState.ABSTAINED,
    )
    why = f"Rejected by {by}{f': {reason}' if reason else '.'}"
    return _rejected(services, case, why)


def release(services: CaseServices, case_id: str, by: str) -> HealCase:
    """Say that held data were right: the connector's next run loads them.

    Only the suspicions of this case are waived, and only once; what was loaded then becomes
    part of the baseline.

    Raises:
        UnknownCaseError: If there is no such case.
        InvalidCaseStateError: If the case is being healed, or closed for another reason.
        UsageError: If the case did not hold anything.
    """
    case = _in_state(
        services, case_id, CaseState.OPEN, CaseState.ABSTAINED, CaseState.AWAITING_APPROVAL
    )
    failure = services.failure(case)
    if not failure.suspicions:
        raise UsageError(
            "case", case_id, "It held no data: only a case of a held load package can be released."
        )
    services.store.save_waiver(case_id, failure.suspicions, services.clock.now())
    return _rejected(services, case, f"{RELEASED} {by}: the data were right.")


def _rejected(services: CaseServices, case: HealCase, why: str) -> HealCase:
    ended = services.store.advance_case(
        case.case_id, CaseState.REJECTED, None, services.clock.now(), reason=why
    )
    write_report(services, ended)
    return ended


def rollback(services: CaseServices, connector_id: str, by: str) -> str:
    """Make the parent of the active version active again.

    Returns:
        The version that is active now.

    Raises:
        UnknownConnectorError: If no such connector ever ran.
        NothingToUndoError: If the active version has no parent.
    """
    services.runtime(connector_id)
    case = monitored(services, connector_id)
    active = services.registry.active(connector_id)
    if active is None or active.parent is None:
        raise NothingToUndoError(connector_id)
    if case is not None and case.submitted_version == active.version_id:
        write_report(services, roll_back(services, case, f"by {by}."))
    else:
        services.registry.activate(connector_id, active.version_id, active.parent)
    now_active = services.registry.active(connector_id)
    return now_active.version_id if now_active else active.parent


def open_by_hand(
    services: CaseServices,
    connector_id: str,
    mode: HealMode,
    parameters: Mapping[str, str],
    run_id: str | None = None,
) -> HealCase:
    """Open, or join, the case of a connector's last failure; it is due at once.

    A case that is being healed already is healed as this launch asks from its next step on. One
    that waits for approval or is being watched is left as it is.

    Args:
        services: The ports.
        connector_id: Which connector.
        mode: How far the heal may go.
        parameters: Of the launch: ``sample_size`` (rows), ``traffic`` (live or cassette).
        run_id: The failed Dagster run; None: the latest failure.

    Raises:
        UnknownConnectorError: If no such connector ever ran.
        UsageError: If it has no failure to heal, or a parameter cannot be used.
    """
    _require_usable(parameters)
    _require_healable(services, connector_id, mode)
    failure = failure_to_heal(services, connector_id, run_id)
    now = services.clock.now()
    case, is_new = services.store.open_case(failure, fingerprint(failure), mode, parameters, now)
    if is_new or not case.state.is_healing or case.state is CaseState.SUBMITTED:
        return case
    return services.store.advance_case(
        case.case_id, case.state, None, now, mode=mode, parameters=parameters, reason=case.reason
    )


def _require_healable(services: CaseServices, connector_id: str, mode: HealMode) -> None:
    runtime = services.store.runtime(connector_id)
    if mode is HealMode.DIAGNOSE or runtime is None or runtime.connector.policy.heal:
        return
    raise UsageError(
        "mode",
        mode.value,
        "This connector is only diagnosed: its policy says `heal=False`, or its definitions put "
        "hints on `dlt_source` that its own module lacks. Use mode diagnose, or change that.",
    )


def _require_usable(parameters: Mapping[str, str]) -> None:
    size = parameters.get("sample_size", str(MIN_SAMPLE_ROWS))
    traffic = parameters.get("traffic", _TRAFFIC[0])
    if not size.isdecimal() or int(size) < MIN_SAMPLE_ROWS:
        allowed = f"It is a number of rows, {MIN_SAMPLE_ROWS} or more."
        raise UsageError("sample_size", size, allowed)
    if traffic not in _TRAFFIC:
        raise UsageError("traffic", traffic, f"It is one of: {', '.join(_TRAFFIC)}.")


def failure_to_heal(
    services: CaseServices, connector_id: str, run_id: str | None = None
) -> Failure:
    """The connector's last failure, or that of a run; nothing is written.

    Raises:
        UnknownConnectorError: If no such connector ever ran.
        UsageError: If it has no failure to heal.
    """
    services.runtime(connector_id)
    for record in services.store.runs(connector_id, _LOOK_BACK):
        if record.failure_id is None or record.status is RunStatus.SUCCEEDED:
            continue
        failure = services.store.failure(record.failure_id)
        if failure is not None and run_id in {None, record.run_id}:
            return failure
    raise UsageError(
        "run" if run_id else "connector",
        run_id or connector_id,
        f"No failure of connector {connector_id!r} is on record"
        f"{f' for run {run_id}' if run_id else ''}: there is nothing to heal. "
        f"See `connector-healing logs {connector_id}`.",
    )


def _in_state(services: CaseServices, case_id: str, *states: CaseState) -> HealCase:
    case = services.case(case_id)
    if case.state not in states:
        raise InvalidCaseStateError(case_id, case.shown_state, [s.value for s in states])
    return case
