"""The fields of a set of records: each path with its values, record by record."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from heapq import nsmallest
from zlib import crc32

from connector_healing.core.drift.flatten import EMPTY_OBJECT, Scalar, leaves
from connector_healing.core.drift.kinds import Kind, kind_of, number_of

#: Values of one field whose look is taken; more would not change the picture.
_SAMPLE = 200


@dataclass(frozen=True, kw_only=True)
class Column:
    """One path's values. `cells` has one entry for each record: its values, or None if absent."""

    path: str
    cells: tuple[tuple[Scalar, ...] | None, ...]

    @cached_property
    def values(self) -> tuple[Scalar, ...]:
        """All values that are not null."""
        return tuple(v for cell in self.cells if cell for v in cell if v is not None)

    @cached_property
    def counts(self) -> Mapping[Scalar | tuple[str, Scalar], int]:
        """How often each value occurs."""
        if bool in (types := set(map(type, self.values))) and len(types) > 1:
            return Counter((str(value), value) for value in self.values)  # true is not 1
        return Counter(self.values)

    @cached_property
    def sample(self) -> list[tuple[Scalar, int]]:
        """So many of the different values at most, the same ones in any order of records."""
        found = [(v[1] if isinstance(v, tuple) else v, n) for v, n in self.counts.items()]
        if len(found) <= _SAMPLE:
            return found
        return nsmallest(_SAMPLE, found, key=_shuffled)

    @cached_property
    def kinds(self) -> dict[Kind, float]:
        """The share of each kind among the values."""
        counts: Counter[Kind] = Counter()
        for value, count in self.sample:
            kind = kind_of(value)
            if kind is not None:
                counts[kind] += count
        total = counts.total()
        return {kind: count / total for kind, count in counts.items()}

    @cached_property
    def numbers(self) -> tuple[float, ...]:
        """The sampled values as numbers, ascending; empty where most are none."""
        found = [number_of(value) for value, _ in self.sample]
        kept = sorted(number for number in found if number is not None)
        return tuple(kept) if len(kept) * 2 > len(found) else ()

    @cached_property
    def length(self) -> int:
        """The median length of the sampled values as text."""
        lengths = sorted(len(str(value)) for value, _ in self.sample)
        return lengths[len(lengths) // 2] if lengths else 0

    @cached_property
    def filled(self) -> float:
        """The share of records that hold a value that is not null."""
        held = sum(1 for cell in self.cells if cell and any(v is not None for v in cell))
        return held / max(1, len(self.cells))

    @cached_property
    def distinct(self) -> int:
        """How many different values there are."""
        return len(self.counts)

    @cached_property
    def depth(self) -> int:
        """In how many lists the value stands."""
        return self.path.count("[]")


def _shuffled(found: tuple[Scalar, int]) -> tuple[int, str]:
    text = repr(found[0])[:200]
    return crc32(text.encode(errors="replace")), text


@dataclass(frozen=True, kw_only=True)
class Side:
    """One side of the comparison: all columns of its records, in the order first met."""

    size: int
    columns: dict[str, Column]


def side_of(records: Sequence[object]) -> Side:
    """The columns of a sequence of JSON values.

    A path that only ever holds null or nothing while deeper paths exist is a container seen
    empty, not a field.
    """
    rows = [leaves(record) for record in records]
    paths = dict.fromkeys(path for row in rows for path in row)
    inner = _containers(paths)
    columns = {}
    for path in paths:
        cells = tuple(tuple(row[path]) if path in row else None for row in rows)
        column = Column(path=path, cells=cells)
        if path in inner and all(v == EMPTY_OBJECT for v in column.values):
            continue
        columns[path] = column
    return Side(size=len(rows), columns=columns)


def _containers(paths: dict[str, None]) -> frozenset[str]:
    """Every proper prefix of a path: what holds others."""
    found = set()
    for path in paths:
        for at, character in enumerate(path):
            if character == "." or path.startswith("[]", at):
                found.add(path[:at])
                if character != "." and at + 2 < len(path):
                    found.add(path[: at + 2])
    return frozenset(found - {""})
