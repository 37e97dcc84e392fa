"""Gives the fields of renamed records their old names back."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from connector_healing.errors import UsageError

Record = dict[str, Any]
_EACH = "[]"


def alias_fields(mapping: Mapping[str, str]) -> Callable[[Record], Record]:
    """A function for `dlt_resource.add_map` that moves renamed fields back to their old places.

    For each pair: where the old path is absent from a record and the new one is present, the
    value is moved; objects that the move leaves empty are dropped, so that the columns are as
    they were. A field that became an object (``{"carrier": "carrier.code"}``) becomes a scalar
    again, and what is new beside it keeps its column (``carrier__name``). Any other record is
    left as it is, and the input is never changed.

    Args:
        mapping: Old dotted path to new dotted path, as ``{"carrier": "airline.code"}``. A part
            that ends in ``[]`` stands for each item of a list, and both paths go through the
            same lists: ``{"legs[].from": "legs[].origin.code"}``.

    Raises:
        UsageError: If a path is empty, or the two paths go through different lists.
    """
    moves = tuple((_parts(old, old), _parts(new, new)) for old, new in mapping.items())
    for (old, new), (old_text, new_text) in zip(moves, mapping.items(), strict=True):
        if old[: _lists(old)] != new[: _lists(new)]:
            allowed = (
                f"Old and new path must go through the same lists; the old one is {old_text!r}."
            )
            raise UsageError("field alias", new_text, allowed)

    # A move may free the place of another one (a was b, b was c): once through for each.
    ordered = sorted(moves, key=lambda move: move[1][: len(move[0])] == move[0])

    def aliased(record: Record) -> Record:
        for _ in ordered:
            before = record
            for old, new in ordered:
                record = _moved(record, old, new)
            if record is before:
                break
        return record

    return aliased


def _parts(path: str, shown: str) -> tuple[str, ...]:
    parts = tuple(
        p for dotted in path.split(".") for p in (dotted.removesuffix(_EACH), *_each(dotted))
    )
    if not all(parts) or parts[-1] == _EACH:
        allowed = (
            "A path is field names joined by dots; [] behind a name stands for a list's items."
        )
        raise UsageError("field alias", shown, allowed)
    return parts


def _each(dotted: str) -> Iterator[str]:
    if dotted.endswith(_EACH):
        yield _EACH


def _lists(parts: tuple[str, ...]) -> int:
    """How many leading parts end with the last list."""
    return len(parts) - parts[::-1].index(_EACH) if _EACH in parts else 0


def _moved(value: Any, old: tuple[str, ...], new: tuple[str, ...]) -> Any:
    """The value with the move done; the value itself where there is nothing to move."""
    if _EACH in old:
        return _moved_in_list(value, old, new)
    became_object = new[: len(old)] == old
    if not isinstance(value, dict) or not _has(value, new):
        return value
    if _has(value, old) and not became_object:
        return value
    without, found = _taken(value, new)
    if not _can_hold(without, old):
        return value
    return _put(without, old, found)


def _moved_in_list(value: Any, old: tuple[str, ...], new: tuple[str, ...]) -> Any:
    split = old.index(_EACH)
    path, rest = old[:split], (old[split + 1 :], new[split + 1 :])
    if not isinstance(value, dict) or not _has(value, path):
        return value
    items = _get(value, path)
    if not isinstance(items, list):
        return value
    changed = [_moved(item, *rest) for item in items]
    if all(a is b for a, b in zip(items, changed, strict=True)):
        return value
    return _put(value, path, changed)


def _has(value: Any, path: tuple[str, ...]) -> bool:
    for part in path:
        if not isinstance(value, dict) or part not in value:
            return False
        value = value[part]
    return True


def _get(value: Any, path: tuple[str, ...]) -> Any:
    for part in path:
        value = value[part]
    return value


def _can_hold(value: Record, path: tuple[str, ...]) -> bool:
    """Whether no scalar or null stands where the path needs an object."""
    for part in path[:-1]:
        if part not in value:
            return True
        value = value[part]
        if not isinstance(value, dict):
            return False
    return True


def _taken(value: Record, path: tuple[str, ...]) -> tuple[Record, Any]:
    """The record without the path and the objects that this empties, and what was there."""
    name, rest = path[0], path[1:]
    if not rest:
        return {n: v for n, v in value.items() if n != name}, value[name]
    inner, found = _taken(value[name], rest)
    return {n: inner if n == name else v for n, v in value.items() if n != name or inner}, found


def _put(value: Record, path: tuple[str, ...], found: Any) -> Record:
    name, rest = path[0], path[1:]
    if rest:
        return {**value, name: _put(value.get(name, {}), rest, found)}
    beside = value.get(name)
    kept = {f"{name}__{n}": v for n, v in beside.items()} if isinstance(beside, dict) else {}
    return {**value, name: found, **kept}
