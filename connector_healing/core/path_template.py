"""URL paths with what differs from call to call taken out."""

import re
from urllib.parse import unquote, urlsplit

_UUID = re.compile(r"[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}")
_DATE = re.compile(r"\d{4}-\d{2}(?:-\d{2})?(?:[T ].*)?")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_VERSION = re.compile(r"[vV]\d+(?:\.\d+)*(?:[a-z]+\d*)?")
_HEX = re.compile(r"(?=[a-fA-F]*\d)[0-9a-fA-F]{8,}")
_LONG = 15  #: A mixed segment at least as long is an id.


def path_template(url: str) -> str:
    """The path of a URL (or a path) with ids, numbers, dates and hashes as ``{...}``.

    The query is left out; ``/v2/`` stays, since versions tell endpoints apart.
    """
    try:
        path = urlsplit(url).path
    except ValueError:
        path = url.partition("?")[0]
    return "/".join(_segment(unquote(segment)) for segment in path.split("/"))


def host_of(url: str) -> str:
    """The URL's host in lower case, without port and user."""
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


def _segment(text: str) -> str:
    stem, dot, extension = text.rpartition(".")
    if dot and extension.isalpha() and stem and "@" not in text:  # ``2026-03-01.csv``
        return f"{_segment(stem)}.{extension}"
    if not text or _VERSION.fullmatch(text):
        return text
    if _DATE.fullmatch(text):
        return "{date}"
    if _NUMBER.fullmatch(text):
        return "{n}"
    has_digit = any(c.isdigit() for c in text)
    if "@" in text or _UUID.fullmatch(text) or _HEX.fullmatch(text):
        return "{id}"
    return "{id}" if has_digit and len(text) >= _LONG else text
