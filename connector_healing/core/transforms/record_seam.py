"""One place that all records pass: old fields are filled there from the new ones."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import libcst as cst
import libcst.metadata as meta

from connector_healing.core.connector import ConnectorCode
from connector_healing.core.drift.mapping import FieldMapping
from connector_healing.core.patch import FieldAccess, PatchResult, TextEdit, Unpatchable
from connector_healing.core.transforms.aliasing import ALIAS_FIELDS, record_alias
from connector_healing.core.transforms.imports import header_edits, qualified
from connector_healing.core.transforms.literals import alias_call, text_value
from connector_healing.core.transforms.reads import Read, reads_of
from connector_healing.core.transforms.renames import Path, path_of
from connector_healing.core.transforms.syntax import Syntax, modules_of, patch_of

_DECORATORS = frozenset({"dlt.resource", "dlt.transformer"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """Where a variable that holds records is bound."""

    module: str
    syntax: Syntax
    name: cst.Name
    binding: cst.CSTNode  #: The loop, comprehension, parameter or assignment that binds it.


def alias_at_entry(
    code: ConnectorCode, accesses: Sequence[FieldAccess], mappings: Sequence[FieldMapping]
) -> PatchResult:
    """Alias the records where the variables are bound that the connector reads them from.

    ``for row in rows`` becomes ``for row in map(alias_fields({...}), rows)``; a parameter or an
    unpacked variable is aliased by a statement at the start of its block.

    Args:
        code: The code that made the accesses.
        accesses: Its reads, of the last good answers and of the failing run.
        mappings: What became of the old fields.
    """
    read = frozenset(path_of(a.path) for a in accesses)
    wanted = record_alias(mappings, read)
    if isinstance(wanted, Unpatchable):
        return wanted
    entries = _entries(code, accesses, frozenset(path_of(old) for old in wanted))
    if isinstance(entries, Unpatchable):
        return entries
    if any(_escapes(entry) for entry in entries):
        whole = record_alias(mappings)
        wanted = wanted if isinstance(whole, Unpatchable) else whole
    edits: list[TextEdit] = []
    for entry in entries:
        found = _alias_edits(entry, wanted)
        if isinstance(found, Unpatchable):
            return found
        header = header_edits(entry.module, entry.syntax, [ALIAS_FIELDS]) if found else ()
        if isinstance(header, str):
            return Unpatchable(reason=f"The alias cannot be imported: {header}.")
        edits += [*header, *found]
    if not edits:
        return Unpatchable(reason="The record alias is already there.")
    shown = ", ".join(f"{old} from {new}" for old, new in list(wanted.items())[:3])
    return patch_of(code, edits, f"Fills {shown} where records enter the connector's code.")


def alias_behind_resource(
    code: ConnectorCode, dlt_resource: str, mappings: Sequence[FieldMapping]
) -> PatchResult:
    """Alias what a decorated dlt resource yields: for fields that its code passes on unread.

    Args:
        code: The connector.
        dlt_resource: The resource's name.
        mappings: What became of the old fields.
    """
    alias = record_alias(mappings)
    if isinstance(alias, Unpatchable):
        return alias
    found = [
        (name, syntax, function)
        for name, syntax in modules_of(code)
        for function in syntax.all(cst.FunctionDef)
        if dlt_resource in _resource_names(syntax, function)
    ]
    if len(found) != 1:
        return Unpatchable(reason=f"No one decorated function makes the resource {dlt_resource}.")
    module, syntax, function = found[0]
    indentation = syntax.indentation(syntax.span(function.name)[0])
    target = f"{function.name.value}.add_map("
    call = alias_call(alias, indentation, len(target) + len(", insert_at=1)"))
    # Right behind the generator, before the incremental cursor and all other steps are looked at.
    statement = f"{target}{call}, insert_at=1)"
    if statement in syntax.text:
        return Unpatchable(reason="The record alias is already there.")
    header = header_edits(module, syntax, [ALIAS_FIELDS])
    if isinstance(header, str):
        return Unpatchable(reason=f"The alias cannot be imported: {header}.")
    end = syntax.line_end(syntax.span(function.body.body[-1])[1])
    gap = syntax.newline if syntax.text[:end].endswith("\n") else syntax.newline * 2
    text = f"{gap}{indentation}{statement}{syntax.newline}"
    edit = TextEdit(module=module, start=end, end=end, replacement=text)
    shown = ", ".join(f"{old} from {new}" for old, new in list(alias.items())[:3])
    return patch_of(code, [*header, edit], f"Fills {shown} in the records of {dlt_resource}.")


def _resource_names(syntax: Syntax, function: cst.FunctionDef) -> Iterator[str]:
    for decorator in function.decorators:
        call = decorator.decorator
        func = call.func if isinstance(call, cst.Call) else call
        if qualified(syntax, func) not in _DECORATORS:
            continue
        named = None
        for argument in call.args if isinstance(call, cst.Call) else ():
            if argument.keyword is not None and argument.keyword.value == "name":
                named = text_value(argument.value)
        yield named or function.name.value


def _entries(
    code: ConnectorCode, accesses: Sequence[FieldAccess], moved: frozenset[Path]
) -> tuple[_Entry, ...] | Unpatchable:
    """The bindings of all variables that moved fields, or their containers, are read from."""
    entries: dict[cst.CSTNode, _Entry] = {}
    tops = {path[:1] for path in moved}
    for name, syntax in modules_of(code):
        reads, unreadable = reads_of(name, syntax, accesses)
        lost = [u for u in unreadable if any(p[:1] in tops and len(p) == 1 for p in u.paths)]
        if lost and not reads:
            return _cannot(name, lost[0].line, lost[0].why)
        for read in reads.values():
            if () not in read.bases or (read.name,) not in tops:
                continue
            entry = _entry(name, syntax, read)
            if isinstance(entry, Unpatchable):
                return entry
            entries[entry.binding] = entry
    if not entries:
        return Unpatchable(reason="No variable was seen to hold the records.")
    return tuple(entries.values())


def _entry(module: str, syntax: Syntax, read: Read) -> _Entry | Unpatchable:
    line = syntax.line_of(read.node)
    scope = syntax.scope(read.base)
    if not isinstance(read.base, cst.Name) or scope is None:
        return _cannot(module, line, "the record is in no variable")
    bound = [a for a in scope[read.base.value] if isinstance(a, meta.Assignment)]
    if len(bound) != 1 or isinstance(bound[0].scope, meta.GlobalScope | meta.ClassScope):
        return _cannot(module, line, f"{read.base.value} is not bound in one place of a function")
    node = bound[0].node
    parent = syntax.parent(node)
    binding = node if isinstance(node, cst.Param) else parent
    if isinstance(parent, cst.AssignTarget):
        binding = syntax.parent(parent)
    elif isinstance(parent, cst.Element):
        binding = syntax.enclosing(node, cst.For)
    if binding is None:
        return _cannot(module, line, f"{read.base.value} is not bound by a loop or parameter")
    return _Entry(module=module, syntax=syntax, name=read.base, binding=binding)


def _alias_edits(entry: _Entry, alias: Mapping[str, str]) -> tuple[TextEdit, ...] | Unpatchable:
    match entry.binding:
        case (
            cst.For(asynchronous=None, target=cst.Name(), iter=source)
            | cst.CompFor(asynchronous=None, target=cst.Name(), iter=source)
        ):
            return _mapped(entry, source, alias)
        case cst.Assign(targets=[cst.AssignTarget(target=cst.Name())], value=source):
            return _called(entry, source, alias)
        case _:
            block = _block(entry)
    if block is None:
        line = entry.syntax.line_of(entry.name)
        return _cannot(entry.module, line, f"{entry.name.value} is bound where nothing can be put")
    return _stated(entry, block, alias)


def _block(entry: _Entry) -> cst.IndentedBlock | None:
    """The block that runs right after the variable is bound."""
    owner: cst.CSTNode | None = entry.binding
    if isinstance(owner, cst.Param):
        above = entry.syntax.ancestors(owner)
        owner = next((a for a in above if isinstance(a, cst.FunctionDef | cst.Lambda)), None)
    if not isinstance(owner, cst.For | cst.FunctionDef):
        return None
    return owner.body if isinstance(owner.body, cst.IndentedBlock) else None


def _called(
    entry: _Entry, source: cst.BaseExpression, alias: Mapping[str, str]
) -> tuple[TextEdit, ...]:
    start, end = entry.syntax.span(source)
    call = alias_call(alias, entry.syntax.indentation(start))
    if call in entry.syntax.source(source):
        return ()
    return _around(entry.module, (start, end), f"{call}(", ")")


def _mapped(
    entry: _Entry, source: cst.BaseExpression, alias: Mapping[str, str]
) -> tuple[TextEdit, ...]:
    """``rows`` as ``map(alias_fields({...}), rows)``, inside an alias of an earlier heal."""
    syntax = entry.syntax
    start = syntax.span(source)[0]
    call = alias_call(alias, syntax.indentation(start))
    while isinstance(source, cst.Call) and "alias_fields" in syntax.source(source):
        match source:
            case cst.Call(func=cst.Name(value="map"), args=[first, cst.Arg(value=inner)]):
                if " ".join(syntax.source(first.value).split()) == " ".join(call.split()):
                    return ()
                source = inner
            case _:
                break
    bare = isinstance(source, cst.Tuple | cst.GeneratorExp | cst.Yield)
    left, right = ("(", "))") if bare else ("", ")")
    return _around(entry.module, syntax.span(source), f"map({call}, {left}", right)


def _around(module: str, span: tuple[int, int], before: str, after: str) -> tuple[TextEdit, ...]:
    start, end = span
    return (
        TextEdit(module=module, start=start, end=start, replacement=before),
        TextEdit(module=module, start=end, end=end, replacement=after),
    )


def _stated(
    entry: _Entry, block: cst.IndentedBlock, alias: Mapping[str, str]
) -> tuple[TextEdit, ...]:
    """``row = alias_fields({...})(row)`` as the first statement of a block."""
    syntax, name = entry.syntax, entry.name.value
    first = block.body[0]
    if _is_text(first) and len(block.body) > 1:
        first = block.body[1]
    start = syntax.line_start(syntax.span(first)[0])
    if isinstance(first, cst.FunctionDef | cst.ClassDef) and first.decorators:
        start = syntax.line_start(syntax.span(first.decorators[0])[0])
    indentation = syntax.indentation(syntax.span(first)[0])
    call = alias_call(alias, indentation, 2 * len(name) + len(" = ()"))
    statement = f"{indentation}{name} = {call}({name}){syntax.newline}"
    if syntax.text.startswith(statement, start):
        return ()
    return (TextEdit(module=entry.module, start=start, end=start, replacement=statement),)


def _is_text(statement: cst.BaseStatement) -> bool:
    return (
        isinstance(statement, cst.SimpleStatementLine)
        and isinstance(statement.body[0], cst.Expr)
        and isinstance(statement.body[0].value, cst.SimpleString | cst.ConcatenatedString)
    )


def _escapes(entry: _Entry) -> bool:
    """Whether the record is used for more than looking keys up in it."""
    syntax = entry.syntax
    inside = syntax.enclosing(entry.name, cst.FunctionDef) or syntax.module
    for node in syntax.all(cst.Name):
        if node.value != entry.name.value or inside not in syntax.ancestors(node):
            continue
        match syntax.parent(node):
            case (
                cst.Subscript(value=value)
                | cst.Attribute(value=value, attr=cst.Name(value="get" | "pop"))
                | cst.ComparisonTarget(operator=cst.In() | cst.NotIn(), comparator=value)
            ) if value is node:
                continue
            case cst.For(target=value) | cst.CompFor(target=value) if value is node:
                continue
            case cst.Param(name=value) | cst.AssignTarget(target=value) if value is node:
                continue
            case _:
                return True
    return False


def _cannot(module: str, line: int, why: str) -> Unpatchable:
    return Unpatchable(reason=f"{module}, line {line}: {why}, so records cannot be aliased there.")
