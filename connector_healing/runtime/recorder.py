"""Records the HTTP exchanges of a running connector, in bounded memory."""

import contextlib
import threading
import weakref
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

import requests

from connector_healing.runtime.cassette import (
    NO_ANSWER,
    CassetteWriter,
    Exchange,
    Redacts,
    ReplayedResponse,
    endpoint_template,
)
from connector_healing.runtime.cassette.player import request_body
from connector_healing.runtime.hooks import SEND
from connector_healing.runtime.ring import Ring
from connector_healing.runtime.sent_secrets import sent_secrets
from connector_healing.runtime.signals import signals_of

#: What a recording may hold in memory.
MAX_RECORDED_BYTES = 32 * 1024**2
#: What is counted for an exchange beside its body: URL, headers, the objects.
_OVERHEAD_BYTES = 4096
#: The sample that a good run leaves: so many first exchanges of each endpoint, and its last.
SAMPLE_FIRSTS = 3
#: And no more than this, uncompressed.
MAX_SAMPLE_BYTES = 4 * 1024**2


@dataclass(frozen=True, slots=True)
class _Seen:
    """One attempt as it went by: references only, nothing parsed or copied."""

    sequence: int
    prepared: requests.PreparedRequest
    at: datetime
    elapsed: float
    status: int
    reason: str
    headers: Mapping[str, str]
    content: bytes | None  #: None: a stream, or too large to keep.
    stream: "weakref.ref[requests.Response] | None" = None


class Recording:
    """The exchanges that went by; see `recording`."""

    def __init__(self, max_bytes: int, *, replayed: bool) -> None:
        self._ring: Ring[_Seen] = Ring(max_bytes)
        self._max_body = max_bytes // 4
        self._replayed = replayed
        self._lock = threading.Lock()
        self._count = 0
        self._errors: weakref.WeakSet[requests.RequestException] = weakref.WeakSet()

    @property
    def request_count(self) -> int:
        """How many requests were begun, redirect hops and retries included."""
        return self._count

    @property
    def dropped(self) -> int:
        """How many exchanges did not fit."""
        return self._ring.dropped

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """What is kept, in the order in which the requests were begun; it holds secrets."""
        with self._lock:
            seen = self._ring.items()
        return tuple(_exchange(one) for one in sorted(seen, key=lambda one: one.sequence))

    def sent_secrets(self) -> frozenset[str]:
        """The credentials in the requests that are kept."""
        with self._lock:
            seen = self._ring.items()
        return sent_secrets(
            (one.prepared.url or "", {n: _text(v) for n, v in one.prepared.headers.items()})
            for one in seen
        )

    def signals(self) -> dict[str, str]:
        """Rate-limit, deprecation and sunset headers that were seen, the latest of each."""
        return signals_of(self.exchanges)

    def write(self, path: Path, redactor: Redacts, *, sample: bool) -> int:
        """Write a cassette: all that is kept, or a good run's sample of each endpoint.

        Returns:
            How many exchanges it holds; 0: there was nothing, and no file was written.
        """
        exchanges = self.exchanges
        writer = CassetteWriter(path, redactor)
        if sample:
            exchanges = _sample(exchanges)
            writer = CassetteWriter(path, redactor, max_bytes=MAX_SAMPLE_BYTES)
        for exchange in exchanges:
            writer.add(exchange)
        if exchanges:
            writer.close()
        return writer.kept

    def ignore(self, error: requests.RequestException) -> None:
        """Leave out a failure that is about to be raised and never went to the API."""
        self._errors.add(error)

    def intercept(
        self,
        forward: Callable[..., requests.Response],
        session: requests.Session,
        request: requests.PreparedRequest,
        **kwargs: Any,
    ) -> requests.Response:
        """Stands in front of `requests.Session.send`."""
        with self._lock:
            sequence = self._count
            self._count += 1
        at, begun = datetime.now(UTC), perf_counter()
        try:
            response = forward(session, request, **kwargs)
        except requests.RequestException as error:
            # It goes by once for each redirect hop that it comes back through.
            if error not in self._errors:
                self._errors.add(error)
                _read_late(error, streamed=bool(kwargs.get("stream")))
                self._keep_failure(sequence, request, at, perf_counter() - begun, error)
            raise
        # Session.send follows redirects by calling itself: what it gives back in the end answers
        # the last hop, which was seen on its own; the first hop's answer opens the history.
        own = response.history[0] if response.history else response
        self._keep_answer(sequence, request, at, perf_counter() - begun, own)
        return response

    def _keep_answer(
        self,
        sequence: int,
        prepared: requests.PreparedRequest,
        at: datetime,
        elapsed: float,
        response: requests.Response,
    ) -> None:
        if not self._replayed and isinstance(response, ReplayedResponse):
            return
        # False until the body was read; reading it here would take a stream from its reader.
        content: object = response._content  # noqa: SLF001  # the public attribute reads the stream
        whole = content if isinstance(content, bytes) else None
        size = _OVERHEAD_BYTES + len(whole or b"")
        kept = whole if size <= self._max_body else None
        seen = _Seen(
            sequence,
            prepared,
            at,
            elapsed,
            response.status_code,
            response.reason or "",
            getattr(response.raw, "headers", None) or response.headers,
            kept,
            # Weak, so that a stream that its reader forgot is closed as it would be without us.
            weakref.ref(response) if whole is None else None,
        )
        self._add(seen, _OVERHEAD_BYTES + len(kept or b""))

    def _keep_failure(
        self,
        sequence: int,
        prepared: requests.PreparedRequest,
        at: datetime,
        elapsed: float,
        error: requests.RequestException,
    ) -> None:
        if isinstance(error, requests.TooManyRedirects):  # each hop was seen on its own
            return
        if error.response is not None:
            self._keep_answer(sequence, prepared, at, elapsed, error.response)
            return
        kind, text = type(error).__name__, str(error).encode()
        self._add(
            _Seen(sequence, prepared, at, elapsed, NO_ANSWER, kind, {}, text), _OVERHEAD_BYTES
        )

    def _add(self, seen: _Seen, size: int) -> None:
        key = (seen.prepared.method, endpoint_template(seen.prepared.url or ""))
        with self._lock:
            self._ring.add(key, size, seen)


@contextlib.contextmanager
def recording(max_bytes: int = MAX_RECORDED_BYTES, *, replayed: bool = True) -> Iterator[Recording]:
    """Record what every `requests` session of this process sends, until the context ends.

    Recordings nest, and each sees everything that happens in any thread while it is open.
    Streamed bodies are left to their reader; they are recorded only where he took them whole.

    Args:
        max_bytes: What may be kept in memory; over it, the first exchange of each endpoint and
            the latest ones stay.
        replayed: Whether answers that came from a cassette are recorded, too.
    """
    one = Recording(max_bytes, replayed=replayed)
    with SEND.intercepted(one.intercept):
        yield one


def _exchange(seen: _Seen) -> Exchange:
    content = seen.content
    if content is None and seen.stream is not None and (response := seen.stream()) is not None:
        late = response._content  # noqa: SLF001  # the public attribute reads the stream
        content = late if isinstance(late, bytes) else None
    return Exchange(
        sequence=seen.sequence,
        method=seen.prepared.method or "GET",
        url=seen.prepared.url or "",
        request_headers=tuple((n, _text(v)) for n, v in seen.prepared.headers.items()),
        request_digest=None,
        status=seen.status,
        reason=seen.reason,
        response_headers=tuple((n, _text(v)) for n, v in seen.headers.items()),
        body=content or b"",
        elapsed=timedelta(seconds=seen.elapsed),
        recorded_at=seen.at,
        truncated=content is None,
        request_body=request_body(seen.prepared),
    )


def _read_late(error: requests.RequestException, *, streamed: bool) -> None:
    """Read the body of an answer that a response hook refused before `send` had read it."""
    if error.response is not None and not streamed:
        with contextlib.suppress(requests.RequestException):
            _ = error.response.content


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _sample(exchanges: tuple[Exchange, ...]) -> tuple[Exchange, ...]:
    last = {exchange.endpoint: exchange.sequence for exchange in exchanges}
    met: Counter[str] = Counter()
    chosen = []
    for exchange in exchanges:
        met[exchange.endpoint] += 1
        if met[exchange.endpoint] <= SAMPLE_FIRSTS or exchange.sequence == last[exchange.endpoint]:
            chosen.append(exchange)
    return tuple(chosen)
