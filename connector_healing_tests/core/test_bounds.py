import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector_healing.core.bounds import (
    binomial_tail,
    learned_share,
    over_periods,
    upper_bound,
)
from connector_healing.core.learned import learn, periods_since
from connector_healing.core.profile import Baseline, Churn

shares = st.floats(0, 1)
NOW = datetime(2013, 1, 12, tzinfo=UTC)


@given(shares, st.integers(0, 10**9))
def test_a_bound_is_a_share_and_never_under_the_true_one(share: float, n: int) -> None:
    assert share <= upper_bound(share, n) <= 1


@given(shares, st.integers(1, 10**6), st.integers(1, 10**6))
def test_more_rows_bind_tighter(share: float, n: int, more: int) -> None:
    assert upper_bound(share, n + more) <= upper_bound(share, n) + 1e-12


@given(shares, shares, st.integers(1, 10**6))
def test_a_larger_share_bounds_higher(one: float, other: float, n: int) -> None:
    low, high = sorted((one, other))
    # The spread is widest in the middle, so the bound itself is monotone only up to that.
    assert upper_bound(high, n) >= min(upper_bound(low, n), high)


@given(st.integers(1, 400), st.floats(0.001, 0.5))
def test_chance_alone_hardly_ever_passes_the_bound(n: int, share: float) -> None:
    hits = math.floor(upper_bound(share, n) * n)
    assert 1 - binomial_tail(n, hits, share) < 0.002


@given(shares, st.floats(0, 1000), st.floats(0, 1000))
def test_periods_add_up(share: float, one: float, other: float) -> None:
    kept = (1 - over_periods(share, one)) * (1 - over_periods(share, other))
    assert over_periods(share, one + other) == pytest.approx(1 - kept, abs=1e-9)


def test_one_period_changes_the_share_itself() -> None:
    assert over_periods(0.02, 1) == pytest.approx(0.02)
    assert over_periods(0.02, 5) == pytest.approx(1 - 0.98**5)


@given(st.integers(0, 60), st.integers(-1, 61), shares)
def test_the_binomial_tail_is_the_sum_of_its_terms(n: int, at_most: int, share: float) -> None:
    terms = (math.comb(n, k) * share**k * (1 - share) ** (n - k) for k in range(at_most + 1))
    exact = 1.0 if at_most >= n else math.fsum(terms)
    assert binomial_tail(n, at_most, share) == pytest.approx(exact, abs=1e-9)


def test_the_binomial_tail_of_many_draws_is_finite() -> None:
    assert binomial_tail(10**6, 10, 0.5) == 0.0
    assert binomial_tail(10**6, 10**5, 1e-9) == pytest.approx(1.0)


def test_nothing_seen_leaves_the_prior() -> None:
    assert learned_share([]) == pytest.approx(1 / 201)
    assert learned_share([(0.5, 0)]) == pytest.approx(1 / 201)


def test_many_quiet_loads_make_a_column_immutable() -> None:
    assert learned_share([(0.0, 6000)] * 10) < 2e-5


@given(st.lists(st.tuples(shares, st.integers(201, 10**6)), min_size=1))
def test_no_good_load_is_above_what_was_learned(loads: list[tuple[float, int]]) -> None:
    assert learned_share(loads) >= max(share for share, _ in loads)


def baseline(days_ago: float, churn: Churn | None) -> Baseline:
    return Baseline(
        connector_id="c",
        dlt_resource="r",
        recorded_at=NOW - timedelta(days=days_ago),
        run_id=None,
        version_id="v",
        tables=(),
        churn=churn,
    )


def test_learning_scales_with_the_days_that_have_passed() -> None:
    churn = Churn(shared_keys=6000, changed_share={"status": 0.02, "id2": 0.0}, lost_share=0.0005)
    learned = learn([baseline(d, churn) for d in (3, 4, 5, 6)], NOW)
    assert learned.periods == pytest.approx(3)
    assert learned.changed_by_now("status") == pytest.approx(1 - 0.98**3, rel=0.02)
    assert learned.changed_by_now("id2") < 2e-4
    assert learned.lost_by_now() == pytest.approx(0.0015, rel=0.2)


def test_a_long_outage_does_not_free_what_was_never_measured() -> None:
    learned = learn([baseline(d, None) for d in (400, 401, 402)], NOW)
    assert learned.loads == 0
    assert learned.changed_by_now("any") < 0.04
    assert learned.lost_by_now() < 0.04


@given(st.lists(st.floats(0, 1000), max_size=6))
def test_at_least_one_period_has_passed(days: list[float]) -> None:
    loads = sorted((NOW - timedelta(days=d) for d in days), reverse=True)
    assert periods_since(loads, NOW) >= 1
