"""Rate limits as servers keep them, in simulated time, and a client that obeys a policy."""

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Protocol

from connector_healing.runtime.rate_policy import RatePolicy
from connector_healing.runtime.rate_signals import RateSignal

START = datetime(2013, 2, 1, tzinfo=UTC)


class Tells(StrEnum):
    """What a server says of its limit."""

    NOTHING = "nothing"
    RETRY_AFTER = "Retry-After"
    HEADERS = "headers"


class Server(Protocol):
    def ask(self, at: float) -> tuple[bool, int, float]:
        """Whether the request is accepted, what is left, seconds to the next free place."""


@dataclass(slots=True)
class FixedWindow:
    limit: int
    window: float
    phase: float = 0.0  #: Seconds of the first window that are over at the start.
    _window: int = -1
    _used: int = 0

    def ask(self, at: float) -> tuple[bool, int, float]:
        number = int((at + self.phase) // self.window)
        if number != self._window:
            self._window, self._used = number, 0
        accepted = self._used < self.limit
        self._used += accepted
        return accepted, self.limit - self._used, (number + 1) * self.window - self.phase - at


@dataclass(slots=True)
class SlidingWindow:
    limit: int
    window: float
    count_refused: bool = False
    _seen: deque[float] = field(default_factory=deque)

    def ask(self, at: float) -> tuple[bool, int, float]:
        while self._seen and self._seen[0] + self.window <= at:
            self._seen.popleft()
        accepted = len(self._seen) < self.limit
        if accepted or self.count_refused:
            self._seen.append(at)
        left = max(self.limit - len(self._seen), 0)
        free = self._seen[max(len(self._seen) - self.limit, 0)] + self.window - at
        return accepted, left, free


@dataclass(slots=True)
class Gcra:
    rate: float
    burst: int
    _tokens: float = -1.0
    _at: float = 0.0

    def ask(self, at: float) -> tuple[bool, int, float]:
        tokens = self.burst if self._tokens < 0 else self._tokens + (at - self._at) * self.rate
        self._tokens, self._at = min(tokens, float(self.burst)), at
        accepted = self._tokens >= 1
        self._tokens -= accepted
        return accepted, int(self._tokens), max(1 - self._tokens, 0.0) / self.rate


@dataclass(frozen=True, slots=True, kw_only=True)
class Extraction:
    seconds: float
    refusals: int
    longest_streak: int  #: Refusals in a row.


def extract(
    server: Server,
    requests: int,
    latency: float,
    tells: Tells,
    policy: RatePolicy | None = None,
    *,
    travel: Callable[[], float] = lambda: 0.0,
) -> Extraction:
    """Send so many requests one after the other, each until it is accepted."""
    policy = policy or RatePolicy()
    clock, refusals, streak, longest = 0.0, 0, 0, 0
    done = 0
    while done < requests:
        now = START + timedelta(seconds=clock)
        wait = policy.wait(now)
        if wait > timedelta(0):
            clock += wait.total_seconds()
            continue
        policy.begin(now)
        accepted, left, free = server.ask(clock + travel())
        clock += latency
        signal = _signal(tells, accepted=accepted, left=left, free=free)
        after = START + timedelta(seconds=clock)
        if accepted:
            policy.accept(now, after, signal)
            done, streak = done + 1, 0
        else:
            policy.refuse(now, after, signal)
            refusals, streak = refusals + 1, streak + 1
            longest = max(longest, streak)
    return Extraction(seconds=clock, refusals=refusals, longest_streak=longest)


def _signal(tells: Tells, *, accepted: bool, left: int, free: float) -> RateSignal:
    whole = timedelta(seconds=math.ceil(free))
    match tells:
        case Tells.NOTHING:
            return RateSignal()
        case Tells.RETRY_AFTER:
            return RateSignal() if accepted else RateSignal(retry_after=whole)
        case Tells.HEADERS:
            return RateSignal(remaining=left, reset=whole)


def bound_fixed(requests: int, limit: int, window: float, phase: float, latency: float) -> float:
    """The shortest possible time in a fixed window, by walking its windows."""
    clock, left = 0.0, requests
    end = window - phase
    while True:
        here = min(left, limit, math.ceil(max(end - clock, 0) / latency))
        left -= here
        if left == 0:
            return clock + here * latency
        clock, end = end, end + window


def bound_sliding(requests: int, limit: int, window: float, latency: float) -> float:
    """T* = (ceil(N/R) - 1) W + the last window's requests."""
    windows = math.ceil(requests / limit) - 1
    return windows * max(window, limit * latency) + (requests - windows * limit) * latency


def bound_gcra(requests: int, rate: float, burst: int, latency: float) -> float:
    """T* = (N - b) / r + L."""
    return max((requests - burst) / rate + latency, requests * latency)
