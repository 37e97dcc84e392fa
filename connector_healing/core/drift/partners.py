"""Where fields are too many to compare each with each: the likeliest partners of each."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from connector_healing.core.drift.columns import Column
from connector_healing.core.drift.names import name_of
from connector_healing.core.drift.views import View, form_of

#: A word or value that so many fields hold tells none of them from the others.
_COMMON = 60
_VALUES = 40


def likeliest_partners(
    old: Sequence[Column], new: Sequence[Column], most: int
) -> list[tuple[Column, Sequence[Column]]]:
    """Each old field with at most so many new ones that share rare words or values with it."""
    index: dict[object, list[int]] = defaultdict(list)
    for number, column in enumerate(new):
        for mark in set(_marks(column)):
            index[mark].append(number)
    found: list[tuple[Column, Sequence[Column]]] = []
    for column in old:
        votes: defaultdict[int, float] = defaultdict(float)
        for mark in set(_marks(column)):
            held_by = index.get(mark, ())
            if len(held_by) <= _COMMON:
                for number in held_by:
                    votes[number] += 1 / len(held_by)
        ranked = sorted(votes, key=lambda number: (-votes[number], new[number].path))
        found.append((column, [new[number] for number in ranked[:most]]))
    return found


def _marks(column: Column) -> Iterator[object]:
    name = name_of(column.path)
    yield from name.leaf
    yield from name.parents
    yield column.path.rpartition(".")[2]
    for value, _ in column.sample[:_VALUES]:
        yield form_of(value, View.TEXT), "value"
