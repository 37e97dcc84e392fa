"""What the rules look at: a failure with its clues drawn out once."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

from connector_healing.core.failure import ExceptionLink, Failure
from connector_healing.core.http_signals import HttpSignals, read_signals
from connector_healing.core.path_template import host_of, path_template
from connector_healing.core.rules import words
from connector_healing.core.secret_names import Place, is_secret_name, may_be_secret

#: Top-level packages that run a connector and are no part of it.
FRAMEWORKS = frozenset({"dlt", "dagster", "dagster_dlt", "dagster_shared", "connector_healing"})

#: Query parameters that say where in a list a request stands.
_PAGE_PARAMETERS = frozenset(
    {
        *("page", "page_number", "pagenumber", "p", "offset", "skip", "start", "startat"),
        *("cursor", "after", "starting_after", "page_token", "pagetoken", "next", "continuation"),
    }
)
_URL = re.compile(r"\b[a-z][a-z0-9+.-]*://\S+|(?<=url: )/\S+", re.IGNORECASE)
#: What APIs put into the body's own code when all is well.
_FINE_CODES = (0, 1, 200, 201, 202, 204)
#: Characters of a message that a cause names.
_LINE = 200
_ERROR_WORDS = frozenset({"error", "errored", "fail", "failed", "failure", "fault"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Clues:
    """A failure as the rules see it.

    The names of classes are qualified (builtins bare), and once more with only a dot before the
    class's own name, so that a rule can ask for ``requests.exceptions.ReadTimeout``, for the
    builtin ``TimeoutError`` or for any module's ``.ReadTimeout``. Ancestors are included.
    """

    failure: Failure
    root: frozenset[str] = frozenset()  #: Names of the root exception and its ancestors.
    below: frozenset[str] = frozenset()  #: Of the root and of everything that led to it.
    above: frozenset[str] = frozenset()  #: Of the wrappers around it.
    errnos: frozenset[int] = frozenset()  #: Of the root and of everything that led to it.
    message: str = ""  #: The messages of the root and below, without URLs.
    body: str = ""
    said: str = ""  #: Message, body and the challenge of a 401: what words are looked for in.
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    signals: HttpSignals = field(default_factory=HttpSignals)
    has_error_body: bool = False  #: Answered with success, and the body says error.
    is_html: bool = False

    @property
    def link(self) -> ExceptionLink | None:
        """The root exception."""
        return self.failure.root_link

    @property
    def own(self) -> bool:
        """Whether a statement of the connector itself raised it."""
        position = self.failure.position
        return position is not None and self.failure.raised_in == position.module

    @property
    def through(self) -> bool:
        """Whether the connector's code was on the way, and no framework raised it."""
        return self.failure.position is not None and not self.in_framework

    @property
    def in_framework(self) -> bool:
        """Whether dlt, Dagster or this package raised it."""
        # The demo's connectors live in this very package: what they raise themselves is theirs.
        top = (self.failure.raised_in or "").partition(".")[0]
        return top in FRAMEWORKS and not self.own

    def attribute(self, name: str) -> str:
        """An attribute of the root exception, or nothing."""
        return self.link.attributes.get(name, "") if self.link else ""

    def attribute_below(self, name: str) -> str:
        """The attribute of the first link from the root on that has it."""
        links = self.failure.chain[self.failure.root :]
        return next((v for link in links if (v := link.attributes.get(name))), "")

    @property
    def is_later_page(self) -> bool:
        """Whether the request asked for more than the first page."""
        url = self.failure.http.url if self.failure.http else ""
        try:
            pairs = parse_qsl(urlsplit(url).query)
        except ValueError:
            return False
        asked = [v for k, v in pairs if k.lower() in _PAGE_PARAMETERS and v]
        return any(not v.isdecimal() or int(v) > 1 for v in asked)

    @property
    def sent_credential(self) -> bool | None:
        """Whether the request held one; None where its headers are not known."""
        http = self.failure.http
        if http is None or not http.request_headers:
            return None
        query = [k for k, _ in parse_qsl(http.url.partition("?")[2])]
        return any(may_be_secret(h, Place.HEADER) for h in http.request_headers) or any(
            is_secret_name(k, Place.PARAMETER) for k in query
        )

    def fields(self) -> dict[str, str]:
        """What a cause's text may name."""
        http, position = self.failure.http, self.failure.position
        path = path_template(http.url) if http else ""
        method = http.method if http else ""
        endpoint = f"{method} {path or '/'}".strip() if path or method else "the request"
        host = host_of(http.url) if http else ""
        return {
            "status": str(self.status or ""),
            "endpoint": f"{endpoint} on {host}" if host else endpoint,
            "field": self.attribute_below("key") or self.attribute("json_path"),
            "type": (self.link.type if self.link else "").rpartition(".")[2],
            "message": _first_line(self.link.message if self.link else ""),
            "place": f"{position.function} ({position.module}, line {position.line})"
            if position
            else "the connector",
            "raised_in": self.failure.raised_in or "an unknown module",
            "fields": self.attribute("fields"),
            "table": self.attribute("table_name"),
            "column": self.attribute("column_name"),
            "suspicions": " ".join(s.sentence for s in self.failure.suspicions),
            "successor": self.signals.successor or "another address",
            "moved_to": self._moved_to(),
        }

    def _moved_to(self) -> str:
        found = words.NEW_PLACE.search(self.body)
        return found[1].rstrip(".") if found else "another address"


def clues_of(failure: Failure) -> Clues:
    """Draw the clues out of a failure."""
    links = failure.chain[failure.root :]
    http = failure.http
    body = http.body_excerpt if http else ""
    headers = {k.lower(): v for k, v in http.response_headers.items()} if http else {}
    message = "\n".join(_URL.sub("", link.message) for link in links)
    status = http.status if http else None
    start = body.lstrip()[:200].lower()
    return Clues(
        failure=failure,
        root=_names(links[:1]),
        below=_names(links),
        above=_names(failure.chain[: failure.root]),
        errnos=frozenset(_errnos(links)),
        message=message,
        body=body,
        said="\n".join(part for part in (message, body, headers.get("www-authenticate")) if part),
        status=status,
        headers=headers,
        signals=read_signals(headers, failure.occurred_at, body),
        has_error_body=(status is None or status < 300) and _says_error(body),  # noqa: PLR2004  # success
        is_html=start.startswith(("<!doctype html", "<html")) or "<html" in start,
    )


def _names(links: Iterable[ExceptionLink]) -> frozenset[str]:
    of_classes = {name for link in links for name in (link.type, *link.mro)}
    return frozenset(of_classes | {f".{name.rpartition('.')[2]}" for name in of_classes})


def _errnos(links: Iterable[ExceptionLink]) -> Iterable[int]:
    for link in links:
        try:
            yield int(link.attributes.get("errno", ""))
        except ValueError:
            continue


def _says_error(body: str) -> bool:
    """Whether a body is a JSON object that reports an error, as APIs do under status 200."""
    if not body.lstrip().startswith("{"):
        return False
    try:
        read = json.loads(body)
    except (ValueError, RecursionError):
        return False
    if read.get("ok") is False or read.get("success") is False:
        return True
    if str(read.get("status", "")).lower() in _ERROR_WORDS:
        return True
    if _has_data(read.get("data")):
        return False
    return bool(read.get("error") or read.get("errors")) or _has_error_code(read)


def _has_error_code(read: Mapping[str, object]) -> bool:
    """Whether a body names a code of its own that is not one of success, with a message."""
    code = read.get("code")
    return (
        isinstance(code, int)
        and code not in _FINE_CODES
        and bool(read.get("message") or read.get("msg"))
    )


def _has_data(data: object) -> bool:
    """Whether there is any: GraphQL answers with nulls where it reports errors."""
    if isinstance(data, dict):
        return any(value is not None for value in data.values())
    return bool(data)


def _first_line(text: str) -> str:
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    if len(line) <= _LINE:
        return line
    whole, gap, _ = line[: _LINE + 1].rpartition(" ")
    return f"{whole if gap else line[:_LINE]} …"
