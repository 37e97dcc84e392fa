import copy
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector_healing.errors import UsageError
from connector_healing.runtime.aliases import alias_fields

NAMES = st.sampled_from(["id", "a", "b", "c", "d"])
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)
RECORDS = st.dictionaries(NAMES, VALUES, max_size=5)
PATHS = st.lists(st.sampled_from(["x", "y", "z"]), min_size=1, max_size=3).map(".".join)


def put(record: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    name, _, rest = path.partition(".")
    return {**record, name: put(record.get(name, {}), rest, value) if rest else value}


@given(RECORDS, PATHS, VALUES, st.dictionaries(NAMES, VALUES, max_size=2))
def test_a_record_in_the_old_format_is_left_as_it_is(
    record: dict[str, Any], path: str, value: Any, other: Mapping[str, Any]
) -> None:
    old = put(record, path, value)
    given_in = copy.deepcopy(old)
    assert alias_fields({path: "q.new"})({**old, "q": other}) == {**old, "q": other}
    assert alias_fields({path: "q.new"})(old) is old
    assert old == given_in


@given(RECORDS, PATHS, PATHS, VALUES)
def test_a_renamed_record_gives_the_old_one_back(
    record: dict[str, Any], old_path: str, new_path: str, value: Any
) -> None:
    old = put(record, old_path, value)
    renamed = put(record, f"q{new_path}", value)
    before = copy.deepcopy(renamed)
    assert alias_fields({old_path: f"q{new_path}"})(renamed) == old
    assert renamed == before


@given(st.permutations([("a", "b"), ("b", "c"), ("c", "d")]), st.lists(VALUES, min_size=3))
def test_names_that_moved_on_by_one_come_back_in_any_order(
    pairs: list[tuple[str, str]], values: list[Any]
) -> None:
    a, b, c = values[:3]
    assert alias_fields(dict(pairs))({"b": a, "c": b, "d": c}) == {"a": a, "b": b, "c": c}


@pytest.mark.parametrize(
    ("mapping", "record", "expected"),
    [
        ({"carrier": "op_code"}, {"id": 1, "op_code": "UA"}, {"id": 1, "carrier": "UA"}),
        (
            {"dep.delay": "times.departure.late"},
            {"times": {"departure": {"late": 3}, "zone": "EST"}},
            {"times": {"zone": "EST"}, "dep": {"delay": 3}},
        ),
        ({"dep.delay": "delay"}, {"dep": {"at": 1}, "delay": 2}, {"dep": {"at": 1, "delay": 2}}),
        (
            {"legs[].from": "legs[].origin.code"},
            {"legs": [{"origin": {"code": "EWR"}}, {"from": "JFK"}, None, 3]},
            {"legs": [{"from": "EWR"}, {"from": "JFK"}, None, 3]},
        ),
        ({"a[].b[].c": "a[].b[].d"}, {"a": [{"b": [{"d": 1}]}]}, {"a": [{"b": [{"c": 1}]}]}),
        ({"carrier": "carrier.code"}, {"carrier": {"code": "UA"}}, {"carrier": "UA"}),
        ({"carrier": "carrier.code"}, {"carrier": "UA"}, {"carrier": "UA"}),
        (
            {"carrier": "carrier.code"},
            {"carrier": {"code": "UA", "name": "United"}},
            {"carrier": "UA", "carrier__name": "United"},
        ),
        (
            {"carrier": "carrier.code", "carrier_name": "carrier.name"},
            {"carrier": {"code": "UA", "name": "United"}},
            {"carrier": "UA", "carrier_name": "United"},
        ),
        ({"a.b": "c"}, {"a": None, "c": 1}, {"a": None, "c": 1}),
        ({"a": "b"}, {"b": None}, {"a": None}),
        ({"a": "b.c"}, {"b": None}, {"b": None}),
    ],
)
def test_moves(mapping: dict[str, str], record: dict[str, Any], expected: dict[str, Any]) -> None:
    assert alias_fields(mapping)(record) == expected


def test_a_value_that_is_no_record_passes() -> None:
    assert alias_fields({"a": "b"})([1]) == [1]  # type: ignore[arg-type, comparison-overlap]  # dlt passes any item


@pytest.mark.parametrize("path", ["", "a..b", ".a", "a[]", "[].a"])
def test_a_path_that_is_none_is_refused(path: str) -> None:
    with pytest.raises(UsageError, match="field alias"):
        alias_fields({path: "x"})


def test_paths_through_different_lists_are_refused() -> None:
    with pytest.raises(UsageError, match="same lists"):
        alias_fields({"legs[].from": "stops[].from"})
