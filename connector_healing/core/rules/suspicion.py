"""Rules for load packages that were held: nothing was raised, the data look wrong."""

from collections.abc import Callable, Mapping

from connector_healing.core.failure import SuspicionKind
from connector_healing.core.rules.clues import Clues
from connector_healing.core.rules.rule import Rule
from connector_healing.core.taxonomy import FailureSubcategory as Sub

#: What each kind of suspicion points to.
KINDS: Mapping[SuspicionKind, Sub] = {
    SuspicionKind.NO_ROWS: Sub.ROWS_LOST,
    SuspicionKind.TABLE_EMPTIED: Sub.ROWS_LOST,
    SuspicionKind.TABLE_HALVED: Sub.ROWS_LOST,
    SuspicionKind.BELOW_MIN_ROWS: Sub.ROWS_LOST,
    SuspicionKind.COLUMN_GONE_NULL: Sub.COLUMN_GONE_NULL,
    SuspicionKind.CHILD_TABLE_LOST: Sub.CHILD_TABLE_LOST,
    SuspicionKind.KEY_REPEATED: Sub.KEY_REPEATED,
}


def _suspects(subcategory: Sub) -> Callable[[Clues], bool]:
    kinds = {kind for kind, sub in KINDS.items() if sub is subcategory}
    return lambda clues: any(s.kind in kinds for s in clues.failure.suspicions)


# Lost rows first: where they are gone, columns and child tables go with them.
RULES = (
    Rule(
        name="suspicion.rows_lost",
        subcategory=Sub.ROWS_LOST,
        cause="The API answered without an error, with far fewer rows than before: {suspicions}",
        confidence=0.7,
        when=_suspects(Sub.ROWS_LOST),
        also=(Sub.PAGINATION_BROKEN, Sub.ENVELOPE_CHANGED, Sub.PERMISSION_MISSING),
    ),
    Rule(
        name="suspicion.column_gone_null",
        subcategory=Sub.COLUMN_GONE_NULL,
        cause="A column that had values came without any: {suspicions}",
        confidence=0.8,
        when=_suspects(Sub.COLUMN_GONE_NULL),
        also=(Sub.FIELD_RENAMED, Sub.FIELD_MOVED, Sub.FIELD_REMOVED),
    ),
    Rule(
        name="suspicion.child_table_lost",
        subcategory=Sub.CHILD_TABLE_LOST,
        cause="A nested list that had rows came without any: {suspicions}",
        confidence=0.8,
        when=_suspects(Sub.CHILD_TABLE_LOST),
        also=(Sub.FIELD_RENAMED, Sub.FIELD_REMOVED),
    ),
    Rule(
        name="suspicion.key_repeated",
        subcategory=Sub.KEY_REPEATED,
        cause="The API answered without an error, with the same records more than once: "
        "{suspicions}",
        confidence=0.8,
        when=_suspects(Sub.KEY_REPEATED),
        also=(Sub.PAGINATION_BROKEN,),
    ),
    Rule(
        name="suspicion.other",
        subcategory=Sub.UNCLASSIFIED,
        cause="The load package was held: {suspicions}",
        confidence=0.3,
        when=lambda clues: bool(clues.failure.suspicions),
    ),
)
