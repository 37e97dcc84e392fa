"""What follows a heal: the next runs decide between promotion and roll-back."""

from connector_healing.core.case import CaseState, HealCase
from connector_healing.core.records import RunRecord, RunStatus
from connector_healing.errors import VersionConflictError
from connector_healing.healing.services import CaseServices


def watch_run(
    services: CaseServices, record: RunRecord, fingerprint: str | None
) -> HealCase | None:
    """Count one run of a connector for the case that is being monitored, if any.

    Args:
        services: The ports.
        record: The run that just ended.
        fingerprint: Of the run's failure; None where it succeeded.

    Returns:
        The case as it stands now; None where nothing was monitored, or the run was of another
        version than the healed one, or failed for another reason.
    """
    case = monitored(services, record.connector_id)
    if case is None or record.version_id != case.submitted_version:
        return None
    if record.status is RunStatus.SUCCEEDED:
        return _good_run(services, case)
    if fingerprint == case.fingerprint or record.status is RunStatus.HELD:
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
