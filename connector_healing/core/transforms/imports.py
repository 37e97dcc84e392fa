"""Adding imports, and statements right behind them, without resolving the whole module."""

import sys
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
    """Edits that add imports and module-level statements; a sentence where a name is taken.

    What is imported already is not imported again. An import goes into the first run of imports,
    among those of its section, or behind the docstring and the ``__future__`` imports where there
    is no run; statements go behind the run.
    """
    bound = imported(syntax)
    missing = [i for i in sorted(set(imports)) if bound.get(i.name) != f"{i.module}.{i.name}"]
    for wanted in missing:
        if wanted.name in bound or wanted.name in _defined(syntax):
            return f"the name {wanted.name} stands for something else in {module}"
    added: dict[int, str] = {}
    run = _import_run(syntax)
    for origin, group in groupby(missing, key=lambda i: i.module):
        offset, before, after = _place_in(syntax, run, origin) if run else (_start(syntax), "", "")
        text = f"{before}{_statement(origin, [i.name for i in group])}{after}"
        added[offset] = added.get(offset, "") + text
    if statements:
        offset = _end(syntax, run[-1]) if run else _start(syntax)
        text = "".join(f"{line}\n" for line in statements)
        added[offset] = f"{added.get(offset, '')}\n{text}"
    if not run:
        added = {at: _apart(syntax, at, text) for at, text in added.items()}
    edits = []
    for at, text in sorted(added.items()):
        unended = at > 0 and not syntax.text[:at].endswith(("\n", "\r"))
        replacement = (f"\n{text}" if unended else text).replace("\n", syntax.newline)
        edits.append(TextEdit(module=module, start=at, end=at, replacement=replacement))
    return tuple(edits)


def _place_in(
    syntax: Syntax, run: Sequence[cst.SimpleStatementLine], origin: str
) -> tuple[int, str, str]:
    """Where an import goes in a run, and the blank lines before and behind it.

    It goes by name among the ``from`` imports of its section, the standard library's or the others'.
    """
    standard = _is_standard(origin)
    absolute = [s for s in run if _origin(s)]
    section = [s for s in absolute if _is_standard(_origin(s)) == standard]
    for statement in section:
        if isinstance(statement.body[0], cst.ImportFrom) and _origin(statement) > origin:
            return syntax.line_start(syntax.span(statement)[0]), "", ""
    if section:
        return _end(syntax, section[-1]), "", ""
    if standard or not absolute:
        return syntax.line_start(syntax.span(run[0])[0]), "", "\n"
    return _end(syntax, absolute[-1]), "\n", ""


def _origin(statement: cst.SimpleStatementLine) -> str:
    """The module that a statement imports from; empty for a relative one."""
    first = statement.body[0]
    if isinstance(first, cst.Import):
        return first.names[0].evaluated_name
    if isinstance(first, cst.ImportFrom) and not first.relative and first.module is not None:
        return dotted(first.module) or ""
    return ""


def _is_standard(origin: str) -> bool:
    return origin.partition(".")[0] in sys.stdlib_module_names


def _statement(origin: str, names: Sequence[str]) -> str:
    line = f"from {origin} import {', '.join(names)}\n"
    if len(line) <= LINE_LENGTH:
        return line
    listed = "".join(f"    {name},\n" for name in names)
    return f"from {origin} import (\n{listed})\n"


def _defined(syntax: Syntax) -> set[str]:
    scope = syntax.scope(syntax.module)
    names = {
        n.name.value for n in syntax.module.body if isinstance(n, cst.FunctionDef | cst.ClassDef)
    }
    return names if scope is None else names | {a.name for a in scope.assignments}


def _import_run(syntax: Syntax) -> list[cst.SimpleStatementLine]:
    """The first imports of the module, ``__future__`` left out."""
    run: list[cst.SimpleStatementLine] = []
    for position, statement in enumerate(syntax.module.body):
        if isinstance(statement, cst.SimpleStatementLine) and _is_import(statement):
            run += [] if _origin(statement) == "__future__" else [statement]
        elif position or not _is_docstring(statement):
            break
    return run


def _start(syntax: Syntax) -> int:
    """Behind the docstring and the ``__future__`` imports, before all other code."""
    body = syntax.module.body
    offset = syntax.line_start(syntax.span(body[0])[0]) if body else len(syntax.text)
    for position, statement in enumerate(body):
        if not (_is_future(statement) or (position == 0 and _is_docstring(statement))):
            break
        offset = _end(syntax, statement)
    return offset


def _apart(syntax: Syntax, offset: int, text: str) -> str:
    """New lines with a blank line between them and what stands around them."""
    if syntax.text[:offset].rstrip().endswith(('"', "'")):
        return f"\n{text}"
    return f"{text}\n" if syntax.text[offset:].strip() else text


def _end(syntax: Syntax, statement: cst.CSTNode) -> int:
    return syntax.line_end(syntax.span(statement)[1])


def _is_future(statement: cst.CSTNode) -> bool:
    return isinstance(statement, cst.SimpleStatementLine) and _origin(statement) == "__future__"


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
