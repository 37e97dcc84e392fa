"""Text of foreign origin as characters that can be written again."""

import codecs
import re

_SURROGATE = re.compile(r"[\ud800-\udfff]")
_REPLACEMENT = "\ufffd"

#: Byte order marks; the longer ones come first, since one begins with another.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def sound(text: str) -> str:
    """The text without lone surrogates, which JSON may spell and no encoding can write."""
    return _SURROGATE.sub(_REPLACEMENT, text)


def encoding_of(raw: bytes) -> tuple[str, int]:
    """The encoding that the byte order mark names, UTF-8 without one, and the mark's length."""
    return next(
        ((encoding, len(mark)) for mark, encoding in _MARKS if raw.startswith(mark)), ("utf-8", 0)
    )


def decoded(raw: bytes) -> str:
    """The text in the bytes, by its byte order mark; what does not decode is replaced."""
    encoding, mark = encoding_of(raw)
    return raw[mark:].decode(encoding, "replace")
