"""The credentials that a connector was seen to send: secret by value wherever else they stand.

An API echoes what it was sent, under names that say nothing.
"""

import base64
import binascii
import os
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import parse_qsl, urlsplit

from connector_healing.core.secret_forms import is_maskable
from connector_healing.core.secret_looks import is_plain, looks_minted
from connector_healing.core.secret_names import Place, may_be_secret
from connector_healing.core.secret_parts import secrets_of_address

#: Headers of which a value says what is asked, not who asks (RFC 9110, W3C Trace Context).
_ORDINARY = frozenset(
    {
        *("accept", "accept-charset", "accept-encoding", "accept-language", "cache-control"),
        *("connection", "content-encoding", "content-length", "content-type", "date", "expect"),
        *("from", "host", "idempotency-key", "if-match", "if-modified-since", "if-none-match"),
        *("origin", "prefer", "range", "referer", "te", "traceparent", "tracestate"),
        *("transfer-encoding", "upgrade", "user-agent", "x-correlation-id", "x-request-id"),
    }
)
#: No more than so many minted ones: a signature that each request has anew is not worth it.
MAX_MINTED = 20


def sent_secrets(
    requests: Iterable[tuple[str, Mapping[str, str]]], environment: Mapping[str, str] | None = None
) -> frozenset[str]:
    """The secrets in requests.

    A value of the environment is one where it is sent as a credential, or in another header
    and looks like a key. What is sent as a credential and looks like a key is one, wherever it
    came from: the API gave it.

    Args:
        requests: URL and headers of each.
        environment: This process's, if not given.
    """
    known = {v.strip() for v in (os.environ if environment is None else environment).values()}
    found: set[str] = set()
    minted: dict[str, None] = {}
    for url, headers in requests:
        credentials = {*secrets_of_address(url), *_of_query(url)}
        for name, value in headers.items():
            if name.lower() in _ORDINARY:
                continue
            parts = set(_parts(value))
            if may_be_secret(name, Place.HEADER):
                credentials |= parts
            else:
                found.update(p for p in parts & known if looks_minted(p))
        found.update(c for c in credentials & known if is_maskable(c) and not _is_common(c))
        if len(minted) < MAX_MINTED:
            minted.update(dict.fromkeys(c for c in sorted(credentials) if looks_minted(c)))
    return frozenset(found).union(list(minted)[:MAX_MINTED])


def _is_common(value: str) -> bool:
    return is_plain(value) and len(value) < len("passwords")


def _of_query(url: str) -> Iterator[str]:
    try:
        query = parse_qsl(urlsplit(url).query)
    except ValueError:
        return
    yield from (value for name, value in query if may_be_secret(name, Place.PARAMETER))


def _parts(value: str) -> Iterator[str]:
    """A header's value, what follows its scheme, the halves of ``Basic``, a cookie's values."""
    value = value.strip()
    yield value
    scheme, _, rest = value.partition(" ")
    rest = rest.strip()
    if rest and "=" not in scheme:
        yield rest
        if scheme.lower() == "basic":
            user, _, password = _decoded(rest).partition(":")
            yield from (password,) if password else (user,)
    if "=" in value:
        for pair in value.replace(",", ";").split(";"):
            yield pair.partition("=")[2].strip(' "')


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, ValueError):
        return ""
