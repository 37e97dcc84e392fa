"""One recorded HTTP exchange, and the endpoint that it belongs to."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Protocol
from urllib.parse import urlsplit


class Redacts(Protocol):
    """What takes secrets out of text; `connector_healing.core.redaction.Redactor` does."""

    def text(self, text: str, /) -> str:
        """The text without secrets."""

    def url(self, url: str, /) -> str:
        """The URL without secrets."""

    def headers(self, headers: Mapping[str, str], /) -> Mapping[str, str]:
        """The headers without secrets, under the same names."""


#: The status of a request that got no answer; `Exchange.reason` then names the exception.
NO_ANSWER = 0

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request and its answer.

    Fresh from the recorder it holds secrets; what `read_cassette` gives does not. Headers and
    bodies are kept out of the representation for that reason.
    """

    sequence: int  #: From 0, in the order in which the requests were begun.
    method: str
    url: str = field(repr=False)
    request_headers: Headers = field(repr=False)
    request_digest: str | None  #: SHA-256 of the request's redacted body; None without one.
    status: int  #: `NO_ANSWER` where the request failed without one.
    reason: str = field(repr=False)  #: Of the status line, or the exception's class name.
    response_headers: Headers = field(repr=False)  #: In order; a name may come twice.
    body: bytes = field(repr=False)  #: Content-decoded; the exception's text where none was given.
    elapsed: timedelta
    recorded_at: datetime
    truncated: bool = False  #: The body is not whole: too large, or never read by the connector.
    masked: bool = False  #: Redaction changed the body: it is not what the API said.
    request_body: bytes | None = field(default=None, repr=False)  #: In memory only, never written.

    @property
    def endpoint(self) -> str:
        """Method, host and path template: what tells one endpoint from another."""
        return f"{self.method} {urlsplit(self.url).netloc}{endpoint_template(self.url)}"

    def header(self, name: str) -> str | None:
        """The first response header of this name, in any case."""
        wanted = name.lower()
        return next((v for n, v in self.response_headers if n.lower() == wanted), None)


_ID = re.compile(
    r"""
    \d+                                          # 42
    | [0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}  # a UUID
    | (?=[^0-9]*[0-9])[0-9a-f]{12,}              # an object id or a hash
    | \d{4}-\d{2}(?:-\d{2}.*)?                   # a day, a month, a time
    | (?=(?:[^0-9]*[0-9]){3})[\w.~:=-]{6,}       # cus_9s6XKzkNRiz8i3
    | [^/]*(?:\*\*\*|%2A%2A%2A)[^/]*             # what was redacted
    """,
    re.VERBOSE | re.IGNORECASE,
)
_FILE_SUFFIX = re.compile(r"\.(?:json|xml|csv|ndjson)$", re.IGNORECASE)


def endpoint_template(url: str) -> str:
    """The URL's path with ``{id}`` in the place of ids; versions such as ``v2`` stay.

    >>> endpoint_template("https://api.example.com/v2/flights/8211/legs?page=3")
    '/v2/flights/{id}/legs'
    """
    return _template(urlsplit(url).path)


@lru_cache(maxsize=1024)
def _template(path: str) -> str:
    return "/".join(_segment(s) for s in path.split("/")) or "/"


def _segment(segment: str) -> str:
    suffix = _FILE_SUFFIX.search(segment)
    stem = segment[: suffix.start()] if suffix else segment
    if not _ID.fullmatch(stem):
        return segment
    return "{id}" + (suffix.group() if suffix else "")
