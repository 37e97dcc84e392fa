"""What turns an old field's values into the new one's, by name."""

from collections.abc import Mapping

from connector_healing.core.drift.agreement import Agreement
from connector_healing.core.drift.columns import Column
from connector_healing.core.drift.kinds import Kind, epoch_scale
from connector_healing.core.drift.views import View

#: Conversions after which every old value can be had back from the new one.
LOSSLESS = frozenset(
    {
        "identity", "cast_int", "cast_number", "cast_bool", "to_string", "bool_to_string",
        "invert_bool", "epoch_to_iso", "epoch_ms_to_iso", "iso_to_epoch", "iso_to_epoch_ms",
        "date_to_datetime", "space_to_rfc3339", "resource_name",
    }
)  # fmt: skip

_IDENTIFIERS = (Kind.INT, Kind.NUMERAL, Kind.UUID, Kind.TOKEN, Kind.EPOCH)
_OPAQUE_IDENTIFIERS = (Kind.UUID, Kind.TOKEN)
_MOSTLY = 0.6

#: By the types of the old and the new values; text to text is looked at closer.
_BY_TYPE: Mapping[tuple[str, str], str] = {
    ("str", "int"): "cast_int",
    ("str", "float"): "cast_number",
    ("str", "bool"): "cast_bool",
    ("int", "bool"): "cast_bool",
    ("int", "str"): "to_string",
    ("float", "str"): "to_string",
    ("int", "float"): "cast_number",
    ("bool", "str"): "bool_to_string",
    ("bool", "int"): "cast_int",
}


def conversion_of(old: Column, new: Column, agreement: Agreement) -> str:
    """The conversion's name; ``identity`` where values stay as they are or nothing is known."""
    mine, theirs = _type_of(old), _type_of(new)
    if mine is None or theirs is None:
        return "identity"
    if agreement.view is View.CODED:
        return _coded(mine, theirs)
    if agreement.view is View.TAIL and agreement.equal:
        return "resource_name" if _pathlike(new) > _pathlike(old) else "resource_id"
    if agreement.view is View.FOLDED and agreement.equal:
        return "enum_map"
    if mine == theirs == "str":
        return _text_to_text(old, new)
    return _between_times(old, new) or _by_type(old, new, mine, theirs)


def is_new_identifier(old: Column, new: Column) -> bool:
    """Whether identifiers of one form gave way to identifiers of another."""
    mine, theirs = _main_kind(old), _main_kind(new)
    if mine == theirs or mine not in _IDENTIFIERS or theirs not in _IDENTIFIERS:
        return False
    return mine in _OPAQUE_IDENTIFIERS or theirs in _OPAQUE_IDENTIFIERS


def _type_of(column: Column) -> str | None:
    """The JSON type of most values; integers among numbers are numbers."""
    found: dict[str, int] = {}
    for value, count in column.sample:
        name = type(value).__name__
        found[name] = found.get(name, 0) + count
    if "float" in found:
        found["float"] += found.pop("int", 0)
    return max(sorted(found), key=lambda name: found[name]) if found else None


def _main_kind(column: Column) -> Kind | None:
    kinds = column.kinds
    return max(sorted(kinds), key=lambda kind: kinds[kind]) if kinds else None


def _share(column: Column, *kinds: Kind) -> float:
    return sum(column.kinds.get(kind, 0.0) for kind in kinds)


def _pathlike(column: Column) -> float:
    return _share(column, Kind.PATH, Kind.URL)


def _coded(mine: str, theirs: str) -> str:
    if mine == theirs == "bool":
        return "invert_bool"
    if theirs == "bool":
        return "cast_bool"
    return "bool_to_enum" if mine == "bool" else "enum_map"


def _text_to_text(old: Column, new: Column) -> str:
    if _share(old, Kind.DATE) > _MOSTLY and _share(new, Kind.DATETIME) > _MOSTLY:
        return "date_to_datetime"
    if _share(old, Kind.DATETIME) > _MOSTLY and _share(new, Kind.DATE) > _MOSTLY:
        return "datetime_to_date"
    if _share(old, Kind.DATETIME) > _MOSTLY and _share(new, Kind.DATETIME) > _MOSTLY:
        return "space_to_rfc3339" if _spaced(old) and not _spaced(new) else "identity"
    if _pathlike(new) > _MOSTLY and _share(old, *_IDENTIFIERS) > _MOSTLY:
        return "resource_name"
    return "identity"


def _spaced(column: Column) -> bool:
    return any(" " in str(value)[:11] for value, _ in column.sample)


def _between_times(old: Column, new: Column) -> str | None:
    if _share(old, Kind.EPOCH) > _MOSTLY and _share(new, Kind.DATETIME, Kind.DATE) > _MOSTLY:
        return "epoch_ms_to_iso" if _scale(old) > 1 else "epoch_to_iso"
    if _share(old, Kind.DATETIME, Kind.DATE) > _MOSTLY and _share(new, Kind.EPOCH) > _MOSTLY:
        return "iso_to_epoch_ms" if _scale(new) > 1 else "iso_to_epoch"
    return None


def _scale(column: Column) -> int:
    scales = [epoch_scale(value) for value, _ in column.sample if isinstance(value, int | float)]
    return max(scales, default=0)


def _by_type(old: Column, new: Column, mine: str, theirs: str) -> str:
    if (mine, theirs) == ("bool", "str"):
        spelled = all(str(value).casefold() in {"true", "false"} for value, _ in new.sample)
        return "bool_to_string" if spelled else "bool_to_enum"
    if mine == "str" and theirs == "int" and _share(old, Kind.NUMERAL) < 1:
        return "cast_number" if _share(old, Kind.NUMBER) else "cast_int"
    return _BY_TYPE.get((mine, theirs), "identity")
