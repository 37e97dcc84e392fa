"""Takes the secrets out of values that are kept: states, profiles, arguments."""

from collections.abc import Mapping
from dataclasses import replace

from connector_healing.core.profile import ColumnProfile, TableProfile
from connector_healing.core.redaction import MASK, Redactor
from connector_healing.core.secret_names import Place, hides
from connector_healing.sandbox.packages import TEXT_KEPT


def clean_value(
    value: object, redactor: Redactor, name: str = "", place: Place = Place.TEXT
) -> object:
    """A JSON value without secrets; texts under a secret name are masked whole.

    Args:
        value: Mappings, lists and scalars.
        redactor: Knows the secrets of the run.
        name: Under which the value stands.
        place: What kind of name that is.
    """
    if isinstance(value, Mapping):
        return {str(k): clean_value(v, redactor, str(k), place) for k, v in value.items()}
    if isinstance(value, list | tuple):
        cleaned = [clean_value(v, redactor, name, place) for v in value]
        return cleaned if isinstance(value, list) else tuple(cleaned)
    if not isinstance(value, str):
        return value
    return MASK if value and hides(name, value, place) else redactor.text(value)


def clean_state(state: Mapping[str, object], redactor: Redactor) -> dict[str, object]:
    """A dlt source state without secrets."""
    return {str(k): clean_value(v, redactor, str(k)) for k, v in state.items()}


def clean_table(table: TableProfile, redactor: Redactor) -> TableProfile:
    """A profile of which no extreme is a secret."""
    columns = {name: _clean_column(column, redactor) for name, column in table.columns.items()}
    return replace(table, columns=columns)


def _clean_column(column: ColumnProfile, redactor: Redactor) -> ColumnProfile:
    texts = (column.minimum, column.maximum)
    if any(t is not None and hides(column.name, t) for t in texts):
        return replace(column, minimum=None, maximum=None)
    minimum, maximum = (None if t is None else _clean_extreme(t, redactor) for t in texts)
    if (minimum, maximum) == texts:
        return column
    return replace(column, minimum=minimum, maximum=maximum)


def _clean_extreme(text: str, redactor: Redactor) -> str:
    # The profile cuts long texts: half a secret at the end would not be known for one.
    whole = text if len(text) < TEXT_KEPT else text[: text.rfind(" ") + 1].rstrip()
    return redactor.text(whole)


def open_arguments(
    arguments: Mapping[str, object], redactor: Redactor
) -> tuple[dict[str, object], tuple[str, ...]]:
    """The arguments of an entry point that hold no secret, and the names of the others."""
    kept = {n: v for n, v in arguments.items() if clean_value(v, redactor, n, Place.SETTING) == v}
    return kept, tuple(sorted(set(arguments) - set(kept)))
