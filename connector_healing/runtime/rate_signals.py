"""Reads what an answer says of the API's rate limit."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

import requests

from connector_healing.core.time_values import FIRST_EPOCH_SECONDS, parse_delay, parse_instant

_PREFIXES = ("x-ratelimit-", "ratelimit-", "x-rate-limit-")
#: A member of a `RateLimit` or `RateLimit-Policy` header (drafts 07 to 10): ``"burst";r=5;t=7``.
_PARAMETER = re.compile(r"\b(limit|remaining|reset|r|t|q|w)\s*=\s*(\d+)")
_RATE_WORDS = re.compile(r"rate.?limit|too many requests|quota exceeded|throttl", re.IGNORECASE)
#: How much of a refusal's body is searched for those words.
_BODY_EXCERPT = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RateSignal:
    """What one answer said of the limit; what it did not say is None."""

    limit: int | None = None
    remaining: int | None = None
    reset: timedelta | None = None  #: Until the window starts anew.
    window: timedelta | None = None
    retry_after: timedelta | None = None  #: More than nothing.


def rate_signal(headers: Mapping[str, str], now: datetime) -> RateSignal:
    """The answer's rate-limit headers, of any of the generations in use.

    ``Retry-After`` (RFC 9110: seconds or a date), ``X-RateLimit-*``, ``RateLimit-*`` (drafts to
    06), ``RateLimit`` with ``RateLimit-Policy`` (drafts from 07). A reset that is a moment is
    counted from the server's own ``Date``, so that its clock may be wrong.
    """
    lower = {name.lower(): value for name, value in headers.items()}
    server_now = parse_instant(lower.get("date", "")) or now
    packed = _packed(lower)
    limit = _number(_first(lower, "limit"))
    remaining = _number(_first(lower, "remaining"))
    reset = _delay(_first(lower, "reset"), server_now)
    return RateSignal(
        limit=packed.get("limit", packed.get("q")) if limit is None else limit,
        remaining=packed.get("remaining", packed.get("r")) if remaining is None else remaining,
        reset=_seconds(packed.get("reset", packed.get("t"))) if reset is None else reset,
        window=_seconds(packed.get("w")),
        retry_after=_delay(lower.get("retry-after"), server_now) or None,
    )


def is_rate_limited(response: requests.Response) -> bool:
    """Whether the answer refuses because of a rate limit.

    429; 503 that says when to come back; 403 that shows an exhausted limit or speaks of one.
    """
    status = response.status_code
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return True
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        return "Retry-After" in response.headers
    if status != HTTPStatus.FORBIDDEN:
        return False
    signal = rate_signal(response.headers, datetime.now(UTC))
    if signal.remaining == 0 or signal.retry_after is not None:
        return True
    content = response._content  # noqa: SLF001  # the public attribute would read a stream
    excerpt = content[:_BODY_EXCERPT] if isinstance(content, bytes) else b""
    return _RATE_WORDS.search(excerpt.decode(errors="replace")) is not None


def _packed(lower: Mapping[str, str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for name in ("ratelimit", "ratelimit-policy"):
        # The tightest of several policies is not told apart: the first one named counts.
        for parameter, value in _PARAMETER.findall(lower.get(name, "")):
            found.setdefault(parameter, int(value))
    return found


def _first(lower: Mapping[str, str], field: str) -> str | None:
    return next((lower[p + field] for p in _PREFIXES if p + field in lower), None)


def _number(value: str | None) -> int | None:
    """The leading whole number, as in ``100, 100;w=60``."""
    match = re.match(r"\s*(\d+)", value or "")
    return int(match.group(1)) if match else None


def _seconds(value: int | None) -> timedelta | None:
    """A number of seconds as a span; what would be thirty years and more is no span."""
    return timedelta(seconds=value) if value is not None and value < FIRST_EPOCH_SECONDS else None


def _delay(value: str | None, server_now: datetime) -> timedelta | None:
    return None if value is None else parse_delay(value, server_now)
