"""Which candidate wins, and what may be done with it."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector_healing.core.case import CaseState, HealCase, Trial, TrialState
from connector_healing.core.checks import CheckLevel, CheckResult
from connector_healing.core.failure import Diagnosis
from connector_healing.core.patch import Candidate, Patch, PatchKind, TextEdit
from connector_healing.core.policy import HealMode, HealPolicy, PolicyLevel
from connector_healing.core.steps import Decision, Finding, Verdict
from connector_healing.core.taxonomy import SUBCATEGORY_FACTS, FailureSubcategory
from connector_healing.healing.decision import BREAKER_ROLLBACKS, decide, winner_of

NOW = datetime(2013, 2, 1, tzinfo=UTC)
A0, A1, A2, A3, A4 = PolicyLevel
FACTS = SUBCATEGORY_FACTS[FailureSubcategory.FIELD_RENAMED]
FINDING = Finding(
    diagnosis=Diagnosis(
        category=FACTS.category,
        subcategory=FailureSubcategory.FIELD_RENAMED,
        cause="It was renamed.",
        remedy=FACTS.remedy,
        retryable=FACTS.retryable,
        human_needed=FACTS.human_needed,
        confidence=0.9,
    )
)
CASE = HealCase(
    case_id="c",
    connector_id="flights",
    dlt_resource="flights",
    fingerprint="f",
    failure_id="f",
    run_id=None,
    version_id="v",
    state=CaseState.VALIDATING,
    mode=HealMode.APPLY,
    opened_at=NOW,
    updated_at=NOW,
)


def candidate(
    number: int,
    size: int = 10,
    level: PolicyLevel = A2,
    kind: PatchKind = PatchKind.SEAM,
) -> Candidate:
    edit = TextEdit(module="m", start=0, end=0, replacement="x" * size)
    reverts = kind is PatchKind.REVERT
    return Candidate(
        case_id="c",
        number=number,
        template=kind.value,
        subcategory=FailureSubcategory.FIELD_RENAMED,
        kind=kind,
        level=level,
        summary="",
        patch=None if reverts else Patch(edits=(edit,), rationale=""),
        version_id=f"v{number}",
    )


def check(name: str, level: CheckLevel, *, passed: bool) -> CheckResult:
    return CheckResult(
        name=name,
        level=level,
        passed=passed,
        table="t",
        column=None,
        observed="",
        bound="",
        sql="",
    )


def trial(number: int, *soft: str, passed: bool = True, history: bool = True) -> Trial:
    checks = [check("H2 key", CheckLevel.HARD, passed=passed)]
    checks += [check(name, CheckLevel.SOFT, passed=False) for name in soft]
    return Trial(
        case_id="c",
        number=number,
        state=TrialState.PASSED if passed else TrialState.REFUSED,
        reason="",
        checks=tuple(checks),
        has_history=history,
    )


def decided(
    chosen: Candidate,
    tried: Trial,
    *,
    policy: HealPolicy | None = None,
    mode: HealMode = HealMode.APPLY,
    rolled_back: int = 0,
) -> Decision:
    return decide(
        replace(CASE, mode=mode),
        policy or HealPolicy(apply_up_to=A2),
        finding=FINDING,
        candidates=[chosen],
        trials=[tried],
        rolled_back=rolled_back,
    )


def test_what_passed_all_checks_within_the_policy_is_applied() -> None:
    decision = decided(candidate(1), trial(1), rolled_back=BREAKER_ROLLBACKS - 1)
    assert (decision.verdict, decision.winner) == (Verdict.APPLY, 1)


@pytest.mark.parametrize(
    ("chosen", "tried", "options", "why"),
    [
        (candidate(1), trial(1), {"mode": HealMode.PROPOSE}, "the mode is propose"),
        (candidate(1), trial(1), {"policy": HealPolicy(apply_up_to=A1)}, "A2 is above apply_up_to"),
        (candidate(1, level=A3), trial(1), {}, "level A3"),
        (candidate(1), trial(1, history=False), {}, "there is no key"),
        (candidate(1), trial(1, "S2 shape", "S2 shape"), {}, "soft checks failed: S2 shape."),
        (candidate(1, kind=PatchKind.REVERT), trial(1), {}, "deployed on purpose"),
        (candidate(1), trial(1), {"rolled_back": BREAKER_ROLLBACKS}, "2 heals"),
    ],
)
def test_every_doubt_leaves_it_to_a_person(
    chosen: Candidate, tried: Trial, options: dict[str, object], why: str
) -> None:
    decision = decided(chosen, tried, **options)  # type: ignore[arg-type]  # keyword arguments
    assert (decision.verdict, decision.winner) == (Verdict.PROPOSE, 1)
    assert why in decision.reason


def test_several_doubts_are_one_sentence() -> None:
    decision = decided(candidate(1), trial(1), mode=HealMode.PROPOSE, policy=HealPolicy())
    assert decision.reason == (
        "Candidate 1 passed every hard check. A person has to approve it: the mode is propose; "
        "its level A2 is above apply_up_to A0."
    )


def test_what_is_forbidden_to_everybody_never_wins() -> None:
    decision = decided(candidate(1, level=A4), trial(1))
    assert decision.verdict is Verdict.ABSTAIN


def test_a_diagnosis_changes_nothing_whatever_passed() -> None:
    decision = decided(candidate(1), trial(1), mode=HealMode.DIAGNOSE)
    assert decision.verdict is Verdict.ABSTAIN
    assert decision.reason == "Diagnosed only, as asked: It was renamed."


def test_only_hard_checks_are_named_as_refusing() -> None:
    decision = decided(candidate(1), trial(1, "S1 count", passed=False))
    assert decision.verdict is Verdict.ABSTAIN
    assert decision.refused_by == ("H2 key",)


@given(st.lists(st.tuples(st.integers(1, 40), st.booleans()), min_size=1, max_size=10))
def test_the_smallest_that_passed_wins(made: list[tuple[int, bool]]) -> None:
    candidates = [candidate(n, size) for n, (size, _) in enumerate(made, start=1)]
    trials = [trial(n, passed=passed) for n, (_, passed) in enumerate(made, start=1)]
    winner = winner_of(candidates, trials)
    able = [(size, n) for n, (size, passed) in enumerate(made, start=1) if passed]
    assert (winner.size, winner.number) == min(able) if winner else not able
