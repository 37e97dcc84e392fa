"""The service without the web: its endpoints, its state, and what it answers."""

import hashlib
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from connector_healing.demo.api.access import Access, Credentials
from connector_healing.demo.api.endpoints import Endpoint, build_endpoints
from connector_healing.demo.api.exchange import Answer, Asked, json_answer, problem
from connector_healing.demo.api.faults import Fault
from connector_healing.demo.api.limits import Windows
from connector_healing.demo.api.months import last_day
from connector_healing.demo.api.paging import PAGINGS, BadParameterError, Page, PageRequest, whole
from connector_healing.demo.api.rows import Row
from connector_healing.demo.api.tables import read_tables

_NOT_MODIFIED = 304


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What can be changed from outside while the service runs."""

    as_of: date
    faults: tuple[Fault, ...] = ()
    token_lifetime: timedelta = timedelta(hours=1)


@dataclass(slots=True)
class RequestLog:
    """Which path was answered how; a mark is the number of requests before it."""

    entries: list[tuple[str, int]] = field(default_factory=list)

    def since(self, mark: int) -> Mapping[tuple[str, int], int]:
        """Requests by (path, status) since a mark."""
        return Counter(self.entries[mark:])


class Service:
    """Answers requests from one month's data as they are on the date of its state.

    Args:
        month: The first day of the month.
        credentials: What it accepts.
    """

    def __init__(self, month: date, credentials: Credentials) -> None:
        self.month = month
        self.last_day = last_day(month)
        self.access = Access(credentials)
        self.log = RequestLog()
        self._endpoints = build_endpoints(read_tables(month))
        self._windows = Windows()
        self._rows: dict[tuple[str, str], list[Row]] = {}
        self._state = State(as_of=month)

    @property
    def state(self) -> State:
        """The date, the faults and the lifetime of tokens."""
        return self._state

    @state.setter
    def state(self, state: State) -> None:
        self._state = state
        self._rows = {}
        self._windows = Windows()

    def delay(self, asked: Asked) -> timedelta:
        """How long the answer is made to wait."""
        return sum((fault.delay for fault in self._faults(asked)), timedelta())

    def answer(self, asked: Asked, now: float) -> Answer:
        """Answer a request.

        Args:
            asked: The request.
            now: Seconds on a clock that never goes back.
        """
        endpoint = self._endpoints.get((asked.version, asked.endpoint))
        if endpoint is None:
            return problem(404, "not_found", f"No such endpoint: {asked.path}.")
        refusal = self.access.refusal(asked.headers.get("authorization"), now)
        if refusal is not None:
            return refusal
        faults = self._faults(asked)
        for fault in faults:
            answer = fault.answer(asked) if fault.answer else None
            if answer is not None:
                return answer
        limit = next((fault.limit for fault in faults if fault.limit), endpoint.limit)
        headers = {name: text for fault in faults for name, text in fault.headers.items()}
        if limit is not None:
            verdict = self._windows.spend(endpoint.resource, limit, now)
            headers |= verdict.headers
            if not verdict.allowed:
                refused = problem(429, "too_many_requests", "Slow down.")
                return refused.with_headers(headers)
        return self._page(asked, endpoint, faults).with_headers(headers)

    def _faults(self, asked: Asked) -> list[Fault]:
        endpoint = self._endpoints.get((asked.version, asked.endpoint))
        if endpoint is None:
            return []
        return [f for f in self._state.faults if f.hits(endpoint.resource, asked.version)]

    def _page(self, asked: Asked, endpoint: Endpoint, faults: Sequence[Fault]) -> Answer:
        envelope = next((f.envelope for f in faults if f.envelope), endpoint.envelope)
        try:
            paging = _paging(asked.query.get("paging", endpoint.paging))
            rows = _from(self._known(asked, endpoint, faults), _since(asked, endpoint.resource))
            page = paging(
                PageRequest(
                    asked=asked,
                    rows=rows,
                    envelope=envelope,
                    limit=_page_size(asked, endpoint),
                    only_first=any(fault.only_first_page for fault in faults),
                )
            )
        except BadParameterError as error:
            return problem(400, "invalid_parameter", f"{error}.")
        answer = json_answer(page.body).with_headers(page.headers)
        tag = f'"{hashlib.sha256(answer.body).hexdigest()[:16]}"'
        if asked.headers.get("if-none-match") == tag:
            return Answer(status=_NOT_MODIFIED, headers={"ETag": tag})
        return answer.with_headers({"ETag": tag})

    def _known(self, asked: Asked, endpoint: Endpoint, faults: Sequence[Fault]) -> list[Row]:
        name = (asked.version, asked.endpoint)
        rows = self._rows.get(name)
        if rows is None:
            rows = endpoint.shelf(self._state.as_of)
            for fault in faults:
                rows = fault.rows(rows) if fault.rows else rows
            self._rows[name] = rows
        return rows


def _paging(name: str) -> Callable[[PageRequest], Page]:
    if name not in PAGINGS:
        raise BadParameterError(f"paging must be one of {', '.join(PAGINGS)}")
    return PAGINGS[name]


def _since(asked: Asked, resource: str) -> int | None:
    """From which position on rows are wanted: corrections of flights, hours of weather."""
    if resource == "weather":
        text = asked.query.get("since")
        return None if text is None else whole(text, "since", least=0, absent=0)
    text = asked.query.get("updated_since")
    if resource != "flights" or text is None:
        return None
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+"))  # an unescaped plus sign
    except ValueError as error:
        raise BadParameterError(f"updated_since must be an ISO time, not {text!r}") from error
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def _from(rows: list[Row], position: int | None) -> list[Row]:
    if position is None:
        return rows
    return rows[bisect_left(rows, position, key=lambda row: row.key[0]) :]


def _page_size(asked: Asked, endpoint: Endpoint) -> int:
    """What is asked for, up to what the endpoint gives; more is cut, as vendors do."""
    text = asked.query.get("per_page", asked.query.get("limit"))
    size = whole(text, "per_page", least=1, absent=endpoint.page_size)
    return min(size, endpoint.largest_page)
