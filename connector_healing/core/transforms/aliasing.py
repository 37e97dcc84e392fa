"""What a record alias is given: the moves that make a record of the new format an old one."""

from collections.abc import Mapping, Sequence

from connector_healing.core.drift.mapping import FieldMapping
from connector_healing.core.patch import Unpatchable
from connector_healing.core.transforms.imports import Import
from connector_healing.core.transforms.renames import ITEM, Path, Renames, path_of, renamed, text_of

ALIAS_FIELDS = Import("connector_healing.runtime.aliases", "alias_fields")


def record_alias(
    mappings: Sequence[FieldMapping], read: frozenset[Path] | None = None
) -> Mapping[str, str] | Unpatchable:
    """Old path to new path, in the order in which `alias_fields` moves values back.

    A container whose fields all moved together is moved first and as a whole; what follows is
    named by where it lies then.

    Args:
        mappings: What became of the old fields.
        read: The old paths that are wanted; None: all.
    """
    lost = Renames(mappings=mappings, read=read or frozenset()).unresolved()
    if lost:
        names = ", ".join(m.old for m in lost)
        return Unpatchable(
            reason=f"The connector reads what nothing proven holds any more: {names}."
        )
    wanted = [m for m in renamed(mappings) if read is None or _is_read(path_of(m.old), read)]
    if not wanted:
        return Unpatchable(reason="No field that is read has moved.")
    whole = Renames(mappings=mappings, read=frozenset())
    for mapping in wanted:
        problem = _obstacle(whole, mapping)
        if problem is not None:
            return Unpatchable(reason=problem)
    moves = _moves(whole, {path_of(m.old): path_of(m.new or "") for m in wanted})
    for old, new in moves.items():
        if _lists(old) != _lists(new):
            return Unpatchable(reason=f"{text_of(old)} moved into, out of or between lists.")
    return {text_of(old): text_of(new) for old, new in moves.items()}


def _moves(whole: Renames, wanted: Mapping[Path, Path]) -> dict[Path, Path]:
    containers = dict.fromkeys(old[:n] for old in wanted for n in range(1, len(old)))
    moves: dict[Path, Path] = {}
    for container in sorted(containers, key=len):
        if _moves_whole(whole, container):
            _add(moves, container, whole.target(container) or container)
    for old, new in wanted.items():
        _add(moves, old, new)
    return moves


def _add(moves: dict[Path, Path], old: Path, new: Path) -> None:
    """Add a move from where the new path lies once the earlier moves are done."""
    for done, source in moves.items():
        if new[: len(source)] == source:
            new = (*done, *new[len(source) :])
    if new != old:
        moves[old] = new


def _is_read(path: Path, read: frozenset[Path]) -> bool:
    """Whether the field is read, or its container is read and none of its fields."""
    if path in read:
        return True
    containers = (path[:n] for n in range(1, len(path)) if path[:n] in read)
    return any(not any(r[: len(c)] == c and r != c for r in read) for c in containers)


def _moves_whole(whole: Renames, container: Path) -> bool:
    """Whether moving the container back takes along its own fields and nobody else's."""
    home = whole.target(container)
    if container[-1] == ITEM or home is None or home == container or whole.reused(home):
        return False
    leaves = [leaf for leaf in whole.fates if leaf[: len(container)] == container]
    others = (whole.target(leaf) for leaf in whole.fates if leaf not in leaves)
    if any(new is not None and new[: len(home)] == home for new in others):
        return False
    return len(leaves) > 1 or any(ITEM in leaf[len(container) :] for leaf in leaves)


def _obstacle(whole: Renames, mapping: FieldMapping) -> str | None:
    if mapping.transform != "identity":
        return f"{mapping.old} changed by {mapping.transform}, which an alias does not undo."
    old, new = path_of(mapping.old), path_of(mapping.new or "")
    if whole.reused(new):
        return f"{text_of(new)} was a field of the old format too: no record tells its format."
    if any(new[:n] in whole.fates for n in range(1, len(new))):
        return f"{text_of(old)} moved below what was a scalar."
    return None


def _lists(path: Path) -> Path:
    """The part of a path that ends with its last list."""
    return path[: len(path) - path[::-1].index(ITEM)] if ITEM in path else ()
