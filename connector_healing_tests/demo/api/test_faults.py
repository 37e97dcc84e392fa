"""Each declared fault does what it says, to its resource and to nothing else."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
import requests

from connector_healing.demo.api.client import RunningApi
from connector_healing.demo.api.edits import value_at
from connector_healing.demo.api.faults import FAULTS
from connector_healing_tests.demo.conftest import Caller

PATHS = {
    "flights": "/v1/flights",
    "weather": "/v1/weather",
    "airports": "/v1/airports",
    "planes": "/v1/planes",
    "airlines": "/v1/airlines",
}
#: Faults that answer in the service's place: the status and a word of the body.
REFUSALS = {
    "not_json": (200, "Scheduled maintenance"),
    "server_error": (503, "unavailable"),
    "unauthorized": (401, "revoked"),
    "forbidden": (403, "scope"),
    "gone": (410, "removed"),
    "endpoint_moved": (404, "/v1/operations/flights"),
    "version_retired": (410, "version_retired"),
}

Records = list[dict[str, Any]]
Edited = Callable[[Records, Records], bool]


def renamed_and_moved(before: Records, after: Records) -> bool:
    return all(
        old["carrier"] == new["op_code"]
        and old["departure"] == new["times"]["departure"]
        and not {"carrier", "departure"} & new.keys()
        for old, new in zip(before, after, strict=True)
    )


def wrong_data(before: Records, after: Records) -> bool:
    same_names = all(
        old.keys() == new.keys() and old["id"] == new["id"]
        for old, new in zip(before, after, strict=True)
    )
    wrong = [
        old["id"] for old, new in zip(before, after, strict=True) if old["number"] != new["number"]
    ]
    delays = all(new["departure"]["delay"] == new["arrival"]["delay"] for new in after)
    return same_names and delays and len(wrong) > 0.9 * len(before)


def renamed_wrongly(before: Records, after: Records) -> bool:
    wrong = [
        old["id"]
        for old, new in zip(before, after, strict=True)
        if old["carrier"] != new["carrier_code"]
    ]
    return len(wrong) > 0.5 * len(before) and all("carrier" not in new for new in after)


def replaced(old_path: str, new_path: str, right: Callable[[Any, Any], object]) -> Edited:
    """One field is gone from every record, another is there, and its values are these."""

    def holds(before: Records, after: Records) -> bool:
        pairs = [(value_at(o, old_path), n) for o, n in zip(before, after, strict=True)]
        return all(
            value_at(new, old_path, "gone") == "gone" and bool(right(old, value_at(new, new_path)))
            for old, new in pairs
        )

    return holds


def few_wrong(old_path: str, new_path: str, share: float) -> Edited:
    """A field has another name, and of its values at most this share is wrong."""

    def holds(before: Records, after: Records) -> bool:
        values = zip(before, after, strict=True)
        wrong = [o for o, n in values if value_at(o, old_path) != value_at(n, new_path)]
        return 0.2 * share < len(wrong) / len(before) <= share

    return holds


def same(old: object, new: object) -> bool:
    return old == new


#: Faults that edit records: what must hold between the records before and after.
EDITS: dict[str, Edited] = {
    "field_renamed_and_moved": renamed_and_moved,
    "field_renamed_similar": lambda before, after: (
        [old["carrier"] for old in before] == [new["carrier_code"] for new in after]
        and all("carrier" not in new for new in after)
    ),
    "field_removed": lambda before, after: (
        [{k: v for k, v in old.items() if k != "carrier"} for old in before] == after
    ),
    "renamed_with_wrong_data": renamed_wrongly,
    "wrong_data_right_names": wrong_data,
    "type_changed": lambda before, after: (
        [str(old["number"]) for old in before] == [new["number"] for new in after]
    ),
    "rows_lost": lambda before, after: len(after) == 73 and all(new in before for new in after),
    "column_null": lambda before, after: (
        len(after) == len(before) and all(new["manufacturer"] is None for new in after)
    ),
    "empty": lambda _, after: after == [],
    "renamed_with_few_wrong": few_wrong("carrier", "carrier_code", 0.02),
    "renamed_with_rarely_wrong": few_wrong("carrier", "carrier_code", 1 / 150),
    "renamed_beside_the_old": lambda before, after: (
        [old["carrier"] for old in before] == [new["carrier_code"] for new in after]
        and all(new["carrier"] is None for new in after)
    ),
    "unit_in_value": lambda before, after: all(
        new["air"]["temperature"] in {None, f"{old['air']['temperature']} F"}
        for old, new in zip(before, after, strict=True)
    ),
    "cursor_as_text": lambda before, after: all(
        datetime.fromisoformat(new["observed_at"]).timestamp() == old["observed_at"]
        for old, new in zip(before, after, strict=True)
    ),
    "renamed_with_few_wrong_corrections": few_wrong("arrival.delay", "arrival.minutes_late", 0.05),
    "renamed_with_other_codes": replaced(
        "carrier", "airline_id", lambda old, new: new == int.from_bytes(old.encode())
    ),
    "replaced_by_lookalike": replaced(
        "departure.delay",
        "departure.minutes_late",
        lambda old, new: new == (old and max(0, old)),
    ),
    "key_replaced": replaced("id", "flight_id", lambda old, new: new == f"F-{old[::-1]}"),
    "unit_changed": replaced(
        "wind.speed",
        "wind.speed_ms",
        lambda old, new: new == (None if old is None else round(old * 0.44704, 2)),
    ),
    "measure_renamed": replaced("wind.speed", "wind.mean", same),
    "cursor_renamed": replaced("observed_at", "time", same),
    "column_renamed": replaced("manufacturer", "maker", same),
    "column_renamed_with_few_wrong": few_wrong("manufacturer", "maker", 0.1),
    "key_renamed": replaced("code", "iata", same),
    "rows_doubled": lambda before, after: [row for row in before for _ in range(2)] == after,
}
#: Faults with a test of their own below.
OTHERS = {
    "envelope_changed",
    "rate_limited",
    "rate_limited_retry_after",
    "rate_limited_headers",
    "slow",
    "deprecated",
    "pages_lost",
    "server_error_sometimes",
}


def test_every_fault_is_tested() -> None:
    assert REFUSALS.keys() | EDITS.keys() | OTHERS == FAULTS.keys()


@pytest.mark.parametrize("name", EDITS)
def test_records_are_edited(name: str, api: RunningApi, caller: Caller) -> None:
    resource = FAULTS[name].resource
    before = caller.records(PATHS[resource])
    api.set_faults([name])
    assert EDITS[name](before, caller.records(PATHS[resource]))
    api.set_faults([])
    assert caller.records(PATHS[resource]) == before


@pytest.mark.parametrize("name", REFUSALS)
def test_the_service_refuses(name: str, api: RunningApi, caller: Caller) -> None:
    api.set_faults([name])
    status, word = REFUSALS[name]
    answer = caller.get(PATHS[FAULTS[name].resource])
    assert answer.status_code == status
    assert word in answer.text
    assert ("json" in answer.headers["Content-Type"]) is (name != "not_json")


@pytest.mark.parametrize("name", FAULTS)
def test_other_resources_are_left_alone(name: str, api: RunningApi, caller: Caller) -> None:
    others = [path for resource, path in PATHS.items() if resource != FAULTS[name].resource]
    before = [caller.get(path).content for path in others]
    api.set_faults([name])
    assert [caller.get(path).content for path in others] == before


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("rate_limited", set()),
        ("rate_limited_retry_after", {"Retry-After"}),
        ("rate_limited_headers", {"RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"}),
    ],
)
def test_requests_over_the_limit_are_refused(
    name: str, told: set[str], api: RunningApi, caller: Caller
) -> None:
    api.set_faults([name])
    passed = 0
    while (answer := caller.get("/v1/weather")).status_code == 200:
        passed += 1
        assert passed < 200
    assert (passed >= 5, answer.status_code) == (True, 429)
    known = {"Retry-After", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"}
    assert {name for name in known if name in answer.headers} == told


def test_the_records_stand_under_another_name(api: RunningApi, caller: Caller) -> None:
    before = caller.get("/v1/flights").json()
    api.set_faults(["envelope_changed"])
    after = caller.get("/v1/flights").json()
    assert "data" not in after
    assert after["items"] == before["data"]


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/v1/flights", lambda body: body["meta"]["next_cursor"] is None),
        ("/v1/weather", lambda body: body["total_pages"] == 1),
        ("/v1/airlines", lambda body: body["next"] is None),
    ],
)
def test_further_pages_are_not_told_of(
    path: str, told: Callable[[dict[str, Any]], bool], api: RunningApi, caller: Caller
) -> None:
    before = caller.get(path).json()
    api.set_faults([f"pages_lost@{path.rpartition('/')[2]}"])
    after = caller.get(path).json()
    assert told(after)
    assert not told(before)
    assert after.get("total") == before.get("total")


def test_one_request_of_four_is_refused(api: RunningApi, caller: Caller) -> None:
    api.set_faults(["server_error_sometimes"])
    statuses = [caller.get("/v1/weather").status_code for _ in range(8)]
    assert sorted(statuses) == [200] * 6 + [503] * 2


def test_a_slow_answer_outlasts_an_impatient_client(api: RunningApi, caller: Caller) -> None:
    api.set_faults(["slow@airlines"])
    headers = {"Authorization": f"Bearer {api.token}"}
    with pytest.raises(requests.exceptions.ReadTimeout):
        requests.get(f"{api.url}/v1/airlines", headers=headers, timeout=0.3)


def test_an_old_version_says_when_it_ends(api: RunningApi, caller: Caller) -> None:
    assert "Deprecation" not in caller.get("/v1/flights").headers
    api.set_faults(["deprecated"])
    answer = caller.get("/v1/flights?paging=link")
    assert answer.headers["Deprecation"].startswith("@")
    assert answer.headers["Sunset"].endswith("GMT")
    assert answer.links["successor-version"]["url"] == "/v2/flights"
    assert "page=2" in answer.links["next"]["url"]
    assert "Sunset" not in caller.get("/v2/flights").headers


def test_what_moved_or_retired_answers_elsewhere(api: RunningApi, caller: Caller) -> None:
    before = caller.get("/v1/flights").json()
    api.set_faults(["endpoint_moved"])
    assert caller.get("/v1/operations/flights").json() == before
    api.set_faults(["version_retired"])
    successor = caller.get("/v1/flights").links["successor-version"]["url"]
    assert caller.get(successor).status_code == 200


def test_faults_add_up_and_may_hit_another_resource(api: RunningApi, caller: Caller) -> None:
    api.set_faults(["rows_lost@planes", "column_null", "empty@airlines", "field_removed"])
    api.set_day(date(2013, 1, 2))
    planes = caller.records("/v1/planes")
    assert len(planes) < 200
    assert all(plane["manufacturer"] is None for plane in planes)
    assert caller.records("/v1/airlines") == []
    assert "carrier" not in caller.records("/v1/flights")[0]
    assert len(caller.records("/v1/airports")) == 1_458
