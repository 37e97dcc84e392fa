"""What follows a heal: the next runs decide between promotion and roll-back."""

from collections.abc import Collection

from connector_healing.core.case import CaseState, HealCase
from connector_healing.core.records import RunRecord, RunStatus
from connector_healing.errors import VersionConflictError
from connector_healing.healing.services import CaseServices


def watch_run(
    services: CaseServices,
    record: RunRecord,
    fingerprint: str | None,
    dlt_resources: Collection[str] = (),
) -> HealCase | None:
    """Count one run of a connector for the case that is being monitored, if any.

    Args:
        services: The ports.
        record: The run that just ended.
        fingerprint: Of the run's failure; None where it succeeded and nothing was flagged.
        dlt_resources: Those that ran; empty: all of the connector's.

    Returns:
        The case as it stands now; None where nothing was monitored, or the run was of another
        version than the healed one, or left the healed resource out, or failed for another reason.
    """
    case = monitored(services, record.connector_id)
    if case is None or record.version_id != case.submitted_version:
        return None
    if case.dlt_resource and dlt_resources and case.dlt_resource not in dlt_resources:
        return None
    # A load that was flagged, not held, succeeded with a fingerprint: it proves nothing good.
    if record.status is RunStatus.SUCCEEDED and fingerprint is None:
        return _good_run(services, case)
    if fingerprint == case.fingerprint or record.status is not RunStatus.FAILED:
        why = "the same failure came back" if fingerprint == case.fingerprint else record.message
        return roll_back(services, case, f"Run {record.run_id or record.record_id}: {why}")
    return None


def monitored(services: CaseServices, connector_id: str) -> HealCase | None:
    """The connector's newest case whose heal is being watched."""
    cases = services.store.cases(connector_id, [CaseState.MONITORING], limit=1)
    return cases[0] if cases else None


def _good_run(services: CaseServices, case: HealCase) -> HealCase:
    policy = services.runtime(case.connector_id).connector.policy
    good = case.monitored_runs + 1
    enough = good >= policy.monitor_runs
    return services.store.advance_case(
        case.case_id,
        CaseState.PROMOTED if enough else CaseState.MONITORING,
        None,
        services.clock.now(),
        monitored_runs=good,
        reason=f"{good} of {policy.monitor_runs} watched runs were good.",
    )


def roll_back(services: CaseServices, case: HealCase, reason: str) -> HealCase:
    """Make the parent of a healed version active again and mark the case for a person.

    Where somebody made another version active meanwhile, that one stays.
    """
    if case.submitted_version:
        try:
            services.registry.activate(case.connector_id, case.submitted_version, case.version_id)
        except VersionConflictError as error:
            reason = f"{reason} {error}"
    return services.store.advance_case(
        case.case_id,
        CaseState.ROLLED_BACK,
        None,
        services.clock.now(),
        reason=f"Rolled back to {case.version_id}; a person has to look: {reason}",
    )


def supersede(services: CaseServices, connector_id: str, version_id: str) -> None:
    """Close the cases that are about other versions than the one that was just deployed.

    A failure of the deployed code must open a case of its own, and a proposal made from other
    code can no longer be submitted.
    """
    for case in services.store.cases(connector_id, [s for s in CaseState if not s.is_closed]):
        if version_id in {case.submitted_version, case.version_id}:
            continue
        watched = case.state in {CaseState.SUBMITTED, CaseState.MONITORING}
        if case.state is CaseState.MONITORING and case.monitored_runs:
            to, why = CaseState.PROMOTED, f"it was good in {case.monitored_runs} runs until then"
        else:
            to = CaseState.ROLLED_BACK if watched else CaseState.REJECTED
            why = "no run had proven it" if watched else "the code that failed runs no more"
        services.store.advance_case(
            case.case_id,
            to,
            None,
            services.clock.now(),
            reason=f"Other code was deployed ({version_id}); {why}.",
        )
