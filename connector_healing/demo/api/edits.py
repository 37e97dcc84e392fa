"""Pure edits of rows, from which faults are put together; what is given is never changed."""

from collections.abc import Callable
from typing import Any, TypeAlias

from connector_healing.demo.api.rows import Record, Row

RecordEdit: TypeAlias = Callable[[Record], Record]
RowsEdit: TypeAlias = Callable[[list[Row]], list[Row]]

_MISSING = object()


def value_at(record: Record, path: str, absent: Any = None) -> Any:  # JSON has no narrower type
    """The value under a dotted path."""
    found: Any = record
    for name in path.split("."):
        if not isinstance(found, dict) or name not in found:
            return absent
        found = found[name]
    return found


def with_value(record: Record, path: str, value: object) -> Record:
    """The record with a value under a dotted path; the objects on the way are made if need be."""
    name, _, rest = path.partition(".")
    if rest:
        inner = record.get(name)
        value = with_value(inner if isinstance(inner, dict) else {}, rest, value)
    return {**record, name: value}


def without(record: Record, path: str) -> Record:
    """The record without what stands under a dotted path."""
    name, _, rest = path.partition(".")
    if name not in record:
        return record
    if not rest:
        return {key: value for key, value in record.items() if key != name}
    inner = record[name]
    return {**record, name: without(inner, rest)} if isinstance(inner, dict) else record


def moved(old: str, new: str) -> RecordEdit:
    """What stood under one path stands under another, whether renamed or moved."""

    def edit(record: Record) -> Record:
        value = value_at(record, old, _MISSING)
        return record if value is _MISSING else with_value(without(record, old), new, value)

    return edit


def removed(path: str) -> RecordEdit:
    """The field is no longer there."""
    return lambda record: without(record, path)


def nulled(path: str) -> RecordEdit:
    """The field is there, always null."""
    return lambda record: with_value(record, path, None)


def copied(source: str, target: str) -> RecordEdit:
    """The target holds the value of another field."""
    return lambda record: with_value(record, target, value_at(record, source))


def computed(path: str, change: Callable[[Any], Any]) -> RecordEdit:
    """The field's value is another, made of the one it was, where it is not null."""

    def edit(record: Record) -> Record:
        value = value_at(record, path)
        return record if value is None else with_value(record, path, change(value))

    return edit


def as_text(path: str) -> RecordEdit:
    """The field's value is text, where it is not null."""
    return computed(path, str)


def each(*edits: RecordEdit) -> RowsEdit:
    """The edits on every record, one after the other."""

    def edit_row(row: Row) -> Row:
        record = row.record
        for edit in edits:
            record = edit(record)
        return Row(row.key, record)

    return lambda rows: list(map(edit_row, rows))


def shuffled(path: str, step: int = 7) -> RowsEdit:
    """The field holds the value of the record so many places on: all plausible, most wrong."""

    def edit(rows: list[Row]) -> list[Row]:
        values = [value_at(row.record, path) for row in rows]
        return [
            Row(row.key, with_value(row.record, path, values[(place + step) % len(values)]))
            for place, row in enumerate(rows)
        ]

    return edit


def for_one_in(count: int, edit_all: RowsEdit) -> RowsEdit:
    """An edit of all rows that only shows on one of so many."""

    def edit(rows: list[Row]) -> list[Row]:
        edited = edit_all(rows)
        return [edited[place] if place % count == 0 else row for place, row in enumerate(rows)]

    return edit


def twice(rows: list[Row]) -> list[Row]:
    """Every row comes two times."""
    return [row for row in rows for _ in range(2)]


def one_in(count: int) -> RowsEdit:
    """Of so many rows, only one is left."""
    return lambda rows: rows[::count]


def none_left(_: list[Row]) -> list[Row]:
    """There are no rows."""
    return []


def in_turn(*edits: RowsEdit) -> RowsEdit:
    """Several edits of all rows, one after the other."""

    def edit(rows: list[Row]) -> list[Row]:
        for step in edits:
            rows = step(rows)
        return rows

    return edit
