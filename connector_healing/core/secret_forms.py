"""The forms in which one secret value can stand in a text."""

import base64
import html
import json
import re
from collections.abc import Iterator
from urllib.parse import quote, quote_plus, unquote

from connector_healing.core.secret_looks import COMMON_VALUES
from connector_healing.core.secret_parts import embedded_secrets

#: A shorter value would mask ordinary text everywhere.
MIN_LENGTH = 6

_LINE = 20  #: A line of a key file at least as long is a secret of its own.
_INNER = 8  #: Characters of base64 that are enough to be told from chance.
_PERCENT = re.compile(r"%[0-9A-F]{2}")


def is_maskable(value: str) -> bool:
    """Whether a value is long and rare enough to be masked wherever it stands."""
    return (
        len(value) >= MIN_LENGTH
        and len(set(value)) > 1
        and value.lower() not in COMMON_VALUES
        and value.strip("*") == value
    )


def forms(value: str) -> Iterator[str]:
    """Every text that stands for a secret: its parts, each as it is and encoded."""
    for part in _parts(value):
        if is_maskable(part):
            yield from _encodings(part)


def _parts(value: str) -> Iterator[str]:
    """The value, the lines of a key file, the passwords of an address or a connection string."""
    yield value
    stripped = value.strip()
    if stripped != value:
        yield stripped
    if "\n" in stripped:
        for line in stripped.splitlines():
            bare = line.strip()
            if len(bare) >= _LINE and not bare.startswith("-----"):
                yield bare
    for embedded in embedded_secrets(stripped):
        yield embedded
        yield unquote(embedded)


def _encodings(value: str) -> Iterator[str]:
    raw = value.encode("utf-8", "surrogatepass")
    yield value
    yield html.escape(value)
    yield repr(value)[1:-1]
    for ascii_only in (True, False):
        escaped = json.dumps(value, ensure_ascii=ascii_only)[1:-1]
        yield escaped
        yield escaped.replace("/", "\\/")
        yield json.dumps(escaped)[1:-1]  # JSON inside a JSON string
    for encoded in (quote(raw, safe=""), quote(raw), quote_plus(raw)):
        yield encoded
        yield quote(encoded, safe="")
        yield _PERCENT.sub(lambda m: m.group().lower(), encoded)
    yield from _base64_forms(raw)


def _base64_forms(raw: bytes) -> Iterator[str]:
    """Base64 of the value alone, and its part of the base64 of a longer text.

    Base64 turns three bytes into four characters, so there are three ways in which a value can
    lie in a longer one; the characters that its neighbours share are left out.
    """
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        whole = encode(raw).decode()
        yield whole
        yield whole.rstrip("=")
        yield quote(whole, safe="")
        for before in range(3):
            inner = encode(b"\0" * before + raw).decode().rstrip("=")
            first = (before * 8 + 5) // 6
            last = (before + len(raw)) * 8 // 6
            if last - first >= _INNER:
                yield inner[first:last]
