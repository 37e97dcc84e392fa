"""Time moves on: what appears, what is corrected, and what never changes."""

import itertools
from datetime import date
from typing import Any

from connector_healing.demo.api.client import RunningApi
from connector_healing_tests.demo.conftest import Caller

NEVER_CORRECTED = ("carrier", "number", "aircraft")


def flights_of(caller: Caller, day: int, **params: object) -> dict[str, dict[str, Any]]:
    caller.api.set_day(date(2013, 1, day))
    return {flight["id"]: flight for flight in caller.records("/v1/flights", **params)}


def test_flights_appear_on_their_day(caller: Caller) -> None:
    first, second = flights_of(caller, 1), flights_of(caller, 2)
    assert len(first) == 842
    assert len(second) == 842 + 943
    assert first.keys() < second.keys()


def test_the_last_days_are_corrected_and_older_ones_are_not(caller: Caller) -> None:
    days = [flights_of(caller, day) for day in (1, 2, 3, 4)]
    changed = [
        {key for key in days[0] if before[key] != after[key]}
        for before, after in itertools.pairwise(days)
    ]
    share = [len(keys) / len(days[0]) for keys in changed]
    assert 0.25 < share[0] < 0.40
    assert 0.15 < share[1] < 0.30
    assert share[2] == 0
    revised = [key for key in days[0] if days[0][key]["arrival"] != days[2][key]["arrival"]]
    assert 0.15 < len(revised) / len(days[0]) < 0.40
    for key, flight in days[0].items():
        assert all(flight[name] == days[2][key][name] for name in NEVER_CORRECTED)
        assert flight["departure"]["scheduled"] == days[2][key]["departure"]["scheduled"]


def test_loading_by_the_cursor_gives_all_that_changed_and_no_more(caller: Caller) -> None:
    before = flights_of(caller, 3)
    newest = max(flight["updated_at"] for flight in before.values())
    after = flights_of(caller, 4)
    fetched = flights_of(caller, 4, updated_since=newest)
    assert {**before, **fetched} == after
    unchanged = [key for key, flight in fetched.items() if before.get(key) == flight]
    assert unchanged == [max(before, key=lambda key: (before[key]["updated_at"], key))]


def test_the_same_day_is_always_told_the_same(api: RunningApi, caller: Caller) -> None:
    third = flights_of(caller, 3)
    flights_of(caller, 9)
    assert flights_of(caller, 3) == third


def test_the_registry_of_planes_grows(api: RunningApi, caller: Caller) -> None:
    sizes = []
    for day in (1, 10, 28):
        api.set_day(date(2013, 1, day))
        sizes.append(len(caller.records("/v1/planes")))
    assert sizes[0] < sizes[1] < sizes[2] == 3_322


def test_weather_comes_by_the_hour(api: RunningApi, caller: Caller) -> None:
    api.set_day(date(2013, 1, 2))
    hours = caller.records("/v1/weather")
    assert len({hour["id"] for hour in hours}) == len(hours) > 130
    assert any(hour["wind"]["gust"] is None for hour in hours)
    iso = caller.records("/v2/observations")[0]["observed_at"]
    assert (hours[0]["observed_at"], iso) == (1357020000, "2013-01-01T06:00:00Z")
