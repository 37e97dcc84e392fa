import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector_healing.core.drift.columns import side_of
from connector_healing.core.drift.flatten import leaves

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4)
    ),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"a": {"b": 1}}, {"a.b": [1]}),
        ({"a": [{"b": 1}, {"b": 2}]}, {"a[].b": [1, 2]}),
        ({"a": []}, {"a[]": []}),
        ({"a": {}}, {"a": ["{}"]}),
        ({"a": [[1, 2], [3]]}, {"a[][]": [1, 2, 3]}),
        ({"a": None, "b": float("nan")}, {"a": [None], "b": [None]}),
        (7, {}),
        ([1, 2], {"[]": [1, 2]}),
    ],
)
def test_a_record_becomes_leaf_paths(record: object, expected: dict[str, list[object]]) -> None:
    assert leaves(record) == expected


def test_depth_is_no_limit() -> None:
    record: object = 1
    for _ in range(3000):
        record = {"a": record}

    assert len(leaves(record)) == 1


def test_a_container_seen_empty_is_no_field() -> None:
    side = side_of([{"a": None}, {"a": {"b": 1}}, {"c": []}, {"c": [{"d": 2}]}, {"e": []}])

    assert list(side.columns) == ["a.b", "c[].d", "e[]"]


@given(st.lists(JSON, max_size=5))
def test_every_column_has_a_cell_for_each_record(records: list[object]) -> None:
    side = side_of(records)

    assert all(len(column.cells) == len(records) for column in side.columns.values())
