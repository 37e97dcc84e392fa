"""How the sample API breaks: each way is one declared object.

A fault edits a resource's rows or envelope, answers in the service's place, sets a limit, adds
headers, or takes its time. To add one, declare it in `_DECLARED`. ``NAME@RESOURCE`` puts a fault on
another resource than the one it is declared for.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count

from connector_healing.demo.api import edits
from connector_healing.demo.api.exchange import Answer, Asked, problem
from connector_healing.demo.api.limits import Hint, RateLimit
from connector_healing.errors import UsageError

RESOURCES = ("flights", "weather", "airports", "planes", "airlines")
_BOTH = frozenset({"v1", "v2"})
_V1 = frozenset({"v1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One way in which a resource of the service breaks."""

    name: str
    resource: str
    summary: str
    versions: frozenset[str] = _BOTH  #: Edits of v1's fields make no sense in v2.
    rows: edits.RowsEdit | None = None
    envelope: str | None = None  #: The new name that the records stand under.
    only_first_page: bool = False  #: No answer tells of a further page.
    answer: Callable[[Asked], Answer | None] | None = None  #: Instead of the service.
    limit: RateLimit | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: timedelta = timedelta()

    def hits(self, resource: str, version: str) -> bool:
        """Whether this resource in this version is broken by it."""
        return resource == self.resource and version in self.versions


def _html(_: Asked) -> Answer:
    page = b"<!doctype html><html><body><h1>Scheduled maintenance</h1></body></html>"
    return Answer(body=page, media_type="text/html; charset=utf-8")


def _unavailable(_: Asked) -> Answer:
    return problem(503, "unavailable", "The service is down for a moment.")


def _sometimes(nth: int) -> Callable[[Asked], Answer | None]:
    """One request of so many is refused, whoever asks."""
    asked_before = count(1)
    return lambda asked: None if next(asked_before) % nth else _unavailable(asked)


def _unauthorized(_: Asked) -> Answer:
    challenge = 'Bearer error="invalid_token", error_description="The access token was revoked."'
    return problem(
        401, "invalid_token", "The access token was revoked.", WWW_Authenticate=challenge
    )


def _forbidden(_: Asked) -> Answer:
    return problem(403, "insufficient_scope", "The token lacks the scope that this path needs.")


def _gone(_: Asked) -> Answer:
    return problem(410, "gone", "This endpoint has been removed for good.")


def _moved(asked: Asked) -> Answer | None:
    if asked.path == asked.moved_path:
        return None
    return problem(404, "not_found", f"No such endpoint. It has moved to {asked.moved_path}.")


def _retired(asked: Asked) -> Answer:
    link = f'<{asked.origin}/v2/{asked.endpoint}>; rel="successor-version"'
    return problem(410, "version_retired", "Version v1 was retired; use v2.", Link=link)


# A day's weather is twelve pages: two refusals at least, over within seconds.
_LIMIT = RateLimit(requests=5, window=timedelta(seconds=2))

_DECLARED = (
    Fault(
        name="field_renamed_and_moved",
        resource="flights",
        summary="`carrier` is now `op_code`, and `departure` stands under `times`",
        versions=_V1,
        rows=edits.each(
            edits.moved("carrier", "op_code"), edits.moved("departure", "times.departure")
        ),
    ),
    Fault(
        name="field_renamed_similar",
        resource="flights",
        summary="`carrier` is now `carrier_code`",
        versions=_V1,
        rows=edits.each(edits.moved("carrier", "carrier_code")),
    ),
    Fault(
        name="field_removed",
        resource="flights",
        summary="`carrier` is no longer told",
        versions=_V1,
        rows=edits.each(edits.removed("carrier")),
    ),
    Fault(
        name="renamed_with_wrong_data",
        resource="flights",
        summary="`carrier` is gone; `carrier_code` is there, with other flights' airlines",
        versions=_V1,
        rows=edits.in_turn(
            edits.shuffled("carrier"), edits.each(edits.moved("carrier", "carrier_code"))
        ),
    ),
    Fault(
        name="wrong_data_right_names",
        resource="flights",
        summary="`carrier` and `number` hold other flights' values, `departure.delay` the arrival's",
        versions=_V1,
        rows=edits.in_turn(
            edits.shuffled("carrier"),
            edits.shuffled("number"),
            edits.each(edits.copied("arrival.delay", "departure.delay")),
        ),
    ),
    Fault(
        name="renamed_with_few_wrong",
        resource="flights",
        summary="`carrier` is now `carrier_code`, and one in 50 is another flight's",
        versions=_V1,
        rows=edits.in_turn(
            edits.for_one_in(50, edits.shuffled("carrier")),
            edits.each(edits.moved("carrier", "carrier_code")),
        ),
    ),
    Fault(
        name="renamed_with_rarely_wrong",
        resource="flights",
        summary="`carrier` is now `carrier_code`, and one in 150 is another flight's",
        versions=_V1,
        rows=edits.in_turn(
            edits.for_one_in(150, edits.shuffled("carrier")),
            edits.each(edits.moved("carrier", "carrier_code")),
        ),
    ),
    Fault(
        name="renamed_beside_the_old",
        resource="flights",
        summary="`carrier` is always null, and `carrier_code` holds what it held",
        versions=_V1,
        rows=edits.each(edits.copied("carrier", "carrier_code"), edits.nulled("carrier")),
    ),
    Fault(
        name="renamed_with_few_wrong_corrections",
        resource="flights",
        summary="`arrival.delay`, often corrected, is now `arrival.minutes_late`; one in 20 is wrong",
        versions=_V1,
        rows=edits.in_turn(
            edits.for_one_in(20, edits.shuffled("arrival.delay")),
            edits.each(edits.moved("arrival.delay", "arrival.minutes_late")),
        ),
    ),
    Fault(
        name="renamed_with_other_codes",
        resource="flights",
        summary="`carrier` is gone; `airline_id` numbers the airlines",
        versions=_V1,
        rows=edits.each(
            edits.computed("carrier", lambda code: int.from_bytes(code.encode())),
            edits.moved("carrier", "airline_id"),
        ),
    ),
    Fault(
        name="replaced_by_lookalike",
        resource="flights",
        summary="`departure.delay` is gone; `departure.minutes_late` holds no early ones",
        versions=_V1,
        rows=edits.each(
            edits.computed("departure.delay", lambda minutes: max(0, minutes)),
            edits.moved("departure.delay", "departure.minutes_late"),
        ),
    ),
    Fault(
        name="key_replaced",
        resource="flights",
        summary="`id` is gone; `flight_id` holds ids of another scheme",
        versions=_V1,
        rows=edits.each(
            edits.computed("id", lambda text: f"F-{text[::-1]}"), edits.moved("id", "flight_id")
        ),
    ),
    Fault(
        name="unit_changed",
        resource="weather",
        summary="`wind.speed` is gone; `wind.speed_ms` tells it in metres a second",
        versions=_V1,
        rows=edits.each(
            edits.computed("wind.speed", lambda miles: round(miles * 0.44704, 2)),
            edits.moved("wind.speed", "wind.speed_ms"),
        ),
    ),
    Fault(
        name="unit_in_value",
        resource="weather",
        summary="`air.temperature` is text with its unit",
        versions=_V1,
        rows=edits.each(edits.computed("air.temperature", lambda degrees: f"{degrees} F")),
    ),
    Fault(
        name="cursor_as_text",
        resource="weather",
        summary="`observed_at` is a time in text, as in v2",
        versions=_V1,
        rows=edits.each(
            edits.computed("observed_at", lambda at: datetime.fromtimestamp(at, UTC).isoformat())
        ),
    ),
    Fault(
        name="measure_renamed",
        resource="weather",
        summary="`wind.speed` is now `wind.mean`",
        versions=_V1,
        rows=edits.each(edits.moved("wind.speed", "wind.mean")),
    ),
    Fault(
        name="cursor_renamed",
        resource="weather",
        summary="`observed_at` is now `time`",
        versions=_V1,
        rows=edits.each(edits.moved("observed_at", "time")),
    ),
    Fault(
        name="column_renamed",
        resource="planes",
        summary="`manufacturer` is now `maker`",
        rows=edits.each(edits.moved("manufacturer", "maker")),
    ),
    Fault(
        name="column_renamed_with_few_wrong",
        resource="planes",
        summary="`manufacturer` is now `maker`, and one in 10 is another plane's",
        rows=edits.in_turn(
            edits.for_one_in(10, edits.shuffled("manufacturer")),
            edits.each(edits.moved("manufacturer", "maker")),
        ),
    ),
    Fault(
        name="key_renamed",
        resource="airports",
        summary="`code` is now `iata`",
        rows=edits.each(edits.moved("code", "iata")),
    ),
    Fault(
        name="rows_doubled",
        resource="planes",
        summary="every record comes twice",
        rows=edits.twice,
    ),
    Fault(
        name="pages_lost",
        resource="flights",
        summary="no answer tells of a further page; the totals are as before",
        only_first_page=True,
    ),
    Fault(
        name="type_changed",
        resource="flights",
        summary="`number` is text",
        versions=_V1,
        rows=edits.each(edits.as_text("number")),
    ),
    Fault(
        name="envelope_changed",
        resource="flights",
        summary="the records stand under `items`",
        envelope="items",
    ),
    Fault(
        name="rate_limited",
        resource="weather",
        summary="429 after 5 requests in 2 seconds, without a word about the limit",
        limit=_LIMIT,
    ),
    Fault(
        name="rate_limited_retry_after",
        resource="weather",
        summary="429 after 5 requests in 2 seconds, with `Retry-After`",
        limit=replace(_LIMIT, hint=Hint.RETRY_AFTER),
    ),
    Fault(
        name="rate_limited_headers",
        resource="weather",
        summary="429 after 5 requests in 2 seconds, with `RateLimit-*` on every answer",
        limit=replace(_LIMIT, hint=Hint.HEADERS),
    ),
    Fault(
        name="rows_lost",
        resource="airports",
        summary="19 of 20 records are gone",
        rows=edits.one_in(20),
    ),
    Fault(
        name="column_null",
        resource="planes",
        summary="`manufacturer` is always null",
        rows=edits.each(edits.nulled("manufacturer")),
    ),
    Fault(
        name="empty",
        resource="airports",
        summary="200, and not one record",
        rows=edits.none_left,
    ),
    Fault(name="not_json", resource="flights", summary="200 with a page of HTML", answer=_html),
    Fault(name="server_error", resource="flights", summary="503", answer=_unavailable),
    Fault(
        name="server_error_sometimes",
        resource="weather",
        summary="503 for every fourth request",
        answer=_sometimes(4),
    ),
    Fault(
        name="unauthorized",
        resource="flights",
        summary="401: the token was revoked",
        answer=_unauthorized,
    ),
    Fault(
        name="forbidden",
        resource="flights",
        summary="403: the token lacks a scope",
        answer=_forbidden,
    ),
    Fault(
        name="slow",
        resource="flights",
        summary="each answer takes 3 seconds",
        delay=timedelta(seconds=3),
    ),
    Fault(name="gone", resource="flights", summary="410: removed for good", answer=_gone),
    Fault(
        name="endpoint_moved",
        resource="flights",
        summary="404 at the path, which answers under `/v1/operations/` now",
        answer=_moved,
    ),
    Fault(
        name="version_retired",
        resource="flights",
        summary="410 in v1, with a link to v2",
        versions=_V1,
        answer=_retired,
    ),
    Fault(
        name="deprecated",
        resource="flights",
        summary="v1 still answers, with `Deprecation` and `Sunset` (RFC 9745, RFC 8594)",
        versions=_V1,
        headers={
            "Deprecation": "@1356998400",
            "Sunset": "Mon, 01 Jul 2013 00:00:00 GMT",
            "Link": '</v2/flights>; rel="successor-version"',
        },
    ),
)

#: Every declared fault by its name.
FAULTS: Mapping[str, Fault] = {fault.name: fault for fault in _DECLARED}


def find_faults(names: Iterable[str]) -> tuple[Fault, ...]:
    """The faults of these names, each ``NAME`` or ``NAME@RESOURCE``.

    Raises:
        UsageError: If a fault or a resource is not known.
    """
    return tuple(map(_find, names))


def _find(text: str) -> Fault:
    name, at, resource = text.partition("@")
    fault = FAULTS.get(name)
    if fault is None:
        raise UsageError("fault", text, f"Known faults: {', '.join(sorted(FAULTS))}.")
    if not at:
        return fault
    if resource not in RESOURCES:
        raise UsageError("fault", text, f"Known resources: {', '.join(RESOURCES)}.")
    return replace(fault, name=text, resource=resource)
