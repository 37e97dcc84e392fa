from datetime import date, timedelta
from typing import Any

import pytest
import requests

from connector_healing.demo.api.client import ControlClient, RunningApi, connect
from connector_healing.errors import HealingError, UsageError
from connector_healing_tests.demo.conftest import Caller

ENDPOINTS = {
    "/v1/flights": ("data", "id"),
    "/v2/flights": ("data", "id"),
    "/v1/weather": ("observations", "id"),
    "/v2/observations": ("observations", "id"),
    "/v1/airports": ("airports", "code"),
    "/v2/airports": ("airports", "code"),
    "/v1/planes": ("planes", "tail_number"),
    "/v1/airlines": ("airlines", "code"),
}


def next_url(style: str, url: str, response: requests.Response, found: int) -> str | None:
    """Where the next page is, found as a client of this style finds it."""
    if style == "link":
        linked: str | None = response.links.get("next", {}).get("url")
        return linked
    body: dict[str, Any] = response.json()
    if style == "next":
        following: str | None = body["next"]
        return following
    first = url.partition("&at=")[0]
    if style == "cursor":
        cursor = body["meta"]["next_cursor"]
        return f"{first}&at=&cursor={cursor}" if cursor else None
    if style == "page":
        more = body["page"] < body["total_pages"]
        return f"{first}&at=&page={body['page'] + 1}" if more else None
    return f"{first}&at=&offset={found}" if found < body["total"] else None


def ids_by(caller: Caller, path: str, style: str) -> list[str]:
    """All keys of an endpoint, walked in one style of paging."""
    envelope, key = ENDPOINTS[path]
    found: list[str] = []
    url: str | None = f"{path}?paging={style}&limit=400"
    while url:
        response = caller.get(url)
        assert response.status_code == 200, response.text
        body = response.json()
        records = body if style == "link" else body[envelope]
        found += [record[key] for record in records]
        url = next_url(style, url, response, len(found))
    return found


@pytest.mark.parametrize("path", ENDPOINTS)
def test_all_styles_of_paging_hand_out_the_same(path: str, api: RunningApi, caller: Caller) -> None:
    api.set_day(date(2013, 1, 2))
    by_cursor = ids_by(caller, path, "cursor")
    assert len(set(by_cursor)) == len(by_cursor) > 10
    for style in ("page", "offset", "link", "next"):
        assert sorted(ids_by(caller, path, style)) == sorted(by_cursor), style


def test_the_month_is_whole(api: RunningApi, caller: Caller) -> None:
    api.set_day(date(2013, 1, 31))
    flights = caller.records("/v1/flights")
    assert len({flight["id"] for flight in flights}) == len(flights) == 27_004
    assert len(caller.records("/v1/weather")) == 2_226
    assert len(caller.records("/v1/airports")) == 1_458
    assert len(caller.records("/v1/planes")) == 3_322
    assert len(caller.records("/v1/airlines")) == 16


def test_a_flight_is_what_the_data_set_says(caller: Caller) -> None:
    # The data set's first line: 517, 515, 2, 830, 819, 11, UA, 1545, N14228, EWR, IAH, 227, 1400.
    first = next(f for f in caller.records("/v1/flights") if f["number"] == 1545)
    assert first["carrier"] == "UA"
    assert first["departure"] == {
        "scheduled": "2013-01-01T05:15:00-05:00",
        "actual": "2013-01-01T05:17:00-05:00",
        "delay": 2,
    }
    assert first["route"]["origin"] == "EWR"
    assert first["route"]["distance"] == 1400
    assert first["aircraft"] == {"tail_number": "N14228"}
    assert first["arrival"]["scheduled"] == "2013-01-01T08:19:00"
    assert "UA" not in first["id"]


def test_both_versions_tell_the_same_in_other_shapes(caller: Caller) -> None:
    old = {flight["id"]: flight for flight in caller.records("/v1/flights")}
    new = {flight["id"]: flight for flight in caller.records("/v2/flights")}
    assert old.keys() == new.keys()
    for flight_id, flight in old.items():
        assert new[flight_id]["operator"]["code"] == flight["carrier"]
        assert new[flight_id]["times"]["departure"]["delay_minutes"] == flight["departure"]["delay"]
    assert caller.get("/v2/planes").status_code == 404


def test_without_the_right_token_there_is_no_answer(api: RunningApi, caller: Caller) -> None:
    missing = requests.get(f"{api.url}/v1/flights", timeout=10)
    wrong = caller.get("/v1/flights", token="another")
    basic = requests.get(f"{api.url}/v1/flights", auth=("u", api.token), timeout=10)
    assert [r.status_code for r in (missing, wrong, basic)] == [401, 401, 401]
    assert "invalid_token" in wrong.headers["WWW-Authenticate"]


def ask_token(api: RunningApi, secret: str, *, basic: bool) -> requests.Response:
    form = {"grant_type": "client_credentials"}
    if not basic:
        form |= {"client_id": api.client_id, "client_secret": secret}
    auth = (api.client_id, secret) if basic else None
    return requests.post(f"{api.url}/oauth/token", data=form, auth=auth, timeout=10)


@pytest.mark.parametrize("basic", [True, False])
def test_a_token_for_client_credentials_opens_and_expires(
    basic: bool,
    api: RunningApi,
    caller: Caller,
) -> None:
    granted = ask_token(api, api.client_secret, basic=basic).json()
    assert granted["expires_in"] == 3600
    assert caller.get("/v1/airlines", token=granted["access_token"]).status_code == 200
    api.set_token_lifetime(timedelta(0))
    short = ask_token(api, api.client_secret, basic=basic).json()["access_token"]
    expired = caller.get("/v1/airlines", token=short)
    assert expired.status_code == 401
    assert "expired" in expired.headers["WWW-Authenticate"]
    assert ask_token(api, "wrong", basic=basic).status_code == 401


def test_what_has_not_changed_is_not_sent_again(api: RunningApi, caller: Caller) -> None:
    tag = caller.get("/v1/flights").headers["ETag"]
    again = caller.get("/v1/flights", headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    api.set_day(date(2013, 1, 3))
    changed = caller.get("/v1/flights", headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.headers["ETag"] != tag


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=x", "updated_since=yesterday", "paging=scroll", "cursor=x"]
)
def test_a_bad_parameter_is_named(query: str, caller: Caller) -> None:
    response = caller.get(f"/v1/flights?{query}")
    assert response.status_code == 400
    assert query.partition("=")[0] in response.json()["error"]["message"].replace(
        "per_page", "limit"
    )


def test_a_day_of_weather_is_many_small_pages(api: RunningApi, caller: Caller) -> None:
    api.set_day(date(2013, 1, 2))
    whole = caller.get("/v1/weather?per_page=1000").json()
    assert (len(whole["observations"]), whole["total_pages"]) == (12, 12)
    last = caller.get("/v1/weather?page=12").json()["observations"][-1]["observed_at"]
    assert caller.get(f"/v1/weather?since={last}").json()["total"] == 3


def test_requests_are_counted_from_a_mark(api: RunningApi, caller: Caller) -> None:
    mark = api.requests().mark
    caller.get("/v1/flights")
    caller.get("/v1/flights")
    caller.get("/v1/nothing")
    seen = api.requests(mark)
    assert seen.counts == {("/v1/flights", 200): 2, ("/v1/nothing", 404): 1}
    assert (seen.total, seen.status(200), seen.path("/v1/nothing")) == (3, 2, 1)
    assert api.requests(seen.mark).total == 0


def test_one_that_runs_can_be_controlled_by_its_address(api: RunningApi) -> None:
    connect(api.url).set_faults(["gone", "empty@planes"])
    assert api.state().faults == ("gone", "empty@planes")
    api.reset()
    assert api.state().faults == ()


@pytest.mark.parametrize(
    ("faults", "allowed"), [(["no_such"], "rate_limited"), (["empty@moon"], "airlines")]
)
def test_an_unknown_fault_changes_nothing(faults: list[str], allowed: str, api: RunningApi) -> None:
    api.set_faults(["gone"])
    with pytest.raises(UsageError, match=allowed):
        api.set_faults(faults)
    assert api.state().faults == ("gone",)


def test_a_day_outside_the_month_is_refused(api: RunningApi) -> None:
    with pytest.raises(UsageError, match="2013-01-31"):
        api.set_day(date(2013, 2, 1))


def test_the_control_refuses_what_it_does_not_know(api: RunningApi) -> None:
    for body in ('{"speed": 3}', "[]", "nothing", '{"faults": "gone"}'):
        answer = requests.post(f"{api.url}/_control/state", data=body, timeout=10)
        assert answer.status_code == 400, body
        assert answer.json()["allowed"]


def test_what_is_no_sample_api_is_said_to_be_none() -> None:
    with pytest.raises(HealingError, match="No sample API answers"):
        connect("http://127.0.0.1:1")
    with pytest.raises(UsageError, match="http"):
        ControlClient("127.0.0.1").state()
