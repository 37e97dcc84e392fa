"""Text of foreign origin as Markdown that says exactly that text.

GitHub-flavoured Markdown without raw HTML, which Dagster's UI drops.
"""

import re
from collections.abc import Iterable, Sequence

_SPACE = re.compile(r"\s+")
_BACKTICKS = re.compile(r"`+")
# What would become a link by itself stands as code: no escape of it reads well.
_LINK = re.compile(
    r"((?:[a-z][a-z0-9+.-]*://|\bwww\.)[^\s|`'\"<>]*(?:=\*\*\*|[^\s|`'\"<>.,;:!?()\[\]*_~])"
    r"|[\w.+-]+@[\w-]+(?:\.[\w-]+)+)",
    re.IGNORECASE,
)
# Characters that mean something wherever they stand, or in the company that they are in here: a
# backslash before what it could escape, a bracket that could end a link's text, a tag's, a
# reference's beginning. The end of the text counts as such company: more may follow it.
_MEANING = re.compile(
    r"[`|]|\\(?=[^\w\s]|_|$)|\](?=[(\[:]|$)|<(?=[A-Za-z/!?]|$)|&(?=#?\w*(?:;|$))", re.ASCII
)
# Marks that mean something in pairs only: one at a word's beginning, one at a later word's end.
# An underscore within a word is none.
_PAIRED = {
    "*": (re.compile(r"\*+"), re.compile(r"\*(?=[^\s*]).*[^\s*]\*")),
    "~": (re.compile(r"~+"), re.compile(r"~(?=[^\s~]).*[^\s~]~")),
    "$": (re.compile(r"\$+"), re.compile(r"\$.*\$")),
    "_": (
        re.compile(r"(?<![A-Za-z0-9])_+|_+(?![A-Za-z0-9])"),
        re.compile(r"(?<![A-Za-z0-9])_+(?=[^\s_]).*[^\s_]_+(?![A-Za-z0-9])"),
    ),
}
# What makes a heading, list, quotation, rule, fence or task at the start of a line.
_START = re.compile(
    r"^(?:\d{1,9}(?=[.)](?:\s|$))|(?=#{1,6}(?:\s|$)|[-+*](?:\s|$)|>|~~~|=+$|\[[ xX]\](?:\s|$)"
    r"|([-*_])(?:\s*\1)+$))"
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def one_line(text: str, limit: int = 500) -> str:
    """The text in one line, cut with an ellipsis."""
    line = _SPACE.sub(" ", _CONTROL.sub("", text)).strip()
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def prose(text: str, limit: int = 500) -> str:
    """The text within a sentence, a list item or a table's cell.

    Only what Markdown would read otherwise is escaped; links and addresses are code spans.
    """
    pieces = _LINK.split(one_line(text, limit))
    plain = "`".join(pieces[::2])
    paired = [marks for marks, pair in _PAIRED.values() if pair.search(plain)]
    shown = [
        code(piece) if number % 2 else _escaped(piece, paired, first=not number)
        for number, piece in enumerate(pieces)
    ]
    return "".join(shown)


def _escaped(text: str, paired: Iterable[re.Pattern[str]], *, first: bool) -> str:
    """A piece of a line without links, in which some marks have their partners."""
    places = {found.start() for found in _MEANING.finditer(text)}
    for marks in paired:
        for found in marks.finditer(text):
            places.update(range(*found.span()))
    start = _START.match(text) if first else None
    if start is not None:
        places.add(start.end())
    return "".join(f"\\{c}" if n in places else c for n, c in enumerate(text))


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
