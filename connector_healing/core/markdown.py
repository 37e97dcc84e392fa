"""Text of foreign origin as Markdown that says exactly that text.

GitHub-flavoured Markdown without raw HTML, which Dagster's UI drops.
"""

import re
from collections.abc import Iterable, Sequence

_SPACE = re.compile(r"\s+")
_BACKTICKS = re.compile(r"`+")
# An underscore between word characters is no emphasis; elsewhere it may be.
_MEANING = re.compile(r"[\\`*\[\]<>|~&$]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
_LINK = re.compile(r"(?<=[A-Za-z])://|(?<=\bwww)\.", re.IGNORECASE)
# What makes a heading, list or rule at the start of a line.
_START = re.compile(r"^(\d*)([#+=.)-])")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def one_line(text: str, limit: int = 500) -> str:
    """The text in one line, cut with an ellipsis."""
    line = _SPACE.sub(" ", _CONTROL.sub("", text)).strip()
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def prose(text: str, limit: int = 500) -> str:
    """The text within a sentence, a list item or a table's cell."""
    escaped = _MEANING.sub(lambda m: f"\\{m.group()}", one_line(text, limit))
    return _START.sub(r"\1\\\2", _LINK.sub(lambda m: f"\\{m.group()}", escaped))


def code(text: str, limit: int = 500) -> str:
    """The text as a code span."""
    line = one_line(text, limit)
    if not line:
        return "(empty)"
    longest = max((len(run) for run in _BACKTICKS.findall(line)), default=0)
    mark = "`" * (longest + 1)
    pad = " " if longest or line.startswith(" ") else ""
    return f"{mark}{pad}{line}{pad}{mark}"


def block(text: str, language: str = "") -> list[str]:
    """The text as a fenced block that nothing in it can close."""
    lines = (
        _CONTROL.sub("", text).replace("\r\n", "\n").replace("\r", "\n").rstrip("\n").split("\n")
    )
    longest = max((len(run) for run in _BACKTICKS.findall(text)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}{language}", *lines, fence]


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A table; the cells are Markdown already, made by `prose` or by `code` and `in_cell`."""
    return [_row(headings), _row(["---"] * len(headings)), *(_row(row) for row in rows)]


def in_cell(span: str) -> str:
    """A code span for a table, which is cut at bare pipes before anything else is read."""
    return span.replace("|", "\\|")


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
