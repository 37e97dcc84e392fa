"""How alike the values of two fields look, whichever records they come from."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log10

from connector_healing.core.drift.columns import Column
from connector_healing.core.drift.kinds import Kind

#: How far one look may turn into another when an API is reworked; what is missing is 0.
_KIN: dict[frozenset[Kind], float] = {
    frozenset(pair): share
    for share, pairs in {
        0.9: ((Kind.INT, Kind.NUMBER), (Kind.CONSTANT, Kind.CODE), (Kind.EPOCH, Kind.INT)),
        0.7: (
            (Kind.WORD, Kind.CONSTANT), (Kind.WORD, Kind.TEXT), (Kind.CODE, Kind.WORD),
            (Kind.TOKEN, Kind.WORD), (Kind.PATH, Kind.WORD), (Kind.INT, Kind.NUMERAL),
            (Kind.NUMBER, Kind.NUMERAL), (Kind.DATE, Kind.DATETIME), (Kind.PATH, Kind.TEXT),
            (Kind.EPOCH, Kind.NUMERAL), (Kind.TOKEN, Kind.CONSTANT), (Kind.PATH, Kind.TOKEN),
        ),
        0.5: (
            (Kind.DATETIME, Kind.EPOCH), (Kind.UUID, Kind.TOKEN), (Kind.NUMERAL, Kind.TOKEN),
            (Kind.NUMERAL, Kind.WORD), (Kind.TEXT, Kind.CONSTANT), (Kind.DATETIME, Kind.NUMERAL),
            (Kind.TEXT, Kind.TOKEN), (Kind.NUMERAL, Kind.PATH), (Kind.EMPTY, Kind.TEXT),
            (Kind.EMPTY, Kind.WORD), (Kind.EMPTY, Kind.CONSTANT),
        ),
        0.3: (
            (Kind.BOOL, Kind.CONSTANT), (Kind.BOOL, Kind.WORD), (Kind.URL, Kind.PATH),
            (Kind.URL, Kind.TOKEN), (Kind.UUID, Kind.PATH), (Kind.NUMERAL, Kind.UUID),
            (Kind.TEXT, Kind.CODE), (Kind.WORD, Kind.EMAIL), (Kind.UUID, Kind.WORD),
            (Kind.URL, Kind.WORD), (Kind.DURATION, Kind.INT), (Kind.DURATION, Kind.NUMBER),
        ),
    }.items()
    for pair in pairs
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ShapeLikeness:
    """What two fields' values have in common; each from 0 to 1."""

    kinds: float  #: Their looks.
    values: float  #: Their values, sizes or lengths.
    filled: float  #: How often they hold a value.
    known: bool  #: Whether both sides hold any value at all.
    depth: int  #: In how many list levels they differ.


UNLIKE = ShapeLikeness(kinds=0.0, values=0.0, filled=0.0, known=False, depth=0)


def shape_likeness(old: Column, new: Column) -> ShapeLikeness:
    """Compare two fields' values as two heaps."""
    known = bool(old.kinds and new.kinds)
    return ShapeLikeness(
        kinds=_kinds(old.kinds, new.kinds) if known else 0.5,
        values=_values(old, new) if known else 0.5,
        filled=1 - abs(old.filled - new.filled),
        known=known,
        depth=abs(old.depth - new.depth),
    )


def _kinds(old: dict[Kind, float], new: dict[Kind, float]) -> float:
    """The share of one side's looks that the other side's may be."""
    left, right = dict(old), dict(new)
    total = 0.0
    for kind in old:
        same = min(left[kind], right.get(kind, 0.0))
        total += same
        left[kind] -= same
        if same:
            right[kind] -= same
    for one, other in sorted(_crossed(left, right), key=lambda p: -_kin(*p)):
        moved = min(left[one], right[other])
        total += moved * _kin(one, other)
        left[one] -= moved
        right[other] -= moved
    return min(1.0, total)


def _crossed(left: dict[Kind, float], right: dict[Kind, float]) -> list[tuple[Kind, Kind]]:
    return [(one, other) for one in left for other in right if _kin(one, other) > 0]


def _kin(one: Kind, other: Kind) -> float:
    return 1.0 if one == other else _KIN.get(frozenset((one, other)), 0.0)


def _values(old: Column, new: Column) -> float:
    numbers = old.numbers, new.numbers
    if numbers[0] and numbers[1]:
        return _magnitudes(*numbers)
    shared = _shared_values(old, new)
    lengths = old.length, new.length
    likeness = 1 - min(1.0, abs(log10(1 + lengths[0]) - log10(1 + lengths[1])) * 1.5)
    return max(shared, 0.7 * likeness)


def _shared_values(old: Column, new: Column) -> float:
    """The share of either side's few values that the other side knows too."""
    mine, theirs = old.counts, new.counts
    both = mine.keys() & theirs.keys()
    return (
        sum(mine[value] for value in both) / max(1, len(old.values))
        + sum(theirs[value] for value in both) / max(1, len(new.values))
    ) / 2


def _magnitudes(old: Sequence[float], new: Sequence[float]) -> float:
    """How far two heaps of numbers overlap on a logarithmic scale, by their quartiles."""
    total = 0.0
    for quarter in (0.1, 0.5, 0.9):
        one, other = (_magnitude(side[int(quarter * (len(side) - 1))]) for side in (old, new))
        total += max(0.0, 1 - abs(one - other) / 1.5)
    return total / 3


def _magnitude(number: float) -> float:
    size = min(abs(number), 1e300)
    return log10(1 + size) * (-1 if number < 0 else 1)
