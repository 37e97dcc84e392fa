"""Field mappings as a question: where does a path of the old format lie in the new one?"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from connector_healing.core.drift.mapping import FieldMapping, MappingVerdict

#: A field's path: keys, and ``[]`` for the items of a list; empty for the record itself.
Path = tuple[str, ...]

ITEM = "[]"


def path_of(text: str) -> Path:
    """``legs[].carrier`` as ``("legs", "[]", "carrier")``."""
    parts: list[str] = []
    for segment in text.split(".") if text else ():
        name = segment.rstrip("[]")
        parts += [name] if name else []
        parts += [ITEM] * segment[len(name) :].count(ITEM)
    return tuple(parts)


def text_of(path: Path) -> str:
    """``("legs", "[]", "carrier")`` as ``legs[].carrier``."""
    return ".".join(path).replace(f".{ITEM}", ITEM)


@dataclass(frozen=True, slots=True, kw_only=True)
class Renames:
    """All mappings of one format change.

    Args:
        mappings: What became of the old fields.
        read: Old paths that the connector reads; a container moves with the fields that are
            read of it, and with all its fields where none is.
    """

    mappings: Sequence[FieldMapping]
    read: frozenset[Path]
    fates: dict[Path, FieldMapping] = field(init=False)
    old: frozenset[Path] = field(init=False)  #: Every path of the old format, containers too.

    def __post_init__(self) -> None:
        fates = {path_of(m.old): m for m in self.mappings}
        every = {path[:n] for path in fates for n in range(1, len(path) + 1)}
        object.__setattr__(self, "fates", fates)
        object.__setattr__(self, "old", frozenset(every))

    def target(self, path: Path) -> Path | None:
        """Where the path lies in the new format; None where nothing, or no one place, holds it.

        A container is where all that is wanted of it lies, else where it was if anything is left
        there. A path that no mapping knows stays.
        """
        if not path:
            return path
        fate = self.fates.get(path)
        if fate is not None:
            return _new_path(fate)
        leaves = [leaf for leaf in self.fates if _under(leaf, path)]
        wanted = [leaf for leaf in leaves if leaf in self.read] or leaves
        if not wanted:
            return path
        homes = {self._home(leaf, path) for leaf in wanted}
        if len(homes) == 1 and (home := homes.pop()):
            return home
        kept = any(_under(new, path) for new in map(_new_path, self.fates.values()) if new)
        return path if kept else None

    def _home(self, leaf: Path, container: Path) -> Path | None:
        """Where the container must lie for the leaf to keep its folder in it."""
        new = _new_path(self.fates[leaf])
        if new is None:
            return None
        inside = _folder(leaf[len(container) :])
        folder = _folder(new)
        if inside and folder[-len(inside) :] != inside:
            return None
        home = folder[: len(folder) - len(inside)]
        same_lists = home.count(ITEM) == container.count(ITEM)
        same_end = (home[-1:] == (ITEM,)) == (container[-1:] == (ITEM,))
        return home if same_lists and same_end else None

    def unresolved(self) -> tuple[FieldMapping, ...]:
        """Mappings of fields that the connector reads and that nothing proven holds."""
        lost = (MappingVerdict.REMOVED, MappingVerdict.UNSURE)
        return tuple(
            fate for path, fate in self.fates.items() if path in self.read and fate.verdict in lost
        )

    def reused(self, path: Path) -> bool:
        """Whether a new path was there in the old format: then no record tells its format."""
        return path in self.old


def renamed(mappings: Iterable[FieldMapping]) -> tuple[FieldMapping, ...]:
    """The mappings that say that a field lies elsewhere now."""
    return tuple(
        m
        for m in mappings
        if m.verdict is MappingVerdict.RENAMED and m.new is not None and m.new != m.old
    )


def _new_path(mapping: FieldMapping) -> Path | None:
    if mapping.verdict is MappingVerdict.SAME:
        return path_of(mapping.new or mapping.old)
    if mapping.verdict is MappingVerdict.RENAMED and mapping.new is not None:
        return path_of(mapping.new)
    return None


def _under(leaf: Path, container: Path) -> bool:
    return len(leaf) > len(container) and leaf[: len(container)] == container


def _folder(path: Path) -> Path:
    """The path without its last key and the list signs behind it."""
    end = len(path)
    while end and path[end - 1] == ITEM:
        end -= 1
    return path[: max(0, end - 1)]
