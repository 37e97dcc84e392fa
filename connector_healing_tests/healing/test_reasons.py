"""What a person is told where nothing was healed."""

from datetime import UTC, datetime

import pytest

from connector_healing.core.case import CaseState, HealCase, Trial, TrialState
from connector_healing.core.checks import CheckLevel, CheckResult
from connector_healing.core.drift.mapping import FieldMapping, MappingVerdict
from connector_healing.core.failure import Diagnosis, Failure, Stage, Suspicion, SuspicionKind
from connector_healing.core.patch import Candidate, FieldAccess, Patch, PatchKind
from connector_healing.core.policy import HealMode, HealPolicy, PolicyLevel
from connector_healing.core.steps import Decision, Finding, Verdict
from connector_healing.core.taxonomy import SUBCATEGORY_FACTS, FailureSubcategory
from connector_healing.healing.decision import decide
from connector_healing.healing.refining import refined, with_envelope

NOW = datetime(2013, 2, 1, tzinfo=UTC)
S = FailureSubcategory


def diagnosis(subcategory: FailureSubcategory, cause: str = "It broke.") -> Diagnosis:
    facts = SUBCATEGORY_FACTS[subcategory]
    return Diagnosis(
        category=facts.category,
        subcategory=subcategory,
        cause=cause,
        remedy=facts.remedy,
        retryable=facts.retryable,
        human_needed=facts.human_needed,
        confidence=0.8,
        evidence=(),
    )


def candidate(number: int, kind: PatchKind, **reasons: str) -> Candidate:
    patch = None if kind is PatchKind.ABSTAIN else Patch(edits=(), rationale="Changes it.")
    return Candidate(
        case_id="c",
        number=number,
        template=kind.value,
        subcategory=S.FIELD_CHANGED,
        kind=kind,
        level=PolicyLevel.A2,
        summary="",
        patch=patch,
        version_id=None,
        prior=0.5,
        parameters=reasons,
    )


def trial(number: int, state: TrialState, reason: str = "", *refused_by: str) -> Trial:
    checks = tuple(
        CheckResult(
            name=name,
            level=CheckLevel.HARD,
            passed=False,
            table="t",
            column=None,
            observed="",
            bound="",
            sql="",
        )
        for name in refused_by
    )
    return Trial(case_id="c", number=number, state=state, reason=reason, checks=checks)


def decided(subcategory: FailureSubcategory, *tried: tuple[Candidate, Trial]) -> Decision:
    case = HealCase(
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
    decision = decide(
        case,
        HealPolicy(),
        finding=Finding(diagnosis=diagnosis(subcategory)),
        candidates=[c for c, _ in tried],
        trials=[t for _, t in tried],
    )
    assert decision.verdict is Verdict.ABSTAIN
    return decision


UNTRIED = trial(9, TrialState.SKIPPED, "Nothing is changed, so there is nothing to try.")


def test_refused_candidates_are_told_once_for_each_reason_and_the_remedy_last() -> None:
    decision = decided(
        S.FIELD_RENAMED,
        (candidate(1, PatchKind.SEAM), trial(1, TrialState.REFUSED, "H4 refused it.", "H4")),
        (candidate(2, PatchKind.IN_PLACE), trial(2, TrialState.REFUSED, "H4 refused it.", "H4")),
        (candidate(3, PatchKind.IN_PLACE), trial(3, TrialState.FAILED, "It stopped")),
        (candidate(9, PatchKind.ABSTAIN), UNTRIED),
    )
    assert decision.reason == (
        "No candidate was proven. Candidates 1, 2: H4 refused it. Candidate 3: It stopped. "
        "Read the field by its new name."
    )
    assert decision.refused_by == ("H4",)


def test_what_was_held_and_cannot_be_patched_still_looks_wrong() -> None:
    decision = decided(
        S.ROWS_LOST,
        (
            candidate(1, PatchKind.ABSTAIN),
            trial(1, TrialState.REFUSED, "H3 refused it.", "H3 containment", "H1 reproduction"),
        ),
    )
    assert decision.reason.startswith(
        "The data still look wrong (H1 reproduction, H3 containment). No patch is known for it"
    )
    assert "Ask the API's owner" in decision.reason
    assert "Candidate 1" not in decision.reason
    assert decision.refused_by == ("H1 reproduction", "H3 containment")


def test_why_no_patch_could_be_made_is_told() -> None:
    decision = decided(
        S.FIELD_CHANGED, (candidate(1, PatchKind.ABSTAIN, alias="Nobody knows where."), UNTRIED)
    )
    assert decision.reason == (
        "No patch could be made: Nobody knows where. "
        "Find out what became of the field and read it from its new place."
    )


def test_a_candidate_that_could_not_be_tried_says_why() -> None:
    decision = decided(
        S.FIELD_RENAMED,
        (candidate(1, PatchKind.SEAM), trial(1, TrialState.SKIPPED, "The budget is spent.")),
        (candidate(9, PatchKind.ABSTAIN), UNTRIED),
    )
    assert decision.reason.startswith("No candidate could be tried: The budget is spent.")


def test_a_field_that_is_surely_nowhere_is_told_with_the_best_guess() -> None:
    mapping = FieldMapping(
        old="arrival.delay",
        new=None,
        verdict=MappingVerdict.UNSURE,
        runner_up="arrival.late",
        why="95 of 100 records agree.",
    )
    told = refined(diagnosis(S.FIELD_CHANGED), [mapping], [])
    assert told.subcategory is S.FIELD_CHANGED
    assert "nothing proves where to (perhaps arrival.late)" in told.cause
    assert told.evidence[0].text.endswith("95 of 100 records agree.")


def failure(*kinds: SuspicionKind) -> Failure:
    suspicions = tuple(
        Suspicion(
            kind=kind, dlt_resource="r", table="t", column=None, observed="0 rows", expected="rows"
        )
        for kind in kinds
    )
    return Failure(
        failure_id="f",
        connector_id="flights",
        dlt_resource="r",
        run_id=None,
        version_id=None,
        occurred_at=NOW,
        stage=Stage.JUDGE if kinds else Stage.EXTRACT,
        chain=(),
        suspicions=suspicions,
    )


def read(path: str, *, hit: bool) -> FieldAccess:
    return FieldAccess(module="m", line=1, end_line=1, column=0, end_column=1, path=path, hit=hit)


def test_records_that_stand_elsewhere_in_the_answer_are_no_changed_field() -> None:
    reads = [read("$.total", hit=True), read("$.observations", hit=False)]
    told = with_envelope(diagnosis(S.FIELD_CHANGED), failure(), reads, 0)
    assert told.subcategory is S.ENVELOPE_CHANGED
    assert "do not hold observations" in told.cause
    assert S.FIELD_CHANGED in told.also_possible


def test_no_rows_from_answers_full_of_records_are_no_lost_rows() -> None:
    told = with_envelope(diagnosis(S.ROWS_LOST), failure(SuspicionKind.TABLE_EMPTIED), [], 500)
    assert told.subcategory is S.ENVELOPE_CHANGED
    assert "up to 500 records" in told.cause


@pytest.mark.parametrize(
    ("kinds", "listed"),
    [
        ((SuspicionKind.NO_ROWS,), 0),
        ((SuspicionKind.TABLE_HALVED,), 500),
        ((SuspicionKind.NO_ROWS, SuspicionKind.COLUMN_GONE_NULL), 500),
    ],
)
def test_other_losses_stay_what_they_are(kinds: tuple[SuspicionKind, ...], listed: int) -> None:
    before = diagnosis(S.ROWS_LOST)
    assert with_envelope(before, failure(*kinds), [read("carrier", hit=False)], listed) == before
