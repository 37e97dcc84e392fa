"""dlt's ``insert_values`` files, read without executing them.

DuckDB takes seconds to parse a statement with many thousand rows; the literals are few and simple,
so that they are rewritten as JSON lines, which it reads in milliseconds.
"""

import gzip
import json
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

_HEAD = re.compile(r"INSERT INTO \{\}\((?P<columns>.*)\)\nVALUES\n")
_NAME = re.compile(r'(?:"((?:[^"]|"")*)"|`([^`]*)`|\[([^\]]*)\]|([^,"`\[\]]+))')
#: A literal as dlt writes it: a text (with E or N before it, or in a call), else a word or number.
#: Whatever the dialect, a quote inside of a text is doubled.
_LITERAL = re.compile(
    r"""(?:[A-Za-z_]\w*\()?(?P<prefix>[EN]?)'(?P<text>(?:[^']|'')*)'\)?|(?P<bare>[^\s,();']+)"""
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED = {"n": "\n", "r": "\r"}


def as_json_lines(path: Path, scratch: Path) -> Path | None:
    """Rewrite an ``insert_values`` file as JSON lines, every value as text.

    Args:
        path: The file, compressed or not.
        scratch: Where the rewritten file goes.

    Returns:
        The rewritten file, or None where the file is not in the form that is known.
    """
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8", newline="") as file:
        text = file.read()
    head = _HEAD.match(text)
    if head is None:
        return None
    names = [_unquoted(match) for match in _NAME.finditer(head["columns"])]
    target = scratch / f"{path.name}.jsonl"
    values = (_value(match) for match in _LITERAL.finditer(text, head.end()))
    with target.open("w", encoding="utf-8") as file:
        for row in _rows(values, len(names)):
            if len(row) != len(names):
                return None
            file.write(json.dumps(dict(zip(names, row, strict=True))))
            file.write("\n")
    return target


def _rows(values: Iterator[str | None], width: int) -> Iterator[list[str | None]]:
    while row := list(islice(values, width)):
        yield row


def _unquoted(match: re.Match[str]) -> str:
    name = next(group for group in match.groups() if group is not None)
    return name.replace('""', '"')


def _value(match: re.Match[str]) -> str | None:
    bare = match["bare"]
    if bare is not None:
        return None if bare.upper() == "NULL" else bare
    text = match["text"].replace("''", "'")
    if match["prefix"] == "N" or "\\" not in text:
        return text
    return _ESCAPE.sub(lambda m: _ESCAPED.get(m[1], m[1]), text)
