"""One new field for one old field: the pairs that are taken."""

from collections.abc import Iterable

from connector_healing.core.drift.pairs import Pair


def assigned(pairs: Iterable[Pair], least: float) -> dict[str, Pair]:
    """The taken pairs by old path: the surest first, each field once, none below `least`."""
    taken: dict[str, Pair] = {}
    used: set[str] = set()
    ranked = sorted(pairs, key=lambda pair: (-pair.odds, pair.old.path, pair.new.path))
    for pair in ranked:
        if pair.chance < least:
            break
        if pair.old.path not in taken and pair.new.path not in used:
            taken[pair.old.path] = pair
            used.add(pair.new.path)
    return taken


def best_rival(pair: Pair, pairs: Iterable[Pair]) -> Pair | None:
    """The surest other pair that would take either of the pair's fields."""
    others = [
        other
        for other in pairs
        if (other.old.path == pair.old.path) != (other.new.path == pair.new.path)
    ]
    return max(others, key=lambda other: (other.odds, other.new.path), default=None)
