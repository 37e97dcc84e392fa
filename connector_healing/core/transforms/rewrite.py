"""Deciding how each read of a moved field finds it in both formats."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import libcst as cst

from connector_healing.core.transforms.reads import Read, ReadKind, assigned_base, inline_base
from connector_healing.core.transforms.renames import ITEM, Path, Renames, text_of
from connector_healing.core.transforms.syntax import Syntax

#: What gives back an old value from a changed one, and the type of the changed ones: whatever
#: else comes (a null, a value of the old format) stays as it is.
CASTS: Mapping[str, tuple[str, str]] = {"cast_int": ("str", "int"), "to_string": ("int", "str")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewrite:
    """How one read becomes a read of both formats."""

    read: Read
    root: (
        cst.BaseExpression
    )  #: The object, in the read's expression or above, that `new` starts at.
    new: Path  #: Keys from the root to the value in the new format.
    depth: int  #: How many keys of the old path lie behind the root; 1: the root is the base.
    inside: bool  #: Whether the root is a part of the read's own expression.
    absorbed: tuple[cst.CSTNode, ...]  #: Inner reads that this rewrite deals with.
    witness: int  #: So many keys of `new` exist only in the new format; 0: the path is unchanged.
    in_scalar: bool  #: Whether the old format held a scalar where the new one goes on.
    cast: tuple[str, str] | None  #: Of `CASTS`.


@dataclass(frozen=True, slots=True, kw_only=True)
class Stranded:
    """A container that is gone and whose fields went to different places."""

    path: Path


@dataclass(frozen=True, slots=True)
class Impossible:
    """Why a read cannot be rewritten."""

    why: str


Plan = Rewrite | Stranded | Impossible | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Level:
    """A place to start from: an object of the record that the read's expression goes through."""

    root: cst.BaseExpression
    path: Path  #: The object's old path.
    absorbed: tuple[cst.CSTNode, ...]
    depth: int
    inside: bool  #: Whether the object is a part of the read's own expression.
    inner: Read | None  #: The read that makes the object, where it is one in this expression.


@dataclass(frozen=True, slots=True, kw_only=True)
class Planner:
    """Plans the rewrites of one module."""

    syntax: Syntax
    reads: Mapping[cst.CSTNode, Read]
    renames: Renames

    def moves(self, path: Path) -> bool:
        """Whether a field, looked up in its (perhaps moved) container, is not there any more."""
        target, container = self.renames.target(path), self.renames.target(path[:-1])
        return target is None or container is None or target != (*container, path[-1])

    def plan(self, read: Read) -> Plan:
        """How to rewrite a read; None where it needs nothing."""
        plans = [self._plan(read, base) for base in sorted(read.bases)]
        wanted = [p for p in plans if p is not None]
        if not wanted:
            return None
        for plan in wanted:
            if isinstance(plan, Impossible):
                return plan
        first = wanted[0]
        if any(plan != first for plan in wanted[1:]):
            return Impossible("it reads fields that moved to different places")
        return first

    def _plan(self, read: Read, base: Path) -> Plan:
        path = (*base, read.name)
        fate = self.renames.fates.get(path)
        transform = fate.transform if fate is not None and fate.new is not None else "identity"
        if not self.moves(path) and transform == "identity":
            return None
        if transform != "identity" and transform not in CASTS:
            return Impossible(f"its values changed by {transform}, which is not undone safely")
        target = self.renames.target(path)
        if target is None:
            if fate is not None:
                return Impossible(f"nothing proven holds {text_of(path)} now")
            return Stranded(path=path)
        found = self._best_level(read, base, target)
        if isinstance(found, Impossible):
            return found
        level, new = found
        return self._rewrite(read, level, new, CASTS.get(transform))

    def _best_level(self, read: Read, base: Path, target: Path) -> tuple[_Level, Path] | Impossible:
        """The nearest object that still leads to the value, its own reading unchanged if possible."""
        fallback: tuple[_Level, Path] | None = None
        for level in self._levels(read, base):
            home = self.renames.target(level.path)
            if home is None or target[: len(home)] != home:
                continue
            new = target[len(home) :]
            if not new or ITEM in new:
                continue
            if level.inner is None or not self.moves(level.path):
                return level, new
            fallback = fallback or (level, new)
        where = text_of(target)
        return fallback or Impossible(f"{where} cannot be reached from this expression")

    def _levels(self, read: Read, base: Path) -> Iterator[_Level]:
        at, path, depth = read, base, 1
        absorbed: tuple[cst.CSTNode, ...] = ()
        inside = True
        while True:
            inner = _leading_to(path, inline_base(self.reads, at))
            yield _Level(
                root=at.base,
                path=path,
                absorbed=absorbed,
                depth=depth,
                inner=inner,
                inside=inside,
            )
            step = inner or _leading_to(path, assigned_base(self.syntax, self.reads, at))
            if step is None:
                return
            inside = inside and inner is not None
            absorbed = (*absorbed, step.node) if inside else absorbed
            at, path, depth = step, path[:-1], depth + 1

    def _rewrite(
        self, read: Read, level: _Level, new: Path, cast: tuple[str, str] | None
    ) -> Rewrite | Impossible:
        home = self.renames.target(level.path) or ()
        unchanged = level.depth == 1 and new == (read.name,)
        fresh = (n for n in range(1, len(new) + 1) if not self.renames.reused((*home, *new[:n])))
        witness = 0 if unchanged else next(fresh, 0)
        if not unchanged and not witness:
            where = text_of((*home, *new))
            return Impossible(f"the old format had a {where} too: no record tells its format")
        scalars = [n for n in range(1, max(1, witness)) if (*home, *new[:n]) in self.renames.fates]
        if scalars and scalars != [witness - 1]:
            return Impossible("it moved below what was a scalar")
        if cast and (read.kind not in {ReadKind.ITEM, ReadKind.GET} or read.default is not None):
            return Impossible("a cast would change its default")
        if read.kind is ReadKind.POP and (level.depth > 1 or len(new) > 1):
            return Impossible("it takes the field out of an object that moved")
        return Rewrite(
            read=read,
            root=level.root,
            new=new,
            depth=level.depth,
            inside=level.inside,
            absorbed=level.absorbed,
            witness=witness,
            in_scalar=bool(scalars),
            cast=cast,
        )


def _leading_to(path: Path, read: Read | None) -> Read | None:
    """The read, if it was seen to give the object at this path."""
    if read is None or not path or path[-1] != read.name or path[:-1] not in read.bases:
        return None
    return read
