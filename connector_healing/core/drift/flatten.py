"""Records as leaf paths: dots for objects, ``[]`` for list items."""

from collections.abc import Mapping
from datetime import date, datetime

Scalar = str | int | float | bool | None

#: What stands for an empty object, which is a leaf of its own.
EMPTY_OBJECT = "{}"

#: Leaves taken of one record; more is a document, not a record.
MAX_LEAVES = 20_000


def leaves(record: object) -> dict[str, list[Scalar]]:
    """The leaf values of one record by path, in the record's order.

    An empty list gives its path (``tags[]``) without a value. A record that is itself a scalar
    has no path and gives nothing. It does not recurse, so depth is no limit.
    """
    found: dict[str, list[Scalar]] = {}
    stack: list[tuple[str, object]] = [("", record)]
    taken = 0
    while stack and taken < MAX_LEAVES:
        path, value = stack.pop()
        children = _children(path, value)
        if children is not None:
            stack.extend(reversed(children))
            if not children and path:
                _empty(found, path, value)
        elif path:
            found.setdefault(path, []).append(_scalar(value))
            taken += 1
    return found


def _children(path: str, value: object) -> list[tuple[str, object]] | None:
    """The parts of a container with their paths; None for a scalar."""
    if isinstance(value, str | int | float | None):
        return None
    if isinstance(value, Mapping):
        prefix = f"{path}." if path else ""
        return [(f"{prefix}{key}", part) for key, part in value.items()]
    if isinstance(value, list | tuple | set | frozenset):
        return [(f"{path}[]", part) for part in value]
    return None


def _empty(found: dict[str, list[Scalar]], path: str, value: object) -> None:
    if isinstance(value, Mapping):
        found.setdefault(path, []).append(EMPTY_OBJECT)
    else:
        found.setdefault(f"{path}[]", [])


def _scalar(value: object) -> Scalar:
    if isinstance(value, float) and value != value:  # noqa: PLR0124  # only NaN differs from itself
        return None
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value)
