"""What a field mapping adds to a diagnosis: whether a field was renamed, moved or removed."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from connector_healing.core.drift.mapping import FieldMapping, MappingVerdict
from connector_healing.core.failure import Diagnosis, Evidence
from connector_healing.core.patch import FieldAccess
from connector_healing.core.taxonomy import SUBCATEGORY_FACTS, FailureSubcategory

#: What the field mapping can explain.
ABOUT_FIELDS = frozenset(
    {
        FailureSubcategory.FIELD_CHANGED,
        FailureSubcategory.TYPE_CHANGED,
        FailureSubcategory.COLUMN_GONE_NULL,
        FailureSubcategory.CURSOR_MISSING,
        FailureSubcategory.CHILD_TABLE_LOST,
    }
)

_TOLD: Mapping[MappingVerdict, str] = {
    MappingVerdict.RENAMED: "now at",
    MappingVerdict.REMOVED: "removed",
    MappingVerdict.UNSURE: "gone, and nothing proves where to",
    MappingVerdict.SAME: "where it was",
}


def refined(
    diagnosis: Diagnosis, mappings: Sequence[FieldMapping], accesses: Sequence[FieldAccess]
) -> Diagnosis:
    """Say which it is: renamed, moved or removed. What is unsure stays as it was.

    Args:
        diagnosis: By the rules alone.
        mappings: What became of the API's fields.
        accesses: The connector's reads; none: a configuration, which reads all of them.
    """
    read = {a.path for a in accesses}
    touched = [m for m in mappings if m.verdict is not MappingVerdict.SAME and _is_read(m, read)]
    subcategory = _subcategory(touched)
    if subcategory is None:
        return diagnosis
    facts = SUBCATEGORY_FACTS[subcategory]
    evidence = tuple(
        Evidence(text=f"{m.old} -> {m.new or m.verdict.value}: {m.why}", where="API records")
        for m in touched
    )
    return replace(
        diagnosis,
        category=facts.category,
        subcategory=subcategory,
        cause=_cause(touched),
        remedy=facts.remedy,
        retryable=facts.retryable,
        human_needed=facts.human_needed,
        confidence=min(m.confidence for m in touched),
        evidence=(*diagnosis.evidence, *evidence),
    )


def _subcategory(touched: Sequence[FieldMapping]) -> FailureSubcategory | None:
    verdicts = {m.verdict for m in touched}
    if verdicts == {MappingVerdict.RENAMED}:
        moved = all(m.new and _leaf(m.new) == _leaf(m.old) for m in touched)
        return FailureSubcategory.FIELD_MOVED if moved else FailureSubcategory.FIELD_RENAMED
    if MappingVerdict.REMOVED in verdicts:
        return FailureSubcategory.FIELD_REMOVED
    return None


def _is_read(mapping: FieldMapping, read: Collection[str]) -> bool:
    if not read:
        return True
    return any(mapping.old == path or mapping.old.startswith(f"{path}.") for path in read)


def _leaf(path: str) -> str:
    return path.rpartition(".")[2]


def _cause(touched: Sequence[FieldMapping]) -> str:
    parts = [f"{m.old} {_TOLD[m.verdict]}{f' {m.new}' if m.new else ''}" for m in touched]
    return f"The API changed its records: {'; '.join(parts)}."
