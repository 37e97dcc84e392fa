"""What a heal may spend: live requests, candidates, time."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector_healing.core.case import CaseState, NotHealed, Step, TrialState
from connector_healing.core.patch import PatchKind
from connector_healing.core.policy import Budget
from connector_healing.core.profile import Baseline, TableProfile
from connector_healing.healing.budget import (
    SPARE_REQUESTS,
    UNKNOWN_EXTRACTION,
    live_request_limit,
    time_left,
)
from connector_healing.healing.rewinding import rewound_state
from connector_healing_tests.healing.freight_api import refused, renamed
from connector_healing_tests.healing.project import APPLY, Project

START = datetime(2013, 1, 1, tzinfo=UTC)


def good_run(day: int, rows: int, requests: int, *, cursor: bool = True) -> Baseline:
    state: dict[str, object] = {"run": day}
    if cursor and day:
        state["resources"] = {"r": {"incremental": {"id": {"last_value": day}}}}
    return Baseline(
        connector_id="c",
        dlt_resource="r",
        recorded_at=START + timedelta(days=day),
        run_id=None,
        version_id="v",
        tables=(TableProfile(table="r", rows=rows),),
        requests=requests,
        source_state_before=state,
    )


#: Newest first: a first run of 200 rows and four requests, then 40 rows in one request a day.
DAYS = [good_run(day, 40, 1) for day in range(5, 0, -1)] + [good_run(0, 200, 4)]


class Told:
    """Progress that keeps what it was told."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    @contextmanager
    def step(self, case_id: str, step: Step, text: str) -> Iterator[None]:
        del case_id, step
        self.texts.append(text)
        yield


def run_of(state: object) -> object:
    assert isinstance(state, dict)
    return state["run"]


def test_the_limit_is_the_largest_run_known_and_ten() -> None:
    assert live_request_limit(Budget(), [DAYS]) == 4 + SPARE_REQUESTS
    assert live_request_limit(Budget(), []) == UNKNOWN_EXTRACTION + SPARE_REQUESTS
    assert live_request_limit(Budget(live_requests=3), [DAYS]) == 3


def test_time_is_never_owed() -> None:
    budget = Budget(wall_time=timedelta(minutes=1))
    assert time_left(budget, timedelta(seconds=20)) == timedelta(seconds=40)
    assert time_left(budget, timedelta(minutes=2)) == timedelta(0)


@pytest.mark.parametrize(
    ("wanted", "affordable", "run"),
    [(40, 99, 5), (41, 99, 4), (120, 99, 3), (300, 99, 0), (9999, 99, 0), (9999, 4, 3), (99, 0, 5)],
)
def test_the_cursor_goes_back_for_rows_as_far_as_requests_allow(
    wanted: int, affordable: int, run: int
) -> None:
    assert run_of(rewound_state({"r": DAYS}, wanted, affordable)) == run


def test_nothing_known_starts_from_the_beginning() -> None:
    assert rewound_state({"r": []}, 100, 10) is None


def test_of_several_resources_the_one_that_needs_most_decides() -> None:
    many = [replace(b, dlt_resource="m", tables=(TableProfile(table="m", rows=900),)) for b in DAYS]
    whole = [good_run(day, 5, 1, cursor=False) for day in range(5, -1, -1)]
    assert run_of(rewound_state({"r": DAYS, "m": many}, 100, 99)) == 3
    assert run_of(rewound_state({"whole": whole, "r": DAYS}, 40, 99)) == 5


@given(
    st.lists(st.tuples(st.integers(0, 50), st.integers(0, 9)), min_size=1, max_size=12),
    st.integers(1, 300),
    st.integers(0, 60),
)
def test_rewinding_repeats_no_more_runs_than_can_be_paid(
    loads: list[tuple[int, int]], wanted: int, affordable: int
) -> None:
    days = [good_run(n, rows, cost) for n, (rows, cost) in reversed([*enumerate(loads)])]
    start = run_of(rewound_state({"r": days}, wanted, affordable))
    again = [b for b in days if run_of(b.source_state_before) >= start]  # type: ignore[operator]  # numbers
    cost = days[0].requests + sum(b.requests for b in again)
    assert len(again) == 1 or cost <= affordable
    # The last run that is repeated was needed.
    assert sum(b.root.rows for b in again[:-1] if b.root) < wanted


@pytest.mark.parametrize(("allowed", "ends"), [(3, "monitoring"), (1, "abstained")])
def test_no_more_requests_are_sent_than_the_connector_allows(
    plain: Project, allowed: int, ends: str
) -> None:
    """Three are enough for a probe and the rows of one good run; one is spent by the probe."""
    plain.policy = replace(APPLY, budget=Budget(live_requests=allowed))
    plain.api.shape = renamed
    plain.run()

    plain.heal()

    assert len(plain.api.hits) <= allowed
    assert plain.case().state == ends, plain.case().reason
    if ends == "abstained":
        assert "The budget of 1 live requests is spent" in plain.case().reason


def test_an_api_that_takes_more_requests_than_ever_ends_the_trials(plain: Project) -> None:
    """Behind the probe its pages are a tenth of what they were: known rows cost too much."""

    def shrink(path: str, number: int) -> None:
        plain.api.page = 50 if number == 1 else 5

    plain.api.shape = renamed
    plain.run()
    plain.api.fault = shrink

    outcome = plain.heal()

    assert len(plain.api.hits) == live_request_limit(Budget(), [DAYS])
    assert isinstance(outcome, NotHealed)
    assert "live requests that were left" in outcome.reason
    trials = plain.run_services.store.trials(plain.case().case_id)
    assert trials[0].live_requests > 0
    assert {t.state for t in trials} == {TrialState.SKIPPED}


def test_a_connector_may_forbid_live_requests(plain: Project) -> None:
    plain.policy = replace(APPLY, budget=Budget(live_requests=0))
    plain.api.shape = renamed
    plain.run()

    plain.heal()

    assert plain.api.hits == []
    assert plain.case().state in {CaseState.ABSTAINED, CaseState.AWAITING_APPROVAL}


def test_no_more_candidates_are_made_than_the_budget_allows(plain: Project) -> None:
    plain.policy = replace(APPLY, budget=Budget(candidates=2))
    plain.api.shape = renamed
    plain.run()

    plain.heal()

    made = plain.run_services.store.candidates(plain.case().case_id)
    assert len(made) == 2
    assert made[-1].kind is PatchKind.ABSTAIN
    assert plain.case().state is CaseState.MONITORING


def test_a_trial_ends_with_the_wall_time(plain: Project) -> None:
    """A retry would go on for minutes against an API that stays away."""
    plain.policy = replace(APPLY, budget=Budget(wall_time=timedelta(seconds=5)))
    plain.api.fault = lambda path, number: refused(503)
    plain.run()
    began = datetime.now(UTC)
    told = Told()

    outcome = plain.heal(progress=told)

    assert datetime.now(UTC) - began < timedelta(seconds=30)
    assert isinstance(outcome, NotHealed)
    trials = plain.run_services.store.trials(plain.case().case_id)
    assert trials[0].state is TrialState.FAILED
    assert "timed out" in trials[0].reason
    assert told.texts[0].startswith("the connector again in the sandbox (at most 300 s")
    waits = r"candidate 1 \(waits for the API where it refuses, at most [1-5] s\): \w"
    assert any(re.match(waits, text) for text in told.texts), told.texts


def test_nothing_is_tried_once_the_wall_time_is_spent(plain: Project) -> None:
    plain.policy = replace(APPLY, budget=Budget(wall_time=timedelta(microseconds=1)))
    plain.api.shape = renamed
    plain.run()

    outcome = plain.heal()

    assert isinstance(outcome, NotHealed)
    assert "wall time is spent" in outcome.reason
    assert plain.run_services.store.trials(plain.case().case_id)[0].state is TrialState.SKIPPED
