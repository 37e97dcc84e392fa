"""What a record alias is given: new paths to old ones, for `alias_fields` at a seam."""

from collections.abc import Mapping, Sequence

from connector_healing.core.drift.mapping import FieldMapping
from connector_healing.core.patch import Unpatchable
from connector_healing.core.transforms.imports import Import
from connector_healing.core.transforms.renames import ITEM, Path, Renames, path_of, renamed, text_of

ALIAS_FIELDS = Import("connector_healing.runtime.aliases", "alias_fields")


def record_alias(
    mappings: Sequence[FieldMapping], read: frozenset[Path] | None = None
) -> Mapping[str, str] | Unpatchable:
    """New path to old path, for filling the old fields of a record of the new format.

    Containers whose fields all moved together are one entry.

    Args:
        mappings: What became of the old fields.
        read: The old paths that are wanted; None: all.
    """
    renames = Renames(mappings=mappings, read=read or frozenset())
    lost = renames.unresolved()
    if lost:
        names = ", ".join(m.old for m in lost)
        return Unpatchable(
            reason=f"The connector reads what nothing proven holds any more: {names}."
        )
    wanted = [m for m in renamed(mappings) if read is None or _is_read(path_of(m.old), read)]
    if not wanted:
        return Unpatchable(reason="No field that is read has moved.")
    whole = Renames(mappings=mappings, read=frozenset())
    pairs: dict[Path, Path] = {}
    for mapping in wanted:
        if mapping.transform != "identity":
            reason = f"{mapping.old} changed by {mapping.transform}, which an alias does not undo."
            return Unpatchable(reason=reason)
        old, new = _together(whole, mapping)
        problem = _obstacle(whole, old, new)
        if problem:
            return Unpatchable(reason=problem)
        pairs[new] = old
    return {text_of(new): text_of(old) for new, old in pairs.items()}


def _is_read(path: Path, read: frozenset[Path]) -> bool:
    """Whether the field is read, or its container is read and none of its fields."""
    if path in read:
        return True
    containers = (path[:n] for n in range(1, len(path)) if path[:n] in read)
    return any(not any(r[: len(c)] == c and r != c for r in read) for c in containers)


def _together(whole: Renames, mapping: FieldMapping) -> tuple[Path, Path]:
    """The outermost container that moved as a whole with the field, old and new; else the field."""
    old, new = path_of(mapping.old), path_of(mapping.new or "")
    for length in range(1, len(old)):
        container = old[:length]
        home = whole.target(container)
        tail = old[length:]
        leaves = [p for p in whole.fates if p[:length] == container]
        moved_whole = (
            home is not None
            and home != container
            and all(whole.target(p) == (*home, *p[length:]) for p in leaves)
        )
        if home is not None and moved_whole and container[-1] != ITEM and new == (*home, *tail):
            return container, home
    return old, new


def _obstacle(whole: Renames, old: Path, new: Path) -> str | None:
    if whole.reused(new):
        return f"{text_of(new)} was a field of the old format too: no record tells its format."
    if any(new[:n] in whole.fates for n in range(1, len(new))):
        return f"{text_of(old)} moved below what was a scalar."
    if old.count(ITEM) != new.count(ITEM):
        return f"{text_of(old)} moved into or out of a list."
    return None
