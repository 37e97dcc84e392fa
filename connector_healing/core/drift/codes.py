"""Fields of few values that were written anew: inverted booleans, other words for one status."""

from collections import Counter
from collections.abc import Iterator, Sequence
from math import log

from connector_healing.core.drift.agreement import NOTHING_SHARED, Agreement
from connector_healing.core.drift.views import Cell, View

MOST_CODES = 12
_FEWEST_SHARED = 8
_CONSISTENT = 0.9
#: That one field follows from another does not make it the same field: more proves no more.
_MOST_NATS = 6.0


def coded_agreement(old: Sequence[Cell], new: Sequence[Cell]) -> Agreement:
    """How far the new values follow from the old ones, one to one or many to one.

    The evidence is the mutual information less what so many free code pairs explain by chance
    (half a log of the record count for each, as in the Bayesian information criterion).
    """
    met: Iterator[tuple[Cell, Cell]] = (
        (a, b) for a, b in zip(old, new, strict=True) if a is not None and b is not None
    )
    pairs = Counter(met)
    total = pairs.total()
    mine, theirs = _margin(pairs, 0), _margin(pairs, 1)
    if total < _FEWEST_SHARED or not _are_codes(mine, theirs, total):
        return NOTHING_SHARED
    best = {a: max((n, repr(b), b) for (c, b), n in pairs.items() if c == a) for a in mine}
    equal = sum(n for n, _, _ in best.values())
    targets = {b for _, _, b in best.values()}
    if equal < _CONSISTENT * total or len(targets) < len(theirs):
        return NOTHING_SHARED
    nats = sum(n * log(n * total / (mine[a] * theirs[b])) for (a, b), n in pairs.items())
    nats -= log(total) * (len(mine) - 1) * (len(theirs) - 1) / 2
    return Agreement(
        view=View.CODED,
        shared=total,
        equal=equal,
        evidence=max(0.0, min(_MOST_NATS, nats)),
        distinct=len(targets),
    )


def _margin(pairs: Counter[tuple[Cell, Cell]], side: int) -> Counter[Cell]:
    found: Counter[Cell] = Counter()
    for pair, count in pairs.items():
        found[pair[side]] += count
    return found


def _are_codes(mine: Counter[Cell], theirs: Counter[Cell], total: int) -> bool:
    return all(1 < len(side) <= min(MOST_CODES, total // 2) for side in (mine, theirs))
