"""The step `submit`: a proven candidate becomes a connector version."""

from connector_healing.core.case import CaseState, HealCase
from connector_healing.core.connector import ConnectorVersion
from connector_healing.core.lease import Lease
from connector_healing.core.patch import Candidate
from connector_healing.core.steps import Decision, Verdict
from connector_healing.errors import VersionConflictError
from connector_healing.healing.delivery import deliver
from connector_healing.healing.services import CaseServices, HealServices
from connector_healing.healing.trials import code_of


def submit(
    services: HealServices, case: HealCase, decision: Decision, lease: Lease | None
) -> HealCase:
    """Do what was decided. Every write is idempotent, so that a repeated call ends the same."""
    now = services.clock.now()
    if decision.verdict is Verdict.ABSTAIN or decision.winner is None:
        return services.store.advance_case(
            case.case_id, CaseState.ABSTAINED, lease, now, reason=decision.reason
        )
    chosen = next(c for c in services.store.candidates(case.case_id) if c.number == decision.winner)
    version_id = save_version(services, case, chosen)
    deliver(services, case, version_id)
    if decision.verdict is Verdict.PROPOSE:
        return services.store.advance_case(
            case.case_id,
            CaseState.AWAITING_APPROVAL,
            lease,
            now,
            reason=decision.reason,
            winner=chosen.number,
            submitted_version=version_id,
        )
    return activate(
        services, case, version_id, winner=chosen.number, reason=decision.reason, lease=lease
    )


def save_version(services: CaseServices, case: HealCase, candidate: Candidate) -> str:
    """Keep the candidate's text as a version; saving it twice is saving it once.

    Returns:
        The version's id.
    """
    code = code_of(services, case, candidate)
    version = ConnectorVersion(
        connector_id=case.connector_id,
        version_id=code.version_id,
        code=code,
        parent=case.version_id,
        change_summary=candidate.summary,
        created_at=services.clock.now(),
        created_by="heal",
        case_id=case.case_id,
        diff=candidate.diff,
    )
    services.registry.save(version)
    return version.version_id


def activate(
    services: CaseServices,
    case: HealCase,
    version_id: str,
    *,
    winner: int | None,
    reason: str,
    lease: Lease | None,
) -> HealCase:
    """Make a saved version active and have its next runs watched.

    Where another version became active since the failure, that one stays and the case closes:
    what was proven of the code that failed is not proven of other code.
    """
    store = services.store
    if case.state is not CaseState.SUBMITTED:
        overtaken = _overtaken(services, case, version_id)
        if overtaken:
            waited = case.state is CaseState.AWAITING_APPROVAL
            to = CaseState.REJECTED if waited else CaseState.ABSTAINED
            return store.advance_case(
                case.case_id, to, lease, services.clock.now(), reason=overtaken
            )
    # Also where it stands there already: the lease is looked at right before the version moves.
    case = store.advance_case(
        case.case_id,
        CaseState.SUBMITTED,
        lease,
        services.clock.now(),
        reason=reason,
        winner=winner,
        submitted_version=version_id,
    )
    to = CaseState.MONITORING
    try:
        services.registry.activate(case.connector_id, case.version_id, version_id)
    except VersionConflictError as error:
        to, reason = CaseState.ROLLED_BACK, str(error)
    return store.advance_case(case.case_id, to, lease, services.clock.now(), reason=reason)


def _overtaken(services: CaseServices, case: HealCase, version_id: str) -> str:
    """Why a version cannot become active any more; empty where it can."""
    active = services.store.active_version(case.connector_id)
    if active in {None, case.version_id, version_id}:
        return ""
    return str(VersionConflictError(case.connector_id, case.version_id, active))
