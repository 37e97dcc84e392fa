"""The gate between a connector in the sandbox and the live API."""

import json
import re
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter

from connector_healing.errors import (
    LiveLimitError,
    MethodRefusedError,
    NoRecordedAnswerError,
    TrafficRefusedError,
)
from connector_healing.runtime.cassette import CassettePlayer, Exchange, endpoint_template
from connector_healing.runtime.cassette.player import request_body
from connector_healing.runtime.hooks import GET_ADAPTER
from connector_healing.runtime.recorder import MAX_RECORDED_BYTES, Recording, recording

_READING = frozenset({"GET", "HEAD", "OPTIONS"})
#: A GraphQL document that does more than read, comments taken out.
_CHANGING = re.compile(r"(?:^|\})\s*(?:mutation|subscription)\b")
_COMMENT = re.compile(r"#[^\n]*")


class Gate:
    """What a connector's requests met; see `gated`."""

    def __init__(
        self,
        player: CassettePlayer,
        live_limit: int,
        read_posts: Collection[str],
        recorded: Recording,
    ) -> None:
        self.player = player
        self.recorded = recorded  #: What went live, failures included.
        self.live_limit = live_limit
        self.live_requests = 0
        self.good_answers = 0  #: Of the live API, with a status below 400.
        self.replayed_requests = 0
        self.refusals: list[TrafficRefusedError] = []
        self._read_posts = frozenset(read_posts) | token_endpoints(player.exchanges)
        self._lock = threading.Lock()

    def wrap(
        self, forward: Callable[..., BaseAdapter], *args: Any, **kwargs: Any
    ) -> "_GateAdapter":
        """Stands in front of `requests.Session.get_adapter`."""
        return _GateAdapter(self, forward(*args, **kwargs))

    def answer(self, request: requests.PreparedRequest) -> requests.Response | None:
        """The recorded answer; None lets the request go live, which was counted.

        Raises:
            TrafficRefusedError: If there is none and it may not go live.
        """
        with self._lock:
            try:
                # A masked token or cursor would be sent to the live API by the next request.
                recorded = self.player.answer(request, masked=self.live_limit == 0)
            except requests.RequestException as error:
                self.recorded.ignore(error)
                self.replayed_requests += 1
                raise
            if recorded is not None:
                self.replayed_requests += 1
                return recorded
            refusal = self._refusal(request)
            if refusal is not None:
                self.refusals.append(refusal)
                raise refusal
            self.live_requests += 1
            return None

    def answered(self, response: requests.Response) -> None:
        """The live API answered."""
        with self._lock:
            self.good_answers += response.ok

    def _refusal(self, request: requests.PreparedRequest) -> TrafficRefusedError | None:
        shown = (
            f"{request.method} {self.player.redactor.url((request.url or '').partition('?')[0])}"
        )
        if self.live_limit == 0:
            return NoRecordedAnswerError(shown)
        if not self._only_reads(request):
            return MethodRefusedError(shown)
        if self.live_requests >= self.live_limit:
            return LiveLimitError(shown, self.live_limit)
        return None

    def _only_reads(self, request: requests.PreparedRequest) -> bool:
        if request.method in _READING:
            return True
        if request.method != "POST" or _changes_by_graphql(request_body(request)):
            return False
        url = request.url or ""
        path = endpoint_template(url)
        return path in self._read_posts or f"{urlsplit(url).netloc}{path}" in self._read_posts


class _GateAdapter(BaseAdapter):
    """Sits where the transport was, so that hooks, cookies and redirects work as in production."""

    def __init__(self, gate: Gate, real: BaseAdapter) -> None:
        super().__init__()
        self._gate = gate
        self._real = real

    def send(
        self, request: requests.PreparedRequest, *args: Any, **kwargs: Any
    ) -> requests.Response:
        recorded = self._gate.answer(request)
        # Not `or`: a response of status 400 and above is false.
        if recorded is not None:
            return recorded
        response = self._real.send(request, *args, **kwargs)
        if not kwargs.get("stream"):
            # `requests` reads it next: of a body that is cut short this raises.
            _ = response.content
        self._gate.answered(response)
        return response

    def close(self) -> None:
        self._real.close()


@contextmanager
def gated(
    player: CassettePlayer,
    *,
    live_limit: int = 0,
    read_posts: Collection[str] = (),
    max_bytes: int = MAX_RECORDED_BYTES,
) -> Iterator[Gate]:
    """Answer this process's `requests` sessions from cassettes, and guard the way to the live API.

    A request that no cassette answers goes live if it can only read (GET, HEAD, OPTIONS, a POST
    to `read_posts` or to a token endpoint that the cassettes know, never a GraphQL mutation) and
    the limit is not reached. Redirect hops and retries count one each.

    Args:
        player: The cassettes; one without any sends everything live.
        live_limit: How many requests may go live; 0: none, recorded answers only.
        read_posts: Endpoints (`endpoint_template`, with or without the host before it) to which
            a POST only reads: searches, GraphQL, token endpoints.
        max_bytes: Bound of the recording of what went live.
    """
    with recording(max_bytes, replayed=False) as recorded:
        gate = Gate(player, live_limit, read_posts, recorded)
        with GET_ADAPTER.intercepted(gate.wrap):
            yield gate


def token_endpoints(exchanges: Collection[Exchange]) -> frozenset[str]:
    """Endpoints (host and path template) where a POST was answered with an OAuth token.

    See RFC 6749, 5.1.
    """
    return frozenset(
        f"{urlsplit(e.url).netloc}{endpoint_template(e.url)}"
        for e in exchanges
        if e.method == "POST" and e.status == requests.codes.ok and _holds_token(e.body)
    )


def _holds_token(body: bytes) -> bool:
    plain = _json(body)
    return isinstance(plain, dict) and "access_token" in plain


def _changes_by_graphql(body: bytes) -> bool:
    plain = _json(body)
    calls = plain if isinstance(plain, list) else [plain]
    documents = [c.get("query") for c in calls if isinstance(c, dict)]
    return any(
        isinstance(d, str) and _CHANGING.search(_COMMENT.sub("", d)) is not None for d in documents
    )


def _json(body: bytes) -> object:
    try:
        return json.loads(body) if body else None
    except ValueError:
        return None
