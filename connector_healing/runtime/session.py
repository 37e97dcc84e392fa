"""Sessions for connectors: one that keeps under a rate limit, one that outlasts an outage.

Both can stand wherever a `requests.Session` can: in plain calls, as `session` of dlt's
`RESTClient`, as ``session`` in the client of a rest_api configuration. Each call of a factory
gives a new session, without the cookies or headers of another; connections and what was learned
of the limits are shared by all sessions of the process.
"""

import functools
from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import requests
import tenacity
from requests.adapters import HTTPAdapter
from requests.hooks import default_hooks, dispatch_hook
from requests.utils import resolve_proxies

from connector_healing.runtime.limiter import DEFAULT_PATIENCE, LIMITERS, SystemClock, pause
from connector_healing.runtime.rate_signals import is_rate_limited, rate_signal

#: Where the caller names none: both to connect, and between two bytes of an answer.
DEFAULT_TIMEOUT = timedelta(seconds=60)
#: RFC 9110, 9.2.2.
IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})
#: The longest single wait of a retry.
MAX_RETRY_WAIT = timedelta(seconds=60)
#: Statuses from 500 on that say that it will never work.
_HOPELESS = frozenset({HTTPStatus.NOT_IMPLEMENTED, HTTPStatus.HTTP_VERSION_NOT_SUPPORTED})
_TRANSIENT = (
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
)
#: Connections that are kept open to one host.
_POOL_SIZE = 32

_Once = Callable[[], requests.Response]


class _RepeatingSession(requests.Session):
    """Sends a request several times, and shows the caller's hooks only the last answer.

    `requests` runs response hooks inside of `send`; dlt's raise there for statuses, so that a
    refusal would never come back here.
    """

    __attrs__ = [*requests.Session.__attrs__, "timeout", "patience"]  # noqa: RUF012  # requests' own

    def __init__(self, timeout: timedelta, patience: timedelta) -> None:
        super().__init__()
        self.timeout = timeout
        self.patience = patience
        for scheme in ("https://", "http://"):
            self.mount(scheme, _connections())

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send until it is answered or patience ends; arguments as `requests.Session.send`."""
        if kwargs.get("timeout") is None:
            kwargs["timeout"] = self.timeout.total_seconds()
        kwargs.setdefault("stream", self.stream)
        kwargs.setdefault("verify", self.verify)
        kwargs.setdefault("cert", self.cert)
        if "proxies" not in kwargs:
            kwargs["proxies"] = resolve_proxies(request, dict(self.proxies), self.trust_env)
        follow = kwargs.pop("allow_redirects", True)
        hooks, request.hooks = request.hooks, default_hooks()
        try:
            send = functools.partial(super().send, request, allow_redirects=False, **kwargs)
            response = self._repeat(request, send)
        finally:
            request.hooks = hooks
        response = self._shown_to_hooks(hooks, response, **kwargs)
        if follow:
            hops = [response, *self.resolve_redirects(response, request, **kwargs)]
            response = hops.pop()
            response.history = hops
        return response

    def _shown_to_hooks(
        self, hooks: Any, response: requests.Response, **kwargs: Any
    ) -> requests.Response:
        shown = dispatch_hook("response", hooks, response, **kwargs)  # type: ignore[no-untyped-call]  # requests leaves it untyped
        return shown if isinstance(shown, requests.Response) else response

    def _repeat(self, request: requests.PreparedRequest, once: _Once) -> requests.Response:
        raise NotImplementedError


class RateLimitedSession(_RepeatingSession):
    """Keeps under the API's rate limit; see `rate_limited_session`."""

    __attrs__ = [*_RepeatingSession.__attrs__, "limit", "window"]  # noqa: RUF012  # requests' own

    def __init__(
        self, timeout: timedelta, patience: timedelta, limit: int | None, window: timedelta | None
    ) -> None:
        super().__init__(timeout, patience)
        self.limit = limit
        self.window = window

    def _repeat(self, request: requests.PreparedRequest, once: _Once) -> requests.Response:
        def refused(response: requests.Response) -> bool:
            return is_rate_limited(response) and _may_repeat(request, response)

        limiter = LIMITERS.of(request, self.limit, self.window)
        return limiter.call(once, patience=self.patience, refused=refused)


class RetryingSession(_RepeatingSession):
    """Outlasts an outage; see `retrying_session`."""

    def _repeat(self, request: requests.PreparedRequest, once: _Once) -> requests.Response:
        if request.method not in IDEMPOTENT or not _has_lasting_body(request):
            return once()
        retrying = tenacity.Retrying(
            sleep=lambda seconds: pause(timedelta(seconds=seconds)),
            stop=tenacity.stop_before_delay(self.patience),
            wait=_retry_wait,
            retry=tenacity.retry_if_exception(_is_transient) | tenacity.retry_if_result(_is_outage),
            # The last answer or exception itself, not tenacity's own.
            retry_error_callback=_last_outcome,
        )
        return retrying(once)


def rate_limited_session(
    *,
    limit: int | None = None,
    window: timedelta | None = None,
    patience: timedelta = DEFAULT_PATIENCE,
    timeout: timedelta = DEFAULT_TIMEOUT,
) -> RateLimitedSession:
    """A session that keeps under the API's rate limit, told or learned (`RatePolicy`).

    429, 503 with Retry-After and the 403 that is a rate limit are waited out; where patience
    ends, the API's own answer is given back.

    Args:
        limit: Requests per window, where the API's documentation names them.
        window: That window.
        patience: How long one request may wait in all.
        timeout: For requests that name none.
    """
    return RateLimitedSession(timeout, patience, limit, window)


def retrying_session(
    patience: timedelta, *, timeout: timedelta = DEFAULT_TIMEOUT
) -> RetryingSession:
    """A session that repeats idempotent requests until they are answered or patience ends.

    Connection errors, timeouts, bodies cut short and statuses from 500 on are repeated after
    exponential waits with full jitter, or as long as Retry-After asks. In the end the last
    answer is given back, or the last exception raised.

    Args:
        patience: How long one request may take in all; no wait is begun that would end later.
        timeout: For requests that name none.
    """
    return RetryingSession(timeout, patience)


@functools.cache
def _connections() -> HTTPAdapter:
    return HTTPAdapter(pool_maxsize=_POOL_SIZE)


def _has_lasting_body(request: requests.PreparedRequest) -> bool:
    """Whether the body can be sent again; a stream cannot."""
    return request.body is None or isinstance(request.body, str | bytes)


def _may_repeat(request: requests.PreparedRequest, response: requests.Response) -> bool:
    # A 429 was not carried out; a 503 may have been, in part.
    unavailable = response.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    return _has_lasting_body(request) and (request.method in IDEMPOTENT or not unavailable)


def _is_transient(error: BaseException) -> bool:
    # A certificate that is wrong stays wrong.
    return isinstance(error, _TRANSIENT) and not isinstance(error, requests.exceptions.SSLError)


def _is_outage(response: requests.Response) -> bool:
    status = response.status_code
    return status >= HTTPStatus.INTERNAL_SERVER_ERROR and status not in _HOPELESS


_jittered = tenacity.wait_random_exponential(multiplier=1, max=MAX_RETRY_WAIT.total_seconds())


def _retry_wait(state: tenacity.RetryCallState) -> float:
    wait = _jittered(state)
    outcome = state.outcome
    if outcome is None or outcome.failed:
        return wait
    asked = rate_signal(outcome.result().headers, SystemClock().now()).retry_after
    return wait if asked is None else max(wait, asked.total_seconds())


def _last_outcome(state: tenacity.RetryCallState) -> requests.Response:
    if state.outcome is None:
        raise RuntimeError("a retry ended before its first attempt")
    response: requests.Response = state.outcome.result()
    return response
