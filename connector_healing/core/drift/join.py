"""Which old record is which new one: the key join."""

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import product
from math import log
from zlib import crc32

from connector_healing.core.drift.columns import Column, Side
from connector_healing.core.drift.kinds import Kind
from connector_healing.core.drift.shared import SharedRecords
from connector_healing.core.drift.views import Cell, View, cell_of

#: A key's values are mostly unique and mostly there; what comes twice joins nothing.
_UNIQUE, _FILLED = 0.6, 0.3
_LONGEST_KEY = 200
_MOST_KEYS = 24
_TRIED = 6
#: Looks that chance does not repeat.
_OPAQUE = (Kind.UUID, Kind.TOKEN, Kind.URL, Kind.EMAIL)
_NO_KEYS = (Kind.BOOL, Kind.NUMBER, Kind.OBJECT, Kind.EMPTY)
#: Nats of agreement in other fields that make a join believable.
_BELIEF = 4.0
#: What the agreeing fields must weigh beside the disagreeing ones.
_GAIN_TO_LOSS = 0.3
_MOST_COMPARED = 40
_MOSTLY = 0.8


@dataclass(frozen=True, kw_only=True)
class Join:
    """The records that both sides hold, and the key by which they were found."""

    shared: SharedRecords
    old_key: str | None = None
    new_key: str | None = None


def join_sides(old: Side, new: Side, key: str | None) -> Join:
    """Pair the records that are one entity on both sides.

    The new key is the path whose values overlap most with the old key's; where no key is
    given, or it overlaps nowhere, any nearly unique path may be it. A join is believed only
    if the paired records agree in something else than the key, or the key is one that chance
    does not repeat.
    """
    pinned = _pinned_key(old, new, key)
    if pinned:
        return pinned
    theirs = _key_columns(new)
    given = [old.columns[key]] if key is not None and key in old.columns else []
    for mine, view in product((given, _key_columns(old)), (View.TEXT, View.TAIL)):
        tried = sorted(_overlaps(mine, theirs, view), key=_preference, reverse=True)[:_TRIED]
        for overlap in tried:
            join = _joined(overlap)
            if _is_believable(join, old, new):
                return join
    return Join(shared=SharedRecords(()))


def _pinned_key(old: Side, new: Side, key: str | None) -> Join | None:
    """The join by the given key under its own name, where most records are found by it."""
    if key is None or key not in old.columns or key not in new.columns:
        return None
    overlaps = list(_overlaps([old.columns[key]], [new.columns[key]], View.TEXT))
    if not overlaps or len(overlaps[0].cells) < min(old.size, new.size) / 2:
        return None
    join = _joined(overlaps[0])
    return join if _is_believable(join, old, new) else None


def _key_columns(side: Side) -> list[Column]:
    """The columns that tell most records apart, opaque ones first."""
    found = [
        column
        for column in side.columns.values()
        if column.filled >= _FILLED
        and column.distinct >= _UNIQUE * len(column.values)
        and not any(column.kinds.get(kind, 0.0) > 1 / 2 for kind in _NO_KEYS)
    ]
    return sorted(found, key=_opacity, reverse=True)[:_MOST_KEYS]


def _opacity(column: Column) -> float:
    return sum(column.kinds.get(kind, 0.0) for kind in _OPAQUE)


def _index(column: Column, view: View) -> dict[Cell, int]:
    """The record that holds each value; values that come twice are left out."""
    found: dict[Cell, int] = {}
    twice = set()
    for number, values in enumerate(column.cells):
        cell = cell_of(values, view)
        if cell is None or cell == ("",) or len(str(cell[0])) > _LONGEST_KEY:
            continue
        if cell in found:
            twice.add(cell)
        found[cell] = number
    return {cell: number for cell, number in found.items() if cell not in twice}


@dataclass(frozen=True, kw_only=True)
class _Overlap:
    old: str
    new: str
    cells: AbstractSet[Cell]
    old_index: Mapping[Cell, int]
    new_index: Mapping[Cell, int]


def _overlaps(old: Iterable[Column], new: Iterable[Column], view: View) -> Iterator[_Overlap]:
    theirs = [(column.path, _index(column, view)) for column in new]
    for mine in old:
        index = _index(mine, view)
        for path, other in theirs:
            cells = index.keys() & other.keys()
            if cells:
                yield _Overlap(
                    old=mine.path, new=path, cells=cells, old_index=index, new_index=other
                )


def _preference(overlap: _Overlap) -> tuple[int, bool, str, str]:
    return (len(overlap.cells), overlap.old == overlap.new, overlap.old, overlap.new)


def _joined(overlap: _Overlap) -> Join:
    ordered = sorted(overlap.cells, key=_shuffled)
    pairs = tuple((overlap.old_index[cell], overlap.new_index[cell]) for cell in ordered)
    return Join(shared=SharedRecords(pairs), old_key=overlap.old, new_key=overlap.new)


def _shuffled(cell: Cell) -> tuple[int, str]:
    """An order that looks random and does not depend on the order of the records."""
    text = repr(cell)
    return crc32(text.encode(errors="replace")), text


def _is_believable(join: Join, old: Side, new: Side) -> bool:
    shared = join.shared
    keys = {join.old_key, join.new_key}
    mine = [c for p, c in old.columns.items() if p not in keys]
    pinned = [shared.best(c, new.columns[c.path]) for c in mine if c.path in new.columns]
    gains = sum(a.evidence for a in pinned if a.evidence > 0)
    losses = -sum(a.evidence for a in pinned if a.evidence < 0)
    if gains >= _BELIEF:
        return gains >= _GAIN_TO_LOSS * losses
    if losses >= _BELIEF:
        return False
    return _opacity(old.columns[str(join.old_key)]) > 1 / 2 or _agrees_elsewhere(
        mine, [c for p, c in new.columns.items() if p not in keys], shared
    )


def _agrees_elsewhere(old: list[Column], new: list[Column], shared: SharedRecords) -> bool:
    """Whether any field but the key agrees beyond what so many pairs give by chance."""
    mine, theirs = old[:_MOST_COMPARED], new[:_MOST_COMPARED]
    enough = _BELIEF + log(1 + len(mine) * len(theirs))
    found = (shared.best(a, b) for a in mine for b in theirs)
    return any(a.evidence >= enough and a.share >= _MOSTLY for a in found)
