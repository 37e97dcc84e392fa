"""Leaves out of a long log what cannot show the connector's failure."""

import re

#: A line longer than this many characters loses its middle.
LINE_LIMIT = 40_000

#: A log longer than this many characters, once condensed, loses its middle.
KEPT_LIMIT = 4_000_000

#: Shorter evidence is kept as it is.
SHORT = 200_000

_CHATTER = re.compile(
    r"\W{0,3}\d{2,4}[-/]\d{2}[-/]\d{2}[ T]\d{2}:\d{2}:\d{2}\S{0,12}\s{1,3}(?:INFO|DEBUG|TRACE)\b",
    re.ASCII,
)
_SPACE = re.compile(r"\s")
_TELLING = re.compile(r"usto|xception|[Ee]rror|ancel|sparkTempTable|xtents|ngest|[Ll]ost")


def condensed(text: str) -> str:
    """The evidence without other loggers' INFO lines and without the middle of endless lines.

    Args:
        text: The evidence; a short one comes back as it is.
    """
    if len(text) <= SHORT:
        return text
    kept = [
        shortened(line, LINE_LIMIT)
        for line in text.splitlines()
        if line and not (_CHATTER.match(line) and not _TELLING.search(line))
    ]
    return shortened("\n".join(kept), KEPT_LIMIT)


def shortened(text: str, limit: int) -> str:
    """The head and the tail of a text; no word is cut, since half a secret is not recognised."""
    if len(text) <= limit:
        return text
    half = limit // 2
    head, tail = text[:half], text[-half:]
    first = _SPACE.search(tail)
    last = head.rfind(" ")
    return f"{head[: max(last, 0)]} … {tail[first.end() :] if first else ''}"
