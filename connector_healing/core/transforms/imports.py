"""Adding imports, and statements right behind them, without resolving the whole module."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from types import MappingProxyType

import libcst as cst

from connector_healing.core.patch import TextEdit
from connector_healing.core.transforms.syntax import LINE_LENGTH, Syntax


@dataclass(frozen=True, slots=True, order=True)
class Import:
    """``from module import name``."""

    module: str
    name: str


@lru_cache(maxsize=64)
def imported(syntax: Syntax) -> Mapping[str, str]:
    """What each name that an import binds stands for, as a dotted path; relative ones left out."""
    return MappingProxyType(dict(_bindings(syntax)))


def _bindings(syntax: Syntax) -> Iterator[tuple[str, str]]:
    for node in syntax.nodes:
        if isinstance(node, cst.Import):
            for alias in node.names:
                name = alias.evaluated_name
                root = name.split(".")[0]
                yield (alias.evaluated_alias or root, name if alias.asname else root)
        elif isinstance(node, cst.ImportFrom) and not node.relative and node.module:
            origin = dotted(node.module)
            for alias in () if isinstance(node.names, cst.ImportStar) else node.names:
                bound = alias.evaluated_alias or alias.evaluated_name
                yield bound, f"{origin}.{alias.evaluated_name}"


def dotted(node: cst.BaseExpression) -> str | None:
    """``a.b.c`` of names and attributes; None for anything else."""
    if isinstance(node, cst.Name):
        return node.value
    if isinstance(node, cst.Attribute):
        before = dotted(node.value)
        return None if before is None else f"{before}.{node.attr.value}"
    return None


def qualified(syntax: Syntax, node: cst.BaseExpression) -> str | None:
    """The dotted path that an expression names, through the module's imports."""
    name = dotted(node)
    if name is None:
        return None
    root, dot, rest = name.partition(".")
    origin = imported(syntax).get(root)
    return None if origin is None else f"{origin}{dot}{rest}"


def header_edits(
    module: str, syntax: Syntax, imports: Sequence[Import], statements: Sequence[str] = ()
) -> tuple[TextEdit, ...] | str:
    """The edit that adds imports and module-level statements; a sentence where a name is taken.

    What is imported already is not imported again. New lines go behind the first run of imports,
    or behind the docstring and the ``__future__`` imports where there is none.
    """
    bound = imported(syntax)
    taken = {name for name in bound if name in {i.name for i in imports}}
    taken |= _defined(syntax) & {i.name for i in imports}
    missing = [i for i in sorted(set(imports)) if bound.get(i.name) != f"{i.module}.{i.name}"]
    for wanted in missing:
        if wanted.name in taken:
            return f"the name {wanted.name} stands for something else in {module}"
    if not missing and not statements:
        return ()
    offset, follows_import = _place(syntax)
    text = "".join(_statements(missing))
    if statements:
        text += "\n" + "".join(f"{line}\n" for line in statements)
    if not follows_import and syntax.text[:offset].rstrip().endswith(('"', "'")):
        text = f"\n{text}"
    elif not follows_import and syntax.text[offset:].strip():
        text += "\n"
    if offset and not syntax.text[:offset].endswith(("\n", "\r")):
        text = f"\n{text}"
    text = text.replace("\n", syntax.newline)
    return (TextEdit(module=module, start=offset, end=offset, replacement=text),)


def _statements(missing: Sequence[Import]) -> Iterator[str]:
    for origin, group in groupby(missing, key=lambda i: i.module):
        names = [i.name for i in group]
        line = f"from {origin} import {', '.join(names)}\n"
        if len(line) > LINE_LENGTH:
            listed = "".join(f"    {name},\n" for name in names)
            line = f"from {origin} import (\n{listed})\n"
        yield line


def _defined(syntax: Syntax) -> set[str]:
    scope = syntax.scope(syntax.module)
    names = {
        n.name.value for n in syntax.module.body if isinstance(n, cst.FunctionDef | cst.ClassDef)
    }
    return names if scope is None else names | {a.name for a in scope.assignments}


def _place(syntax: Syntax) -> tuple[int, bool]:
    """Where new lines go, and whether an import stands right before them."""
    offset = _header_end(syntax)
    follows = False
    for position, statement in enumerate(syntax.module.body):
        if _is_import(statement):
            offset, follows = syntax.line_end(syntax.span(statement)[1]), True
        elif follows or not (position == 0 and _is_docstring(statement)):
            break
        else:
            offset = syntax.line_end(syntax.span(statement)[1])
    return offset, follows


def _header_end(syntax: Syntax) -> int:
    """Where the first statement's line starts: behind a shebang and leading comments."""
    if not syntax.module.body:
        return len(syntax.text)
    return syntax.line_start(syntax.span(syntax.module.body[0])[0])


def _is_import(statement: cst.CSTNode) -> bool:
    return isinstance(statement, cst.SimpleStatementLine) and all(
        isinstance(part, cst.Import | cst.ImportFrom) for part in statement.body
    )


def _is_docstring(statement: cst.CSTNode) -> bool:
    return (
        isinstance(statement, cst.SimpleStatementLine)
        and isinstance(statement.body[0], cst.Expr)
        and isinstance(statement.body[0].value, cst.SimpleString | cst.ConcatenatedString)
    )
