from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
import requests
from hypothesis import example, given
from hypothesis import strategies as st

from connector_healing.runtime.rate_signals import RateSignal, is_rate_limited, rate_signal

NOW = datetime(2013, 2, 1, 12, tzinfo=UTC)
EPOCH = int(NOW.timestamp())


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, RateSignal()),
        ({"retry-AFTER": "7"}, RateSignal(retry_after=seconds(7))),
        ({"Retry-After": "0"}, RateSignal()),
        ({"Retry-After": "soon"}, RateSignal()),
        ({"Retry-After": "Fri, 01 Feb 2013 12:00:30 GMT"}, RateSignal(retry_after=seconds(30))),
        (
            {
                "X-RateLimit-Limit": "60",
                "X-RateLimit-Remaining": "0",
                "X-RateLimit-Reset": str(EPOCH + 9),
            },
            RateSignal(limit=60, remaining=0, reset=seconds(9)),
        ),
        ({"X-Rate-Limit-Reset": str((EPOCH + 9) * 1000)}, RateSignal(reset=seconds(9))),
        (
            {"X-RateLimit-Reset": str(EPOCH + 9), "Date": "Fri, 01 Feb 2013 12:00:04 GMT"},
            RateSignal(reset=seconds(5)),
        ),
        (
            {
                "RateLimit-Limit": "10, 10;w=1",
                "RateLimit-Remaining": "3",
                "RateLimit-Reset": "0.5",
            },
            RateSignal(limit=10, remaining=3, reset=seconds(0.5)),
        ),
        (
            {"RateLimit": '"default";r=4;t=12', "RateLimit-Policy": '"default";q=50;w=60'},
            RateSignal(limit=50, remaining=4, reset=seconds(12), window=seconds(60)),
        ),
        (
            {"RateLimit": "limit=50, remaining=4, reset=12"},
            RateSignal(limit=50, remaining=4, reset=seconds(12)),
        ),
        ({"X-RateLimit-Reset": "2013-02-01T12:00:10Z"}, RateSignal(reset=seconds(10))),
        ({"X-RateLimit-Reset": "-4", "X-RateLimit-Remaining": "no"}, RateSignal()),
    ],
)
def test_every_generation_of_headers_is_read(
    headers: Mapping[str, str], expected: RateSignal
) -> None:
    assert rate_signal(headers, NOW) == expected


@given(
    st.dictionaries(
        st.sampled_from(
            ["Retry-After", "X-RateLimit-Reset", "RateLimit", "X-RateLimit-Remaining", "Date"]
        ),
        st.text(max_size=30)
        | st.integers().map(str)
        | st.floats().map(str)
        | st.integers(0, 10**18).map("r=5;w={0};t={0}".format),
    )
)
@example({"Retry-After": "253402300800"})
@example({"RateLimit": "r=5;w=99999999999999;t=99999999999999"})
def test_no_header_raises(headers: dict[str, str]) -> None:
    rate_signal(headers, NOW)


def answer(status: int, headers: Mapping[str, str], body: bytes = b"") -> requests.Response:
    response = requests.Response()
    response.status_code = status
    response.headers.update(headers)
    response._content = body
    return response


@pytest.mark.parametrize(
    ("status", "headers", "body", "limited"),
    [
        (429, {}, b"", True),
        (503, {"Retry-After": "5"}, b"", True),
        (503, {}, b"", False),
        (403, {"X-RateLimit-Remaining": "0"}, b"", True),
        (403, {"X-RateLimit-Remaining": "7"}, b"", False),
        (403, {}, b'{"message": "API rate limit exceeded for user"}', True),
        (403, {}, b'{"message": "Forbidden"}', False),
        (200, {"X-RateLimit-Remaining": "0"}, b"rate limit", False),
    ],
)
def test_a_refusal_for_the_rate_limit_is_told_from_others(
    status: int, headers: Mapping[str, str], body: bytes, limited: bool
) -> None:
    assert is_rate_limited(answer(status, headers, body)) is limited
