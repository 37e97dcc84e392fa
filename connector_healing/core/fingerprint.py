"""A stable name of a failure: the same for the same cause with other ids, times and values."""

import hashlib
import re
from collections.abc import Iterator

from connector_healing.core.failure import ExceptionLink, Failure
from connector_healing.core.path_template import host_of, path_template

_DIGITS = 20  #: Hexadecimal digits of SHA-256.
_FIRST_ERROR_STATUS = 400
_FIRST_LONG_NUMBER = 3  #: Digits from which on a number in a name is an id and not part of it.

#: Exceptions whose message quotes a value of the data, not a name.
_QUOTES_VALUES = frozenset({"ValueError", "ArithmeticError", "UnicodeError"})

_URL = re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s'\"<>)\]]+")
_FILE = re.compile(
    r"(?:/(?:tmp|home|usr|var|opt|root|mnt|private|Users|data)|[A-Z]:\\)[^\s'\"`:,;]*"
)
_PATH = re.compile(r"(?<![\w<}])/[A-Za-z][^\s'\"`:,;()]*")
_ADDRESS = re.compile(r"0x[0-9a-fA-F]+")
_UUID = re.compile(r"\b[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}\b")
_TIME = re.compile(
    r"\b\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?"
    r"|\b\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?\b"
)
_MAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
_HEX = re.compile(r"\b(?=[a-fA-F]*\d)(?=\d*[a-fA-F])[0-9a-fA-F]{8,}\b")
# A short number behind a letter belongs to a name: ``v2``, ``sha1``.
_NUMBER = re.compile(r"(?<![A-Za-z_])[-+]?\d+(?:[.,]\d+)*(?:[eE][-+]?\d+)?|\d{3,}")
#: What differs from run to run, with what is put in its place.
VALUES = ((_ADDRESS, "#"), (_UUID, "#"), (_TIME, "<time>"), (_MAIL, "<mail>"))
_INPUT = re.compile(r"input_value=.*?, input_type")  # pydantic's
_QUOTED = re.compile(r"'([^'\n]*)'|\"([^\"\n]*)\"|`([^`\n]*)`")
_NAME = re.compile(r"[A-Za-z_$@][\w$.@\[\]]*")
_SPACE = re.compile(r"\s+")


def fingerprint(failure: Failure) -> str:
    """The failure's name: 20 hexadecimal digits.

    It is made of what the failure is, not of what it was found to mean: the root exception's
    type and normalised message, the status, host and path template of an HTTP answer that was
    an error, the connector's function (not the line) in which it was raised, and the kinds,
    tables and columns of suspicions. Stage, run, version, times and values do not count.
    """
    text = "\n".join(_facts(failure))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]


def _facts(failure: Failure) -> Iterator[str]:
    root = failure.root_link
    if root is not None:
        yield f"type {root.type}"
        yield f"message {_message(root)}"
    http = failure.http
    if http is not None and http.status is not None and http.status >= _FIRST_ERROR_STATUS:
        yield f"http {http.status} {host_of(http.url)} {path_template(http.url)}"
    if failure.position is not None:
        yield f"in {failure.position.module} {failure.position.function}"
    yield from sorted(f"{s.kind.value} {s.table} {s.column or ''}" for s in failure.suspicions)


def _message(link: ExceptionLink) -> str:
    key = link.attributes.get("key")
    if key is not None:
        return _key(key)
    quotes_values = not _QUOTES_VALUES.isdisjoint(link.mro)
    return normalised(link.message, quotes_values=quotes_values)


def _key(key: str) -> str:
    """The field that a KeyError misses; a key that is an id or a number counts as a value."""
    if _NAME.fullmatch(key) and not _looks_like_id(key):
        return key
    return normalised(key, quotes_values=False)


def normalised(message: str, *, quotes_values: bool) -> str:
    """A message with URLs as templates, and without ids, times, numbers and file names.

    Args:
        message: The text.
        quotes_values: Whether what it quotes are values, which are taken out too; else quoted
            names stay, since another field is another failure.
    """
    text = _INPUT.sub("input_value=?, input_type", message)
    text = _URL.sub(lambda m: f"{host_of(m.group())}{path_template(m.group())}", text)
    text = _FILE.sub("<file>", text)
    text = _PATH.sub(lambda m: path_template(m.group()), text)
    for pattern, put in VALUES:
        text = pattern.sub(put, text)
    return _SPACE.sub(" ", "".join(_pieces(text, quotes_values=quotes_values))).strip()


def _pieces(text: str, *, quotes_values: bool) -> Iterator[str]:
    """What stands between quotes and within them; numbers that belong to a name survive."""
    at = 0
    for match in _QUOTED.finditer(text):
        yield without_numbers(text[at : match.start()])
        at = match.end()
        mark, inner = match.group()[0], match.group(match.lastindex or 1)
        is_name = _NAME.fullmatch(inner) and not _looks_like_id(inner)
        if is_name and not quotes_values:
            yield match.group()
        elif " " in inner and not quotes_values:
            yield f"{mark}{without_numbers(inner)}{mark}"
        else:
            yield f"{mark}?{mark}"
    yield without_numbers(text[at:])


def without_numbers(text: str) -> str:
    """The text with ``#`` for each number that is no part of a name."""
    return _NUMBER.sub("#", _HEX.sub("#", text))


def _looks_like_id(name: str) -> bool:
    digits = max((len(run) for run in re.findall(r"\d+", name)), default=0)
    return digits >= _FIRST_LONG_NUMBER or _HEX.fullmatch(name) is not None
