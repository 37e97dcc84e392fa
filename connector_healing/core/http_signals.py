"""What an HTTP answer says of limits, deprecation and where to go next.

Sources: RFC 9110 (Retry-After), RFC 6585 (429), the IETF drafts of RateLimit header fields
(-00 to -06 with three headers, -07 with one dictionary, -08 and later with named policies),
vendors' ``X-RateLimit-*``, RFC 9745 (Deprecation), RFC 8594 (Sunset), RFC 8288 (Link),
RFC 9457 (problem details).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from connector_healing.core.link_header import Link, parse_links
from connector_healing.core.rate_limit_headers import RateLimitBucket, parse_buckets
from connector_healing.core.time_values import parse_delay, parse_instant, parse_number


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Problem details of RFC 9457."""

    type: str = ""
    title: str = ""
    status: int | None = None
    detail: str = ""
    instance: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpSignals:
    """The machine-readable signals of one HTTP answer; what it does not say is None or empty."""

    retry_after: timedelta | None = None  #: From the answer on.
    buckets: tuple[RateLimitBucket, ...] = ()  #: One for each limit that was named.
    deprecated: bool = False
    deprecated_at: datetime | None = None
    sunset_at: datetime | None = None
    links: tuple[Link, ...] = ()
    problem: Problem | None = None

    @property
    def tightest(self) -> RateLimitBucket | None:
        """The limit that will be reached first: fewest calls left, then the longest reset."""
        known = [b for b in self.buckets if b.remaining is not None]
        return min(
            known or self.buckets,
            key=lambda b: (b.remaining or 0, -(b.reset_after or timedelta(0))),
            default=None,
        )

    @property
    def limit(self) -> int | None:
        """Calls that the tightest limit allows in its window."""
        return self.tightest.limit if self.tightest else None

    @property
    def remaining(self) -> int | None:
        """Calls that the tightest limit still allows."""
        return self.tightest.remaining if self.tightest else None

    @property
    def window(self) -> timedelta | None:
        """The window of the tightest limit, where it was declared."""
        return self.tightest.window if self.tightest else None

    @property
    def reset_after(self) -> timedelta | None:
        """The time until the tightest limit is renewed, from the answer on."""
        return self.tightest.reset_after if self.tightest else None

    @property
    def is_exhausted(self) -> bool:
        """Whether a limit was named and nothing is left of it."""
        return any(b.remaining == 0 for b in self.buckets)

    @property
    def wait(self) -> timedelta | None:
        """How long to wait before the next call: Retry-After, else until an empty limit resets."""
        if self.retry_after is not None:
            return self.retry_after
        empty = [b.reset_after for b in self.buckets if b.remaining == 0 and b.reset_after]
        return max(empty, default=None)

    def link(self, relation: str) -> str | None:
        """The target of the first link of this relation (``next``, ``successor-version``)."""
        return next((link.target for link in self.links if relation in link.relations), None)

    @property
    def successor(self) -> str | None:
        """Where the endpoint's next version lives."""
        return self.link("successor-version") or self.link("latest-version")


def read_signals(headers: Mapping[str, str], now: datetime, body: str = "") -> HttpSignals:
    """The signals of an answer; what cannot be parsed counts as not said.

    Args:
        headers: Of the answer; names in any case.
        now: When it came, aware. The answer's own Date is preferred, so that a clock that is
            wrong on either side does not change a delay.
        body: Its text, read only for problem details.
    """
    named = {str(name).lower(): str(value).strip() for name, value in headers.items()}
    at = parse_instant(named.get("date", "")) or now
    deprecation = named.get("deprecation", "")
    return HttpSignals(
        retry_after=_retry_after(named, at),
        buckets=parse_buckets(named, at),
        deprecated=bool(deprecation) and deprecation.lower() not in {"false", "?0"},
        deprecated_at=parse_instant(deprecation),
        sunset_at=parse_instant(named.get("sunset", "")),
        links=parse_links(named.get("link", "")),
        problem=_problem(named.get("content-type", ""), body),
    )


def _retry_after(named: Mapping[str, str], at: datetime) -> timedelta | None:
    for name in ("retry-after-ms", "x-ms-retry-after-ms"):  # Azure, OpenAI
        milliseconds = parse_number(named.get(name, ""))
        if milliseconds is not None and milliseconds >= 0:
            return parse_delay(str(milliseconds / 1000), at)
    return parse_delay(named.get("retry-after", ""), at)


def _problem(content_type: str, body: str) -> Problem | None:
    if "problem+json" not in content_type.lower():
        return None
    try:
        read = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(read, dict):
        return None
    status = read.get("status")
    texts = {
        name: value if isinstance(value := read.get(name), str) else ""
        for name in ("type", "title", "detail", "instance")
    }
    return Problem(**texts, status=status if isinstance(status, int) else None)
