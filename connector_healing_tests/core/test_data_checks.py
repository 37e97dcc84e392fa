from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector_healing.core.checks import CheckLevel
from connector_healing.core.data_checks import (
    Family,
    completeness,
    family,
    growth_limits,
    stability_bound,
    stability_index,
    type_change,
)
from connector_healing.core.reproduction import EndpointObservation

counts = st.integers(0, 10_000)
PAGES = EndpointObservation(
    endpoint="GET /x",
    requests=3,
    items=30,
    declared_total=None,
    last_page_items=10,
    page_size=10,
    ended=True,
)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("BIGINT", Family.INTEGER),
        ("HUGEINT", Family.INTEGER),
        ("DECIMAL(38,9)", Family.DECIMAL),
        ("DOUBLE", Family.FLOAT),
        ("VARCHAR", Family.TEXT),
        ("BOOLEAN", Family.BOOLEAN),
        ("TIMESTAMP WITH TIME ZONE", Family.TIME),
        ("DATE", Family.TIME),
        ("TIME", Family.CLOCK),
        ("JSON", Family.JSON),
        ("BLOB", Family.OTHER),
        ("INTEGER[]", Family.OTHER),
    ],
)
def test_families(name: str, expected: Family) -> None:
    assert family(name) is expected


@pytest.mark.parametrize(
    ("before", "after", "level"),
    [
        ("BIGINT", "INTEGER", None),
        ("DOUBLE", "BIGINT", None),
        ("BIGINT", "DOUBLE", CheckLevel.SOFT),
        ("VARCHAR", "BIGINT", CheckLevel.SOFT),
        ("BIGINT", "VARCHAR", CheckLevel.HARD),
        ("TIMESTAMP WITH TIME ZONE", "VARCHAR", CheckLevel.HARD),
        ("BOOLEAN", "BIGINT", CheckLevel.HARD),
        ("VARCHAR", "JSON", None),
        ("BLOB", "BLOB", None),
        ("BLOB", "INTEGER[]", CheckLevel.HARD),
    ],
)
def test_what_a_changed_type_means(before: str, after: str, level: CheckLevel | None) -> None:
    assert type_change(before, after) is level


@given(counts, counts, st.integers(1, 1000))
def test_fewer_records_than_declared_are_never_complete(items: int, total: int, page: int) -> None:
    seen = replace(PAGES, items=items, declared_total=total, page_size=page)
    assert completeness(seen).passed is (items >= total)


def test_a_repeated_page_is_never_complete() -> None:
    assert not completeness(replace(PAGES, repeated=True, declared_total=10)).passed


@given(st.lists(counts, min_size=2, max_size=12))
def test_the_same_histogram_is_stable(bins: list[int]) -> None:
    assert stability_index(bins, bins) == pytest.approx(0)


@given(st.lists(st.tuples(counts, counts), min_size=2, max_size=12))
def test_the_index_is_never_negative_and_symmetric(bins: list[tuple[int, int]]) -> None:
    before, after = [b for b, _ in bins], [a for _, a in bins]
    index = stability_index(before, after)
    assert index >= 0
    assert index == pytest.approx(stability_index(after, before))


@given(st.integers(2, 20), st.integers(1, 10**6), st.integers(1, 10**6), st.integers(1, 10**6))
def test_more_rows_bind_the_index_tighter(bins: int, before: int, after: int, more: int) -> None:
    assert stability_bound(bins, before, after + more) <= stability_bound(bins, before, after)


def test_growth_that_the_loads_showed_is_allowed() -> None:
    sizes = [1060, 1048, 1036, 1024, 1012, 1000]
    limits = growth_limits(sizes, 3, 1060)
    assert limits is not None
    assert limits[0] <= 1060 * 1.012**3 <= limits[1]
    assert not limits[0] <= 700 <= limits[1]
    assert not limits[0] <= 2000 <= limits[1]


@given(st.lists(counts, max_size=2), counts)
def test_too_few_loads_bound_no_growth(sizes: list[int], rows: int) -> None:
    assert growth_limits(sizes, 1, rows) is None
