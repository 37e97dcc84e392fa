"""Answers requests from cassettes."""

from collections.abc import Iterable
from http import HTTPStatus
from io import BytesIO
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import requests
from requests.structures import CaseInsensitiveDict
from requests.utils import get_encoding_from_headers
from urllib3 import HTTPHeaderDict, HTTPResponse

from connector_healing.runtime.cassette.exchange import NO_ANSWER, Exchange, Redacts
from connector_healing.runtime.cassette.reader import read_cassette
from connector_healing.runtime.cassette.writer import body_digest

#: What a recorded body's own encoding no longer is.
_TRANSPORT_HEADERS = frozenset({"content-encoding", "content-length", "transfer-encoding"})

_Key = tuple[str, str, str, str, tuple[tuple[str, str], ...], str | None]


class ReplayedResponse(requests.Response):
    """A response that came from a cassette."""


class CassettePlayer:
    """Answers requests as they were answered when they were recorded.

    A request is known by method, scheme, host, path, sorted query and body, secrets taken out on
    both sides. The same request again is answered by the next recording of it, and by the last
    one for ever. A recording without its whole body answers nothing.

    Args:
        paths: Cassettes; the first that knows a request answers it.
        redactor: Takes out the secrets of the requests that are to be answered.
        only_good: Leave out what failed when it was recorded: no answer, a status from 400 on, or
            a page for people, by which services say under 200 that they are down.

    Raises:
        UnreadableCassetteError: If a cassette cannot be read.
    """

    def __init__(
        self, paths: Iterable[Path | str], redactor: Redacts, *, only_good: bool = False
    ) -> None:
        self.redactor = redactor
        self.hits = 0
        self.misses = 0
        self._recordings: list[dict[_Key, list[Exchange]]] = []
        self._played: dict[_Key, int] = {}
        for path in paths:
            known: dict[_Key, list[Exchange]] = {}
            for exchange in read_cassette(path):
                if exchange.truncated or (only_good and not _is_good(exchange)):
                    continue
                known.setdefault(self._key_of(exchange), []).append(exchange)
            self._recordings.append(known)

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """All recordings that can answer, cassette by cassette."""
        return tuple(e for known in self._recordings for several in known.values() for e in several)

    def answer(
        self, prepared: requests.PreparedRequest, *, masked: bool = True
    ) -> ReplayedResponse | None:
        """The recorded answer; None where there is none.

        Args:
            prepared: The request.
            masked: Whether a recording that redaction changed may answer. It may not where
                what it says (a token, say) could reach the live API.

        Raises:
            requests.RequestException: If the recorded request failed so.
        """
        exchange = self._next(self._key(prepared), masked=masked)
        if exchange is None:
            self.misses += 1
            return None
        self.hits += 1
        if exchange.status == NO_ANSWER:
            raise _recorded_failure(exchange, prepared)
        return _response(exchange, prepared)

    def _next(self, key: _Key, *, masked: bool) -> Exchange | None:
        for known in self._recordings:
            several = [e for e in known.get(key, ()) if masked or not e.masked]
            if several:
                position = self._played.get(key, 0)
                self._played[key] = position + 1
                return several[min(position, len(several) - 1)]
        return None

    def _key_of(self, exchange: Exchange) -> _Key:
        return self._identity(exchange.method, exchange.url, exchange.request_digest)

    def _key(self, prepared: requests.PreparedRequest) -> _Key:
        digest = body_digest(request_body(prepared), self.redactor)
        return self._identity(prepared.method or "GET", prepared.url or "", digest)

    def _identity(self, method: str, url: str, digest: str | None) -> _Key:
        parts = urlsplit(self.redactor.url(url))
        query = tuple(sorted(parse_qsl(parts.query, keep_blank_values=True)))
        return (method.upper(), parts.scheme, parts.netloc, parts.path or "/", query, digest)


def request_body(prepared: requests.PreparedRequest) -> bytes:
    """The request's body; empty for a stream, which can be read only once."""
    body = prepared.body
    if isinstance(body, str):
        return body.encode()
    return body if isinstance(body, bytes) else b""


def _is_good(exchange: Exchange) -> bool:
    kinds = [value for name, value in exchange.response_headers if name.lower() == "content-type"]
    is_page = any(kind.strip().lower().startswith("text/html") for kind in kinds)
    return NO_ANSWER < exchange.status < HTTPStatus.BAD_REQUEST and not is_page


def _response(exchange: Exchange, prepared: requests.PreparedRequest) -> ReplayedResponse:
    headers = HTTPHeaderDict()
    for name, value in exchange.response_headers:
        if name.lower() not in _TRANSPORT_HEADERS:
            headers.add(name, value)
    raw = HTTPResponse(
        body=BytesIO(exchange.body),
        headers=headers,
        status=exchange.status,
        reason=exchange.reason,
        preload_content=False,
        request_method=exchange.method,
    )
    response = ReplayedResponse()
    response.status_code = exchange.status
    response.reason = exchange.reason
    response.headers = CaseInsensitiveDict(headers)
    response.encoding = get_encoding_from_headers(response.headers)
    response.raw = raw
    response.url = prepared.url or ""
    response.request = prepared
    response.elapsed = exchange.elapsed
    return response


def _recorded_failure(
    exchange: Exchange, prepared: requests.PreparedRequest
) -> requests.RequestException:
    """The exception of the recorded class, where requests still has it."""
    kind = getattr(requests.exceptions, exchange.reason, None)
    if not (isinstance(kind, type) and issubclass(kind, requests.RequestException)):
        kind = requests.ConnectionError
    return kind(exchange.body.decode(errors="replace"), request=prepared)
