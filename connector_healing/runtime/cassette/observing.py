"""What recorded answers say of their own completeness."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeGuard
from urllib.parse import parse_qsl, urlsplit

import requests
from requests.utils import parse_header_links

from connector_healing.core.reproduction import EndpointObservation
from connector_healing.runtime.cassette.exchange import Exchange, endpoint_template

#: Query parameters that move within one listing; two requests that differ only in these read one.
#: All names here are as `_plain_name` gives them.
_PAGING = frozenset(
    {
        *("page", "pagenumber", "p", "page[number]", "page[size]", "page[offset]"),
        *(
            "offset",
            "page[cursor]",
            "page[after]",
            "skip",
            "startat",
            "$skip",
            "$top",
            "$skiptoken",
        ),
        *("cursor", "startingafter", "endingbefore", "next", "nexttoken", "pagetoken"),
        *("nextpagetoken", "continuation", "continuationtoken", "scrollid", "marker"),
        *("limit", "perpage", "pagesize", "size", "count", "first"),
    }
)
#: Names of a declared total, surest first.
_TOTALS = (
    *("xtotalcount", "xtotal", "total", "totalcount", "totalresults", "totalitems"),
    *("totalrecords", "totalrows", "totalsize", "recordcount", "@odata.count", "count"),
)
_TOTAL_HEADERS = ("X-Total-Count", "X-Total")
#: Booleans that decide whether a page follows; the value says which of them means that it does.
_MORE_FLAGS = {
    **dict.fromkeys(("hasmore", "hasnext", "hasnextpage", "more"), True),
    **dict.fromkeys(("done", "islast", "islastpage"), False),
}
#: Names that hold the next page's URL, number or cursor; empty or null on the last page.
_NEXT = frozenset(
    {
        *("next", "nexturl", "nextpage", "nextpageurl", "nextcursor", "nextpagetoken", "nexttoken"),
        *("nextlink", "@odata.nextlink", "nextrecordsurl", "nextoffset", "continuationtoken"),
        *("cursor", "endcursor"),
    }
)
_PAGE_NAMES = ("page", "currentpage", "pagenumber")
_PAGES_NAMES = ("totalpages", "pages", "pagecount", "lastpage")
#: Shorter cursors than this may be found in a URL by chance.
_MIN_TOKEN = 8
#: How deep an answer is looked into for its list of records and its declarations.
_DEPTH = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    url: str
    digest: str
    items: int
    totals: Mapping[str, int]
    more: bool
    next_value: str | None  #: The URL or cursor of the next page.
    said_last: bool  #: Whether it says in words that no page follows.


@dataclass(slots=True)
class _Listing:
    """The pages of one listing in their order."""

    pages: list[_Page] = field(default_factory=list)

    @property
    def repeated(self) -> bool:
        filled = {p.url + p.digest: p.digest for p in self.pages if p.items}
        return len(set(filled.values())) < len(filled)

    @property
    def total(self) -> int | None:
        """The total that all declaring pages agree on."""
        for name in _TOTALS:
            declared = [(p.totals[name], p.items) for p in self.pages if name in p.totals]
            values = {value for value, _ in declared}
            # A count that is each page's own length says nothing of the whole.
            own = name == "count" and len(declared) > 1 and all(v == i for v, i in declared)
            if len(values) == 1 and not own:
                return values.pop()
        return None


def observe(exchanges: Iterable[Exchange]) -> tuple[EndpointObservation, ...]:
    """What each endpoint's answers said of their own completeness.

    Only whole, good JSON answers to reading requests count, and a repeated identical answer to
    the same request counts once. An endpoint's listings (by path and query, pagination apart)
    are judged one by one; its `declared_total` is their sum, None unless each declares one.
    """
    requests_made: dict[str, int] = {}
    listings: dict[str, dict[tuple[str, ...], _Listing]] = {}
    for exchange in sorted(exchanges, key=lambda e: e.sequence):
        name = f"{exchange.method} {endpoint_template(exchange.url)}"
        requests_made[name] = requests_made.get(name, 0) + 1
        page = _page(exchange)
        if page is not None:
            _add(listings.setdefault(name, {}), page, exchange)
    return tuple(
        _observation(name, requests_made[name], list(found.values()))
        for name, found in sorted(listings.items())
    )


def _add(found: dict[tuple[str, ...], _Listing], page: _Page, exchange: Exchange) -> None:
    key = _listing_key(exchange)
    if key not in found:
        # A next link may carry parameters of its own: such a page goes on the listing it came from.
        came_from = next((one for one in found.values() if _leads_to(one.pages[-1], page)), None)
        found[key] = came_from or _Listing()
    pages = found[key].pages
    if not any(p.url == page.url and p.digest == page.digest for p in pages):
        pages.append(page)


def _listing_key(exchange: Exchange) -> tuple[str, ...]:
    parts = urlsplit(exchange.url)
    query = (f"{n}={v}" for n, v in parse_qsl(parts.query) if _plain_name(n) not in _PAGING)
    return (parts.netloc, parts.path, *sorted(query))


def _leads_to(last: _Page, page: _Page) -> bool:
    token, parts = last.next_value or "", urlsplit(page.url)
    if len(token) < _MIN_TOKEN:
        return False
    target = urlsplit(token)
    if target.query:
        return (target.path or parts.path, target.query) == (parts.path, parts.query)
    return token in (value for _, value in parse_qsl(parts.query))


def _observation(name: str, count: int, found: list[_Listing]) -> EndpointObservation:
    unique = list({id(one): one for one in found}.values())
    totals = [one.total for one in unique]
    pages = [page for one in unique for page in one.pages]
    return EndpointObservation(
        endpoint=name,
        requests=count,
        items=sum(page.items for page in pages),
        declared_total=None if None in totals else sum(t for t in totals if t is not None),
        last_page_items=unique[-1].pages[-1].items,
        page_size=max(page.items for page in pages),
        ended=not any(one.pages[-1].more for one in unique),
        repeated=any(one.repeated for one in unique),
        said_last=all(one.pages[-1].said_last for one in unique),
    )


def _page(exchange: Exchange) -> _Page | None:
    """The answer's declarations; None where it is no whole, good JSON answer."""
    if exchange.truncated or exchange.status != requests.codes.ok or not exchange.body:
        return None
    try:
        plain = json.loads(exchange.body)
    except ValueError:
        return None
    envelopes = list(_envelopes(plain))
    totals = _totals(envelopes)
    for header in _TOTAL_HEADERS:
        value = exchange.header(header)
        if value is not None and value.isdecimal():
            totals[_plain_name(header)] = int(value)
    more, token = _next_sign(envelopes, exchange)
    speaks = _speaks_of_next(envelopes, exchange)
    return _Page(
        url=exchange.url,
        digest=hashlib.sha256(exchange.body).hexdigest(),
        items=record_count(plain),
        totals=totals,
        more=more,
        next_value=token,
        said_last=speaks and not more,
    )


def record_count(plain: object) -> int:
    """The length of the largest list of objects at the shallowest depth that has one."""
    level = [plain]
    for _ in range(_DEPTH + 1):
        lists = [one for one in level if _is_records(one)]
        if lists:
            return max(len(one) for one in lists)
        level = [v for one in level if isinstance(one, dict) for v in one.values()]
    return 0


def _is_records(value: object) -> TypeGuard[list[object]]:
    return isinstance(value, list) and bool(value) and all(isinstance(v, dict) for v in value)


def _envelopes(plain: object) -> Iterator[Mapping[str, object]]:
    """The answer's objects outside of lists, names made plain; one with an id is a record."""
    level = [plain]
    for _ in range(_DEPTH):
        objects = [one for one in level if isinstance(one, dict) and "id" not in one]
        for one in objects:
            yield {_plain_name(str(name)): value for name, value in one.items()}
        level = [value for one in objects for value in one.values()]


def _totals(envelopes: Iterable[Mapping[str, object]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for envelope in envelopes:
        for name in _TOTALS:
            value = envelope.get(name)
            if isinstance(value, dict):  # a search engine's {"total": {"value": 7}}
                value = value.get("value")
            if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
                found.setdefault(name, value)
    return found


def _next_sign(
    envelopes: Iterable[Mapping[str, object]], exchange: Exchange
) -> tuple[bool, str | None]:
    """Whether the answer says that a page follows, and its URL or cursor."""
    token = _linked(exchange)
    flag: bool | None = None
    numbers: bool | None = None
    for envelope in envelopes:
        for name, value in envelope.items():
            if name in _MORE_FLAGS and isinstance(value, bool) and flag is None:
                flag = value is _MORE_FLAGS[name]
            elif name in _NEXT and token is None:
                token = _token(value)
        if numbers is None:
            numbers = _by_numbers(envelope)
    if flag is not None:
        return flag, token
    return bool(token) or bool(numbers), token


def _speaks_of_next(envelopes: Iterable[Mapping[str, object]], exchange: Exchange) -> bool:
    """Whether the answer has a place for the next page, filled or empty."""
    linked = any(name.lower() == "link" for name, _ in exchange.response_headers)
    return linked or any(
        _by_numbers(envelope) is not None
        or any(name in _NEXT or name in _MORE_FLAGS for name in envelope)
        for envelope in envelopes
    )


def _linked(exchange: Exchange) -> str | None:
    for name, value in exchange.response_headers:
        if name.lower() == "link":
            for link in parse_header_links(value):
                if link.get("rel", "").lower() == "next":
                    return link["url"]
    return None


def _token(value: object) -> str | None:
    if isinstance(value, dict):  # HAL's {"next": {"href": ...}}
        value = value.get("href")
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value) or None


def _by_numbers(envelope: Mapping[str, object]) -> bool | None:
    page = next((v for n in _PAGE_NAMES if isinstance(v := envelope.get(n), int)), None)
    pages = next((v for n in _PAGES_NAMES if isinstance(v := envelope.get(n), int)), None)
    return None if page is None or pages is None else page < pages


def _plain_name(name: str) -> str:
    """One spelling for ``nextPage``, ``next_page`` and ``Next-Page``."""
    return name.lower().replace("_", "").replace("-", "")
