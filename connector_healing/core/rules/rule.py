"""One row of the classifier's tables."""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass

from connector_healing.core.failure import Stage
from connector_healing.core.rules.clues import Clues
from connector_healing.core.taxonomy import FailureSubcategory


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What must hold for a failure to mean a subcategory. What is left empty is not asked.

    Within a table the first row that matches decides, so a narrower row stands above a wider.
    """

    name: str  #: ``table.row``; unique.
    subcategory: FailureSubcategory
    cause: str  #: A sentence; it may name `Clues.fields`.
    confidence: float = 0.8
    root: tuple[str, ...] = ()  #: The root exception is one of these (`Clues` on names).
    below: tuple[str, ...] = ()  #: The root, or something that led to it, is.
    above: tuple[str, ...] = ()  #: A wrapper is.
    errnos: Collection[int] = ()  #: One of these was reported.
    stages: Collection[Stage] = ()
    statuses: Collection[int] = ()
    says: re.Pattern[str] | None = None  #: Found in message or body.
    unless: re.Pattern[str] | None = None  #: Not found there.
    when: Callable[[Clues], bool] | None = None
    also: tuple[FailureSubcategory, ...] = ()

    def matches(self, clues: Clues) -> bool:
        """Whether all that is asked holds."""
        return (
            self._names_match(clues)
            and (not self.errnos or not clues.errnos.isdisjoint(self.errnos))
            and (not self.stages or clues.failure.stage in self.stages)
            and (not self.statuses or clues.status in self.statuses)
            and (self.says is None or self.says.search(clues.said) is not None)
            and (self.unless is None or self.unless.search(clues.said) is None)
            and (self.when is None or self.when(clues))
        )

    def _names_match(self, clues: Clues) -> bool:
        pairs = ((self.root, clues.root), (self.below, clues.below), (self.above, clues.above))
        return all(not asked or not seen.isdisjoint(asked) for asked, seen in pairs)
