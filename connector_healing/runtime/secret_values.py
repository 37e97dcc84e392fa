"""The secrets of a run: what must not show in anything that the run leaves behind."""

import os
import tomllib
from collections.abc import Collection, Iterator, Mapping
from urllib.parse import urlsplit

from connector_healing.core.secret_names import is_secret_name

#: Folders, whatever their names sound like (POSIX.1-2017, 2.5.3 and `cd`).
_FOLDERS = frozenset({"PWD", "OLDPWD"})


def environment_secrets(declared: Collection[str] = ()) -> frozenset[str]:
    """The secret texts among the environment variables alone.

    Args:
        declared: Names of environment variables that the connector reads.
    """
    secret = (
        v
        for n, v in os.environ.items()
        if n in declared or (n not in _FOLDERS and is_secret_name(n))
    )
    return frozenset(_leaves(list(secret)))


def secret_values(declared: Collection[str] = ()) -> frozenset[str]:
    """All secret texts that this process could have used.

    They come from dlt's providers that keep secrets, from environment variables whose names say
    so, and from the declared ones. They are for a redactor and are kept nowhere.

    Args:
        declared: Names of environment variables that the connector reads.
    """
    return environment_secrets(declared).union(_of_dlt())


def _of_dlt() -> Iterator[str]:
    from dlt.common.configuration.container import Container
    from dlt.common.configuration.providers.doc import BaseDocProvider
    from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext

    for provider in Container()[PluggableRunContext].providers.providers:
        if provider.supports_secrets and isinstance(provider, BaseDocProvider):
            yield from _leaves(tomllib.loads(provider.to_toml()))


def _leaves(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from _leaves(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _leaves(inner)
    elif isinstance(value, str) and value:
        # An address is kept beside secrets as often as not; of it only the password is one.
        address = urlsplit(value) if "://" in value else None
        if address is None:
            yield value
        elif address.password:
            yield address.password
