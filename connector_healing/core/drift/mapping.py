"""What the field-mapping engine answers."""

from dataclasses import dataclass
from enum import StrEnum


class MappingVerdict(StrEnum):
    """What became of an old field."""

    SAME = "same"  #: It is where it was.
    RENAMED = "renamed"  #: Another path holds its values (renamed, moved or both).
    REMOVED = "removed"  #: Nothing holds its values.
    UNSURE = "unsure"  #: Something may hold them; nothing proves it.


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldMapping:
    """One old field's fate. Paths are dotted; ``[]`` marks list items (``legs[].carrier``)."""

    old: str
    new: str | None  #: None unless the verdict is SAME or RENAMED.
    verdict: MappingVerdict
    transform: str = (
        "identity"  #: identity, cast_int, to_string, epoch_to_iso ... as facts name them.
    )
    confidence: float = 0.0  #: From 0 to 1.
    shared_keys: int = 0  #: Records that both sides hold, found by key.
    agreement: float | None = None  #: Share of the shared records on which the values agree.
    why: str = ""  #: The decisive evidence, as a sentence.
    runner_up: str | None = None  #: The next best new path.
