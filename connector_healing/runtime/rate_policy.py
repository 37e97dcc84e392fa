"""Decides how long to wait before a request, from what the API answered so far.

Nothing here sleeps, reads a clock or sends. What an API tells is obeyed; what it does not tell is
learned from its refusals:

- **Told how many are left:** spend them, then wait for the reset.
- **Told when to come back:** wait so long, learn the window from it, and from then on keep under
  the limit by an own log of requests, as a sliding window does.
- **Told nothing:** wait quietly, each time twice as long, until it answers again; then the window
  is the smallest usual one that the refusals allow. A guess that is too short costs one refusal
  and is corrected; one that is too long would cost time for ever.
- **Refilled drop by drop** (a token bucket): pace at the rate that was measured.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from connector_healing.core.codec import from_json, to_json
from connector_healing.runtime.rate_signals import RateSignal

_ZERO = timedelta(0)
#: The windows that APIs use: a learned one is one of these, unless the API says otherwise.
USUAL_WINDOWS = tuple(
    timedelta(seconds=s) for s in (1, 2, 3, 5, 10, 15, 30, 60, 300, 900, 3600, 86400)
)
#: The first quiet wait where the API says nothing; each further one is twice as long.
FIRST_PROBE = timedelta(seconds=1)
#: A refill within this is a token bucket's.
SHORT_REFILL = timedelta(seconds=3)
#: Added to a window against unequal travel times; four times as much after each surprise.
FIRST_SLACK = timedelta(milliseconds=20)
#: It never exceeds this share of the window, or this.
MAX_SLACK_SHARE = 0.02
MAX_SLACK = timedelta(milliseconds=250)
#: What is left of a learned limit after a refusal below it: somebody else spends from it, too.
SHRINK = 0.9
#: A window that held so often is not doubted any more.
_TRUSTED = 3
#: Where other threads' requests have taken all that is left: look again so soon.
_LOOK_AGAIN = timedelta(milliseconds=50)
#: A limit counts as used up where its last requests took no longer than this many windows.
_NEARLY = 1.1
#: Pacing: faster by this after so many good answers, slower by that after a refusal.
_FASTER, _CLEAN_ANSWERS, _SLOWER = 0.97, 8, 1.05
#: Requests that the log holds at most.
_MAX_LOG = 20_000
#: How far an announced window may lie above a usual one to be taken for it: the announcement is
#: rounded up to whole seconds.
_ROUNDING = timedelta(seconds=1.1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Note:
    """What of a policy is shared and kept."""

    limit: int | None
    window: timedelta | None
    slack: timedelta
    confirmed: int
    interval: timedelta | None
    quiet_until: datetime | None
    log: tuple[datetime, ...]


@dataclass(slots=True)
class RatePolicy:
    """One limit's state; the caller brings the time, and calls from one thread at a time."""

    limit: int | None = None  #: Requests per window, learned.
    window: timedelta | None = None
    interval: timedelta | None = None  #: Between requests, where a token bucket was found.
    slack: timedelta = FIRST_SLACK
    confirmed: int = 0  #: How often the window's end was waited for and held.
    quiet_until: datetime | None = None
    refusals: int = 0
    _log: deque[datetime] = field(default_factory=lambda: deque(maxlen=_MAX_LOG))
    _in_flight: int = 0
    _left: int | None = None  #: What the API said is left, less what was begun since.
    _told: bool = False  #: Whether the last answer said what is left and when it resets.
    _waited_for_log: bool = False
    _used: timedelta | None = None  #: `_used_since` at the first refusal.
    _burst: list[datetime] = field(default_factory=list)  #: Accepted since the last refusal.
    _refused_burst: tuple[datetime, int] | None = None  #: Start and size of the one before it.
    _refused_at: datetime | None = None  #: The first refusal since the last accepted request.
    _failed_at: datetime | None = None  #: The last one.
    _reset_told: datetime | None = None
    _probe: timedelta = FIRST_PROBE
    _too_fast: timedelta = _ZERO
    _clean: int = 0
    _last_begun: datetime | None = None

    def wait(self, now: datetime) -> timedelta:
        """How long to wait before the next request; nothing: send it (and say `begin`)."""
        if self.quiet_until is not None and now < self.quiet_until:
            return self.quiet_until - now
        if self.interval is not None:
            return max((self._last_begun or now - self.interval) + self.interval - now, _ZERO)
        if self._told:
            return (
                _ZERO
                if self._left is None or self._left > 0 or not self._in_flight
                else _LOOK_AGAIN
            )
        return self._wait_for_log(now)

    def begin(self, now: datetime) -> None:
        """A request is being sent."""
        self._in_flight += 1
        self._last_begun = now
        if self._left is not None:
            self._left -= 1

    def lost(self) -> None:
        """A request that was begun got no answer."""
        self._in_flight -= 1

    def accept(self, begun: datetime, now: datetime, signal: RateSignal) -> None:
        """A request that was begun then was answered now, and not refused."""
        self._in_flight -= 1
        self._log.append(begun)
        if self._refused_at is not None and begun >= (self._failed_at or self._refused_at):
            self._learn(begun)
        elif self._waited_for_log:
            self.confirmed += 1
        self._waited_for_log = False
        self._burst.append(begun)
        if len(self._burst) > _MAX_LOG:
            del self._burst[: _MAX_LOG // 2]
        self._clean += 1
        if self.interval is not None and self._clean >= _CLEAN_ANSWERS:
            self._clean = 0
            self.interval = max(self.interval * _FASTER, self._too_fast)
        self._hear(now, signal)

    def refuse(self, begun: datetime, now: datetime, signal: RateSignal) -> None:
        """A request that was begun then was refused now for the rate limit."""
        self._in_flight -= 1
        self.refusals += 1
        self._clean = 0
        known = self._failed_at or self._refused_at
        if known is not None and begun < known:
            return  # It was under way when the refusal came that we are quiet for already.
        first = self._refused_at is None
        told = signal.retry_after or (signal.reset if signal.remaining in (0, None) else None)
        self._reset_told = begun + told if told else None
        if first:
            self._begin_quiet(begun)
        else:
            self._failed_at = begun
        if told:
            self._correct(begun + told)
        quiet = told or self._quiet(begun, first=first)
        self.quiet_until = max(now + quiet, self.quiet_until or now)
        self._waited_for_log = False
        self._told = False

    def to_note(self) -> str:
        """The learned state as text, for another process to go on with; it holds no secret."""
        note = _Note(
            limit=self.limit,
            window=self.window,
            slack=self.slack,
            confirmed=self.confirmed,
            interval=self.interval,
            quiet_until=self.quiet_until,
            log=tuple(self._log)[-(self.limit or 0) :] if self.limit else (),
        )
        return to_json(note)

    @classmethod
    def from_note(cls, text: str) -> "RatePolicy":
        """The policy that `to_note` wrote.

        Raises:
            HealingError: If the text holds something else.
        """
        note = from_json(text, _Note)
        policy = cls(
            limit=note.limit,
            window=note.window,
            slack=note.slack,
            confirmed=note.confirmed,
            interval=note.interval,
            quiet_until=note.quiet_until,
        )
        policy._log.extend(note.log)
        return policy

    def _wait_for_log(self, now: datetime) -> timedelta:
        if self.limit is None or self.window is None:
            return _ZERO
        free = self.limit - self._in_flight
        if free <= 0:
            return _LOOK_AGAIN
        if len(self._log) < free:
            return _ZERO
        wait = self._log[-free] + self.window + self.slack - now
        self._waited_for_log = self._waited_for_log or wait > self.window / 4
        return max(wait, _ZERO)

    def _begin_quiet(self, begun: datetime) -> None:
        """The first refusal of several: doubt what was learned."""
        self._refused_at, self._failed_at, self._probe = begun, None, FIRST_PROBE
        self._refused_burst = None
        self._used = self._used_since(begun)
        if self._burst and self._used is None:
            self._refused_burst = (self._burst[0], len(self._burst))
        if self.interval is not None:
            self._too_fast = self.interval * (1 + (_SLOWER - 1) / 2)
            self.interval *= _SLOWER
        elif self.limit is not None and self._used is None and self.confirmed >= _TRUSTED:
            self.limit = max(1, int(self.limit * SHRINK))
            self._refused_burst = None

    def _used_since(self, begun: datetime) -> timedelta | None:
        """How long ago the limit began to be used up, by our own count; None where it was not.

        Until a window is trusted, only what was accepted since the last refusal counts: what is
        older may belong to a window that is over.
        """
        counted: Sequence[datetime] = self._burst if self.confirmed < _TRUSTED else self._log
        if self.limit is None or self.window is None or len(counted) < self.limit:
            return None
        since = begun - counted[-self.limit]
        if self.confirmed >= _TRUSTED and since > (self.window + self.slack) * _NEARLY:
            return None
        return since

    def _quiet(self, now: datetime, *, first: bool) -> timedelta:
        """How long to be quiet where the API does not say."""
        if self.interval is not None:
            return self.interval * 2
        if self.limit is not None and self.window is not None and self._refused_burst is None:
            return self._quiet_learned(now, self.window, first=first)
        longest = self._probe
        self._probe *= 2
        if self._refused_burst is not None:
            start = self._refused_burst[0]
            for usual in USUAL_WINDOWS:
                if longest / 2 <= start + usual + self.slack - now <= longest:
                    return start + usual + self.slack - now
        return longest

    def _quiet_learned(self, now: datetime, window: timedelta, *, first: bool) -> timedelta:
        """A window was learned and kept, and yet a request was refused."""
        used = self._used or _ZERO
        if first and used and used <= (window + self.slack) * _NEARLY and self._loosen(window):
            return self.slack
        if self.confirmed >= _TRUSTED:
            self.limit = max(1, int((self.limit or 1) * SHRINK))
            return window
        if not first:
            used += now - (self._refused_at or now)
        self.window = next((w for w in USUAL_WINDOWS if w > used), used * 2)
        self.confirmed, self.slack = 0, FIRST_SLACK
        return max(self.window + self.slack - used, FIRST_PROBE / 2)

    def _loosen(self, window: timedelta) -> bool:
        """Keep a larger distance from the window's edge; False where it is large enough."""
        largest = max(window * MAX_SLACK_SHARE, MAX_SLACK)
        if self.slack >= largest:
            return False
        self.slack = min(self.slack * 4, largest)
        return True

    def _correct(self, reset: datetime) -> None:
        """The log was kept and yet refused, and the API says when the window really ends."""
        if self._used is None or self.window is None:
            return
        if self.confirmed >= _TRUSTED:
            self._loosen(self.window)
        else:
            started = (self._refused_at or reset) - self._used
            self.window = max(self.window, _announced(reset - started))
            self.confirmed = 0

    def _learn(self, begun: datetime) -> None:
        """The first accepted request after refusals: what do they say of the limit?"""
        burst, refused_at = self._refused_burst, self._refused_at or begun
        if burst is not None and self.interval is None:
            start, size = burst
            refill = (self._failed_at or refused_at) - refused_at  # At least so long.
            if self.limit is not None and size <= self.limit // 2 and refill <= SHORT_REFILL:
                self.interval = (begun - start) / size
            else:
                # Since a refusal the window began anew, so that all of the wait lies in one window.
                seen_from = refused_at if self.limit is None else start
                self.limit = size
                self.window = self._window(start, seen_from)
                self.confirmed = 0
        self._refused_at = self._failed_at = self._reset_told = None
        self._burst = []

    def _window(self, start: datetime, seen_from: datetime) -> timedelta:
        if self._reset_told is not None:
            return _announced(self._reset_told - start)
        waited = (self._failed_at or self._refused_at or seen_from) - seen_from
        return next((w for w in USUAL_WINDOWS if w >= waited), USUAL_WINDOWS[-1])

    def _hear(self, now: datetime, signal: RateSignal) -> None:
        self._told = signal.remaining is not None and signal.reset is not None
        self._left = None if signal.remaining is None else signal.remaining - self._in_flight
        if signal.remaining == 0 and signal.reset is not None:
            self.quiet_until = max(now + signal.reset, self.quiet_until or now)


def _announced(window: timedelta) -> timedelta:
    """The usual window that was announced with whole seconds, or what was announced."""
    usual = (w for w in reversed(USUAL_WINDOWS) if _ZERO <= window - w <= _ROUNDING)
    return next(usual, max(window, FIRST_PROBE))
