"""Every old field against every new one: what speaks for the pair, as log-odds."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import exp

from connector_healing.core.drift.agreement import Agreement
from connector_healing.core.drift.columns import Column
from connector_healing.core.drift.names import NO_LIKENESS, NameLikeness, name_likeness, name_of
from connector_healing.core.drift.partners import likeliest_partners
from connector_healing.core.drift.shapes import UNLIKE, ShapeLikeness, shape_likeness
from connector_healing.core.drift.shared import SharedRecords

#: What each clue adds to the log-odds that two fields are one. Fitted by logistic regression on
#: real API histories, provider by provider left out, and rounded: no clue is a knife's edge.
_PRIOR = -8.5
_NAME_WEIGHTS: Mapping[str, float] = {
    "leaf": 2.25,
    "path": 2.0,
    "letters": 0.75,
    "old_covered": 2.0,
    "new_covered": 2.0,
    "parents": 1.5,
}
_SHAPE_WEIGHTS: Mapping[str, float] = {"kinds": 2.75, "values": 3.25, "filled": 2.0}
_AGREES, _DISAGREES = 2.0, 2.5  #: For ten nats.
_MANY_RIVALS = -1.5
#: Of the second pass, which knows the first one's best guesses.
_RIVAL, _CONTAINER, _RULE = -3.0, 0.5, 1.5
#: Evidence beyond so many nats is not told apart.
_MOST_NATS = 20.0

#: More pairs than this are thinned to each field's likeliest partners.
_MOST_PAIRS = 4_000
_FEWEST_PARTNERS = 4

#: A pair that the shared records refute, or that another explains better.
_REFUTED_NATS, _REFUTED_SHARED, _REFUTED_SHARE = -4.0, 4, 0.4
_PROVEN_NATS, _PROVEN_SHARE, _PROVEN_SHARED = 10.0, 0.9, 6
_DOMINATED = 0.1
REFUTED = -12.0
#: Names that say this much of one another speak for a pair; containers below that, against it.
_SAID, _STRANGE = 0.5, 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One old field and one new field that may be it."""

    old: Column
    new: Column
    names: NameLikeness
    shapes: ShapeLikeness
    agreement: Agreement
    odds: float = REFUTED  #: Natural log-odds.
    moved: float = 0.0  #: The chance that another field went from the same container to the same.

    @property
    def chance(self) -> float:
        """The odds as a probability."""
        return 1 / (1 + exp(-max(-30.0, min(30.0, self.odds))))

    @property
    def is_well_named(self) -> bool:
        """Whether the names alone speak for the pair, and the containers do not against it."""
        containers = container_of(self.old.path), container_of(self.new.path)
        said = (self.names.old_covered + self.names.new_covered) / 2
        strange = all(containers) and max(self.names.parents, self.moved) < _STRANGE
        return said >= _SAID and not strange

    @property
    def is_refuted(self) -> bool:
        """Whether the shared records say that these are two fields."""
        found = self.agreement
        return (
            found.shared >= _REFUTED_SHARED
            and found.evidence <= _REFUTED_NATS
            and found.share < _REFUTED_SHARE
        )

    @property
    def is_proven(self) -> bool:
        """Whether the shared records alone say that it is one field."""
        found = self.agreement
        return (
            found.shared >= _PROVEN_SHARED
            and found.evidence >= _PROVEN_NATS
            and found.share >= _PROVEN_SHARE
        )


def weighed_pairs(
    old: Sequence[Column], new: Sequence[Column], shared: SharedRecords
) -> list[Pair]:
    """All pairs worth looking at, each with its log-odds."""
    pairs = [
        _pair(a, b, shared.best(a, b)) for a, partners in _partners(old, new) for b in partners
    ]
    dominated = _dominated(pairs)
    rivals = min(10, len(new)) / 10
    first = [
        replace(pair, odds=REFUTED if (pair.old.path, pair.new.path) in dominated else odds)
        for pair, odds in ((pair, _odds(pair, rivals)) for pair in pairs)
    ]
    return _second_pass(first)


def _pair(old: Column, new: Column, agreement: Agreement) -> Pair:
    """The pair with its clues; a refuted pair's names and looks are not asked for."""
    pair = Pair(old=old, new=new, names=NO_LIKENESS, shapes=UNLIKE, agreement=agreement)
    if pair.is_refuted:
        return pair
    names, shapes = name_likeness(old.path, new.path), shape_likeness(old, new)
    return replace(pair, names=names, shapes=shapes)


def _partners(
    old: Sequence[Column], new: Sequence[Column]
) -> Iterable[tuple[Column, Sequence[Column]]]:
    """Each old field with the new ones that it is compared with: all, unless that is too many."""
    if len(old) * len(new) <= _MOST_PAIRS:
        return [(column, new) for column in old]
    return likeliest_partners(old, new, max(_FEWEST_PARTNERS, _MOST_PAIRS // len(old)))


def _odds(pair: Pair, rivals: float) -> float:
    if pair.is_refuted:
        return REFUTED
    odds = _PRIOR + _MANY_RIVALS * rivals
    odds += sum(w * float(getattr(pair.names, clue)) for clue, w in _NAME_WEIGHTS.items())
    odds += sum(w * float(getattr(pair.shapes, clue)) for clue, w in _SHAPE_WEIGHTS.items())
    nats = max(-_MOST_NATS, min(_MOST_NATS, pair.agreement.evidence)) / 10
    return odds + (_AGREES if nats > 0 else _DISAGREES) * nats


def _dominated(pairs: Iterable[Pair]) -> set[tuple[str, str]]:
    """The pairs whose old or new field agrees clearly better with a third, which proves that."""
    best: dict[tuple[bool, str], float] = {}
    for pair in pairs:
        if pair.is_proven:
            for at in ((False, pair.old.path), (True, pair.new.path)):
                best[at] = max(best.get(at, 0.0), pair.agreement.share)
    found = set()
    for pair in pairs:
        bar = max(best.get((False, pair.old.path), 0.0), best.get((True, pair.new.path), 0.0))
        if pair.agreement.share < bar - _DOMINATED and not pair.is_proven:
            found.add((pair.old.path, pair.new.path))
    return found


def _second_pass(pairs: list[Pair]) -> list[Pair]:
    """Weigh each pair again, knowing its rivals and what became of its siblings."""
    support = Support(pairs)
    return [pair if pair.odds <= REFUTED else _supported(pair, support) for pair in pairs]


def _supported(pair: Pair, support: "Support") -> Pair:
    moved = support.container(pair)
    odds = pair.odds + _CONTAINER * moved + _RULE * support.rule(pair)
    odds += _RIVAL * (support.rival_of_old(pair) + support.rival_of_new(pair))
    return replace(pair, odds=odds, moved=moved)


_Exchange = tuple[frozenset[str], frozenset[str]]
_NO_EXCHANGE: _Exchange = (frozenset(), frozenset())


class Support:
    """What the other pairs say of one: rivals against it, siblings for it."""

    def __init__(self, pairs: Iterable[Pair]) -> None:
        self._by_old: dict[str, list[Pair]] = defaultdict(list)
        self._by_new: dict[str, list[Pair]] = defaultdict(list)
        self._by_containers: dict[tuple[str, str], list[Pair]] = defaultdict(list)
        self._by_words: dict[_Exchange, list[Pair]] = defaultdict(list)
        for pair in pairs:
            self._by_old[pair.old.path].append(pair)
            self._by_new[pair.new.path].append(pair)
            containers = container_of(pair.old.path), container_of(pair.new.path)
            if containers[0] != containers[1]:
                self._by_containers[containers].append(pair)
            self._by_words[_exchange(pair)].append(pair)
        listed = (self._by_old, self._by_new, self._by_containers, self._by_words)
        for found in (found for index in listed for found in index.values()):
            found.sort(key=lambda pair: -pair.odds)

    def rival_of_old(self, pair: Pair) -> float:
        """The chance of the best other new field for the pair's old one."""
        return _best(p for p in self._by_old[pair.old.path] if p is not pair)

    def rival_of_new(self, pair: Pair) -> float:
        """The chance of the best other old field for the pair's new one."""
        return _best(p for p in self._by_new[pair.new.path] if p is not pair)

    def container(self, pair: Pair) -> float:
        """The chance that the whole container moved alike: its best other field's."""
        at = container_of(pair.old.path), container_of(pair.new.path)
        return _best(p for p in self._by_containers.get(at, ()) if _is_apart(p, pair))

    def rule(self, pair: Pair) -> float:
        """The chance that the same words were exchanged in another name."""
        exchanged = _exchange(pair)
        if exchanged == _NO_EXCHANGE:
            return 0.0
        return _best(p for p in self._by_words.get(exchanged, ()) if _is_apart(p, pair))


def _best(pairs: Iterable[Pair]) -> float:
    """The first pair's chance: the lists are sorted."""
    return next((pair.chance for pair in pairs), 0.0)


def _is_apart(one: Pair, other: Pair) -> bool:
    return one.old.path != other.old.path and one.new.path != other.new.path


def _exchange(pair: Pair) -> _Exchange:
    """The words that only the old name has, and those that only the new one has."""
    one, other = set(name_of(pair.old.path).leaf), set(name_of(pair.new.path).leaf)
    return frozenset(one - other), frozenset(other - one)


def container_of(path: str) -> str:
    """A path without its own name and without list marks."""
    return path.replace("[]", "").rpartition(".")[0]
