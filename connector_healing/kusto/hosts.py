"""Which hosts may be asked: a user's token goes to Kusto and to nobody else.

The SDK checks the host only for credentials that it fetches itself, and not for a token that it
is given, so the check is ours. The suffixes are those of Azure Data Explorer, Fabric and Synapse
in the SDK's own list of well-known endpoints (azure-kusto-data 6.0.4), by the login endpoint of
their cloud.
"""

import ipaddress
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from connector_healing.core.kusto.commands import Endpoint
from connector_healing.errors import UsageError

#: Login endpoint of a cloud to the ends of its Kusto hosts.
CLOUDS: Mapping[str, tuple[str, ...]] = {
    "https://login.microsoftonline.com": (
        ".kusto.windows.net",
        ".kustomfa.windows.net",
        ".kusto.fabric.microsoft.com",
        ".kusto.data.microsoft.com",
        ".kusto.azuresynapse.net",
    ),
    "https://login.microsoftonline.us": (
        ".kusto.usgovcloudapi.net",
        ".kustomfa.usgovcloudapi.net",
    ),
    "https://login.partner.microsoftonline.cn": (
        ".kusto.chinacloudapi.cn",
        ".kustomfa.chinacloudapi.cn",
        ".kusto.azuresynapse.azure.cn",
    ),
    "https://login.microsoftonline.eaglex.ic.gov": (
        ".kusto.core.eaglex.ic.gov",
        ".kustomfa.core.eaglex.ic.gov",
    ),
    "https://login.microsoftonline.microsoft.scloud": (
        ".kusto.core.microsoft.scloud",
        ".kustomfa.core.microsoft.scloud",
    ),
    "https://login.sovcloud-identity.fr": (".kusto.sovcloud-api.fr", ".kustomfa.sovcloud-api.fr"),
    "https://login.sovcloud-identity.de": (".kusto.sovcloud-api.de", ".kustomfa.sovcloud-api.de"),
    "https://login.sovcloud-identity.sg": (".kusto.sovcloud-api.sg", ".kustomfa.sovcloud-api.sg"),
}

#: What the data management service's host begins with.
INGEST = "ingest-"

_HTTPS_PORT = 443
_LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_ALIAS = re.compile(_LABEL)
_SUFFIXES = tuple(suffix for suffixes in CLOUDS.values() for suffix in suffixes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """A cluster's two addresses, checked; made by `cluster_at`."""

    engine: str
    ingest: str | None  #: None where the engine's host has no name to put the prefix before.
    allowed: frozenset[str] = frozenset()  #: Hosts that the user allowed beside the known ones.

    def url(self, endpoint: Endpoint) -> str | None:
        """The address of one of the two services."""
        return self.engine if endpoint is Endpoint.ENGINE else self.ingest


def cluster_at(
    cluster: str, *, ingest: str | None = None, allowed_hosts: Collection[str] = ()
) -> Cluster:
    """The addresses of a cluster, from that of either service or from its short name.

    Args:
        cluster: ``https://NAME.REGION.kusto.windows.net``, the same with ``ingest-``, without
            scheme, or ``NAME`` alone for the public cloud.
        ingest: The data management service's address, where it is not the engine's with the
            prefix ``ingest-``.
        allowed_hosts: Hosts beside the known ones, without port. Only a loopback host among them
            may be asked by http or at another port than 443.

    Raises:
        UsageError: If an address is none, or its host is not allowed.
    """
    allowed = frozenset(_allowed(host) for host in allowed_hosts)
    scheme, host, port = _parts("cluster", cluster, allowed)
    named = not _is_loopback(host) and not _is_address(host)
    engine = _joined(scheme, host.removeprefix(INGEST) if named else host, port)
    if ingest is not None:
        return Cluster(
            engine=engine, ingest=_joined(*_parts("ingest", ingest, allowed)), allowed=allowed
        )
    if not named:
        return Cluster(engine=engine, ingest=None, allowed=allowed)
    derived = f"{INGEST}{host.removeprefix(INGEST)}"
    # A host that the user allowed brings its other half with it, and only that.
    both = allowed | {derived, host.removeprefix(INGEST)} if host in allowed else allowed
    return Cluster(engine=engine, ingest=_joined(scheme, derived, port), allowed=both)


def _allowed(host: str) -> str:
    lower = host.strip().lower()
    if not _HOST.fullmatch(lower) and not _is_address(lower):
        raise UsageError("allowed host", host, "Name a host alone: no scheme, port or path.")
    return lower


def _parts(field: str, text: str, allowed: Collection[str]) -> tuple[str, str, int | None]:
    parsed, port = _split(field, text)
    host = parsed.hostname or ""
    if host not in allowed and not (_HOST.fullmatch(host) and host.endswith(_SUFFIXES)):
        raise UsageError(
            field,
            _shown(parsed),
            "Its host is none of Kusto's (as NAME.kusto.windows.net): name it with --allow-host if "
            "your token may go there.",
        )
    loopback = host in allowed and _is_loopback(host)
    if parsed.scheme != "https" and not loopback:
        raise UsageError(field, _shown(parsed), "Only https is allowed.")
    if port not in {None, _HTTPS_PORT} and not loopback:
        raise UsageError(field, _shown(parsed), "Kusto answers at port 443 alone.")
    return parsed.scheme, host, port if loopback else None


def _split(field: str, text: str) -> tuple[SplitResult, int | None]:
    lower = text.strip().lower()
    whole = f"{lower}.kusto.windows.net" if _ALIAS.fullmatch(lower) else lower
    address = whole if "://" in whole else f"https://{whole}"
    wrong = "Give an address as https://NAME.REGION.kusto.windows.net, with nothing after the host."
    # A semicolon would begin another keyword of the SDK's connection string.
    if re.search(r"[\s;\\,\"'<>\x00-\x1f@?#%]", address):
        raise UsageError(field, "(not shown: it may hold a secret)", wrong)
    try:
        parsed = urlsplit(address)
        port = parsed.port
    except ValueError:
        raise UsageError(field, text, wrong) from None
    if parsed.scheme not in {"http", "https"} or parsed.path not in {"", "/"}:
        raise UsageError(field, text, wrong)
    return parsed, port


def _shown(parsed: SplitResult) -> str:
    return f"{parsed.scheme}://{parsed.netloc}"


def _joined(scheme: str, host: str, port: int | None) -> str:
    shown = f"[{host}]" if ":" in host else host
    return f"{scheme}://{shown}" if port is None else f"{scheme}://{shown}:{port}"


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    return host == "localhost" or (_is_address(host) and ipaddress.ip_address(host).is_loopback)
