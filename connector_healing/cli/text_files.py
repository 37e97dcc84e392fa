"""Texts that the user names or pipes in, whatever wrote them."""

import codecs
import sys
from pathlib import Path

from connector_healing.errors import UsageError

#: The longer mark first: one begins with the other.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LOOKED_AT = 4_096  #: Bytes in which text of wide characters has a zero byte.


def text_of(file: str) -> str:
    """The text of a file, or of standard input for ``-``.

    Raises:
        UsageError: If it cannot be read, or nothing is connected to standard input.
    """
    try:
        if file != "-":
            return decoded(Path(file).read_bytes())
        if sys.stdin is None:  # Closed by who called us.
            raise UsageError("file", file, "Standard input is closed: name a file.")
        return decoded(sys.stdin.buffer.read())
    except OSError as error:
        raise UsageError("file", file, f"{error.strerror}: name a file, or - .") from error
    except ValueError as error:
        raise UsageError("file", file, "It is no name of a file: name one, or - .") from error


def decoded(raw: bytes) -> str:
    """The text of bytes by the mark that they begin with, else UTF-8; what is neither is replaced."""
    for mark, encoding in _MARKS:
        wide = encoding != "utf-8-sig"
        if raw.startswith(mark) and not (wide and b"\0" not in raw[:_LOOKED_AT]):
            return raw.decode(encoding, "replace")
    return raw.decode("utf-8", "replace")
