"""Each declared fault does what it says, to its resource and to nothing else."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
import requests

from connector_healing.demo.api.client import RunningApi
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


#: Faults that edit records: what must hold between the records before and after.
EDITS: dict[str, Callable[[Records, Records], bool]] = {
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
}
#: Faults with a test of their own below.
OTHERS = {
    "envelope_changed",
    "rate_limited",
    "rate_limited_retry_after",
    "rate_limited_headers",
    "slow",
    "deprecated",
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
