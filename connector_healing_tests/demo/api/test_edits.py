import copy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from connector_healing.demo.api import edits
from connector_healing.demo.api.rows import Row

NAMES = st.sampled_from(["a", "b", "c"])
RECORDS = st.recursive(
    st.dictionaries(NAMES, st.none() | st.integers(0, 9)),
    lambda inner: st.dictionaries(NAMES, st.integers(0, 9) | inner),
    max_leaves=8,
)
PATHS = st.lists(NAMES, min_size=1, max_size=3).map(".".join)


@given(RECORDS, PATHS, st.integers())
def test_an_edit_leaves_what_it_was_given(record: dict[str, Any], path: str, value: int) -> None:
    before = copy.deepcopy(record)
    edits.with_value(record, path, value)
    edits.without(record, path)
    edits.moved(path, "z.y")(record)
    assert record == before


@given(RECORDS, PATHS, st.integers())
def test_what_is_put_is_found_and_what_is_removed_is_not(
    record: dict[str, Any], path: str, value: int
) -> None:
    put = edits.with_value(record, path, value)
    assert edits.value_at(put, path) == value
    assert edits.value_at(edits.without(put, path), path, "absent") == "absent"


@given(RECORDS, PATHS)
def test_moving_there_and_back_changes_nothing_but_order(record: dict[str, Any], path: str) -> None:
    there = edits.moved(path, "elsewhere.deep")(record)
    back = edits.without(edits.moved("elsewhere.deep", path)(there), "elsewhere")
    assert back == record


def test_shuffling_keeps_the_values_and_their_keys_but_not_their_places() -> None:
    rows = [Row((0, str(place)), {"name": place, "other": place}) for place in range(20)]
    shuffled = edits.shuffled("name")(rows)
    assert [row.key for row in shuffled] == [row.key for row in rows]
    assert sorted(row.record["name"] for row in shuffled) == list(range(20))
    assert all(row.record["name"] != row.record["other"] for row in shuffled)


def test_shuffling_nothing_gives_nothing() -> None:
    assert edits.shuffled("name")([]) == []
