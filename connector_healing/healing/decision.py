"""The step `validate`: which candidate wins, and what may be done with it."""

from collections.abc import Sequence

from connector_healing.core.case import HealCase, Trial, TrialState
from connector_healing.core.checks import CheckLevel, CheckResult, Validation
from connector_healing.core.patch import Candidate, PatchKind
from connector_healing.core.policy import HealMode, HealPolicy, PolicyLevel
from connector_healing.core.steps import Decision, Finding, Verdict

_DISPROVEN = frozenset({TrialState.REFUSED, TrialState.FAILED})

#: Heals that were rolled back, after which nothing is applied without a person.
BREAKER_ROLLBACKS = 2


def winner_of(candidates: Sequence[Candidate], trials: Sequence[Trial]) -> Candidate | None:
    """The smallest candidate that passed; of equal ones the one that was ranked first.

    What the policy forbids to everybody (level A4) never wins.
    """
    passed = {t.number for t in trials if t.state is TrialState.PASSED}
    able = [c for c in candidates if c.number in passed and c.level < PolicyLevel.A4]
    return min(able, key=lambda c: (c.size, c.number), default=None)


def decide(
    case: HealCase,
    policy: HealPolicy,
    *,
    finding: Finding,
    candidates: Sequence[Candidate],
    trials: Sequence[Trial],
    rolled_back: int = 0,
) -> Decision:
    """What is done about the case.

    Args:
        case: The case.
        policy: Of its connector.
        finding: What the failure means.
        candidates: All that were made.
        trials: What came of them.
        rolled_back: Heals of the connector that were rolled back since the last one that was
            promoted; two of them leave only proposals (the breaker).
    """
    if case.mode is HealMode.DIAGNOSE:
        return _abstain(case, f"Diagnosed only, as asked: {finding.diagnosis.cause}", trials)
    chosen = winner_of(candidates, trials)
    if chosen is None:
        return _abstain(case, _why_not(finding, candidates, trials), trials)
    trial = next(t for t in trials if t.number == chosen.number)
    doubts = _doubts(case, policy, chosen, trial, rolled_back)
    verdict = Verdict.PROPOSE if doubts else Verdict.APPLY
    reason = f"Candidate {chosen.number} passed every hard check."
    if doubts:
        reason += f" A person has to approve it: {'; '.join(doubts)}."
    return Decision(
        verdict=verdict, mode=case.mode, winner=chosen.number, reason=reason, rows=trial.rows
    )


def _doubts(
    case: HealCase, policy: HealPolicy, chosen: Candidate, trial: Trial, rolled_back: int
) -> list[str]:
    validation = Validation(checks=trial.checks, has_history=trial.has_history)
    soft = sorted({c.name for c in trial.checks if c.level is CheckLevel.SOFT and not c.passed})
    rows: tuple[tuple[bool, str], ...] = (
        (case.mode is not HealMode.APPLY, "the mode is propose"),
        (
            chosen.level > min(policy.apply_up_to, PolicyLevel.A2),
            f"its level {chosen.level.name} is above apply_up_to {policy.apply_up_to.name}",
        ),
        (
            not validation.has_history,
            f"there is no key, or fewer than {policy.min_history_runs} good runs to compare with",
        ),
        (not validation.soft_passed, f"soft checks failed: {', '.join(soft)}"),
        (
            chosen.kind is PatchKind.REVERT,
            "going back undoes what somebody deployed on purpose",
        ),
        (
            rolled_back >= BREAKER_ROLLBACKS,
            f"{rolled_back} heals of this connector were rolled back since one was promoted",
        ),
    )
    return [text for applies, text in rows if applies]


def _abstain(case: HealCase, reason: str, trials: Sequence[Trial]) -> Decision:
    refused = sorted({c.name for t in trials for c in t.checks if _refused(c)})
    return Decision(
        verdict=Verdict.ABSTAIN,
        mode=case.mode,
        winner=None,
        reason=reason,
        refused_by=tuple(refused),
    )


def _why_not(finding: Finding, candidates: Sequence[Candidate], trials: Sequence[Trial]) -> str:
    """Why nothing is done, and what a person can do."""
    changes = {c.number for c in candidates if c.kind is not PatchKind.ABSTAIN}
    tried = [t for t in trials if t.state in _DISPROVEN and t.number in changes]
    remedy = finding.diagnosis.remedy
    if tried:
        return f"No candidate was proven. {_by_reason(tried)} {remedy}"
    skipped = [t.reason for t in trials if t.state is TrialState.SKIPPED and t.number in changes]
    if skipped:
        return f"No candidate could be tried: {skipped[0]} {remedy}"
    why = f"No patch is known for it ({finding.diagnosis.subcategory.value})"
    refusals = {reason for c in candidates for reason in c.parameters.values()}
    if refusals and not changes:
        why = f"No patch could be made: {' '.join(sorted(refusals))}"
    unchanged = [t for t in trials if t.state in _DISPROVEN]
    if unchanged:
        # What was held is looked at unchanged too: it may be right by now.
        names = ", ".join(sorted({c.name for t in unchanged for c in t.checks if _refused(c)}))
        why = f"The data still look wrong{f' ({names})' if names else ''}. {why.rstrip('.')}"
    return f"{why.rstrip('.')}. {remedy}"


def _refused(check: CheckResult) -> bool:
    return check.level is CheckLevel.HARD and not check.passed


def _by_reason(trials: Sequence[Trial]) -> str:
    """The reasons, each once, with the candidates that it is about."""
    numbers: dict[str, list[str]] = {}
    for trial in trials:
        numbers.setdefault(trial.reason, []).append(str(trial.number))
    return " ".join(
        f"Candidate{'s' if len(of) > 1 else ''} {', '.join(of)}: {reason.rstrip('.')}."
        for reason, of in numbers.items()
    )
