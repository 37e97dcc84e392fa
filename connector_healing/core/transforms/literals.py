"""Edits of dict and list literals that keep their layout."""

import json
from collections.abc import Mapping

import libcst as cst

from connector_healing.core.patch import TextEdit
from connector_healing.core.transforms.syntax import LINE_LENGTH, Syntax


def text_value(node: cst.CSTNode | None) -> str | None:
    """The text of a plain string literal."""
    if isinstance(node, cst.SimpleString):
        value = node.evaluated_value
        return value if isinstance(value, str) else None
    return None


def entry(literal: cst.Dict, key: str) -> cst.DictElement | None:
    """The last entry of a dict literal that has this literal key."""
    found = [
        e for e in literal.elements if isinstance(e, cst.DictElement) and text_value(e.key) == key
    ]
    return found[-1] if found else None


def assigned(syntax: Syntax, node: cst.BaseExpression) -> cst.BaseExpression | None:
    """A literal as it stands, or the one thing that a variable of the module is ever assigned."""
    if not isinstance(node, cst.Name):
        return node
    values: list[cst.BaseExpression | None] = []
    for statement in syntax.nodes:
        match statement:
            case cst.Assign(targets=targets, value=value):
                values += [value for t in targets if _is(t.target, node.value)]
            case cst.AnnAssign(target=target, value=value) if _is(target, node.value):
                values.append(value)
            case _:
                continue
    return values[0] if len(values) == 1 else None


def _is(node: cst.CSTNode, name: str) -> bool:
    return isinstance(node, cst.Name) and node.value == name


def new_entry(
    module: str, syntax: Syntax, literal: cst.Dict, key: str, value: str
) -> tuple[TextEdit, ...]:
    """Edits that add an entry behind the last one of a dict literal.

    In a literal over several lines the entry gets a line of its own, behind a comment that
    belongs to the entry before it.
    """
    text = f"{json.dumps(key, ensure_ascii=False)}: {value}"
    start, end = syntax.span(literal)
    if not literal.elements:
        return (TextEdit(module=module, start=start, end=end, replacement=f"{{{text}}}"),)
    return _behind(module, syntax, start, literal.elements[-1], text)


def new_argument(
    module: str, syntax: Syntax, call: cst.Call, name: str, value: str
) -> tuple[TextEdit, ...]:
    """Edits that add a keyword argument behind the last argument of a call."""
    text = f"{name}={value}"
    end = syntax.span(call)[1]
    if not call.args:
        return (TextEdit(module=module, start=end - 1, end=end - 1, replacement=text),)
    return _behind(module, syntax, syntax.span(call.func)[1], call.args[-1], text)


def _behind(
    module: str,
    syntax: Syntax,
    start: int,
    last: cst.BaseElement | cst.BaseDictElement | cst.Arg,
    text: str,
) -> tuple[TextEdit, ...]:
    """Edits that add a further part behind the last one of what starts at an offset."""
    low, high = syntax.span(last)
    if isinstance(last.comma, cst.Comma):
        high += len(syntax.module.code_for_node(last.comma.whitespace_before)) + 1
        comma = ""
    else:
        comma = ","
    if "\n" not in syntax.text[start:low] or syntax.text[syntax.line_start(low) : low].strip():
        return (TextEdit(module=module, start=high, end=high, replacement=f"{comma} {text}"),)
    indentation = syntax.indentation(low)
    line_end = _comment_end(syntax, high)
    if line_end is None or not comma:
        at = high if line_end is None else line_end
        added = f"{comma}{syntax.newline}{indentation}{text}{',' if not comma else ''}"
        return (TextEdit(module=module, start=at, end=at, replacement=added),)
    added = f"{syntax.newline}{indentation}{text}"
    return (
        TextEdit(module=module, start=high, end=high, replacement=comma),
        TextEdit(module=module, start=line_end, end=line_end, replacement=added),
    )


def _comment_end(syntax: Syntax, offset: int) -> int | None:
    """The end of the line, where only a comment follows the offset on it."""
    line = syntax.text[offset:].partition("\n")[0].rstrip("\r")
    return offset + len(line) if line.lstrip().startswith("#") else None


def new_value(module: str, syntax: Syntax, old: cst.CSTNode, value: str) -> TextEdit:
    """The edit that puts another expression in an expression's place."""
    start, end = syntax.span(old)
    return TextEdit(module=module, start=start, end=end, replacement=value)


def first_item(module: str, syntax: Syntax, literal: cst.List, item: str) -> TextEdit:
    """The edit that puts an item before all others of a list literal."""
    start, end = syntax.span(literal)
    if not literal.elements:
        return TextEdit(module=module, start=start, end=end, replacement=f"[{item}]")
    low = syntax.span(literal.elements[0])[0]
    own_line = not syntax.text[syntax.line_start(low) : low].strip()
    gap = f"{syntax.newline}{syntax.indentation(low)}" if own_line else " "
    return TextEdit(module=module, start=low, end=low, replacement=f"{item},{gap}")


def alias_call(mapping: Mapping[str, str], indentation: str, more: int = 0) -> str:
    """``alias_fields({...})``, over several lines where one would be too long.

    Args:
        mapping: Old path to new path.
        indentation: Of the line on which the call begins.
        more: How many characters stand beside the call on one line.
    """
    pairs = [
        f"{json.dumps(old, ensure_ascii=False)}: {json.dumps(new, ensure_ascii=False)}"
        for old, new in mapping.items()
    ]
    line = f"alias_fields({{{', '.join(pairs)}}})"
    if len(indentation) + len(line) + more <= LINE_LENGTH:
        return line
    listed = "".join(f"\n{indentation}        {pair}," for pair in pairs)
    return f"alias_fields(\n{indentation}    {{{listed}\n{indentation}    }}\n{indentation})"
