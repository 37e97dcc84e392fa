"""What a look at the API's records adds to a diagnosis: what was renamed, moved or removed."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from connector_healing.core.drift.mapping import FieldMapping, MappingVerdict
from connector_healing.core.failure import Diagnosis, Evidence, Failure, SuspicionKind
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

#: Loads that brought nothing.
_NOTHING = frozenset({SuspicionKind.NO_ROWS, SuspicionKind.TABLE_EMPTIED})

#: Before the path of a read outside of any record.
_ENVELOPE = "$."

_EXCERPT = 300  #: Characters of one piece of evidence.

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
    if not touched:
        return diagnosis
    evidence = tuple(
        Evidence(
            text=f"{m.old} -> {m.new or m.verdict.value}: {m.why}"[:_EXCERPT], where="API records"
        )
        for m in touched
    )
    told = replace(diagnosis, evidence=(*diagnosis.evidence, *evidence))
    subcategory = _subcategory(touched)
    if subcategory is None:
        return replace(told, cause=f"{diagnosis.cause} {_cause(touched)}")
    return replace(
        _as(told, subcategory), cause=_cause(touched), confidence=min(m.confidence for m in touched)
    )


def with_envelope(
    diagnosis: Diagnosis, failure: Failure, accesses: Sequence[FieldAccess], listed: int
) -> Diagnosis:
    """Say so where the records are there, and not where the connector looks for them.

    Args:
        diagnosis: By the rules alone.
        failure: What was diagnosed.
        accesses: Reads of the code that failed.
        listed: Records in the longest list of the API's answers, where they were kept.
    """
    missed = next((a.path for a in accesses if not a.hit and a.path.startswith(_ENVELOPE)), None)
    if diagnosis.subcategory is FailureSubcategory.FIELD_CHANGED and missed:
        name = missed.removeprefix(_ENVELOPE)
        cause = f"{diagnosis.cause} It is no field of a record: the answers do not hold {name}."
    elif failure.suspicions and {s.kind for s in failure.suspicions} <= _NOTHING and listed:
        cause = f"{diagnosis.cause} But the API's answers hold lists of up to {listed} records."
    else:
        return diagnosis
    # The records' fields may have changed as well.
    also = (diagnosis.subcategory, *diagnosis.also_possible)
    return replace(
        _as(diagnosis, FailureSubcategory.ENVELOPE_CHANGED), cause=cause, also_possible=also
    )


def _as(diagnosis: Diagnosis, subcategory: FailureSubcategory) -> Diagnosis:
    facts = SUBCATEGORY_FACTS[subcategory]
    return replace(
        diagnosis,
        category=facts.category,
        subcategory=subcategory,
        remedy=facts.remedy,
        retryable=facts.retryable,
        human_needed=facts.human_needed,
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
    return f"The API changed its records: {'; '.join(map(_told, touched))}."


def _told(mapping: FieldMapping) -> str:
    guess = f" (perhaps {mapping.runner_up})" if mapping.runner_up and not mapping.new else ""
    place = f" {mapping.new}" if mapping.new else guess
    return f"{mapping.old} {_TOLD[mapping.verdict]}{place}"
