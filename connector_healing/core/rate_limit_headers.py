"""The three generations of rate-limit headers."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from connector_healing.core.time_values import parse_delay, parse_number

# X-RateLimit-Remaining, X-Rate-Limit-Remaining-Minute, x-ratelimit-requests-remaining,
# X-HubSpot-RateLimit-Daily-Remaining, RateLimit-Reset.
_HEADER = re.compile(
    r"(?:x-)?(?P<vendor>[a-z0-9-]+?-)??rate-?limit-(?P<before>[a-z0-9-]+?-)??"
    r"(?P<what>limit|remaining|reset)(?:-after)?(?P<after>-[a-z0-9-]+)?"
)
_WINDOWS = {
    "second": timedelta(seconds=1),
    "secondly": timedelta(seconds=1),
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "daily": timedelta(days=1),
}
_LONGEST_WINDOW = 10**9  # seconds: what is longer is a mistake

Fields = dict[str, Any]  # of RateLimitBucket, those that one header names


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimitBucket:
    """One limit and how much of it is left."""

    name: str = ""  #: The policy's name, where it has one.
    limit: int | None = None
    remaining: int | None = None
    window: timedelta | None = None
    reset_after: timedelta | None = None  #: From the answer on.


def parse_buckets(headers: Mapping[str, str], now: datetime) -> tuple[RateLimitBucket, ...]:
    """The limits that an answer names, by name.

    Args:
        headers: Of the answer, names in lower case.
        now: When the answer came.
    """
    buckets: dict[str, RateLimitBucket] = {}
    for name, changes in [*_single_headers(headers, now), *_structured_headers(headers, now)]:
        buckets[name] = replace(buckets.get(name, RateLimitBucket(name=name)), **changes)
    return tuple(bucket for _, bucket in sorted(buckets.items()))


def _single_headers(headers: Mapping[str, str], now: datetime) -> Iterator[tuple[str, Fields]]:
    """One header for each number: drafts up to 06 and the vendors' own."""
    for header, value in headers.items():
        match = _HEADER.fullmatch(header)
        if match is None:
            continue
        parts = (match["before"], match["after"])
        name = "-".join(part.strip("-") for part in parts if part)
        if name in _WINDOWS:
            yield name, {"window": _WINDOWS[name]}
        # Draft 03 repeats the policy in the limit: ``10, 10;w=1, 1000;w=60``.
        first, _, policies = value.partition(",")
        if match["what"] == "reset":
            reset = parse_delay(value, now) or parse_delay(first, now)
            if reset is not None:
                yield name, {"reset_after": reset}
            continue
        number = _count(first.partition(";")[0])
        if number is not None:
            yield name, {match["what"]: number}
            for quota, parameters in _items(policies):
                if _count(quota) == number and (window := _window(parameters.get("w"))):
                    yield name, {"window": window}


def _structured_headers(headers: Mapping[str, str], now: datetime) -> Iterator[tuple[str, Fields]]:
    """``RateLimit`` and ``RateLimit-Policy``: draft 07 and later."""
    value = headers.get("ratelimit", "")
    old = dict(part.strip().split("=", 1) for part in value.split(",") if "=" in part)
    limit = _count(old.get("limit", headers.get("ratelimit-limit", "")).partition(",")[0])
    policies = list(_items(headers.get("ratelimit-policy", "")))
    for item, parameters in policies:
        # Draft 07 writes ``100;w=60``, later ones ``"default";q=100;w=60``.
        quota = _count(item)
        window = _window(parameters.get("w"))
        if quota is None:
            yield item.strip('"'), _known(limit=_count(parameters.get("q", "")), window=window)
        elif quota == limit or len(policies) == 1:
            yield "", _known(limit=quota, window=window)
        else:
            yield f"{quota};w={parameters.get('w', '')}", _known(limit=quota, window=window)
    if "remaining" in old:
        reset = parse_delay(old.get("reset", ""), now)
        yield "", _known(limit=limit, remaining=_count(old["remaining"]), reset_after=reset)
        return
    for item, parameters in _items(value):
        reset = parse_delay(parameters.get("t", ""), now)
        remaining = _count(parameters.get("r", ""))
        yield item.strip('"'), _known(remaining=remaining, reset_after=reset)


def _items(text: str) -> Iterator[tuple[str, dict[str, str]]]:
    """The members of a structured list with their parameters."""
    for member in text.split(","):
        item, *parameters = (part.strip() for part in member.split(";"))
        if item:
            pairs = (parameter.partition("=") for parameter in parameters)
            yield item, {name.strip(): value.strip().strip('"') for name, _, value in pairs}


def _known(**values: Any) -> Fields:
    return {name: value for name, value in values.items() if value is not None}


def _count(text: str) -> int | None:
    number = parse_number(text.strip())
    return int(number) if number is not None and number >= 0 else None


def _window(text: str | None) -> timedelta | None:
    seconds = _count(text or "")
    return timedelta(seconds=seconds) if seconds and seconds < _LONGEST_WINDOW else None
