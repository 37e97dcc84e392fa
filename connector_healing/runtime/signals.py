"""What response headers say of rate limits and of an API's coming end."""

from collections.abc import Iterable

from requests.utils import parse_header_links

from connector_healing.runtime.cassette import Exchange

_NAMES = frozenset({"retry-after", "deprecation", "sunset", "x-api-warn", "warning"})
_PREFIXES = ("ratelimit", "x-ratelimit", "x-rate-limit")
#: Link relations that announce a change (RFC 9745, RFC 8594, RFC 5829).
_RELATIONS = frozenset({"deprecation", "sunset", "successor-version", "latest-version"})


def signals_of(exchanges: Iterable[Exchange]) -> dict[str, str]:
    """The rate-limit, deprecation and sunset headers, names in lower case; the latest value counts.

    A link that announces a change is kept as ``link;rel=successor-version``, without its query.
    """
    found: dict[str, str] = {}
    for exchange in exchanges:
        for original, value in exchange.response_headers:
            name = original.lower()
            if name in _NAMES or name.startswith(_PREFIXES):
                found[name] = value
            elif name == "link":
                found.update(_announcements(value))
    return found


def _announcements(value: str) -> dict[str, str]:
    return {
        f"link;rel={relation}": link["url"].partition("?")[0]
        for link in parse_header_links(value)
        for relation in link.get("rel", "").lower().split()
        if relation in _RELATIONS
    }
