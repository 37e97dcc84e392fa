"""Which credential is shown to a cluster; its secrets are never printed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from connector_healing.errors import UsageError

#: Environment variable of an access token for the cluster.
TOKEN_VARIABLE = "KUSTO_ACCESS_TOKEN"  # noqa: S105  # the name of a variable
#: Environment variables as azure-identity itself reads them.
TENANT_VARIABLE = "AZURE_TENANT_ID"
CLIENT_VARIABLE = "AZURE_CLIENT_ID"
SECRET_VARIABLE = "AZURE_CLIENT_SECRET"  # noqa: S105  # the name of a variable


class CredentialKind(StrEnum):
    """The ways to prove who asks."""

    AZ_CLI = "az-cli"  #: Whoever is logged in with ``az login``.
    APP = "app"  #: An application and its key.
    TOKEN = "token"  # noqa: S105  # the name of a way: a token that was got elsewhere
    MANAGED_IDENTITY = "managed-identity"  #: Of the Azure machine that this runs on.
    DEVICE_CODE = "device-code"  #: A person types a code in a browser.


@dataclass(frozen=True, slots=True, kw_only=True)
class AzCli:
    """Whoever is logged in with the Azure command line."""

    tenant: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """A service principal with its key."""

    tenant: str
    client_id: str
    key: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """A bearer token whose audience is the cluster."""

    token: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagedIdentity:
    """The machine's identity, or the user-assigned one of this client id."""

    client_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceCode:
    """A person who follows a link and types a code; asked for once a collection."""

    tenant: str | None = None


Credential = AzCli | Application | AccessToken | ManagedIdentity | DeviceCode


def credential_from(kind: CredentialKind, environ: Mapping[str, str]) -> Credential:
    """The credential of a kind, its parts from the environment.

    Raises:
        UsageError: If a variable that the kind needs is not set.
    """
    tenant = environ.get(TENANT_VARIABLE) or None
    match kind:
        case CredentialKind.AZ_CLI:
            return AzCli(tenant=tenant)
        case CredentialKind.APP:
            return Application(
                tenant=_needed(environ, TENANT_VARIABLE, kind),
                client_id=_needed(environ, CLIENT_VARIABLE, kind),
                key=_needed(environ, SECRET_VARIABLE, kind),
            )
        case CredentialKind.TOKEN:
            return AccessToken(token=_token(_needed(environ, TOKEN_VARIABLE, kind)))
        case CredentialKind.MANAGED_IDENTITY:
            return ManagedIdentity(client_id=environ.get(CLIENT_VARIABLE) or None)
        case CredentialKind.DEVICE_CODE:
            return DeviceCode(tenant=tenant)


def secrets_of(credential: Credential) -> tuple[str, ...]:
    """The values that must not be seen anywhere."""
    match credential:
        case Application(key=key):
            return (key,)
        case AccessToken(token=token):
            return (token,)
        case AzCli() | ManagedIdentity() | DeviceCode():
            return ()


def _needed(environ: Mapping[str, str], name: str, kind: CredentialKind) -> str:
    value = environ.get(name, "").strip()
    if not value:
        raise UsageError("credential", kind.value, f"Set {name} in the environment for it.")
    return value


def _token(value: str) -> str:
    bare = value.removeprefix("Bearer ").strip()
    # It becomes a header: anything else in it would end that header or begin another.
    if not bare.isascii() or not bare.isprintable() or " " in bare:
        raise UsageError(
            "credential", CredentialKind.TOKEN.value, f"{TOKEN_VARIABLE} does not hold a token."
        )
    return bare
