from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector_healing.core.http_signals import Problem, read_signals
from connector_healing.core.link_header import parse_links
from connector_healing.core.rate_limit_headers import RateLimitBucket
from connector_healing.core.time_values import parse_delay, parse_instant

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("value", "delay"),
    [
        ("17", timedelta(seconds=17)),
        ("0", timedelta(0)),
        ("1.5", timedelta(seconds=1.5)),
        ("Sun, 01 Mar 2026 12:00:30 GMT", timedelta(seconds=30)),
        ("Sun, 01 Mar 2026 11:00:00 GMT", timedelta(0)),
        ("2026-03-01T12:01:00Z", MINUTE),
        (str(int(NOW.timestamp()) + 60), MINUTE),
        (str(int(NOW.timestamp() + 60) * 1000), MINUTE),
        ("999999999", timedelta(days=3650)),
        ("6m0s", timedelta(minutes=6)),
        ("120ms", timedelta(milliseconds=120)),
        ("-1", None),
        ("soon", None),
        ("nan", None),
        ("1e308", None),
        ("", None),
    ],
)
def test_a_delay_is_seconds_an_epoch_a_date_or_a_span(value: str, delay: timedelta | None) -> None:
    assert parse_delay(value, NOW) == delay


def test_the_answers_own_date_is_the_clock() -> None:
    headers = {
        "Date": "Sun, 01 Mar 2026 09:00:00 GMT",
        "Retry-After": "Sun, 01 Mar 2026 09:00:10 GMT",
    }
    assert read_signals(headers, NOW).retry_after == timedelta(seconds=10)


def test_milliseconds_of_retry_after_are_preferred() -> None:
    headers = {"retry-after-ms": "1500", "retry-after": "2"}
    assert read_signals(headers, NOW).retry_after == timedelta(seconds=1.5)


@pytest.mark.parametrize(
    "headers",
    [
        {
            "RateLimit-Limit": "100, 10;w=1, 100;w=60",
            "RateLimit-Remaining": "3",
            "RateLimit-Reset": "20",
        },
        {"RateLimit": "limit=100, remaining=3, reset=20", "RateLimit-Policy": "10;w=1, 100;w=60"},
        {"RateLimit": '"d";r=3;t=20', "RateLimit-Policy": '"d";q=100;w=60'},
        {
            "X-RateLimit-Limit-Minute": "100",
            "X-RateLimit-Remaining-Minute": "3",
            "X-RateLimit-Reset-Minute": str(int(NOW.timestamp()) + 20),
        },
    ],
    ids=["draft 06", "draft 07", "draft 08", "vendor"],
)
def test_the_generations_of_rate_limit_headers_say_the_same(headers: dict[str, str]) -> None:
    signals = read_signals(headers, NOW)
    assert (signals.limit, signals.remaining) == (100, 3)
    assert signals.reset_after == timedelta(seconds=20)
    assert signals.window == MINUTE
    assert not signals.is_exhausted
    assert signals.wait is None


def test_the_tightest_of_several_limits_counts() -> None:
    headers = {
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-requests": "6m0s",
        "x-ratelimit-remaining-tokens": "400",
        "x-ratelimit-reset-tokens": "1s",
    }
    signals = read_signals(headers, NOW)
    assert signals.is_exhausted
    assert signals.wait == timedelta(minutes=6)
    assert signals.tightest is not None
    assert signals.tightest.name == "requests"


def test_a_daily_limit_of_a_vendor_has_its_window() -> None:
    headers = {
        "X-HubSpot-RateLimit-Daily-Remaining": "0",
        "X-HubSpot-RateLimit-Daily-Limit": "250000",
    }
    (bucket,) = read_signals(headers, NOW).buckets
    day = timedelta(days=1)
    assert bucket == RateLimitBucket(name="daily", limit=250000, remaining=0, window=day)


def test_deprecation_sunset_and_successor() -> None:
    headers = {
        "Deprecation": "@1688169600",
        "Sunset": "Sat, 28 Feb 2026 23:59:59 GMT",
        "Link": '<https://a.example/v2?x=1,2>; rel="successor-version"; title="a, b", '
        "</v1?page=2>; rel=next",
    }
    signals = read_signals(headers, NOW)
    assert signals.deprecated
    assert signals.deprecated_at == datetime(2023, 7, 1, tzinfo=UTC)
    assert signals.sunset_at == datetime(2026, 2, 28, 23, 59, 59, tzinfo=UTC)
    assert signals.successor == "https://a.example/v2?x=1,2"
    assert signals.link("next") == "/v1?page=2"


@pytest.mark.parametrize(("value", "deprecated"), [("true", True), ("false", False), ("", False)])
def test_the_older_deprecation_header_is_a_word(value: str, deprecated: bool) -> None:
    signals = read_signals({"deprecation": value}, NOW)
    assert (signals.deprecated, signals.deprecated_at) == (deprecated, None)


def test_problem_details_are_read_from_their_own_type_only() -> None:
    body = '{"type": "about:blank", "title": "Gone", "status": 410, "detail": "Use v2."}'
    kind = "application/problem+json; charset=utf-8"
    assert read_signals({"Content-Type": kind}, NOW, body).problem == Problem(
        type="about:blank", title="Gone", status=410, detail="Use v2."
    )
    assert read_signals({"Content-Type": "application/json"}, NOW, body).problem is None
    assert read_signals({"Content-Type": kind}, NOW, body[:-5]).problem is None
    assert read_signals({"Content-Type": kind}, NOW, "[1]").problem is None


_NAMES = st.sampled_from(
    [
        *("Retry-After", "RateLimit", "RateLimit-Policy", "RateLimit-Limit", "X-RateLimit-Reset"),
        *("X-RateLimit-Remaining", "Deprecation", "Sunset", "Link", "Date", "retry-after-ms"),
    ]
)
_VALUES = st.text(max_size=40) | st.from_regex(r'[<>";=,@0-9a-z.: -]{0,40}', fullmatch=True)


@given(st.dictionaries(_NAMES, _VALUES), st.text(max_size=20))
def test_no_header_breaks_it_and_no_delay_is_negative(headers: dict[str, str], body: str) -> None:
    signals = read_signals(headers, NOW, body)
    delays = [signals.retry_after, signals.wait, *(b.reset_after for b in signals.buckets)]
    assert all(delay >= timedelta(0) for delay in delays if delay is not None)
    assert all(b.remaining is None or b.remaining >= 0 for b in signals.buckets)


@given(st.integers(0, 2 * 10**11) | st.integers(10**12, 10**14))
def test_every_number_is_a_delay_of_at_most_ten_years(number: int) -> None:
    delay = parse_delay(str(number), NOW)
    assert delay is not None
    assert timedelta(0) <= delay <= timedelta(days=3650)


@given(st.text())
def test_links_and_instants_survive_any_text(text: str) -> None:
    parse_links(text)
    parse_instant(text)
