"""The field-mapping engine: which new field holds what each old one held."""

from collections.abc import Sequence

from connector_healing.core.drift.assignment import assigned, best_rival
from connector_healing.core.drift.columns import side_of
from connector_healing.core.drift.join import join_sides
from connector_healing.core.drift.mapping import FieldMapping
from connector_healing.core.drift.pairs import Pair, weighed_pairs
from connector_healing.core.drift.pins import pin_paths
from connector_healing.core.drift.verdicts import PROPOSE, Court


def map_fields(
    old_records: Sequence[object], new_records: Sequence[object], key: str | None = None
) -> tuple[FieldMapping, ...]:
    """Find what became of every field that occurs in the old records.

    A mapping with the verdict RENAMED may be applied: values on shared keys, or structure and
    names with a margin, prove it. UNSURE is the best guess, in `runner_up`, for a person.

    Args:
        old_records: Records as the API gave them, last seen good. Any JSON values.
        new_records: Records as it gives them now; the more entities they share, the surer.
        key: The old path of what identifies a record; found by its values if not given.

    Returns:
        One mapping for each old leaf path, in the order in which the paths were first met.
    """
    old, new = side_of(old_records), side_of(new_records)
    join = join_sides(old, new, key)
    court = Court(join=join)
    pins = pin_paths(old, new, join.shared)
    pairs = weighed_pairs(pins.old, pins.new, join.shared)
    taken = assigned(pairs, PROPOSE)
    by_old: dict[str, list[Pair]] = {}
    for pair in pairs:
        by_old.setdefault(pair.old.path, []).append(pair)
    found = []
    for path, column in old.columns.items():
        if path in pins.same:
            found.append(court.kept(column, new.columns[path], pins.same[path]))
        elif path in taken:
            found.append(court.matched(taken[path], best_rival(taken[path], pairs)))
        else:
            best = max(by_old.get(path, ()), key=lambda p: (p.odds, p.new.path), default=None)
            found.append(court.gone(column, best))
    return tuple(found)
