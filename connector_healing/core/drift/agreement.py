"""How far two fields agree on the records that both sides share, and what that proves."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import log

from connector_healing.core.drift.views import Cell, View

#: How often the same field agrees with itself: the rest is churn.
_FAITHFUL = 0.9
#: What a value is worth beyond its frequency where chance hardly repeats such values.
_OPAQUE_NATS = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """What the shared records say of one pair of fields in one view.

    `evidence` is the log-likelihood ratio in nats between "one field, seen twice" and "two
    fields that agree by chance", chance being taken from the new field's own distribution: a
    constant or a coin that agrees is worth little or nothing.
    """

    view: View
    shared: int  #: Records in which both fields hold a value.
    equal: int
    evidence: float
    distinct: int  #: Different values among those that agree.

    @property
    def share(self) -> float:
        """The share of the shared records that agree."""
        return self.equal / self.shared if self.shared else 0.0


NOTHING_SHARED = Agreement(view=View.EXACT, shared=0, equal=0, evidence=0.0, distinct=0)


def agreement(old: Sequence[Cell], new: Sequence[Cell], view: View, opaque: float) -> Agreement:
    """Compare two fields record by record; `opaque` is the new field's share of opaque values."""
    pairs = [(a, b) for a, b in zip(old, new, strict=True) if a is not None and b is not None]
    if not pairs:
        return NOTHING_SHARED
    total = len(pairs)
    agreed = Counter([a for a, b in pairs if a == b])
    frequency = Counter([b for _, b in pairs]) if agreed else Counter()
    equal = agreed.total()
    evidence = (total - equal) * log(1 - _FAITHFUL)
    for cell, times in agreed.items():
        evidence += times * _worth(frequency[cell], total, opaque)
    return Agreement(view=view, shared=total, equal=equal, evidence=evidence, distinct=len(agreed))


def _worth(count: int, total: int, opaque: float) -> float:
    """What one agreement on a value that comes `count` times in `total` proves, in nats.

    The likelihood of the value given that the field is the same (faithful, or drawn anew)
    over that of drawing it by chance. A value that always comes proves nothing.
    """
    chance = (count + 0.5) / (total + 1) if count < total else 1.0
    bonus = _OPAQUE_NATS * opaque if count <= 1 + total // 50 else 0.0
    return log(_FAITHFUL + (1 - _FAITHFUL) * chance) - log(chance) + bonus


def contained(old: Sequence[Cell], new: Sequence[Cell]) -> tuple[list[Cell], list[Cell]]:
    """The cells of two fields of different list depth: a lone value counts where the other has it."""
    narrowed = [
        (a, a) if a and b and len(a) == 1 < len(b) and a[0] in b
        else (b, b) if a and b and len(b) == 1 < len(a) and b[0] in a
        else (a, b)
        for a, b in zip(old, new, strict=True)
    ]  # fmt: skip
    return [a for a, _ in narrowed], [b for _, b in narrowed]
