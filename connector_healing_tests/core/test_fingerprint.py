from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector_healing.core.failure import (
    CodePosition,
    ExceptionLink,
    Failure,
    HttpExchange,
    Stage,
    Suspicion,
    SuspicionKind,
)
from connector_healing.core.fingerprint import fingerprint, normalised
from connector_healing.core.path_template import host_of, path_template

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def failed(
    message: str,
    *,
    kind: str = "builtins.RuntimeError",
    mro: tuple[str, ...] = (),
    key: str | None = None,
    http: HttpExchange | None = None,
    function: str = "flights",
    line: int = 10,
) -> Failure:
    attributes = {"key": key} if key is not None else {}
    link = ExceptionLink(type=kind, message=message, mro=mro, attributes=attributes)
    return Failure(
        failure_id="f",
        connector_id="c",
        dlt_resource="flights",
        run_id="r",
        version_id="v",
        occurred_at=NOW,
        stage=Stage.EXTRACT,
        chain=(link,),
        http=http,
        position=CodePosition(module="conn.api", path="/x/api.py", line=line, function=function),
    )


def answered(status: int, url: str) -> Failure:
    http = HttpExchange(method="GET", url=url, status=status)
    message = f"{status} Client Error: Bad for url: {url}"
    return failed(message, kind="requests.exceptions.HTTPError", http=http)


SAME = [
    ("No row 17 of 4000", "No row 18 of 12"),
    ("Order a81bc81b-dead-4e5d-abff-90865d1e13b1", "Order b81bc81b-dead-4e5d-abff-90865d1e13b1"),
    ("late since 2026-03-01T04:11:09Z", "late since 2026-03-02 05:00"),
    ("<X object at 0x7f3a1c0d2e10>", "<X object at 0x1>"),
    ("job t.3f2a9c8d1e.0.gz failed", "job t.9f2a9c8d1e.4.gz failed"),
    ("https://h/v1/a/5?page=3 refused", "https://h:81/v1/a/77?page=9 refused"),
    ("cannot open /tmp/abc/x.duckdb", "cannot open /home/me/y.duckdb"),
    ("GET /v1/orders/55?x=1 -> 404", "GET /v1/orders/9 -> 404"),
    ("mail bob@example.com bounced", "mail eve@example.org bounced"),
    ("value 'x-1/2' is bad", "value 'y-3/4' is bad"),
]
OTHER = [
    ("No field 'carrier'", "No field 'op_code'"),
    ("No field 'address_1'", "No field 'address_2'"),
    ("https://h/v1/a refused", "https://h/v2/a refused"),
    ("GET /v1/orders -> 404", "GET /v1/items -> 404"),
    ("Bad request", "Not found"),
]


@pytest.mark.parametrize(("one", "two"), SAME)
def test_ids_times_and_values_do_not_count(one: str, two: str) -> None:
    assert fingerprint(failed(one)) == fingerprint(failed(two))


@pytest.mark.parametrize(("one", "two"), OTHER)
def test_names_and_endpoints_count(one: str, two: str) -> None:
    assert fingerprint(failed(one)) != fingerprint(failed(two))


def test_a_value_error_quotes_values_and_other_errors_names() -> None:
    mro = ("ValueError", "Exception", "BaseException")
    one = failed("could not convert string to float: 'abc'", kind="ValueError", mro=mro)
    two = failed("could not convert string to float: 'n_a'", kind="ValueError", mro=mro)
    assert fingerprint(one) == fingerprint(two)
    assert fingerprint(failed("no attribute 'get'")) != fingerprint(failed("no attribute 'pop'"))


@pytest.mark.parametrize(
    ("one", "two", "same"),
    [
        ("carrier", "op_code", False),
        ("address_1", "address_2", False),
        ("departure.delay", "departure.actual", False),
        ("a81bc81b-dead-4e5d-abff-90865d1e13b1", "b81bc81b-dead-4e5d-abff-90865d1e13b1", True),
        ("0", "1", True),
        ("sku-12345", "sku-77777", True),
    ],
)
def test_the_missing_key_counts_unless_it_is_an_id(one: str, two: str, same: bool) -> None:
    prints = {fingerprint(failed(repr(k), kind="KeyError", key=k)) for k in (one, two)}
    assert (len(prints) == 1) is same


def test_when_where_and_who_ran_it_do_not_count() -> None:
    failure = failed("x")
    moved = replace(
        failure,
        failure_id="g",
        run_id="s",
        version_id="w",
        stage=Stage.UNKNOWN,
        dlt_resource=None,
        occurred_at=NOW + timedelta(days=1),
        cassette_id="k",
        position=CodePosition(module="conn.api", path="/y/api.py", line=99, function="flights"),
    )
    assert fingerprint(moved) == fingerprint(failure)
    assert fingerprint(failed("x", function="planes")) != fingerprint(failure)


def test_wrappers_do_not_count() -> None:
    failure = failed("x")
    outer = ExceptionLink(type="dlt.pipeline.exceptions.PipelineStepFailed", message="load 17")
    wrapped = replace(failure, chain=(outer, *failure.chain), root=1)
    assert fingerprint(wrapped) == fingerprint(failure)


def test_status_and_endpoint_count_and_a_good_answer_does_not() -> None:
    url = "http://127.0.0.1:8000/v1/flights/17?page=2"
    same = "http://127.0.0.1:9999/v1/flights/18?page=3"
    assert fingerprint(answered(404, url)) == fingerprint(answered(404, same))
    assert fingerprint(answered(404, url)) != fingerprint(answered(429, url))
    good = HttpExchange(method="GET", url=url, status=200)
    assert fingerprint(failed("x", http=good)) == fingerprint(failed("x"))


def held(*kinds: tuple[SuspicionKind, str, str | None, str]) -> Failure:
    suspicions = tuple(
        Suspicion(kind=k, dlt_resource="r", table=t, column=c, observed=o, expected="x")
        for k, t, c, o in kinds
    )
    return replace(failed("x"), chain=(), position=None, suspicions=suspicions)


def test_suspicions_count_by_kind_table_and_column_in_any_order() -> None:
    null = (SuspicionKind.COLUMN_GONE_NULL, "flights", "carrier", "0 of 9")
    halved = (SuspicionKind.TABLE_HALVED, "flights", None, "5 rows")
    other = (SuspicionKind.COLUMN_GONE_NULL, "flights", "tail", "0 of 9")
    assert fingerprint(held(null, halved)) == fingerprint(held(halved, null))
    assert fingerprint(held((*null[:3], "0 of 3"))) == fingerprint(held(null))
    assert fingerprint(held(other)) != fingerprint(held(null))


@given(st.integers(0, 10**12), st.integers(0, 10**12), st.uuids(), st.datetimes(), st.datetimes())
def test_no_number_id_or_time_changes_it(
    one: int, two: int, uuid: object, before: datetime, after: datetime
) -> None:
    first = f"row {one} of order {uuid} at {before.isoformat()} failed"
    second = f"row {two} of order {uuid} at {after.isoformat()} failed"
    assert fingerprint(failed(first)) == fingerprint(failed(second))


@given(st.from_regex(r"[a-z]{1,9}(_[a-z]{1,9}){0,2}", fullmatch=True))
def test_any_field_name_survives(name: str) -> None:
    assert name in normalised(f"no field '{name}' in 17", quotes_values=False)


@given(st.text(), st.text(), st.text())
def test_any_text_has_one(message: str, key: str, url: str) -> None:
    http = HttpExchange(method="GET", url=url, status=500)
    assert len(fingerprint(failed(message, http=http))) == 20
    assert len(fingerprint(failed(message, key=key))) == 20


@pytest.mark.parametrize(
    ("url", "template"),
    [
        ("https://h/v2/customers/17/orders?page=2", "/v2/customers/{n}/orders"),
        ("https://h/a/A81BC81B-dead-4e5d-abff-90865d1e13b1/", "/a/{id}/"),
        ("https://h/weather/2013-01-01", "/weather/{date}"),
        (
            "https://h/services/data/v59.0/query/01gD0000002HU6KIAW-2000",
            "/services/data/v59.0/query/{id}",
        ),
        ("https://h/open/2026/03/stations.csv", "/open/{n}/{n}/stations.csv"),
        ("https://h/u/bob%40example.com", "/u/{id}"),
        ("/repos/acme/lake", "/repos/acme/lake"),
        ("", ""),
    ],
)
def test_paths_become_templates(url: str, template: str) -> None:
    assert path_template(url) == template


def test_hosts_lose_port_and_user() -> None:
    assert host_of("https://bob:x@API.Example.com:8443/a") == "api.example.com"
    assert host_of("https://[broken") == ""
