"""Runs a small program and notes where it reads its records: the accesses that transforms take."""

import itertools
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from connector_healing.core.connector import ConnectorCode, SourceModule
from connector_healing.core.patch import FieldAccess

MODULE = "sample.connector"

Note = Callable[[str, bool], None]


def code_of(text: str) -> ConnectorCode:
    module = SourceModule(name=MODULE, path="sample/connector.py", text=text)
    return ConnectorCode(modules=(module,))


class TracedRecord(dict[str, Any]):
    """A record, or an object in one, that says which of its fields are read."""

    def __init__(self, values: dict[str, Any], path: str, note: Note) -> None:
        super().__init__({k: _traced(v, f"{path}{k}", note) for k, v in values.items()})
        self.path = path
        self.note = note

    def _noted(self, key: object) -> None:
        self.note(f"{self.path}{key}", super().__contains__(key))

    def __getitem__(self, key: str) -> Any:
        self._noted(key)
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        self._noted(key)
        return super().__contains__(key)

    def get(self, key: str, default: Any = None) -> Any:
        self._noted(key)
        return super().get(key, default)

    def pop(self, key: str, *default: Any) -> Any:
        self._noted(key)
        return super().pop(key, *default)


def _traced(value: object, path: str, note: Note) -> object:
    if isinstance(value, dict):
        return TracedRecord(value, f"{path}." if path else "", note)
    if isinstance(value, list):
        return [_traced(item, f"{path}[]", note) for item in value]
    return value


def run(text: str, records: Sequence[object], function: str = "read") -> Any:
    """What the program makes of plain records."""
    return _function(text, function)(list(records))


def accesses_of(
    text: str, records: Iterable[object], function: str = "read"
) -> tuple[FieldAccess, ...]:
    """The reads of the program over the records, one record after the other, errors passed over."""
    seen: Counter[tuple[int, int, int, int, str, bool]] = Counter()

    def note(path: str, hit: bool) -> None:
        frame = sys._getframe(3)
        if frame.f_code.co_filename != MODULE:
            return
        positions = itertools.islice(frame.f_code.co_positions(), frame.f_lasti // 2, None)
        line, end_line, column, end_column = next(positions)
        assert None not in (line, end_line, column, end_column)
        seen[line or 0, end_line or 0, column or 0, end_column or 0, path, hit] += 1

    called = _function(text, function)
    for record in records:
        try:
            called([_traced(record, "", note)])
        except (KeyError, TypeError, AttributeError):
            continue
    return tuple(
        FieldAccess(
            module=MODULE,
            line=line,
            end_line=end_line,
            column=column,
            end_column=end_column,
            path=path,
            hit=hit,
            count=count,
        )
        for (line, end_line, column, end_column, path, hit), count in seen.items()
    )


def _function(text: str, name: str) -> Callable[[list[object]], Any]:
    namespace: dict[str, Any] = {"__name__": MODULE}
    exec(compile(text, MODULE, "exec"), namespace)
    found: Callable[[list[object]], Any] = namespace[name]
    return found
