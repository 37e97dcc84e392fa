"""What holds for any records: recovery where keys are shared, abstention, order, no exception."""

import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from connector_healing.core.drift.engine import map_fields
from connector_healing.core.drift.mapping import FieldMapping, MappingVerdict

Record = dict[str, Any]
NAMES = st.text(alphabet="abcdefghijklmnopqrstuvwxyz_", min_size=1, max_size=8)
FIELDS = st.lists(NAMES.filter(lambda name: name != "id"), min_size=2, max_size=10, unique=True)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(["2024-02-30", "9999-99-99T99:99:99Z", "1e999", "a.b", "{}", "0", "NaN"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=5) | NAMES, inner, max_size=4)
    ),
    max_leaves=25,
)


def values(names: list[str], count: int, seed: int) -> list[Record]:
    chance = random.Random(seed)
    made = [lambda: f"{chance.getrandbits(64):016x}", lambda: chance.getrandbits(40), chance.random]
    return [
        {"id": f"k{n:04}", **{name: made[at % 3]() for at, name in enumerate(names)}}
        for n in range(count)
    ]


def verdicts(found: tuple[FieldMapping, ...]) -> dict[str, tuple[str | None, str, str | None]]:
    return {m.old: (m.new, m.verdict.value, m.runner_up) for m in found}


@settings(max_examples=40)
@given(FIELDS, st.integers(0, 9999), st.data())
def test_renames_and_moves_are_recovered_where_keys_are_shared(
    names: list[str], seed: int, data: st.DataObject
) -> None:
    old = values(names, 40, seed)
    homes = {
        name: data.draw(st.sampled_from(["", "inner.", "deep.er."])) + f"new{at}x"
        for at, name in enumerate(names)
        if data.draw(st.booleans())
    }
    new = [_moved(record, homes) for record in old]

    found = verdicts(map_fields(old, new, "id"))

    assert {name: found[name][0] for name in names} == {n: homes.get(n, n) for n in names}


def _moved(record: Record, homes: dict[str, str]) -> Record:
    result: Record = {}
    for name, value in record.items():
        *outer, leaf = homes.get(name, name).split(".")
        inner = result
        for part in outer:
            inner = (
                inner.setdefault(part + "#", {}) if part in record else inner.setdefault(part, {})
            )
        inner[leaf] = value
    return result


@settings(max_examples=40)
@given(FIELDS, st.integers(0, 9999), st.integers(0, 3))
def test_a_dropped_field_is_never_mapped(names: list[str], seed: int, fresh: int) -> None:
    old = values(names, 40, seed)
    gone = names[0]
    added = [f"{gone}_{at}" for at in range(fresh)]
    new = [
        {**{k: v for k, v in record.items() if k != gone}, **dict.fromkeys(added)}
        | {name: other[names[at % len(names)]] for at, name in enumerate(added)}
        for record, other in zip(old, values(names, 40, seed + 1), strict=True)
    ]

    found = verdicts(map_fields(old, new, "id"))

    assert found[gone][0] is None
    assert all(found[name][0] == name for name in names[1:])


@settings(max_examples=40)
@given(FIELDS, st.integers(0, 9999), st.randoms(use_true_random=False))
def test_the_order_of_records_does_not_matter(
    names: list[str], seed: int, chance: random.Random
) -> None:
    old = values(names, 30, seed)
    new = [{f"{k[::-1]}_": v for k, v in record.items()} for record in old[5:]]
    mixed_old, mixed_new = old[:], new[:]
    chance.shuffle(mixed_old)
    chance.shuffle(mixed_new)

    assert verdicts(map_fields(old, new)) == verdicts(map_fields(mixed_old, mixed_new))


@settings(max_examples=150)
@given(st.lists(JSON, max_size=8), st.lists(JSON, max_size=8), st.none() | NAMES)
def test_any_json_gets_an_answer(old: list[object], new: list[object], key: str | None) -> None:
    found = map_fields(old, new, key)

    taken = [m.new for m in found if m.new is not None]
    assert len(taken) == len(set(taken))
    assert all(0 <= m.confidence <= 1 and m.why for m in found)
    assert all((m.new is not None) == (m.verdict in _TAKEN) for m in found)


@settings(max_examples=60)
@given(st.lists(JSON, max_size=8))
def test_records_that_did_not_change_stay_the_same(records: list[object]) -> None:
    assert all(m.new == m.old for m in map_fields(records, records))


_TAKEN = (MappingVerdict.SAME, MappingVerdict.RENAMED)
