"""What the engine answers where an API renames, moves, removes, recodes or spoils a field."""

import random
from collections.abc import Callable, Mapping
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connector_healing.core.drift.engine import map_fields
from connector_healing.core.drift.mapping import FieldMapping, MappingVerdict

Record = dict[str, Any]
CARRIERS = ("UA", "AA", "DL", "WN", "B6", "EV", "MQ", "US")
START = datetime(2013, 1, 1, tzinfo=UTC)


def flights(count: int, seed: int = 1) -> list[Record]:
    chance = random.Random(seed)
    found = []
    for number in range(count):
        delay = round(chance.gauss(10, 30))
        at = START + timedelta(minutes=chance.randrange(40_000))
        found.append(
            {
                "id": f"F{number:06}",
                "carrier": chance.choice(CARRIERS),
                "origin": chance.choice(("EWR", "JFK", "LGA")),
                "departure": {
                    "scheduled": at.isoformat(),
                    "actual": (at + timedelta(minutes=delay)).isoformat(),
                    "delay": delay,
                },
                "cancelled": chance.random() < 0.03,
                "distance": chance.choice((187, 719, 1400, 2475)),
                "updated": int(at.timestamp()),
            }
        )
    return found


def changed(records: list[Record], change: Callable[[Record, random.Random], None]) -> list[Record]:
    chance, found = random.Random(7), deepcopy(records)
    for record in found:
        change(record, chance)
    return found


def answers(
    old: list[Record], new: list[Record], key: str | None = "id"
) -> Mapping[str, FieldMapping]:
    return {mapping.old: mapping for mapping in map_fields(old, new, key)}


@pytest.mark.parametrize("key", ["id", None])
def test_a_name_without_likeness_is_decided_by_the_shared_records(key: str | None) -> None:
    def rename(record: Record, chance: random.Random) -> None:
        record["op_code"] = record.pop("carrier")
        record["alliance"] = chance.choice(CARRIERS)

    old = flights(400)
    found = answers(old, changed(old, rename), key)["carrier"]

    assert (found.verdict, found.new) == (MappingVerdict.RENAMED, "op_code")
    assert found.agreement == 1
    assert found.shared_keys == 400
    assert "400 of 400 shared records agree" in found.why


def test_a_moved_container_moves_all_its_fields_in_spite_of_churn() -> None:
    def move(record: Record, chance: random.Random) -> None:
        departure = record.pop("departure")
        if chance.random() < 0.05:
            departure["delay"] += chance.randrange(1, 9)
        record["times"] = {"departure": departure, "arrival": {"delay": chance.randrange(60)}}

    old = flights(400)
    found = answers(old, changed(old, move))

    for name in ("scheduled", "actual", "delay"):
        mapping = found[f"departure.{name}"]
        assert (mapping.verdict, mapping.new) == (
            MappingVerdict.RENAMED,
            f"times.departure.{name}",
        )


def test_a_removed_flag_is_not_mapped_to_a_tempting_new_one() -> None:
    def swap(record: Record, chance: random.Random) -> None:
        del record["cancelled"]
        record["is_canceled_by_crew"] = chance.random() < 0.03
        record["charter"] = False

    old = flights(400)
    found = answers(old, changed(old, swap))["cancelled"]

    assert found.new is None
    assert found.verdict in {MappingVerdict.REMOVED, MappingVerdict.UNSURE}


def test_constants_that_agree_prove_nothing() -> None:
    old = [{"id": f"k{n}", "active_users": 0} for n in range(200)]
    new = [{"id": f"k{n}", "retry_budget": 0} for n in range(200)]

    assert answers(old, new)["active_users"].new is None


@pytest.mark.parametrize(
    "spoil",
    [
        lambda record, _: record.update(distance=record["distance"] * 100),
        lambda record, chance: record.update(distance=chance.choice((187, 719, 1400, 2475))),
        lambda record, _: record.update(updated=record["updated"] + 3600),
    ],
)
def test_other_values_under_the_same_name_are_flagged(
    spoil: Callable[[Record, random.Random], None],
) -> None:
    old = flights(200)
    found = answers(old, changed(old, spoil))

    flagged = [m for m in found.values() if m.verdict is MappingVerdict.UNSURE]
    assert len(flagged) == 1
    assert flagged[0].runner_up == flagged[0].old
    assert "changed" in flagged[0].why


def test_a_field_gone_null_is_flagged() -> None:
    def empty(record: Record, chance: random.Random) -> None:
        if chance.random() < 0.5:
            record["distance"] = None

    old = flights(200)
    found = answers(old, changed(old, empty))["distance"]

    assert found.verdict is MappingVerdict.UNSURE
    assert "null" in found.why


def test_churn_leaves_a_field_the_same() -> None:
    def correct(record: Record, chance: random.Random) -> None:
        if chance.random() < 0.05:
            record["departure"]["delay"] += 1
        if chance.random() < 0.6:
            record["updated"] += chance.randrange(1, 5000)

    old = flights(400)
    found = answers(old, changed(old, correct))

    assert {m.verdict for m in found.values()} == {MappingVerdict.SAME}


def test_a_renamed_key_is_found_by_its_values() -> None:
    def rename(record: Record, _: random.Random) -> None:
        record["flight_ref"] = record.pop("id")

    old = flights(100)
    found = answers(old, changed(old, rename))["id"]

    assert (found.verdict, found.new) == (MappingVerdict.RENAMED, "flight_ref")


def test_names_that_changed_places_are_told_by_their_values() -> None:
    def swap(record: Record, _: random.Random) -> None:
        record["public_id"] = record.pop("origin_ref")
        record["origin_ref"] = record.pop("other_ref")

    old: list[Record] = [
        {"id": f"k{n}", "origin_ref": f"a{n * 7919}", "other_ref": f"b{n * 6101}"}
        for n in range(60)
    ]
    found = answers(old, changed(old, swap))

    assert found["origin_ref"].new == "public_id"
    assert found["other_ref"].new == "origin_ref"


@pytest.mark.parametrize(
    ("old_value", "new_value", "transform"),
    [
        (lambda n: str(n * 37), lambda n: n * 37, "cast_int"),
        (lambda n: f"{n * 37}.25", lambda n: n * 37 + 0.25, "cast_number"),
        (lambda n: n * 37, lambda n: str(n * 37), "to_string"),
        (
            lambda n: 1_600_000_000 + n * 977,
            lambda n: _iso(1_600_000_000 + n * 977),
            "epoch_to_iso",
        ),
        (
            lambda n: (1_600_000_000 + n * 977) * 1000,
            lambda n: _iso(1_600_000_000 + n * 977),
            "epoch_ms_to_iso",
        ),
        (
            lambda n: _iso(1_600_000_000 + n * 977),
            lambda n: 1_600_000_000 + n * 977,
            "iso_to_epoch",
        ),
        (
            lambda n: _iso(1_600_000_000 + n * 86_400)[:10],
            lambda n: _iso(1_600_000_000 + n * 86_400),
            "date_to_datetime",
        ),
        (
            lambda n: _iso(1_600_000_000 + n * 977).replace("T", " "),
            lambda n: _iso(1_600_000_000 + n * 977),
            "space_to_rfc3339",
        ),
        (lambda n: f"{n * 37}", lambda n: f"projects/{n * 37}", "resource_name"),
        (lambda n: n % 2 == 0, lambda n: str(n % 2 == 0).lower(), "bool_to_string"),
        (lambda n: n * 37, lambda n: n * 37, "identity"),
    ],
)
def test_a_conversion_is_seen(
    old_value: Callable[[int], object], new_value: Callable[[int], object], transform: str
) -> None:
    old = [{"id": f"k{n}", "made": old_value(n)} for n in range(80)]
    new = [{"id": f"k{n}", "made_again": new_value(n)} for n in range(80)]

    found = answers(old, new)["made"]

    assert (found.verdict, found.new, found.transform) == (
        MappingVerdict.RENAMED,
        "made_again",
        transform,
    )


@pytest.mark.parametrize(
    ("recode", "transform"),
    [
        (lambda active: not active, "invert_bool"),
        (lambda active: "ON" if active else "OFF", "bool_to_enum"),
    ],
)
def test_a_recoded_flag_is_proposed_and_never_applied_as_it_is(
    recode: Callable[[bool], object], transform: str
) -> None:
    chance = random.Random(3)
    flags = [chance.random() < 0.4 for _ in range(200)]
    old = [{"id": f"k{n}", "is_active": flag} for n, flag in enumerate(flags)]
    new = [{"id": f"k{n}", "is_inactive": recode(flag)} for n, flag in enumerate(flags)]

    found = answers(old, new)["is_active"]

    assert "is_inactive" in {found.new, found.runner_up}
    assert found.transform == transform


def test_two_new_fields_as_good_as_each_other_are_left_to_a_person() -> None:
    old = [{"id": f"k{n}", "carrier": CARRIERS[n * n % 7]} for n in range(100)]
    new = [{"id": f"k{n}", "x": CARRIERS[n * n % 7], "y": CARRIERS[n * n % 7]} for n in range(100)]

    found = answers(old, new)["carrier"]

    assert found.verdict is not MappingVerdict.RENAMED
    assert found.new is None


def test_synonyms_are_proposed_without_a_shared_record() -> None:
    old = [{"id": f"a{n}", "title": f"some name {n}", "created_at": _iso(n)} for n in range(10)]
    new = [
        {"id": f"b{n}", "name": f"other name {n}", "creation_time": _iso(n + 99)} for n in range(9)
    ]

    found = answers(old, new)

    assert "creation_time" in {found["created_at"].new, found["created_at"].runner_up}
    assert "name" in {found["title"].new, found["title"].runner_up}


def test_counting_ids_that_only_look_shared_join_nothing() -> None:
    chance = random.Random(5)
    old = [{"id": n, "name": f"n{chance.getrandbits(40)}", "size": n} for n in range(50)]
    new = [{"id": n, "name": f"n{chance.getrandbits(40)}", "bulk": 9 * n} for n in range(50)]

    assert answers(old, new)["size"].shared_keys == 0


@pytest.mark.parametrize(("old", "new"), [([], []), ([{"a": 1}], []), ([], [{"a": 1}])])
def test_nothing_to_compare_is_an_answer(old: list[Record], new: list[Record]) -> None:
    assert {m.verdict for m in map_fields(old, new)} <= {MappingVerdict.REMOVED}


def test_hundreds_of_fields_are_mapped_all_the_same() -> None:
    old = [{"id": n, **{f"field_{f}": f"{f}-{n}" for f in range(120)}} for n in range(12)]
    new = [{"id": n, **{f"column_{f}": f"{f}-{n}" for f in range(120)}} for n in range(12)]

    found = answers(old, new)

    assert all(found[f"field_{f}"].new in {f"column_{f}", None} for f in range(120))
    assert sum(found[f"field_{f}"].new is not None for f in range(120)) > 100


def _iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
