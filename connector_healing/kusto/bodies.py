"""Reads an answer that the SDK did not: errors in an error's body, and beside rows in a 200.

Shapes (Kusto: "Query V1 HTTP response", "Errors in native code"; azure-kusto-data 6.0.4): an
error's body is ``{"error": {"code", "message", "@type", "@message", "@permanent"}}``. A query that
fails midway has answered 200 already: in place of a row stands ``{"OneApiErrors": [{"error":
...}]}`` or ``{"Exceptions": ["..."]}``, or the latter stands beside ``Tables``.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from connector_healing.kusto.reply import Table

#: Characters of a body that is not JSON that are worth a look.
_EXCERPT = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What could be read of a body."""

    table: Table | None = None  #: The rows that came before the error.
    errors: tuple[str, ...] = ()
    permanent: bool | None = None


def read_body(text: str) -> Body:
    """What an answer's body says; it never raises."""
    try:
        parsed: Any = json.loads(text) if text.strip() else {}
    except (ValueError, RecursionError):
        return Body(errors=(f"not JSON: {' '.join(text[:_EXCERPT].split())}",))
    if not isinstance(parsed, dict):
        return Body(errors=("an answer of another form",))
    table, beside = _first_table(parsed)
    found = [*_errors(parsed), *beside]
    flags = [permanent for _, permanent in found if permanent is not None]
    return Body(
        table=table,
        errors=tuple(dict.fromkeys(message for message, _ in found)),
        permanent=any(flags) if flags else None,
    )


_Found = tuple[str, bool | None]


def _first_table(body: dict[str, Any]) -> tuple[Table | None, list[_Found]]:
    tables = body.get("Tables")
    first = tables[0] if isinstance(tables, list) and tables else None
    if not isinstance(first, dict) or not isinstance(first.get("Rows"), list):
        return None, []
    beside: list[_Found] = []
    for table in _list(tables):
        for row in _list(table.get("Rows")) if isinstance(table, dict) else ():
            if isinstance(row, dict):
                # Whatever it is, it is no row: an answer with it is not whole.
                beside.extend(list(_errors(row)) or [("an error of a form not known", None)])
    names = tuple(
        str(column.get("ColumnName", ""))
        for column in _list(first.get("Columns"))
        if isinstance(column, dict)
    )
    kept = tuple(tuple(row) for row in first["Rows"] if isinstance(row, list))
    return Table(columns=names, rows=kept), beside


def _errors(holder: dict[str, Any]) -> Iterator[_Found]:
    error = holder.get("error")
    if isinstance(error, dict):
        yield _described(error)
    elif isinstance(error, str):
        yield error, None
    for exception in _list(holder.get("Exceptions")):
        yield str(exception), None
    for inner in _list(holder.get("OneApiErrors")):
        if isinstance(inner, dict):
            yield from _errors(inner)
    if isinstance(holder.get("Message"), str) and "Tables" not in holder:
        yield holder["Message"], None  # of a gateway before the service


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _described(error: dict[str, Any]) -> _Found:
    parts = [error.get(name) for name in ("code", "@type", "@message", "message")]
    told = dict.fromkeys(str(part).strip() for part in parts if part)
    permanent = error.get("@permanent")
    return ": ".join(told), permanent if isinstance(permanent, bool) else None
