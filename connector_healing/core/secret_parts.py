"""The secrets inside one text of configuration: an address, a connection string, JSON.

Of such a text only parts are secret: host, port and database are needed to tell what failed.
"""

import json
import re
from collections.abc import Iterator, Mapping
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from connector_healing.core.secret_looks import looks_minted
from connector_healing.core.secret_names import Place, hides, is_secret_name

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]{0,40}://[^\s\"'<>]{1,4000}")
#: ``Password=...;`` of ADO, ODBC, JDBC and Azure, ``password='...'`` of libpq.
_ENTRY = re.compile(
    r"([A-Za-z][A-Za-z0-9_ .\-]{0,60}?)[ ]{0,3}=[ ]{0,3}"
    r"(\{[^}]{1,400}\}|'[^']{1,400}'|\"[^\"]{1,400}\"|[^;&\s'\"{][^;&\s]{0,4000})"
)
#: What stands between the keys of a setting that holds several.
_LISTED = re.compile(r"[,;\s]+")


def setting_secrets(text: str) -> Iterator[str]:
    """What is secret of a text that is kept as one: all of it, of an address only parts."""
    if "://" not in text or text[:1] in {"{", "["}:
        yield text
    yield from embedded_secrets(text)


def embedded_secrets(text: str) -> Iterator[str]:
    """The secrets inside a text of configuration; none where it is not composed."""
    stripped = text.strip()
    if stripped[:1] in {"{", "["}:
        yield from _of_json(stripped)
    addresses = [_split(match.group()) for match in _ADDRESS.finditer(stripped)]
    for address in addresses:
        if address is not None:
            yield from _of_address(address)
    if "=" in stripped:
        for name, value in _ENTRY.findall(stripped):
            bare = value.strip("'\"") if value[0] in "'\"" else value.removeprefix("{")
            if is_secret_name(name):
                yield bare.removesuffix("}") if value[0] == "{" else bare


def secrets_of_address(url: str) -> Iterator[str]:
    """The credentials in a URL's user information and in its secret parameters."""
    if (address := _split(url)) is not None:
        yield from _of_address(address)


def _split(url: str) -> SplitResult | None:
    try:
        return urlsplit(url)
    except ValueError:
        return None


def _of_address(address: SplitResult) -> Iterator[str]:
    user, _, password = address.netloc.rpartition("@")[0].partition(":")
    # A password that repeats another part of its address says nothing: developers' defaults.
    known = {user, address.path.strip("/"), *re.split(r"[.:@]", address.netloc.rpartition("@")[2])}
    if password and password not in known:
        yield password
        yield unquote(password)
    elif not password and looks_minted(user):
        yield unquote(user)
    for text in (address.query, address.fragment):
        for name, value in parse_qsl(text):
            if is_secret_name(name) or (
                looks_minted(value) and hides(name, value, Place.PARAMETER)
            ):
                yield value


def _of_json(text: str) -> Iterator[str]:
    try:
        yield from secret_leaves(json.loads(text))
    except (ValueError, RecursionError):
        return


def secret_leaves(value: object, name: str = "", *, guarded: bool = False) -> Iterator[str]:
    """The secret texts in the value of a setting.

    Args:
        value: Mappings, lists and scalars.
        name: Under which it stands.
        guarded: Whether it was kept where there is nothing but secrets.
    """
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from secret_leaves(inner, str(key), guarded=guarded)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from secret_leaves(inner, name, guarded=guarded)
    elif isinstance(value, str) and value:
        if guarded or hides(name, value, Place.SETTING):
            yield from setting_secrets(value)
            if name.lower().endswith("s"):
                yield from (part for part in _LISTED.split(value) if part)
        else:
            yield from embedded_secrets(value)
