"""Rate limits in fixed windows, told of or kept silent."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Hint(StrEnum):
    """What a limited service says about its limit."""

    NONE = "none"
    RETRY_AFTER = "retry_after"  #: ``Retry-After`` on the refusal, in whole seconds (RFC 9110).
    HEADERS = "headers"  #: ``RateLimit-Limit``, ``-Remaining`` and ``-Reset`` on every answer.


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit:
    """So many requests in a window that the first of them opens."""

    requests: int
    window: timedelta
    hint: Hint = Hint.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether a request passes, and what the answer says of the limit."""

    allowed: bool
    headers: Mapping[str, str]


class Windows:
    """How much of which limit is spent."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, RateLimit], tuple[float, int]] = {}

    def spend(self, name: str, limit: RateLimit, now: float) -> Verdict:
        """Count one request; a refused one does not count.

        Args:
            name: Whose limit it is.
            limit: The limit.
            now: Seconds on a clock that never goes back.
        """
        length = limit.window.total_seconds()
        opened, spent = self._open.get((name, limit), (now, 0))
        if now - opened >= length:
            opened, spent = now, 0
        allowed = spent < limit.requests
        spent += allowed
        self._open[(name, limit)] = (opened, spent)
        reset = str(max(1, math.ceil(opened + length - now)))
        headers: dict[str, str] = {}
        if limit.hint is Hint.RETRY_AFTER and not allowed:
            headers["Retry-After"] = reset
        if limit.hint is Hint.HEADERS:
            headers["RateLimit-Limit"] = str(limit.requests)
            headers["RateLimit-Remaining"] = str(limit.requests - spent)
            headers["RateLimit-Reset"] = reset
        return Verdict(allowed=allowed, headers=headers)
