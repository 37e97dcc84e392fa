"""Gathers what the store knows of a case, for its report and for whoever asks."""

from datetime import timedelta
from typing import TypeVar

from connector_healing.core.case import (
    CaseState,
    HealCase,
    Healed,
    HealOutcome,
    NotHealed,
    NotReproduced,
    Step,
)
from connector_healing.core.classify import classify
from connector_healing.core.codec import from_json
from connector_healing.core.records import RunStatus
from connector_healing.core.report_facts import ReportFacts
from connector_healing.core.steps import Decision, Finding, Reproduction
from connector_healing.errors import HealingError
from connector_healing.healing.services import CaseServices

T = TypeVar("T")

#: Executions that the last success is looked for in.
_RUNS = 500


def report_facts(services: CaseServices, case: HealCase) -> ReportFacts:
    """Everything that a case's report says, as the store has it now."""
    store = services.store
    failure = services.failure(case)
    seen = _kept(services, case, Step.REPRODUCE, Reproduction)
    finding = _kept(services, case, Step.CLASSIFY, Finding)
    trials = tuple(store.trials(case.case_id))
    good = [r for r in store.runs(case.connector_id, _RUNS) if r.status is RunStatus.SUCCEEDED]
    live = [t.live_requests for t in trials]
    live += [s.live_requests for s in (seen, finding) if s is not None]
    history = tuple(store.case_history(case.case_id))
    return ReportFacts(
        case=case,
        failure=failure,
        # Also what did not show again can be named, by the rules alone.
        diagnosis=finding.diagnosis if finding else classify(failure, services.rules),
        candidates=tuple(store.candidates(case.case_id)),
        trials=trials,
        outcome=outcome_of(services, case),
        last_success=good[0].ended_at if good else None,
        duration=duration_of(services, case),
        live_requests=sum(live),
        replayed_requests=sum(t.replayed_requests for t in trials)
        + (seen.replayed_requests if seen else 0),
        history=history,
        mappings=finding.mappings if finding else (),
        warnings=seen.warnings if seen else (),
        release_waits=any(case.case_id == w[0] for w in store.waivers(case.connector_id)),
        branch=store.get_note(branch_note(case.case_id)) or "",
    )


def branch_note(case_id: str) -> str:
    """The note under which the branch is kept that was made for a case."""
    return f"branch/{case_id}"


def duration_of(services: CaseServices, case: HealCase) -> timedelta:
    """How long the heal's last attempt took, until the case came to rest or until now."""
    history = services.store.case_history(case.case_id)
    begun = [at for at, state, _ in history if state is CaseState.REPRODUCING]
    if not begun:
        return timedelta(0)
    rested = [at for at, state, _ in history if not state.is_healing and at >= begun[-1]]
    return (rested[0] if rested else services.clock.now()) - begun[-1]


def outcome_of(services: CaseServices, case: HealCase) -> HealOutcome | None:
    """How a case ended, or None while it is being healed."""
    if case.state.is_healing and case.state is not CaseState.SUBMITTED:
        return None
    if case.state in {CaseState.TRANSIENT, CaseState.NOT_REPRODUCED}:
        return NotReproduced(
            case_id=case.case_id,
            reason=case.reason,
            transient=case.state is CaseState.TRANSIENT,
        )
    decision = _kept(services, case, Step.VALIDATE, Decision)
    undone = {CaseState.REJECTED, CaseState.ROLLED_BACK}
    if case.submitted_version and case.state not in undone:
        chosen = [c for c in services.store.candidates(case.case_id) if c.number == case.winner]
        return Healed(
            case_id=case.case_id,
            version_id=case.submitted_version,
            active=case.state is not CaseState.AWAITING_APPROVAL,
            summary=chosen[0].summary if chosen else case.reason,
        )
    return NotHealed(
        case_id=case.case_id,
        reason=case.reason,
        refused_by=decision.refused_by if decision else (),
    )


def ended_outcome(services: CaseServices, case: HealCase) -> HealOutcome:
    """How a case that needs no further work ended.

    Raises:
        HealingError: If it has not ended yet.
    """
    outcome = outcome_of(services, case)
    if outcome is None:
        raise HealingError(f"Case {case.case_id} is {case.state.value}: it has not ended yet.")
    return outcome


def _kept(services: CaseServices, case: HealCase, step: Step, kind: type[T]) -> T | None:
    text = services.store.step(case.case_id, step)
    return from_json(text, kind) if text else None
