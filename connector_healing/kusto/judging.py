"""What a reply means: an outcome, the rows as text, and whether to ask again."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from connector_healing.core.kusto.collected import Outcome
from connector_healing.core.kusto.encoding import sound
from connector_healing.core.redaction import MASK, Redactor
from connector_healing.core.secret_names import hides
from connector_healing.kusto.limits import CollectionLimits
from connector_healing.kusto.reply import Reply, Table, Trouble


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A reply's meaning, free of secrets."""

    outcome: Outcome
    note: str = ""
    status: int | None = None
    columns: tuple[str, ...] = ()
    rows: str = ""
    row_count: int = 0
    truncated: bool = False
    retry: bool = False  #: The same command may be answered a moment later.
    endpoint_lost: bool = False  #: Whatever is asked next would end the same way.


#: Characters of an error that are told.
_NOTE = 400

_TROUBLES = {
    Trouble.LOGIN: (Outcome.FAILED, "No token was got, so nothing was asked"),
    Trouble.LATE: (Outcome.TIMED_OUT, "No whole answer in time"),
    Trouble.TOO_LARGE: (Outcome.FAILED, "The answer was larger than is allowed"),
    Trouble.TLS: (Outcome.FAILED, "The connection is not trusted"),
    Trouble.UNREACHABLE: (Outcome.FAILED, "The endpoint was not reached, or the connection broke"),
}
_LOST = frozenset({Trouble.LOGIN, Trouble.TLS, Trouble.UNREACHABLE})

_STATUSES = {
    401: (Outcome.NOT_VISIBLE, "The service did not accept the credential (401)"),
    403: (Outcome.NOT_VISIBLE, "The service refuses this to the credential (403)"),
    408: (Outcome.TIMED_OUT, "The service gave up (408)"),
    429: (Outcome.THROTTLED, "The service throttles (429)"),
    504: (Outcome.TIMED_OUT, "The service gave up (504)"),
}
_RETRIED_STATUSES = frozenset({429, 500, 502, 503})
_OK = 200
_BAD_REQUEST = 400

#: What an error's text means, whatever its status: codes and types of OneApiErrors, and the
#: engine's messages as Kusto's documentation prints them.
_SIGNS: tuple[tuple[re.Pattern[str], Outcome, str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), outcome, note)
    for pattern, outcome, note in (
        (
            (
                r"\bforbidden\b|not authorized|unauthori[sz]ed|authoriz\w*exception|access(?: is)? denied"
                r"|insufficient (?:rights|permissions|privileges)"
            ),
            Outcome.NOT_VISIBLE,
            "The service refuses this to the credential",
        ),
        (
            r"database'? (?:was )?not found|of kind '?database'? was not found",
            Outcome.NOT_VISIBLE,
            "The database is not there, or this credential may not see it",
        ),
        (r"throttl", Outcome.THROTTLED, "The service throttles"),
        (
            r"timed? ?out|0x80131505|request execution timeout",
            Outcome.TIMED_OUT,
            "The service gave up",
        ),
    )
)

#: The cluster's own truncation (Kusto: query limits).
_CUT = re.compile(
    r"80DA0003|E_QUERY_RESULT_SET_TOO_LARGE|LimitsExceeded|exceeded the (?:allowed limits|internal)",
    re.IGNORECASE,
)
#: What JSON leaves as it is and a terminal, or a reader of lines, does not.
_UNPRINTABLE = re.compile(r"[\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
#: A key that stands after a semicolon in a storage connection string of Kusto's.
_STORAGE_KEY = re.compile(r"(https?://[^\s;\"']+;)[^\s\"']+")


def judged(reply: Reply, redactor: Redactor, limits: CollectionLimits) -> Judgement:
    """What a reply means.

    Args:
        reply: As it came.
        redactor: Knows the credential's secrets.
        limits: How much is kept.
    """
    said = _printable(redactor.excerpt(" ".join("; ".join(reply.errors).split()), _NOTE))
    if reply.trouble is not None:
        outcome, note = _TROUBLES[reply.trouble]
        return Judgement(
            outcome=outcome,
            note=_sentence(note, said),
            retry=reply.trouble is Trouble.UNREACHABLE,
            endpoint_lost=reply.trouble in _LOST,
        )
    if reply.status == _OK and reply.table is not None:
        return _of_table(reply, reply.table, said, redactor, limits)
    return _of_error(reply, said)


def _of_error(reply: Reply, said: str) -> Judgement:
    status = reply.status or 0
    outcome, note = _STATUSES.get(status) or _sign(reply.errors) or (Outcome.FAILED, "")
    if not note:
        note = (
            "The answer is none of Kusto's" if status < _BAD_REQUEST else f"Answered with {status}"
        )
    throttled = outcome is Outcome.THROTTLED
    return Judgement(
        outcome=outcome,
        note=_sentence(note, said),
        status=reply.status,
        retry=throttled or (status in _RETRIED_STATUSES and reply.permanent is not True),
    )


def _of_table(
    reply: Reply, table: Table, said: str, redactor: Redactor, limits: CollectionLimits
) -> Judgement:
    kept = table.rows[: limits.max_rows]
    columns = tuple(sound(name) for name in table.columns)
    lines, shortened = _lines(columns, kept, redactor, limits)
    truncated = shortened or len(table.rows) > len(kept)
    outcome, note = (Outcome.ANSWERED, "") if kept else (Outcome.EMPTY, "")
    if reply.errors:
        cut = any(_CUT.search(error) for error in reply.errors)
        truncated = truncated or bool(kept)
        if cut and kept:
            note = _sentence("The cluster cut the answer short", said)
        else:
            outcome, note = _sign(reply.errors) or (Outcome.FAILED, "The command broke off")
            note = _sentence(note, said)
    elif len(table.rows) > len(kept):
        note = f"There are more rows; the first {len(kept)} are kept."
    return Judgement(
        outcome=outcome,
        note=note,
        status=reply.status,
        columns=columns,
        rows="\n".join(lines),
        row_count=len(lines),
        truncated=truncated,
        retry=outcome is Outcome.THROTTLED,
    )


def _sign(errors: Sequence[str]) -> tuple[Outcome, str] | None:
    for pattern, outcome, note in _SIGNS:
        if any(pattern.search(error) for error in errors):
            return outcome, note
    return None


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)


def _sentence(note: str, said: str) -> str:
    return f"{note}: {said}" if said else f"{note}."


def _lines(
    columns: Sequence[str],
    rows: Sequence[Sequence[object]],
    redactor: Redactor,
    limits: CollectionLimits,
) -> tuple[list[str], bool]:
    cells = _Cells(redactor, limits.max_cell)
    lines = [
        _UNPRINTABLE.sub(
            lambda found: f"\\u{ord(found.group()):04x}",
            json.dumps(
                {name: cells.clean(name, value) for name, value in zip(columns, row, strict=False)},
                ensure_ascii=False,
                default=str,
            ),
        )
        for row in rows
    ]
    return lines, cells.shortened


class _Cells:
    """Takes secrets out of values, and cuts what is long."""

    def __init__(self, redactor: Redactor, longest: int) -> None:
        self._redactor = redactor
        self._longest = longest
        self.shortened = False

    def clean(self, name: str, value: object) -> object:
        """The value under this name, safe to be kept."""
        if isinstance(value, str):
            return MASK if value and hides(name, value) else self._text(value)
        if isinstance(value, dict):
            return {self._text(str(key)): self.clean(str(key), item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.clean(name, item) for item in value]
        return value

    def _text(self, text: str) -> str:
        masked = self._redactor.text(_STORAGE_KEY.sub(rf"\1{MASK}", sound(text)))
        if len(masked) > self._longest:
            self.shortened = True
            return masked[: self._longest] + "..."
        return masked
