"""Observed field accesses as expressions of the connector's text."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import libcst as cst
import libcst.metadata as meta

from connector_healing.core.patch import FieldAccess
from connector_healing.core.transforms.renames import Path, path_of
from connector_healing.core.transforms.syntax import Syntax


class ReadKind(StrEnum):
    """How an expression reads a field."""

    ITEM = "item"  #: ``row["a"]``
    GET = "get"  #: ``row.get("a")``, ``row.get("a", other)``
    POP = "pop"  #: ``row.pop("a")``, ``row.pop("a", other)``
    IN = "in"  #: ``"a" in row``
    NOT_IN = "not_in"  #: ``"a" not in row``


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """One expression that reads one key of a record or of an object in it."""

    node: cst.BaseExpression
    kind: ReadKind
    base: cst.BaseExpression  #: What the key is looked up in.
    key: cst.SimpleString
    default: cst.BaseExpression | None  #: The second argument of `get` and `pop`.
    bases: frozenset[Path]  #: Paths that the base was seen to have in its record.
    missed: bool  #: Whether the field was ever seen to be missing.

    @property
    def name(self) -> str:
        """The key that is read."""
        value = self.key.evaluated_value
        return value if isinstance(value, str) else value.decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """An access that no transform knows how to change."""

    line: int
    paths: frozenset[Path]
    why: str


def reads_of(
    module: str, syntax: Syntax, accesses: Iterable[FieldAccess]
) -> tuple[Mapping[cst.CSTNode, Read], Sequence[Unreadable]]:
    """The module's accesses as expressions, by node, and those that could not be placed."""
    places: dict[tuple[int, int, int, int], list[FieldAccess]] = {}
    for access in accesses:
        if access.module == module:
            place = (access.line, access.column, access.end_line, access.end_column)
            places.setdefault(place, []).append(access)
    reads: dict[cst.CSTNode, Read] = {}
    unreadable: list[Unreadable] = []
    for place, seen in sorted(places.items()):
        found = _read(syntax, syntax.expression_at(*place), seen)
        if isinstance(found, Read):
            reads[found.node] = found
        else:
            paths = frozenset(path_of(a.path) for a in seen)
            unreadable.append(Unreadable(line=place[0], paths=paths, why=found))
    return reads, unreadable


def _read(syntax: Syntax, node: cst.BaseExpression | None, seen: list[FieldAccess]) -> Read | str:
    parts = _parts(node)
    if node is None or parts is None:
        return "it is not a plain subscript, get, pop or in"
    kind, base, key, default = parts
    if not isinstance(key, cst.SimpleString) or not isinstance(key.evaluated_value, str):
        return "its key is no literal"
    if _is_written(syntax, node):
        return "it is written as well as read"
    name = key.evaluated_value
    bases = set()
    for access in seen:
        path = path_of(access.path)
        if path[-1:] != (name,):
            return f"it was seen to read {access.path}, not {name}"
        bases.add(path[:-1])
    return Read(
        node=node,
        kind=kind,
        base=base,
        key=key,
        default=default,
        bases=frozenset(bases),
        missed=any(not a.hit for a in seen),
    )


_Parts = tuple[ReadKind, cst.BaseExpression, cst.BaseExpression, cst.BaseExpression | None]


def _parts(node: cst.BaseExpression | None) -> _Parts | None:
    match node:
        case cst.Subscript(
            value=base, slice=[cst.SubscriptElement(slice=cst.Index(value=key, star=None))]
        ):
            return ReadKind.ITEM, base, key, None
        case cst.Call(
            func=cst.Attribute(value=base, attr=cst.Name(value="get" | "pop" as method)),
            args=[cst.Arg(keyword=None, star="", value=key), *rest],
        ) if len(rest) <= 1 and all(a.keyword is None and a.star == "" for a in rest):
            return ReadKind(method), base, key, rest[0].value if rest else None
        case cst.Comparison(
            left=key,
            comparisons=[
                cst.ComparisonTarget(operator=cst.In() | cst.NotIn() as how, comparator=base)
            ],
        ):
            return ReadKind.IN if isinstance(how, cst.In) else ReadKind.NOT_IN, base, key, None
        case _:
            return None


def _is_written(syntax: Syntax, node: cst.CSTNode) -> bool:
    """Whether the expression is a target: of an assignment, a loop, a deletion."""
    below: cst.CSTNode = node
    for above in syntax.ancestors(node):
        match above:
            case cst.AssignTarget() | cst.Del() | cst.AsName():
                return True
            case (
                cst.AugAssign(target=target)
                | cst.AnnAssign(target=target)
                | cst.For(target=target)
                | cst.CompFor(target=target)
            ):
                return target is below
            case cst.Tuple() | cst.List() | cst.BaseElement():
                below = above
            case _:
                return False
    return False


def inline_base(reads: Mapping[cst.CSTNode, Read], read: Read) -> Read | None:
    """The read that makes this read's base, in the same expression; also behind ``or {}``."""
    found = reads.get(_before_default(read.base))
    return found if found is not None and found.kind in {ReadKind.ITEM, ReadKind.GET} else None


def _before_default(node: cst.BaseExpression) -> cst.BaseExpression:
    """``x`` of ``x or {}``."""
    match node:
        case cst.BooleanOperation(left=left, operator=cst.Or(), right=cst.Dict(elements=[])):
            return left
        case _:
            return node


def assigned_base(syntax: Syntax, reads: Mapping[cst.CSTNode, Read], read: Read) -> Read | None:
    """The read that a base variable was assigned from, where both must be of one record.

    For ``departure = row["departure"]`` above ``departure["delay"]`` in the same block, with
    `departure` and `row` bound nowhere else in the function, the record of the second is `row`.
    """
    assigned = _only_binding(syntax, read.base)
    target = syntax.parent(assigned) if assigned is not None else None
    statement = syntax.parent(target) if isinstance(target, cst.AssignTarget) else None
    if not isinstance(statement, cst.Assign) or len(statement.targets) != 1:
        return None
    found = reads.get(_before_default(statement.value))
    if found is None or found.kind not in {ReadKind.ITEM, ReadKind.GET}:
        return None
    root = found
    while (inner := inline_base(reads, root)) is not None:
        root = inner
    if _only_binding(syntax, root.base) is None:
        return None
    return found if _follows(syntax, read.node, statement) else None


def _only_binding(syntax: Syntax, node: cst.CSTNode) -> cst.CSTNode | None:
    """The one place that binds a variable of the function that the node stands in."""
    scope = syntax.scope(node)
    if not isinstance(node, cst.Name) or scope is None:
        return None
    bound = [a for a in scope[node.value] if isinstance(a, meta.Assignment)]
    if len(bound) != 1 or not isinstance(bound[0].scope, meta.FunctionScope):
        return None
    return bound[0].node if bound[0].scope is _function_scope(scope) else None


def _function_scope(scope: meta.Scope) -> meta.Scope:
    while isinstance(scope, meta.ComprehensionScope):
        scope = scope.parent
    return scope


def _follows(syntax: Syntax, node: cst.CSTNode, statement: cst.CSTNode) -> bool:
    """Whether the node can only be reached through the statement: later in its block."""
    line = syntax.parent(statement)
    block = syntax.parent(line) if line is not None else None
    if not isinstance(block, cst.IndentedBlock) or not isinstance(line, cst.SimpleStatementLine):
        return False
    chain = {node, *syntax.ancestors(node)}
    if any(isinstance(a, cst.GeneratorExp) for a in chain):
        return False  # it runs when its consumer pleases
    later = block.body[block.body.index(line) + 1 :]
    return any(entry in chain for entry in later)
