"""The text of a read of both formats."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import libcst as cst
import libcst.metadata as meta

from connector_healing.core.transforms.reads import Read, ReadKind
from connector_healing.core.transforms.renames import Path
from connector_healing.core.transforms.rewrite import Rewrite
from connector_healing.core.transforms.syntax import Syntax

#: Longer replacements are no patch that a person would read.
MAX_LENGTH = 2_000

#: How a test of presence is written, and joined with the one that was there.
_WORDS = {ReadKind.IN: ("in", "or"), ReadKind.NOT_IN: ("not in", "and")}


def key_literal(read: Read, name: str) -> str:
    """A key as a literal in the quotes that the connector's own key has."""
    if read.key.quote[0] == '"':
        return json.dumps(name, ensure_ascii=False)
    inner = json.dumps(name, ensure_ascii=False)[1:-1].replace('\\"', '"').replace("'", "\\'")
    return f"'{inner}'"


def is_repeatable(node: cst.BaseExpression) -> bool:
    """Whether evaluating an expression again gives the same object and does nothing else."""
    match node:
        case cst.Name() | cst.SimpleString() | cst.Integer():
            parts: list[cst.BaseExpression] = []
        case cst.Dict(elements=[]) | cst.List(elements=[]) | cst.Tuple(elements=[]):
            parts = []
        case cst.Attribute(value=value):
            parts = [value]
        case cst.UnaryOperation(operator=cst.Minus(), expression=value):
            parts = [value]
        case cst.Subscript(value=value, slice=[cst.SubscriptElement(slice=cst.Index(value=key))]):
            parts = [value, key]
        case cst.Call(func=cst.Attribute(value=value, attr=cst.Name(value="get")), args=args):
            parts = [value, *(a.value for a in args)]
        case cst.BooleanOperation(left=left, right=right):
            parts = [left, right]
        case _:
            return False
    return all(is_repeatable(part) for part in parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """Writes rewrites, inner ones inside outer ones."""

    syntax: Syntax
    reads: Mapping[cst.CSTNode, Read]
    rewrites: Mapping[cst.CSTNode, Rewrite]

    def replacement(self, rewrite: Rewrite) -> str | None:
        """What to write instead of the read's text; None where it cannot be written safely."""
        first = rest = self._root(rewrite)
        if not is_repeatable(rewrite.root):
            if not self._in_function(rewrite.root):
                return None
            name = self.syntax.free_name("record", "found_record")
            first, rest = f"({name} := {rest})", name
        text = self._written(rewrite, first, rest)
        return text if len(text) <= MAX_LENGTH else None

    def done_by(self, rewrite: Rewrite) -> cst.CSTNode | None:
        """The expression above the read that is already the very same rewrite."""
        node = rewrite.read.node
        text = self.replacement(rewrite)
        for above in self.syntax.ancestors(node):
            if isinstance(above, cst.BaseSmallStatement | cst.BaseCompoundStatement):
                break
            if isinstance(above, cst.BaseExpression):
                source = self.syntax.source(above)
                if text in {source, f"({source})"}:
                    return above
        parent = self.syntax.parent(node)
        match parent:
            # Where the object had to be named, only the old-format half looks the same.
            case cst.IfExp(body=body, orelse=orelse) if orelse is node:
                same = self.syntax.source(body) == self._value(rewrite, self._root(rewrite))
                return parent if same else None
            case cst.Arg():
                key = key_literal(rewrite.read, rewrite.new[-1])
                call = self.syntax.parent(parent)
                return call if _is_get_of(call, key, parent) else None
            case _:
                return None

    def rendered(
        self, node: cst.CSTNode, absorbed: tuple[cst.CSTNode, ...] = (), root: str | None = None
    ) -> str:
        """The node's text with the rewrites below it made, those of absorbed nodes left out.

        Args:
            node: What to write.
            absorbed: Nodes that stay as they are; the last one's base is the root.
            root: What to write instead of the root.
        """
        start, end = self.syntax.span(node)
        pieces, at = [], start
        swapped = self._base(absorbed[-1] if absorbed else node) if root is not None else None
        for inner in self._inner(node, absorbed, swapped):
            low, high = self.syntax.span(inner)
            text = root if inner is swapped else self._rewritten(inner)
            pieces += [self.syntax.text[at:low], text or ""]
            at = high
        return "".join([*pieces, self.syntax.text[at:end]])

    def _base(self, node: cst.CSTNode) -> cst.CSTNode:
        read = self.reads[node]
        return read.base

    def _rewritten(self, node: cst.CSTNode) -> str:
        return self.replacement(self.rewrites[node]) or self.syntax.source(node)

    def _inner(
        self,
        node: cst.CSTNode,
        absorbed: tuple[cst.CSTNode, ...],
        swapped: cst.CSTNode | None,
    ) -> list[cst.CSTNode]:
        """Outermost nodes below a node whose text is replaced, in the order of the text."""
        found = []
        stack = list(reversed(node.children))
        while stack:
            at = stack.pop()
            if at is swapped or (at in self.rewrites and at not in absorbed):
                found.append(at)
            else:
                stack.extend(reversed(at.children))
        return found

    def _in_function(self, node: cst.CSTNode) -> bool:
        scope = self.syntax.scope(node)
        while isinstance(scope, meta.ComprehensionScope):
            scope = scope.parent
        return isinstance(scope, meta.FunctionScope)

    def _root(self, rewrite: Rewrite) -> str:
        text = self._expression(rewrite.root)
        return f"({text})" if rewrite.root.lpar else text

    def _expression(self, node: cst.CSTNode) -> str:
        return self._rewritten(node) if node in self.rewrites else self.rendered(node)

    def _original(self, rewrite: Rewrite, root: str) -> str:
        """The read as it is, with `root` for what it starts from."""
        if rewrite.inside and root != self._root(rewrite):
            return self.rendered(rewrite.read.node, rewrite.absorbed, root)
        return self.rendered(rewrite.read.node, rewrite.absorbed)

    def _value(self, rewrite: Rewrite, root: str) -> str:
        """The value in the new format, where the witness was found."""
        read, new = rewrite.read, rewrite.new
        text = root
        certain = len(new) if read.kind is not ReadKind.GET else max(rewrite.witness, 1)
        for position, name in enumerate(new, start=1):
            key = key_literal(read, name)
            if position <= certain:
                text = f"{text}[{key}]"
            elif position < len(new):
                text = f"({text}.get({key}) or {{}})"
            else:
                default = "" if read.default is None else f", {self._default(read)}"
                text = f"{text}.get({key}{default})"
        return _cast(rewrite, text, text)

    def _default(self, read: Read) -> str:
        if read.default is None:
            return ""
        text = self._expression(read.default)
        return f"({text})" if read.default.lpar else text

    def _condition(self, rewrite: Rewrite, root: str) -> str:
        """Whether the record is of the new format."""
        read, new, witness = rewrite.read, rewrite.new, rewrite.witness
        if rewrite.in_scalar:
            return f"isinstance({self._soft(read, root, new[: witness - 1])}, dict)"
        if read.kind is ReadKind.GET and witness < len(new):
            return f"isinstance({self._soft(read, root, new[:witness])}, dict)"
        return self._holds(read, root, new[:witness], "in")

    def _holds(self, read: Read, root: str, path: Path, how: str) -> str:
        key = key_literal(read, path[-1])
        if len(path) == 1:
            return f"{key} {how} {root}"
        return f"{key} {how} ({self._soft(read, root, path[:-1])} or {{}})"

    def _soft(self, read: Read, root: str, path: Path) -> str:
        """The object at a path, or None where anything on the way is missing or null."""
        text = root
        for position, name in enumerate(path):
            text = f"({text} or {{}})" if position else text
            text = f"{text}.get({key_literal(read, name)})"
        return text

    def _written(self, rewrite: Rewrite, first: str, rest: str) -> str:
        read, new = rewrite.read, rewrite.new
        original = self._original(rewrite, rest)
        if read.kind in _WORDS:
            how, joined = _WORDS[read.kind]
            if rewrite.in_scalar:
                held = self._holds(read, rest, new, how)
                return f"({held} if {self._condition(rewrite, first)} else {original})"
            return f"({self._holds(read, first, new, how)} {joined} {original})"
        if not rewrite.witness:
            return _cast(rewrite, self._original(rewrite, first), original)
        if read.kind is ReadKind.POP:
            default = "" if read.default is None else f", {self._default(read)}"
            key = key_literal(read, new[-1])
            value = f"{rest}.pop({key}{default})"
            return f"({value} if {self._condition(rewrite, first)} else {original})"
        if read.kind is ReadKind.GET and len(new) == rewrite.depth == 1 and not rewrite.cast:
            return f"{first}.get({key_literal(read, new[-1])}, {original})"
        value = self._value(rewrite, rest)
        return f"({value} if {self._condition(rewrite, first)} else {original})"


def _cast(rewrite: Rewrite, first: str, rest: str) -> str:
    """The value cast back; `first` is evaluated before `rest`."""
    if rewrite.cast is None:
        return rest
    back, changed = rewrite.cast
    return f"({back}({rest}) if isinstance({first}, {changed}) else {rest})"


def _is_get_of(call: cst.CSTNode | None, key: str, argument: cst.CSTNode) -> bool:
    match call:
        case cst.Call(
            func=cst.Attribute(attr=cst.Name(value="get")),
            args=[cst.Arg(value=cst.SimpleString(value=found)), second],
        ):
            return found == key and second is argument
        case _:
            return False
