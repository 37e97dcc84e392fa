"""What a pattern of the triage is made of: data, matched in one place."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from connector_healing.core.kusto.commands import Command
from connector_healing.core.kusto.facts import Facts
from connector_healing.core.kusto.vocabulary import Ask, Mode, Operation, Surface

Condition = Callable[[Facts], bool]


class Written(StrEnum):
    """What a failed write had already sent, which decides whether a re-run duplicates it."""

    NOTHING = "nothing"
    BY_MODE = "by mode"  #: Transactional: nothing that stays; otherwise a part.
    ALREADY = "already"  #: Everything or a part is in the target whatever the mode.
    UNDECIDED = "undecided"


class Place(StrEnum):
    """Where a signature looks."""

    FAILING = "failing"  #: The evidence without what the connector ignored.
    WHOLE = "whole"
    THROWN = "thrown"  #: What the driver threw in the end, where the connector failed.
    SEGMENT = "segment"  #: The last read or write in the log.
    SAID = "said"  #: What the user says.


@dataclass(frozen=True, slots=True)
class Signature:
    """Texts that show a pattern, all in lower case."""

    every: tuple[str, ...] = ()
    some: tuple[str, ...] = ()
    none: tuple[str, ...] = ()
    when: Condition | None = None
    place: Place = Place.FAILING

    def matches(self, facts: Facts) -> bool:
        """Whether the facts show it."""
        text = _PLACES[self.place](facts)
        if not all(part in text for part in self.every):
            return False
        if self.some and not any(part in text for part in self.some):
            return False
        if any(part in text for part in self.none):
            return False
        return self.when is None or self.when(facts)


_PLACES: Mapping[Place, Callable[[Facts], str]] = {
    Place.FAILING: lambda facts: facts.failing,
    Place.WHOLE: lambda facts: facts.lower,
    Place.THROWN: lambda facts: facts.thrown,
    Place.SEGMENT: lambda facts: facts.segment,
    Place.SAID: lambda facts: facts.said,
}


@dataclass(frozen=True, slots=True)
class Detail:
    """A word that a remedy takes from the evidence."""

    pattern: re.Pattern[str]
    otherwise: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """One pattern of failure.

    `fix` may name details in braces. `mode` and `operation` are what the pattern itself proves.
    `surface` is where it shows in a log; None: as the evidence looks.
    """

    id: str
    cause: str
    fix: tuple[str, ...]
    retryable: bool | None
    written: Written
    signatures: tuple[Signature, ...]
    ask: tuple[Ask, ...] = ()
    ask_when: tuple[tuple[Ask, Condition], ...] = ()
    commands: tuple[Command, ...] = ()
    details: Mapping[str, Detail] = field(default_factory=dict)
    operation: Operation | None = None
    mode: Mode | None = None
    mode_of_read: Mode | None = None  #: The mode, where it was a read.
    proves_operation: bool = True  #: Whether `operation` holds where nothing else tells it.
    surface: Surface | None = None
    connector: bool = True  #: Whether it is a failure of the connector.
    asks_standing: bool = True  #: Whether an unknown operation or mode must be asked.
    versions: str = "7.1.1"  #: Of the connector that prints the texts.

    def matches(self, facts: Facts) -> bool:
        """Whether any of its signatures shows."""
        return any(signature.matches(facts) for signature in self.signatures)


def sig(
    *every: str,
    some: tuple[str, ...] = (),
    none: tuple[str, ...] = (),
    when: Condition | None = None,
    place: Place = Place.FAILING,
) -> Signature:
    """A signature: all of these texts, one of `some`, nothing of `none`."""
    return Signature(every, some, none, when, place)


def any_of(*texts: str, when: Condition | None = None, place: Place = Place.FAILING) -> Signature:
    """A signature: one of these texts."""
    return Signature((), texts, (), when, place)
