"""Five ways to hand out a list by pieces; all hand out the same rows."""

import base64
import binascii
import json
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connector_healing.demo.api.exchange import Asked
from connector_healing.demo.api.rows import Row


class BadParameterError(Exception):
    """A parameter of the request cannot be used; the service answers 400 with this text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One piece of a list, as it goes into the answer."""

    body: Any  # a JSON value: an object, or the bare list of the link style
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest:
    """What piece is wanted of what."""

    asked: Asked
    rows: Sequence[Row]
    envelope: str  #: The name that the records stand under.
    limit: int  #: Records a page.
    only_first: bool = False  #: No answer tells of a further page.

    def more(self, after: int) -> bool:
        """Whether rows from this one on are told of."""
        return after < len(self.rows) and not self.only_first

    def number(self, name: str, least: int) -> int:
        """A whole number among the parameters; absent means the least."""
        return whole(self.asked.query.get(name), name, least=least, absent=least)

    def records(self, start: int) -> list[object]:
        """A page's records from this row on."""
        return [row.record for row in self.rows[start : start + self.limit]]


def whole(text: str | None, name: str, *, least: int, absent: int) -> int:
    """A parameter's whole number.

    Raises:
        BadParameterError: If it is none, or too small.
    """
    if text is None:
        return absent
    if not text.isdecimal() or int(text) < least:
        raise BadParameterError(f"{name} must be a whole number from {least} on, not {text!r}")
    return int(text)


def by_cursor(wanted: PageRequest) -> Page:
    """``cursor``: opaque; holds its place when rows are added or corrected meanwhile."""
    start = 0
    cursor = wanted.asked.query.get("cursor")
    if cursor:
        start = bisect_right(wanted.rows, _key(cursor), key=lambda row: row.key)
    end = start + wanted.limit
    more = wanted.more(end)
    meta = {
        "total": len(wanted.rows),
        "next_cursor": _cursor(wanted.rows[end - 1].key) if more else None,
    }
    return Page(body={wanted.envelope: wanted.records(start), "meta": meta})


def by_page(wanted: PageRequest) -> Page:
    """``page``: numbered from 1."""
    page = wanted.number("page", 1)
    body = {
        wanted.envelope: wanted.records((page - 1) * wanted.limit),
        "page": page,
        "per_page": wanted.limit,
        "total_pages": _pages(wanted),
        "total": len(wanted.rows),
    }
    return Page(body=body)


def by_offset(wanted: PageRequest) -> Page:
    """``offset`` and ``limit``."""
    offset = wanted.number("offset", 0)
    body = {
        wanted.envelope: wanted.records(offset),
        "offset": offset,
        "limit": wanted.limit,
        "total": len(wanted.rows),
    }
    return Page(body=body)


def by_link(wanted: PageRequest) -> Page:
    """A bare list; the ``Link`` header (RFC 8288) tells the other pages."""
    page = wanted.number("page", 1)
    last = max(_pages(wanted), 1)
    known = {"first": 1, "prev": page - 1, "next": page + 1, "last": last}
    links = [
        f'<{wanted.asked.url(page=number)}>; rel="{relation}"'
        for relation, number in known.items()
        if 1 <= number <= last
    ]
    headers = {"Link": ", ".join(links), "X-Total-Count": str(len(wanted.rows))}
    return Page(body=wanted.records((page - 1) * wanted.limit), headers=headers)


def by_next(wanted: PageRequest) -> Page:
    """The whole address of the next page in the body."""
    page = wanted.number("page", 1)
    more = wanted.more(page * wanted.limit)
    body = {
        wanted.envelope: wanted.records((page - 1) * wanted.limit),
        "next": wanted.asked.url(page=page + 1) if more else None,
    }
    return Page(body=body)


PAGINGS: Mapping[str, Callable[[PageRequest], Page]] = {
    "cursor": by_cursor,
    "page": by_page,
    "offset": by_offset,
    "link": by_link,
    "next": by_next,
}


def _pages(wanted: PageRequest) -> int:
    return 1 if wanted.only_first else -(-len(wanted.rows) // wanted.limit)


def _cursor(key: tuple[int, str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode()


def _key(cursor: str) -> tuple[int, str]:
    try:
        position, row_id = json.loads(base64.urlsafe_b64decode(cursor))
        return int(position), str(row_id)
    except (ValueError, TypeError, binascii.Error) as error:
        raise BadParameterError("cursor is none that this service has made") from error
