import random
from collections.abc import Callable
from datetime import timedelta
from statistics import mean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector_healing.errors import HealingError
from connector_healing.runtime.rate_policy import USUAL_WINDOWS, RatePolicy
from connector_healing.runtime.rate_signals import RateSignal
from connector_healing_tests.runtime.rate_servers import (
    START,
    FixedWindow,
    Gcra,
    Server,
    SlidingWindow,
    Tells,
    bound_fixed,
    bound_gcra,
    bound_sliding,
    extract,
)

SECOND = timedelta(seconds=1)
SLIDING = bound_sliding(600, 60, 60, 0.2)
GCRA = bound_gcra(600, 1, 10, 0.2)


@pytest.mark.parametrize(
    ("server", "tells", "bound", "ratio", "refusals"),
    [
        (lambda: SlidingWindow(60, 60), Tells.HEADERS, SLIDING, 1.02, 0),
        (lambda: SlidingWindow(60, 60), Tells.RETRY_AFTER, SLIDING, 1.01, 1),
        (lambda: SlidingWindow(60, 60), Tells.NOTHING, SLIDING, 1.03, 6),
        (lambda: SlidingWindow(60, 60, count_refused=True), Tells.RETRY_AFTER, SLIDING, 1.01, 1),
        (lambda: SlidingWindow(60, 60, count_refused=True), Tells.NOTHING, SLIDING, 1.16, 7),
        (lambda: Gcra(1, 10), Tells.HEADERS, GCRA, 1.01, 0),
        (lambda: Gcra(1, 10), Tells.RETRY_AFTER, GCRA, 1.02, 15),
        (lambda: Gcra(1, 10), Tells.NOTHING, GCRA, 1.01, 15),
    ],
)
def test_the_bound_is_kept(
    server: Callable[[], Server], tells: Tells, bound: float, ratio: float, refusals: int
) -> None:
    found = extract(server(), 600, 0.2, tells)
    assert found.seconds <= bound * ratio
    assert found.refusals <= refusals


@pytest.mark.parametrize(
    ("tells", "ratio", "refusals"),
    [(Tells.HEADERS, 1.01, 0), (Tells.RETRY_AFTER, 1.01, 4.2), (Tells.NOTHING, 1.03, 9.5)],
)
def test_the_bound_is_kept_in_fixed_windows_of_any_phase(
    tells: Tells, ratio: float, refusals: float
) -> None:
    phases = [3 * k + 0.7 for k in range(20)]
    found = [extract(FixedWindow(60, 60, phase), 600, 0.2, tells) for phase in phases]
    bound = mean(bound_fixed(600, 60, 60, phase, 0.2) for phase in phases)
    assert mean(one.seconds for one in found) <= bound * ratio
    assert mean(one.refusals for one in found) <= refusals


@pytest.mark.parametrize("window", [2, 3, 5, 10, 30, 300])
@pytest.mark.parametrize("tells", list(Tells))
def test_windows_of_all_usual_lengths_are_learned(window: int, tells: Tells) -> None:
    policy = RatePolicy()
    found = extract(SlidingWindow(20, window), 300, 0.01, tells, policy)
    assert found.seconds <= bound_sliding(300, 20, window, 0.01) * 1.10
    if tells is not Tells.HEADERS:
        assert (policy.limit, policy.window) == (20, timedelta(seconds=window))


@given(
    limit=st.integers(1, 50),
    window=st.sampled_from([1, 2, 5, 7, 10, 37, 60]),
    phase=st.floats(0, 1),
    latency=st.floats(0.002, 0.5),
    tells=st.sampled_from(Tells),
    sliding=st.booleans(),
)
def test_any_limit_is_got_through_without_hammering(
    limit: int, window: int, phase: float, latency: float, tells: Tells, *, sliding: bool
) -> None:
    server = SlidingWindow(limit, window) if sliding else FixedWindow(limit, window, phase * window)
    number = limit * 6
    found = extract(server, number, latency, tells)
    bound = max(5 * window + limit * latency, number * latency)
    assert found.seconds <= 3.2 * bound + 20
    assert found.longest_streak <= 12
    assert found.refusals <= 12 + number // 8


def test_unequal_travel_times_do_not_lead_to_refusals_for_ever() -> None:
    travel = random.Random(7)
    found = extract(
        SlidingWindow(20, 10), 1000, 0.3, Tells.NOTHING, travel=lambda: travel.uniform(0, 0.1)
    )
    assert found.refusals <= 12
    assert found.seconds <= bound_sliding(1000, 20, 10, 0.3) * 1.08


def test_somebody_else_who_spends_from_the_limit_is_made_room_for() -> None:
    server, policy = SlidingWindow(40, 10), RatePolicy()
    extract(server, 400, 0.01, Tells.NOTHING, policy)
    shared = SlidingWindow(25, 10)
    again = RatePolicy.from_note(policy.to_note())
    extract(shared, 400, 0.01, Tells.NOTHING, again)
    assert again.limit is not None
    assert 20 <= again.limit <= 25


def test_nothing_is_sent_in_a_quiet_period() -> None:
    policy = RatePolicy()
    policy.begin(START)
    policy.refuse(START, START, RateSignal(retry_after=90 * SECOND))
    assert policy.wait(START) == 90 * SECOND
    assert policy.wait(START + 89 * SECOND) == SECOND
    assert policy.wait(START + 90 * SECOND) == timedelta(0)


def test_requests_that_were_under_way_do_not_lengthen_the_quiet_period() -> None:
    policy = RatePolicy()
    for k in range(4):
        policy.begin(START + k * timedelta(milliseconds=10))
    for k in (3, 0, 1, 2):
        policy.refuse(START + k * timedelta(milliseconds=10), START + SECOND / 2, RateSignal())
    assert policy.wait(START + SECOND / 2) <= SECOND
    assert policy.refusals == 4


def test_what_is_left_is_shared_by_requests_under_way() -> None:
    policy = RatePolicy()
    policy.begin(START)
    policy.accept(START, START, RateSignal(remaining=2, reset=30 * SECOND))
    policy.begin(START)
    policy.begin(START)
    assert policy.wait(START) > timedelta(0)
    policy.accept(START, START, RateSignal(remaining=1, reset=30 * SECOND))
    policy.accept(START, START, RateSignal(remaining=0, reset=30 * SECOND))
    assert policy.wait(START) == 30 * SECOND


def test_a_request_without_an_answer_frees_its_place() -> None:
    policy = RatePolicy(limit=1, window=10 * SECOND)
    policy.begin(START)
    assert policy.wait(START) > timedelta(0)
    policy.lost()
    assert policy.wait(START) == timedelta(0)


def test_another_process_goes_on_with_what_was_learned() -> None:
    server, policy = SlidingWindow(20, 60), RatePolicy()
    extract(server, 61, 0.01, Tells.RETRY_AFTER, policy)
    again = RatePolicy.from_note(policy.to_note())
    assert (again.limit, again.window) == (20, 60 * SECOND)
    now = START + timedelta(seconds=181)
    assert again.wait(now) == policy.wait(now)
    assert extract(SlidingWindow(20, 60), 200, 0.01, Tells.NOTHING, again).refusals == 0


def test_a_foreign_note_is_refused() -> None:
    with pytest.raises(HealingError):
        RatePolicy.from_note('{"limit": "many"}')


def test_usual_windows_rise() -> None:
    assert list(USUAL_WINDOWS) == sorted(USUAL_WINDOWS)
