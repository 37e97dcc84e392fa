"""A module's text, parsed once: nodes, their places in the text, their parents."""

import re
import symtable
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TypeVar, cast

import libcst as cst
from libcst.metadata import (
    ByteSpanPositionProvider,
    CodeSpan,
    MetadataWrapper,
    ParentNodeProvider,
    Scope,
    ScopeProvider,
)

from connector_healing.core.connector import ConnectorCode
from connector_healing.core.patch import Patch, PatchResult, TextEdit, Unpatchable, apply_edits

N = TypeVar("N", bound=cst.CSTNode)

#: Parsed modules kept; a heal tries at most ten candidates of a few modules each.
_CACHED = 64

#: Longest line that a transform writes on purpose: what common formatters allow.
LINE_LENGTH = 100

_LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, kw_only=True, eq=False)
class Syntax:
    """One parsed module. Places are character offsets in `text`."""

    text: str
    module: cst.Module
    wrapper: MetadataWrapper

    @cached_property
    def _spans(self) -> Mapping[cst.CSTNode, CodeSpan]:
        return self.wrapper.resolve(ByteSpanPositionProvider)

    @cached_property
    def _parents(self) -> Mapping[cst.CSTNode, cst.CSTNode]:
        return cast("Mapping[cst.CSTNode, cst.CSTNode]", self.wrapper.resolve(ParentNodeProvider))

    @cached_property
    def _scopes(self) -> Mapping[cst.CSTNode, Scope | None]:
        return cast("Mapping[cst.CSTNode, Scope | None]", self.wrapper.resolve(ScopeProvider))

    @cached_property
    def _encoded(self) -> bytes:
        return self.text.encode()

    @cached_property
    def _line_starts(self) -> tuple[int, ...]:
        """Byte offsets of the lines as CPython counts them."""
        ends = (m.end() for m in _LINE_END.finditer(self.text))
        return (0, *(self._byte(end) for end in ends))

    @cached_property
    def _by_span(self) -> Mapping[tuple[int, int], cst.BaseExpression]:
        return {
            (span.start, span.start + span.length): node
            for node, span in self._spans.items()
            if isinstance(node, cst.Subscript | cst.Call | cst.Comparison)
        }

    @cached_property
    def nodes(self) -> tuple[cst.CSTNode, ...]:
        """Every node, parents before their children, in the order of the text."""
        found: list[cst.CSTNode] = []
        stack: list[cst.CSTNode] = [self.module]
        while stack:
            node = stack.pop()
            found.append(node)
            stack.extend(reversed(node.children))
        return tuple(found)

    def _byte(self, offset: int) -> int:
        return offset if self.text.isascii() else len(self.text[:offset].encode())

    def _character(self, offset: int) -> int:
        return offset if self.text.isascii() else len(self._encoded[:offset].decode())

    def all(self, kind: type[N]) -> Iterator[N]:
        """All nodes of one kind, in the order of the text."""
        return (node for node in self.nodes if isinstance(node, kind))

    def span(self, node: cst.CSTNode) -> tuple[int, int]:
        """Where the node starts and ends, its own parentheses left out."""
        span = self._spans[node]
        return self._character(span.start), self._character(span.start + span.length)

    def source(self, node: cst.CSTNode) -> str:
        """The node's text, its own parentheses left out."""
        start, end = self.span(node)
        return self.text[start:end]

    def expression_at(
        self, line: int, column: int, end_line: int, end_column: int
    ) -> cst.BaseExpression | None:
        """The subscript, call or comparison at exactly this place, as `co_positions` gives it."""
        if not (0 < line <= len(self._line_starts) and 0 < end_line <= len(self._line_starts)):
            return None
        start = self._line_starts[line - 1] + column
        return self._by_span.get((start, self._line_starts[end_line - 1] + end_column))

    def line_of(self, node: cst.CSTNode) -> int:
        """The line, from 1, on which the node starts."""
        return len(_LINE_END.findall(self.text, 0, self.span(node)[0])) + 1

    def parent(self, node: cst.CSTNode) -> cst.CSTNode | None:
        """The node that holds this one."""
        return self._parents.get(node)

    def ancestors(self, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
        """The node's parent, its parent and so on, to the module."""
        above = self.parent(node)
        while above is not None:
            yield above
            above = self.parent(above)

    def enclosing(self, node: cst.CSTNode, kind: type[N]) -> N | None:
        """The nearest ancestor of one kind."""
        return next((a for a in self.ancestors(node) if isinstance(a, kind)), None)

    def scope(self, node: cst.CSTNode) -> Scope | None:
        """The scope in which the node's names are looked up."""
        return self._scopes.get(node)

    @property
    def newline(self) -> str:
        """The line end that the text uses."""
        return self.module.default_newline

    def line_start(self, offset: int) -> int:
        """Where the line that holds an offset starts."""
        return max(self.text.rfind("\n", 0, offset), self.text.rfind("\r", 0, offset)) + 1

    def line_end(self, offset: int) -> int:
        """Where the line after the one that holds an offset starts."""
        found = _LINE_END.search(self.text, offset)
        return found.end() if found is not None else len(self.text)

    def indentation(self, offset: int) -> str:
        """The blanks at the start of the line that holds an offset."""
        line = self.text[self.line_start(offset) :]
        return line[: len(line) - len(line.lstrip(" \t"))]

    def free_name(self, *wanted: str) -> str:
        """The first of these names that the text nowhere holds, numbered if all are taken."""
        for name in (*wanted, *(f"{wanted[0]}_{n}" for n in range(2, 1000))):
            if not re.search(rf"\b{name}\b", self.text):
                return name
        return f"{wanted[0]}_healed"


@lru_cache(maxsize=_CACHED)
def parsed(text: str) -> Syntax | None:
    """The parsed module, kept for the next candidate; None where the text is no Python."""
    try:
        text.encode()
        module = cst.parse_module(text)
        # The tree is ours alone, so it need not be copied for its metadata.
        wrapper = MetadataWrapper(module, unsafe_skip_copy=True)
        syntax = Syntax(text=text, module=module, wrapper=wrapper)
        # Metadata are made here, where a text too deep to visit is no exception to the caller.
        _ = (syntax._spans, syntax._parents, syntax._scopes)  # noqa: SLF001  # its own maker
    except (cst.ParserSyntaxError, cst.CSTValidationError, RecursionError, ValueError):
        return None
    return syntax if module.code == text else None


def modules_of(code: ConnectorCode) -> Iterator[tuple[str, Syntax]]:
    """The connector's modules that could be parsed, by name."""
    for module in sorted(code.modules, key=lambda m: m.name):
        syntax = parsed(module.text)
        if syntax is not None:
            yield module.name, syntax


def patch_of(code: ConnectorCode, edits: Iterable[TextEdit], rationale: str) -> PatchResult:
    """The edits as a patch whose result is proven to be Python; else why not."""
    kept = tuple(sorted(set(edits)))
    if not kept:
        return Unpatchable(reason="There is nothing to change.")
    try:
        patched = apply_edits(code, kept)
        for name in {e.module for e in kept}:
            module = patched.module(name)
            if module is not None:
                # Finds what a parser lets pass, such as a walrus where none may stand.
                symtable.symtable(module.text, module.path, "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return Unpatchable(reason=f"The change would not give valid Python: {error}.")
    return Patch(edits=kept, rationale=rationale)
