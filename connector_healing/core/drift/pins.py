"""Paths that are on both sides: the same field, unless the shared records prove otherwise."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from connector_healing.core.drift.agreement import Agreement
from connector_healing.core.drift.columns import Column, Side
from connector_healing.core.drift.kinds import moment_of, number_of
from connector_healing.core.drift.shared import SharedRecords

#: A same name is given up only if its values are proven to be elsewhere, or others' to be here.
_PROOF_NATS, _PROOF_SHARE, _DOUBT_SHARE = 6.0, 0.8, 0.5
_FEWEST = 3
#: Below this share of unchanged values, with the doubt of few records added, values have changed.
_CHURN_BOUND, _DEVIATIONS, _FEWEST_TO_JUDGE = 0.85, 2.0, 8
_ONE_WAY = 0.95
_SAME_STEP = 0.5


@dataclass(frozen=True, kw_only=True)
class Pins:
    """The paths taken as they are, with their agreement, and the columns left to be matched."""

    same: dict[str, Agreement]
    old: tuple[Column, ...]
    new: tuple[Column, ...]


def pin_paths(old: Side, new: Side, shared: SharedRecords) -> Pins:
    """Pin every path that is on both sides and not disproved."""
    same = {
        path: shared.best(column, new.columns[path])
        for path, column in old.columns.items()
        if path in new.columns
    }
    doubted = [path for path, found in same.items() if _is_doubtful(found)]
    loose_old = [c for p, c in old.columns.items() if p not in same or p in doubted]
    loose_new = [c for p, c in new.columns.items() if p not in same or p in doubted]
    for path in doubted:
        mine, theirs = old.columns[path], new.columns[path]
        if _is_proven(shared, [mine], loose_new, path) or _is_proven(
            shared, loose_old, [theirs], path
        ):
            del same[path]
    return Pins(
        same=same,
        old=tuple(c for p, c in old.columns.items() if p not in same),
        new=tuple(c for p, c in new.columns.items() if p not in same),
    )


def _is_doubtful(found: Agreement) -> bool:
    return found.shared >= _FEWEST and found.share <= _DOUBT_SHARE and found.evidence < 0


def _is_proven(
    shared: SharedRecords, old: Sequence[Column], new: Sequence[Column], path: str
) -> bool:
    """Whether any pair but the path's own agrees beyond chance."""
    tried = (shared.best(a, b) for a in old for b in new if not a.path == b.path == path)
    return any(
        a.shared >= _FEWEST and a.evidence >= _PROOF_NATS and a.share >= _PROOF_SHARE for a in tried
    )


def values_changed(old: Column, new: Column, found: Agreement, shared: SharedRecords) -> bool:
    """Whether the values under one name changed in more shared records than churn explains.

    Values that only ever grow, and not all by one step or factor, are counters and times of
    change: their movement is churn.
    """
    if found.shared < _FEWEST_TO_JUDGE or _upper_bound(found) >= _CHURN_BOUND:
        return False
    return not _moves_on(old, new, shared)


def _upper_bound(found: Agreement) -> float:
    """The upper end of the Wilson interval of the share of unchanged values."""
    n, z = found.shared, _DEVIATIONS
    half = z * sqrt(found.share * (1 - found.share) / n + z * z / (4 * n * n))
    return (found.share + z * z / (2 * n) + half) / (1 + z * z / n)


def _moves_on(old: Column, new: Column, shared: SharedRecords) -> bool:
    before, after = shared.values(old, is_new=False), shared.values(new, is_new=True)
    moved = []
    for one, other in zip(before, after, strict=True):
        if one and other and len(one) == len(other) == 1 and one != other:
            start, end = _measure(one[0]), _measure(other[0])
            if start is None or end is None:
                return False
            moved.append((start, end))
    if not moved:
        return False
    onwards = sum(end > start for start, end in moved) / len(moved)
    steps = {round(end - start, 3) for start, end in moved}
    factors = {round(end / start, 12) for start, end in moved if start}
    varied = min(len(steps), len(factors)) > max(1, _SAME_STEP * len(moved))
    return onwards >= _ONE_WAY and varied


def _measure(value: object) -> float | None:
    if not isinstance(value, str | int | float):
        return None
    moment = moment_of(value)
    return number_of(value) if moment is None else moment
