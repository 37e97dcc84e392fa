"""The records that both sides hold: every comparison of fields on them."""

from collections.abc import Sequence

from connector_healing.core.drift.agreement import NOTHING_SHARED, Agreement, agreement, contained
from connector_healing.core.drift.codes import MOST_CODES, coded_agreement
from connector_healing.core.drift.columns import Column
from connector_healing.core.drift.flatten import Scalar
from connector_healing.core.drift.kinds import Kind
from connector_healing.core.drift.views import Cell, View, cell_of

#: Records looked at before all of them are, and the share of agreement that is worth that.
_SAMPLE, _PROMISING = 64, 0.25
#: Looks whose values chance hardly repeats.
_OPAQUE = (Kind.UUID, Kind.TOKEN, Kind.URL, Kind.EMAIL, Kind.DATETIME, Kind.TEXT, Kind.EPOCH)
_TIMES = (Kind.DATETIME, Kind.DATE, Kind.EPOCH, Kind.NUMERAL)
#: A later view must be this much better to be preferred, in nats.
_CLEARLY = 1.0
#: With so much agreement no other view is tried.
_AGREED = 0.98
#: Below this share of agreement a code is looked for.
_MISSED = 0.6


class SharedRecords:
    """Pairs of record numbers (old, new) that are one entity, with each column's cells in each view.

    Args:
        pairs: In an order that does not depend on the order of the records.
    """

    def __init__(self, pairs: Sequence[tuple[int, int]]) -> None:
        self._pairs = pairs
        self._cells: dict[tuple[str, bool, View, bool], list[Cell]] = {}

    @property
    def size(self) -> int:
        """How many records are shared."""
        return len(self._pairs)

    def values(self, column: Column, *, is_new: bool) -> list[tuple[Scalar, ...] | None]:
        """The column's raw values in the shared records."""
        return [column.cells[pair[is_new]] for pair in self._pairs]

    def best(self, old: Column, new: Column) -> Agreement:
        """The agreement of two columns in the view in which they agree best."""
        if not self._pairs:
            return NOTHING_SHARED
        found = NOTHING_SHARED
        for view in views_for(old, new):
            tried = self._compare(old, new, view)
            if tried.shared and (not found.shared or tried.evidence > found.evidence + _CLEARLY):
                found = tried
            if found.shared and found.share >= _AGREED:
                return found
        are_words = not (old.numbers and new.numbers)
        if found.share < _MISSED and are_words and max(old.distinct, new.distinct) <= MOST_CODES:
            found = self._coded(old, new) or found
        return found if found.equal or _are_comparable(old, new) else NOTHING_SHARED

    def covered(self, old: Column, new: Column) -> float:
        """The share of the shared records with an old value that have a new one too."""
        held = [
            _is_filled(new.cells[there])
            for here, there in self._pairs
            if _is_filled(old.cells[here])
        ]
        return sum(held) / len(held) if held else 1.0

    def _compare(self, old: Column, new: Column, view: View) -> Agreement:
        sampled = self._agreement(old, new, view, sampled=True)
        if self.size <= _SAMPLE or (sampled.shared and sampled.share < _PROMISING):
            return sampled
        return self._agreement(old, new, view, sampled=False)

    def _agreement(self, old: Column, new: Column, view: View, *, sampled: bool) -> Agreement:
        mine = self._view(old, view, is_new=False, sampled=sampled)
        theirs = self._view(new, view, is_new=True, sampled=sampled)
        if old.depth != new.depth:
            mine, theirs = contained(mine, theirs)
        return agreement(mine, theirs, view, sum(new.kinds.get(kind, 0.0) for kind in _OPAQUE))

    def _coded(self, old: Column, new: Column) -> Agreement | None:
        mine = self._view(old, View.TEXT, is_new=False, sampled=False)
        theirs = self._view(new, View.TEXT, is_new=True, sampled=False)
        found = coded_agreement(mine, theirs)
        return found if found.evidence > 0 else None

    def _view(self, column: Column, view: View, *, is_new: bool, sampled: bool) -> list[Cell]:
        at = (column.path, is_new, view, sampled)
        if at not in self._cells:
            pairs = self._pairs[:_SAMPLE] if sampled else self._pairs
            self._cells[at] = [cell_of(column.cells[pair[is_new]], view) for pair in pairs]
        return self._cells[at]


def _is_filled(values: tuple[Scalar, ...] | None) -> bool:
    return values is not None and any(value is not None for value in values)


def _are_comparable(old: Column, new: Column) -> bool:
    """Whether two fields that never agree may be held against each other: not yes and "active"."""
    return (Kind.BOOL in old.kinds) == (Kind.BOOL in new.kinds)


def views_for(old: Column, new: Column) -> tuple[View, ...]:
    """The views in which two columns of these looks may agree."""
    views = [View.EXACT]
    one, other = old.kinds.keys(), new.kinds.keys()
    if one != other:
        views.append(View.TEXT)
    times = [{kind for kind in side if kind in _TIMES} for side in (one, other)]
    if times[0] and times[1] and (times[0] | times[1]) - {Kind.NUMERAL}:
        views.append(View.MOMENT)
        if Kind.DATE in times[0] ^ times[1]:
            views.append(View.DAY)
    if (Kind.PATH in one or Kind.URL in one) != (Kind.PATH in other or Kind.URL in other):
        views.append(View.TAIL)
    if Kind.CONSTANT in one | other or Kind.CODE in one | other:
        views.append(View.FOLDED)
    return tuple(views)
