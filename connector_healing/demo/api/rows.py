"""What the service serves: JSON records, each with the key that its resource is sorted by."""

import hashlib
from collections.abc import Callable
from datetime import date
from typing import Any, NamedTuple, TypeAlias

Record: TypeAlias = dict[str, Any]  # a JSON object; Any as its values are edited by path


class Row(NamedTuple):
    """A record in its place.

    ``key`` is (position, id): the position is what the resource is filtered and sorted by (epoch
    seconds, or 0 where there is nothing to filter by).
    """

    key: tuple[int, str]
    record: Record


#: The rows of a resource on a date, sorted by key.
Shelf: TypeAlias = Callable[[date], list[Row]]


def minted(prefix: str, *identity: object) -> tuple[str, int]:
    """A stable id for a thing, and a number that is as good as random but always the same.

    The id does not tell what it was made of: ``fl_`` and 12 hexadecimal digits, say.
    """
    digest = hashlib.sha256("|".join(map(str, identity)).encode()).digest()
    return f"{prefix}_{digest[:6].hex()}", int.from_bytes(digest[6:10])
