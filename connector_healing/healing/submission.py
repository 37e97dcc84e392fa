"""The step `submit`: a proven candidate becomes a connector version."""

from connector_healing.core.case import CaseState, HealCase, Healed, HealOutcome, NotHealed
from connector_healing.core.connector import ConnectorVersion
from connector_healing.core.lease import Lease
from connector_healing.core.patch import Candidate
from connector_healing.core.steps import Decision, Verdict
from connector_healing.errors import VersionConflictError
from connector_healing.healing.services import CaseServices
from connector_healing.healing.trials import code_of


def save_version(services: CaseServices, case: HealCase, candidate: Candidate) -> str:
    """Keep the candidate's text as a version; saving it twice is saving it once.

    Returns:
        The version's id.
    """
    code = code_of(services, case, candidate)
    known = services.store.version_row(case.connector_id, code.version_id)
    if known is not None:
        return known.version_id
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


def submit(
    services: CaseServices, case: HealCase, decision: Decision, lease: Lease | None
) -> HealOutcome:
    """Do what was decided. Every write is idempotent, so that a repeated call ends the same."""
    if decision.verdict is Verdict.ABSTAIN or decision.winner is None:
        _advance(services, case, CaseState.ABSTAINED, lease, reason=decision.reason)
        return NotHealed(
            case_id=case.case_id, reason=decision.reason, refused_by=decision.refused_by
        )
    chosen = next(c for c in services.store.candidates(case.case_id) if c.number == decision.winner)
    version_id = save_version(services, case, chosen)
    if decision.verdict is Verdict.PROPOSE:
        services.store.advance_case(
            case.case_id,
            CaseState.AWAITING_APPROVAL,
            lease,
            services.clock.now(),
            reason=decision.reason,
            winner=chosen.number,
            submitted_version=version_id,
        )
        return Healed(
            case_id=case.case_id, version_id=version_id, active=False, summary=chosen.summary
        )
    return activate(
        services, case, chosen, version_id=version_id, reason=decision.reason, lease=lease
    )


def activate(
    services: CaseServices,
    case: HealCase,
    chosen: Candidate,
    *,
    version_id: str,
    reason: str,
    lease: Lease | None,
) -> HealOutcome:
    """Make a saved version active and have its next runs watched."""
    now = services.clock.now()
    if case.state is not CaseState.SUBMITTED:
        case = services.store.advance_case(
            case.case_id,
            CaseState.SUBMITTED,
            lease,
            now,
            reason=reason,
            winner=chosen.number,
            submitted_version=version_id,
        )
    try:
        services.registry.activate(case.connector_id, case.version_id, version_id)
    except VersionConflictError as error:
        _advance(services, case, CaseState.ROLLED_BACK, lease, reason=str(error))
        return NotHealed(case_id=case.case_id, reason=str(error))
    _advance(services, case, CaseState.MONITORING, lease, reason=reason)
    return Healed(case_id=case.case_id, version_id=version_id, active=True, summary=chosen.summary)


def _advance(
    services: CaseServices, case: HealCase, to: CaseState, lease: Lease | None, *, reason: str
) -> None:
    services.store.advance_case(case.case_id, to, lease, services.clock.now(), reason=reason)
