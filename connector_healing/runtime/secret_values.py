"""The secrets of a run: what must not show in anything that the run leaves behind."""

import os
import tomllib
from collections.abc import Collection, Iterator

from connector_healing.core.secret_parts import secret_leaves

#: Folders and desktops, whatever their names sound like (POSIX.1-2017, 2.5.3 and `cd`; display
#: managers).
_ORDINARY = frozenset({"PWD", "OLDPWD", "DESKTOP_SESSION", "GDMSESSION"})


def environment_secrets(declared: Collection[str] = ()) -> frozenset[str]:
    """The secret texts among the environment variables alone.

    Of those whose names say nothing, that are the passwords in addresses and connection strings.

    Args:
        declared: Names of environment variables that the connector reads.
    """
    return frozenset(
        text
        for name, value in os.environ.items()
        for text in _of_variable(name, value, declared=name in declared)
    )


def _of_variable(name: str, value: str, *, declared: bool) -> Iterator[str]:
    if name in _ORDINARY and not declared:
        return iter(())
    return secret_leaves(value, name, guarded=declared)


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
            yield from secret_leaves(tomllib.loads(provider.to_toml()), guarded=True)
