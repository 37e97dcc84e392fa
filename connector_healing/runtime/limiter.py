"""Keeps a process under an API's rate limit: one limiter for each host and credential."""

import hashlib
import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import requests

from connector_healing.core.secret_names import Place, is_secret_name, may_be_secret
from connector_healing.errors import HealingError
from connector_healing.ports import Clock
from connector_healing.runtime.rate_policy import RatePolicy
from connector_healing.runtime.rate_signals import is_rate_limited, rate_signal

_log = logging.getLogger(__name__)

#: How long one request may wait for the limit in all, before its refusal is given back.
DEFAULT_PATIENCE = timedelta(minutes=15)
#: Digits of the digest that tells credentials apart: too few to guess the credential from.
_CREDENTIAL_DIGITS = 8

#: Waits so long.
Pause = Callable[[timedelta], object]


class SystemClock:
    """The machine's time."""

    def now(self) -> datetime:
        """The current time, aware, UTC."""
        return datetime.now(UTC)


def pause(duration: timedelta) -> None:
    """Wait so long; other threads go on."""
    threading.Event().wait(duration.total_seconds())


class AdaptiveLimiter:
    """Sends requests when a `RatePolicy` allows it, and tells the policy what came of them.

    Args:
        policy: What is known of the limit; by default nothing.
        clock: The time.
        wait: Waits.
    """

    def __init__(
        self, policy: RatePolicy | None = None, *, clock: Clock | None = None, wait: Pause = pause
    ) -> None:
        self._policy = policy or RatePolicy()
        self._clock = clock or SystemClock()
        self._wait = wait
        self._lock = threading.Lock()

    @property
    def refusals(self) -> int:
        """How many requests were refused for the rate limit."""
        return self._policy.refusals

    def call(
        self,
        send: Callable[[], requests.Response],
        *,
        patience: timedelta = DEFAULT_PATIENCE,
        refused: Callable[[requests.Response], bool] = is_rate_limited,
    ) -> requests.Response:
        """Send, and send again while the API refuses for its rate limit.

        Args:
            send: Sends the request once.
            patience: How long to wait in all. A wait that would go beyond it is not begun.
            refused: Tells a refusal for the rate limit, after which the request may be repeated.

        Returns:
            The answer; where patience ended, the API's own refusal.
        """
        waited, refusal = timedelta(0), None
        while True:
            wait, begun = self._begin()
            if wait:
                if waited + wait > patience:
                    if refusal is not None:
                        return refusal
                    begun = self._begin_regardless()
                else:
                    self._wait(wait)
                    waited += wait
                    continue
            response = self._answered(begun, send, refused)
            if not refused(response):
                return response
            refusal = response

    def to_note(self) -> str:
        """What was learned, as text without secrets."""
        with self._lock:
            return self._policy.to_note()

    def successor(self) -> "AdaptiveLimiter":
        """A limiter that begins with what this one knows."""
        return AdaptiveLimiter(
            RatePolicy.from_note(self.to_note()), clock=self._clock, wait=self._wait
        )

    def _begin(self) -> tuple[timedelta, datetime]:
        with self._lock:
            now = self._clock.now()
            wait = self._policy.wait(now)
            if not wait:
                self._policy.begin(now)
            return wait, now

    def _begin_regardless(self) -> datetime:
        with self._lock:
            now = self._clock.now()
            self._policy.begin(now)
            return now

    def _answered(
        self,
        begun: datetime,
        send: Callable[[], requests.Response],
        refused: Callable[[requests.Response], bool],
    ) -> requests.Response:
        try:
            response = send()
        except BaseException:
            with self._lock:
                self._policy.lost()
            raise
        with self._lock:
            now = self._clock.now()
            signal = rate_signal(response.headers, now)
            tell = self._policy.refuse if refused(response) else self._policy.accept
            tell(begun, now, signal)
        return response


class Limiters:
    """The limiters of a process, by host and credential."""

    def __init__(self, *, clock: Clock | None = None, wait: Pause = pause) -> None:
        self._clock = clock
        self._wait = wait
        self._lock = threading.Lock()
        self._limiters: dict[str, AdaptiveLimiter] = {}
        self._latest: dict[str, AdaptiveLimiter] = {}

    def of(
        self,
        prepared: requests.PreparedRequest,
        limit: int | None = None,
        window: timedelta | None = None,
    ) -> AdaptiveLimiter:
        """The limiter that a request goes through.

        A new credential on a known host (a token that was refreshed) begins with what the
        latest one learned.

        Args:
            prepared: The request.
            limit: Requests per window, if it is known and nothing was learned yet.
            window: The window.
        """
        key = limiter_key(prepared)
        host = key.partition("/")[0]
        with self._lock:
            if key not in self._limiters:
                latest = self._latest.get(host)
                self._limiters[key] = (
                    self._new(RatePolicy(limit=limit, window=window))
                    if latest is None
                    else latest.successor()
                )
            self._latest[host] = self._limiters[key]
            return self._limiters[key]

    def to_notes(self) -> dict[str, str]:
        """What all limiters learned, by key, to be kept in the store."""
        with self._lock:
            found = dict(self._limiters)
        return {key: limiter.to_note() for key, limiter in found.items()}

    def restore(self, notes: Mapping[str, str]) -> None:
        """Go on with what was kept; limiters that are in use here already stay."""
        for key, text in notes.items():
            try:
                policy = RatePolicy.from_note(text)
            except HealingError as error:
                _log.warning("What was learned of the rate limit of %s is lost: %s", key, error)
                continue
            with self._lock:
                kept = self._limiters.setdefault(key, self._new(policy))
                self._latest.setdefault(key.partition("/")[0], kept)

    def _new(self, policy: RatePolicy) -> AdaptiveLimiter:
        return AdaptiveLimiter(policy, clock=self._clock, wait=self._wait)


def limiter_key(prepared: requests.PreparedRequest) -> str:
    """Host and credential digest, as ``api.example.com/1f0c3b9a``; ``-`` without a credential."""
    parts = urlsplit(prepared.url or "")
    secrets: Iterable[tuple[str, object]] = (
        *((n, v) for n, v in prepared.headers.items() if may_be_secret(n, Place.HEADER)),
        *((n, v) for n, v in parse_qsl(parts.query) if is_secret_name(n, Place.PARAMETER)),
    )
    text = "\0".join(f"{name.lower()}={value}" for name, value in sorted(secrets, key=str))
    digest = hashlib.sha256(text.encode()).hexdigest()[:_CREDENTIAL_DIGITS] if text else "-"
    return f"{parts.netloc.rpartition('@')[2]}/{digest}"


#: The limiters that this process's sessions share.
LIMITERS = Limiters()
