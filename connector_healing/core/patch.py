"""Changes to a connector's text: edits, patches, candidates."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from connector_healing.core.connector import ConnectorCode
from connector_healing.core.policy import PolicyLevel
from connector_healing.core.taxonomy import FailureSubcategory


class PatchKind(StrEnum):
    """How a patch goes in; the order is the order of preference."""

    ABSTAIN = "abstain"  #: Nothing is changed: the candidate that is always there.
    REVERT = "revert"  #: The last good version becomes active again.
    CONFIG = "config"  #: A configuration value in the connector's text.
    SEAM = "seam"  #: One place that all data or requests pass.
    IN_PLACE = "in_place"  #: The statements that were seen to miss.


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class TextEdit:
    """One replacement in one module's text.

    `start` and `end` are character offsets in the text before any edit of the same patch;
    an insertion has `start == end`.
    """

    module: str
    start: int
    end: int
    replacement: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """A change of a connector's code as edits that do not overlap."""

    edits: tuple[TextEdit, ...]
    rationale: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpatchable:
    """A transform's answer where it cannot make its change."""

    reason: str


PatchResult = Patch | Unpatchable


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldAccess:
    """One place in the connector's code that read one field of an API record, as observed.

    Positions are those of CPython's `co_positions`: lines from 1, columns from 0 in UTF-8 bytes,
    the span being the whole subscript or call expression.
    """

    module: str
    line: int
    end_line: int
    column: int
    end_column: int
    path: (
        str  #: Dotted path of the field in its record, ``[]`` for list items: ``departure.delay``.
    )
    #: A path that begins with ``$.`` is the answer's, outside of its records: ``$.meta.next``.
    hit: bool  #: Whether the field was there.
    endpoint: str = ""  #: As `EndpointObservation.endpoint`: ``GET /v1/flights``.
    count: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A patch before its trial."""

    case_id: str
    number: int  #: From 1, in the order of trials.
    template: str  #: The name of the template that made it.
    subcategory: FailureSubcategory
    kind: PatchKind
    level: PolicyLevel
    summary: str  #: One sentence to a person.
    patch: Patch | None  #: None for abstain and revert.
    version_id: str | None  #: The version that it would make active.
    diff: str = ""
    prior: float = 0.5
    parameters: Mapping[str, str] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Changed characters: what `smallest` compares."""
        if self.patch is None:
            return 0
        return sum(e.end - e.start + len(e.replacement) for e in self.patch.edits)


def apply_edits(code: ConnectorCode, edits: tuple[TextEdit, ...]) -> ConnectorCode:
    """The code with all edits made.

    Raises:
        ValueError: If edits overlap or name a module or a place that the code does not have.
    """
    for name in sorted({e.module for e in edits}):
        module = code.module(name)
        if module is None:
            raise ValueError(f"the connector has no module {name!r}")
        text = module.text
        last_start = len(text)
        for edit in sorted((e for e in edits if e.module == name), reverse=True):
            if not 0 <= edit.start <= edit.end <= last_start:
                raise ValueError(f"edits of {name!r} overlap or leave the text at {edit.start}")
            text = text[: edit.start] + edit.replacement + text[edit.end :]
            last_start = edit.start
        code = code.with_text(name, text)
    return code


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """A submitted version as one commit of the connector's own git repository."""

    name: str
    patch: str  #: The commit as a unified diff, paths from the repository's top.
