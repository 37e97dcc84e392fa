import json

import pytest

from connector_healing.core.reproduction import EndpointObservation
from connector_healing.runtime.cassette import Exchange, observe
from connector_healing_tests.runtime.test_cassette import exchange

API = "https://api.example.com/v1/flights"


def rows(count: int, start: int = 0) -> list[dict[str, int]]:
    return [{"id": i, "legs": i} for i in range(start, start + count)]


def seen(*exchanges: Exchange) -> EndpointObservation:
    [one] = observe(exchanges)
    return one


def pages(*bodies: object, url: str = API + "?page={}") -> EndpointObservation:
    return seen(*(exchange(i, url.format(i + 1), body) for i, body in enumerate(bodies)))


def test_a_listing_is_added_up() -> None:
    one = pages(
        {"data": rows(10), "meta": {"total": 25}, "next": 2},
        {"data": rows(10, 10), "meta": {"total": 25}, "next": 3},
        {"data": rows(5, 20), "meta": {"total": 25}, "next": None},
    )
    assert one == EndpointObservation(
        endpoint="GET /v1/flights",
        requests=3,
        items=25,
        declared_total=25,
        last_page_items=5,
        page_size=10,
        ended=True,
        said_last=True,
    )


@pytest.mark.parametrize(
    "sign",
    [
        {"next": "https://api.example.com/v1/flights?page=2"},
        {"links": {"next": {"href": "/v1/flights?page=2"}}},
        {"meta": {"next_cursor": "abc"}},
        {"response_metadata": {"nextPageToken": "abc"}},
        {"has_more": True},
        {"done": False},
        {"@odata.nextLink": "https://x/y"},
        {"page": 1, "total_pages": 2},
        {"cursor": "abc"},
    ],
)
def test_a_sign_of_a_further_page(sign: dict[str, object]) -> None:
    assert not pages({"data": rows(3), **sign}).ended


@pytest.mark.parametrize(
    "sign",
    [
        {},
        {"next": None},
        {"links": {"next": {"href": None}}},
        {"next_cursor": ""},
        {"has_more": False, "cursor": "abc"},
        {"done": True},
        {"page": 2, "total_pages": 2},
    ],
)
def test_no_sign_of_a_further_page(sign: dict[str, object]) -> None:
    assert pages({"data": rows(3), **sign}).ended


def test_a_link_header_is_a_sign() -> None:
    link = ("Link", f'<{API}?page=1>; rel="first", <{API}?page=2>; rel="next"')
    assert not seen(exchange(body=rows(2), headers=(link,))).ended
    assert seen(exchange(body=rows(2), headers=(("X-Total-Count", "7"),))).declared_total == 7


def test_a_count_that_is_each_pages_length_is_no_total() -> None:
    assert pages({"count": 10, "d": rows(10)}, {"count": 10, "d": rows(10)}).declared_total is None
    assert pages({"count": 20, "d": rows(10)}, {"count": 20, "d": rows(10)}).declared_total == 20


def test_totals_that_disagree_are_none() -> None:
    assert pages({"total": 5, "d": rows(1)}, {"total": 6, "d": rows(1)}).declared_total is None


def test_a_total_inside_of_a_record_is_no_declaration() -> None:
    assert seen(exchange(body={"id": 4, "total": 90, "items": rows(2)})).declared_total is None
    assert seen(exchange(body=[{"id": 4, "total": 90}])).declared_total is None


def test_listings_of_one_endpoint_are_summed() -> None:
    one = seen(
        exchange(0, "https://a/flights/1234/legs?page=1", {"total": 3, "d": rows(2), "next": 2}),
        exchange(1, "https://a/flights/1234/legs?page=2", {"total": 3, "d": rows(1)}),
        exchange(2, "https://a/flights/1235/legs?page=1", {"total": 4, "d": rows(4)}),
    )
    assert (one.declared_total, one.items, one.ended) == (7, 7, True)


def test_a_next_link_with_parameters_of_its_own_goes_on_the_same_listing() -> None:
    link = f"{API}?state=opaque-token-1"
    one = seen(
        exchange(0, API, {"total": 3, "d": rows(2), "next": link}),
        exchange(1, link, {"total": 3, "d": rows(1)}),
    )
    assert (one.declared_total, one.ended) == (3, True)


def test_a_page_that_came_twice_is_seen_and_a_retry_is_not() -> None:
    page = {"d": rows(3)}
    assert pages(page, page).repeated
    retried = seen(exchange(0, API, page), exchange(1, API, page))
    assert not retried.repeated
    assert (retried.items, retried.requests) == (3, 2)


def test_failures_and_other_bodies_count_as_requests_only() -> None:
    one = seen(
        exchange(0, API, {"d": rows(3)}),
        exchange(1, API + "?page=2", b"<html>", status=200),
        exchange(2, API + "?page=2", {"d": rows(3)}, status=503),
        exchange(3, API + "?page=2", json.dumps({"d": rows(9)}).encode(), truncated=True),
    )
    assert (one.requests, one.items, one.page_size) == (4, 3, 3)
    assert observe([exchange(body=b"no json")]) == ()


def test_the_shallowest_list_holds_the_records() -> None:
    nested = {"d": [{"legs": rows(9)}]}
    assert seen(exchange(body=nested)).items == 1
    assert seen(exchange(body={"data": {"flights": rows(4), "errors": []}})).items == 4


@pytest.mark.parametrize(
    ("last", "said"),
    [
        ({"next": None}, True),
        ({"has_more": False}, True),
        ({"page": 2, "total_pages": 2}, True),
        ({}, False),
        ({"next": "https://api.example.com/v1/flights?page=3"}, False),
    ],
)
def test_whether_the_last_answer_says_so(last: dict[str, object], said: bool) -> None:
    assert pages({"data": rows(3)}, {"data": rows(3, 3), **last}).said_last is said
