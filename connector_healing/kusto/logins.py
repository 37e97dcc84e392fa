"""Tokens for the SDK: one login for both endpoints, for Kusto and for nothing else.

The cluster itself tells the SDK where to log in and for which audience. Of a host that only the
user vouches for, neither is believed: an application's key goes to Microsoft's login endpoints
alone, and a token that is good for anything but Kusto is never asked for.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from azure.core.credentials import AccessToken as IssuedToken
from azure.core.credentials import TokenCredential
from azure.identity import (
    AzureCliCredential,
    ClientSecretCredential,
    DeviceCodeCredential,
    ManagedIdentityCredential,
)

from connector_healing.errors import HealingError
from connector_healing.kusto.credentials import (
    AccessToken,
    Application,
    AzCli,
    Credential,
    DeviceCode,
    ManagedIdentity,
    secrets_of,
)
from connector_healing.kusto.hosts import CLOUDS

#: Shows a person where to type which code, and until when.
Prompt = Callable[[str, str, datetime], None]

_SUFFIXES = tuple(suffix for suffixes in CLOUDS.values() for suffix in suffixes)


class LoginRefusedError(HealingError):
    """No token was asked for, since the cluster wants it from or for somebody else."""


class Logins:
    """The tokens of one collection.

    Args:
        credential: Who asks; not an access token, which needs no login.
        prompt: Shows a device code.
    """

    def __init__(self, credential: Credential, prompt: Prompt) -> None:
        self._credential = credential
        self._prompt = prompt
        self._opened: dict[str, _Guarded] = {}

    @property
    def secrets(self) -> tuple[str, ...]:
        """All values that must not be seen: the credential's own and the tokens got with it."""
        got = (token for one in self._opened.values() for token in one.tokens)
        return (*secrets_of(self._credential), *got)

    def at(self, login_endpoint: str) -> TokenCredential:
        """What gives tokens of a login endpoint; the same one for both of a cluster's hosts.

        Raises:
            LoginRefusedError: If it is none of Microsoft's.
        """
        endpoint = login_endpoint.rstrip("/").lower()
        if endpoint not in CLOUDS:
            raise LoginRefusedError("The cluster names a login endpoint that is none of Azure's.")
        if endpoint not in self._opened:
            self._opened[endpoint] = _Guarded(_opened(self._credential, endpoint, self._prompt))
        return self._opened[endpoint]

    def close(self) -> None:
        """End all."""
        for one in self._opened.values():
            one.end()


class _Guarded:
    """Asks for tokens for Kusto alone, and not again where it failed once."""

    def __init__(self, credential: Any) -> None:  # azure-identity's classes share no closable type
        self._credential = credential
        self._failure: Exception | None = None
        self.tokens: set[str] = set()

    def get_token(self, *scopes: str, **options: Any) -> IssuedToken:
        """A token; azure-identity keeps it while it is good."""
        for scope in scopes:
            if not (urlsplit(scope).hostname or "").endswith(_SUFFIXES):
                raise LoginRefusedError("The cluster asks for a token that is not for Kusto.")
        if self._failure is not None:
            raise self._failure
        try:
            issued: IssuedToken = self._credential.get_token(*scopes, **options)
        except Exception as error:
            self._failure = error
            raise
        self.tokens.add(issued.token)
        return issued

    def close(self) -> None:
        """Nothing: the other endpoint may still need it."""

    def end(self) -> None:
        """Close what asks for tokens."""
        self._credential.close()


def _opened(credential: Credential, authority: str, prompt: Prompt) -> object:
    match credential:
        case AzCli(tenant=tenant):
            return AzureCliCredential(tenant_id=tenant or "", process_timeout=20)
        case Application(tenant=tenant, client_id=client_id, key=key):
            return ClientSecretCredential(tenant, client_id, key, authority=authority)
        case ManagedIdentity(client_id=assigned):
            return ManagedIdentityCredential(client_id=assigned)
        case DeviceCode(tenant=tenant):
            return DeviceCodeCredential(
                authority=authority, prompt_callback=prompt, tenant_id=tenant or "organizations"
            )
        case AccessToken():
            raise TypeError("an access token needs no login")
