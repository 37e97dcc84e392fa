from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector_healing.core.connector import ResourceExpectations
from connector_healing.core.failure import SuspicionKind
from connector_healing.core.judge import judge
from connector_healing.core.profile import Baseline, ColumnProfile, PackageProfile, TableProfile

NOW = datetime(2013, 1, 12, tzinfo=UTC)
CURSOR = {"resources": {"flights": {"incremental": {"updated_at": {"last_value": "x"}}}}}


def table(
    rows: int,
    nulls: Mapping[str, int] | None = None,
    *,
    name: str = "flights",
    disposition: str = "replace",
    parent: str | None = None,
) -> TableProfile:
    columns = {
        column: ColumnProfile(
            name=column, type="VARCHAR", nulls=n, distinct=1, minimum=None, maximum=None
        )
        for column, n in (nulls or {}).items()
    }
    return TableProfile(
        table=name,
        rows=rows,
        columns=columns,
        parent=parent,
        dlt_resource="flights",
        write_disposition=disposition,
    )


def package(*tables: TableProfile) -> PackageProfile:
    return PackageProfile(tables={t.table: t for t in tables})


def history(
    loads: Sequence[Sequence[TableProfile]], *, incremental: bool = False
) -> dict[str, list[Baseline]]:
    return {
        "flights": [
            Baseline(
                connector_id="c",
                dlt_resource="flights",
                recorded_at=NOW - timedelta(days=day),
                run_id=None,
                version_id="v",
                tables=tuple(tables),
                source_state_before=CURSOR if incremental else {},
            )
            for day, tables in enumerate(loads, start=1)
        ]
    }


def kinds(
    profile: PackageProfile,
    baselines: Mapping[str, Sequence[Baseline]] | None = None,
    **expected: object,
) -> list[SuspicionKind]:
    expectations = {"flights": ResourceExpectations(**expected)}  # type: ignore[arg-type]  # the tests' shorthand
    return [s.kind for s in judge(profile, baselines or {}, expectations)]


def test_without_history_or_expectations_nothing_is_suspicious() -> None:
    assert kinds(package(table(0, {"a": 0}))) == []
    assert judge(PackageProfile(), {}, {}) == ()


def test_a_replace_that_would_empty_a_table_is_held_after_one_good_load() -> None:
    assert kinds(package(table(0)), history([[table(16)]])) == [SuspicionKind.TABLE_EMPTIED]


def test_a_table_that_was_empty_before_may_be_empty() -> None:
    assert kinds(package(table(0)), history([[table(0)], [table(16)]])) == []


@pytest.mark.parametrize(
    ("rows", "held"),
    [(1000, False), (501, False), (500, True), (3, True), (1100, False)],
)
def test_half_of_a_replaced_table(rows: int, held: bool) -> None:
    found = kinds(package(table(rows)), history([[table(1000)]]))
    assert found == ([SuspicionKind.TABLE_HALVED] if held else [])


def test_a_tiny_table_may_lose_half() -> None:
    assert kinds(package(table(2)), history([[table(4)]])) == []


def test_a_table_whose_size_varies_is_held_by_its_smallest_good_load() -> None:
    past = history([[table(1000)], [table(200)]])
    assert kinds(package(table(150)), past) == []
    assert kinds(package(table(90)), past) == [SuspicionKind.TABLE_HALVED]


def test_a_full_merge_without_rows_is_held() -> None:
    past = history([[table(100, disposition="merge")]])
    assert kinds(package(table(0, disposition="merge")), past) == [SuspicionKind.NO_ROWS]


@pytest.mark.parametrize(
    ("sizes", "rows", "expected"),
    [
        ([900, 850, 920], 0, []),  # Too few loads to say that it never happens.
        ([900, 850, 920, 880, 910], 0, [SuspicionKind.NO_ROWS]),
        ([3, 1, 2, 4, 2, 1], 0, []),  # Always something, but so little that nothing may be chance.
        ([900, 0, 920, 880, 910], 0, []),
        ([900, 850, 920, 880, 910], 300, []),
        ([900, 850, 920, 880, 910], 20, [SuspicionKind.BELOW_MIN_ROWS]),
        ([900, 850, 920], 20, []),
        ([20, 30, 25, 22, 40], 1, []),
    ],
)
@pytest.mark.parametrize("disposition", ["merge", "append"])
def test_an_incremental_load_varies(
    sizes: list[int], rows: int, expected: list[SuspicionKind], disposition: str
) -> None:
    past = history([[table(n, disposition=disposition)] for n in sizes], incremental=True)
    assert kinds(package(table(rows, disposition=disposition)), past) == expected


def test_a_declared_cursor_makes_a_load_incremental() -> None:
    past = history([[table(900, disposition="merge")]])
    assert kinds(package(table(0, disposition="merge")), past, cursor_field="updated_at") == []


def test_fewer_rows_than_declared_are_held_without_history() -> None:
    assert kinds(package(table(9)), min_rows=10) == [SuspicionKind.BELOW_MIN_ROWS]
    assert kinds(package(table(10)), min_rows=10) == []
    assert kinds(package(table(0)), min_rows=1) == [SuspicionKind.BELOW_MIN_ROWS]


def test_a_required_column_without_values_is_held_without_history() -> None:
    suspicions = judge(
        package(table(5, {"id": 0, "carrier": 5})),
        {},
        {"flights": ResourceExpectations(primary_key=("id",), required_fields=("carrier", "when"))},
    )
    assert [(s.kind, s.column) for s in suspicions] == [
        (SuspicionKind.COLUMN_GONE_NULL, "carrier"),
        (SuspicionKind.COLUMN_GONE_NULL, "when"),
    ]


@pytest.mark.parametrize(
    ("rows", "nulls", "held"),
    [
        (1000, 1000, True),
        (1000, 995, True),  # A handful of stragglers is no column.
        (1000, 500, False),
        (3, 3, False),  # One in five is always NULL: three rows prove nothing.
        (30, 30, True),
    ],
)
def test_a_column_gone_null(rows: int, nulls: int, held: bool) -> None:
    past = history([[table(1000, {"carrier": 200})], [table(900, {"carrier": 180})]])
    found = kinds(package(table(rows, {"carrier": nulls}, disposition="append")), past)
    assert found == ([SuspicionKind.COLUMN_GONE_NULL] if held else [])


def test_a_column_that_the_package_does_not_hold_is_gone() -> None:
    past = history([[table(100, {"carrier": 0})]])
    assert kinds(package(table(100)), past) == [SuspicionKind.COLUMN_GONE_NULL]


def test_a_column_that_was_all_null_in_a_load_of_this_size_may_be_so_again() -> None:
    past = history([[table(100, {"carrier": 0})], [table(100, {"carrier": 100})]])
    assert kinds(package(table(100, {"carrier": 100})), past) == []


def child(rows: int) -> TableProfile:
    return table(rows, {"value": 0}, name="flights__legs", parent="flights")


def test_a_lost_child_table_is_held() -> None:
    past = history([[table(100), child(250)]])
    assert kinds(package(table(100)), past) == [SuspicionKind.CHILD_TABLE_LOST]
    assert kinds(package(table(100), child(0)), past) == [SuspicionKind.CHILD_TABLE_LOST]
    assert kinds(package(table(100), child(10)), past) == []


def test_a_rare_child_table_may_be_missing() -> None:
    assert kinds(package(table(100)), history([[table(100), child(5)]])) == []
    past = history([[table(100), child(0)], [table(100), child(250)]])
    assert kinds(package(table(100)), past) == []


def test_a_load_without_parents_says_nothing_of_children() -> None:
    past = history([[table(0)], [table(100), child(250)]])
    assert kinds(package(table(0)), past) == []


def test_a_resource_that_was_not_run_is_not_missing() -> None:
    assert judge(PackageProfile(), history([[table(100)]]), {}) == ()


def test_a_load_that_a_person_released_is_an_exception_once_others_came_after_it() -> None:
    good, small = history([[table(300)]] * 3), history([[table(22)]])["flights"][0]
    released = replace(small, released=True)
    newest = {"flights": [released, *good["flights"]]}
    older = {"flights": [good["flights"][0], released, *good["flights"][1:]]}

    assert kinds(package(table(23)), newest) == []  # it is what the table holds
    assert kinds(package(table(23)), older) == [SuspicionKind.TABLE_HALVED]
    assert kinds(package(table(311)), newest) == []


def keyed(rows: int, distinct: int, disposition: str = "replace", nulls: int = 0) -> TableProfile:
    column = ColumnProfile(
        name="id", type="BIGINT", nulls=nulls, distinct=distinct, minimum=None, maximum=None
    )
    return replace(table(rows, disposition=disposition), columns={"id": column})


@pytest.mark.parametrize(
    ("now", "past", "held"),
    [
        (keyed(200, 100), keyed(100, 97), True),
        (keyed(200, 100, "append"), keyed(100, 100, "append"), True),
        (keyed(200, 100, "merge"), keyed(100, 97, "merge"), False),
        (keyed(103, 97), keyed(100, 97), False),  # an approximate count
        (keyed(200, 100), keyed(100, 60), False),  # it never was unique
        (keyed(10, 5), keyed(100, 97), False),
        (table(200), keyed(100, 97), False),
        (keyed(200, 0, nulls=200), keyed(100, 97), False),  # gone, which is told otherwise
    ],
)
def test_a_key_that_repeats_itself(now: TableProfile, past: TableProfile, held: bool) -> None:
    found = kinds(package(now), history([[past]]), primary_key=("id",))
    assert (SuspicionKind.KEY_REPEATED in found) is held


def test_a_key_that_nobody_declared_may_repeat_itself() -> None:
    past = history([[keyed(100, 97)]])
    assert kinds(package(keyed(200, 100)), past) == []
    found = kinds(package(keyed(200, 100)), past, primary_key=("id", "day"))
    assert SuspicionKind.KEY_REPEATED not in found
    assert kinds(package(keyed(200, 100)), primary_key=("id",)) == []


@st.composite
def good_histories(draw: st.DrawFn) -> tuple[list[list[TableProfile]], bool]:
    incremental = draw(st.booleans())
    disposition = draw(st.sampled_from(["merge", "append"] if incremental else ["replace"]))
    loads = []
    for _ in range(draw(st.integers(1, 10))):
        rows = draw(st.integers(0, 3000))
        nulls = {c: draw(st.one_of(st.just(0), st.just(rows), st.integers(0, rows))) for c in "abc"}
        legs = draw(st.integers(0, 50)) if rows else 0
        loads.append([table(rows, nulls, disposition=disposition), child(legs)])
    return loads, incremental


@given(good_histories(), st.data())
def test_what_was_good_before_is_no_reason_to_hold(
    drawn: tuple[list[list[TableProfile]], bool], data: st.DataObject
) -> None:
    loads, incremental = drawn
    again = data.draw(st.sampled_from(loads))
    assert kinds(package(*again), history(loads, incremental=incremental)) == []


@given(st.integers(0, 10**6))
def test_small_loads_from_the_same_rows_raise_no_false_alarm(seed: int) -> None:
    """Rows drawn anew from the history's own, in loads of any size."""
    shares = {"a": 0.5, "b": 0.02, "c": 0.97}
    rng = Random(seed)  # hypothesis chooses the seed: numbers of its own choice are not by chance

    def load(rows: int) -> TableProfile:
        drawn = {c: sum(rng.random() < s for _ in range(rows)) for c, s in shares.items()}
        return table(rows, drawn, disposition="merge")

    sizes = [rng.randint(1, 200) for _ in range(rng.randint(1, 8))]
    past = history([[load(n)] for n in sizes], incremental=True)
    found = kinds(package(load(rng.randint(1, 200))), past)
    assert SuspicionKind.COLUMN_GONE_NULL not in found
