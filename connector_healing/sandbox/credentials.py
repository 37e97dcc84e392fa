"""Configuration and secrets of a connector: resolved in the parent, handed to one child.

Only what the connector was seen to use (`ConnectorRuntime.config_keys`) or declares
(`environment`) is looked up, by dlt's own providers in dlt's own order. Destinations are left
out: a sandbox run has its own.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connector_healing.core.reproduction import ConnectorRuntime
from connector_healing.core.secret_looks import looks_minted
from connector_healing.core.secret_parts import secret_leaves, secrets_of_address
from connector_healing.errors import UsageError

if TYPE_CHECKING:
    from dlt.common.configuration.providers.provider import ConfigProvider

#: Sections and settings of which a sandbox run has its own, or must have none.
_WITHHELD = frozenset(
    {
        "dataset_name", "destination", "destination_name", "destination_type", "dev_mode", "load",
        "pipeline_name", "pipelines_dir", "restore_from_destination", "staging",
    }
)  # fmt: skip
#: Of dlt's own runtime only how it requests is taken over, not whom it reports to.
_REQUESTING = "request_"
#: How a machine reaches the network; production's way is the sandbox's way.
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What one connector needs to reach its API. It is never written anywhere."""

    configuration: Mapping[str, object]  #: By dotted key, as dlt looks them up.
    environment: Mapping[str, str]
    secrets: tuple[str, ...]  #: The values among them that must not be shown.

    def __repr__(self) -> str:
        return f"Credentials({len(self.configuration)} keys, {len(self.environment)} variables)"


def resolve_credentials(runtime: ConnectorRuntime) -> Credentials:
    """Look up what the connector uses, now, where its production runs would."""
    providers = _providers(Path(runtime.project_dir))
    configuration: dict[str, object] = {}
    secrets: set[str] = set()
    for key in runtime.config_keys:
        parts = tuple(key.split("."))
        if parts[0] == runtime.pipeline_name and len(parts) > 1:
            parts = parts[1:]
        if _is_withheld(parts):
            continue
        value, guarded = _look_up(providers, parts, runtime.pipeline_name)
        if value is None:
            continue
        configuration[".".join(parts)] = value
        secrets.update(secret_leaves(value, parts[-1], guarded=guarded))
        if isinstance(value, str) and looks_minted(value):
            # It was taken out of the recording if it was sent: so it is here, on both sides.
            secrets.add(value)
    names = {*runtime.environment, *runtime.connector.environment}
    environment = {name: os.environ[name] for name in sorted(names) if name in os.environ}
    for name, text in environment.items():
        secrets.update(secret_leaves(text, name, guarded=True))
    proxies = {
        name: os.environ[name]
        for upper in _PROXIES
        for name in (upper, upper.lower())
        if name in os.environ
    }
    secrets.update(secret for url in proxies.values() for secret in secrets_of_address(url))
    return Credentials(
        configuration=configuration,
        environment={**proxies, **environment},
        secrets=tuple(sorted(secrets)),
    )


def _is_withheld(parts: tuple[str, ...]) -> bool:
    if parts[0] == "runtime":
        return not parts[-1].startswith(_REQUESTING)
    return parts[0] in _WITHHELD


def _providers(project_dir: Path) -> "list[ConfigProvider]":
    """The providers of dlt in their order, those that the running process registered last."""
    from dlt.common.configuration.container import Container
    from dlt.common.configuration.exceptions import ConfigProviderException
    from dlt.common.configuration.providers import (
        ConfigTomlProvider,
        EnvironProvider,
        SecretsTomlProvider,
    )
    from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext
    from dlt.common.runtime.run_context import DOT_DLT, global_dir

    settings = str(project_dir / DOT_DLT)
    try:
        found: list[ConfigProvider] = [
            EnvironProvider(),
            SecretsTomlProvider(settings, global_dir()),
            ConfigTomlProvider(settings, global_dir()),
        ]
    except ConfigProviderException:
        # Its text may quote the file.
        allowed = "Its secrets.toml or config.toml is not TOML: correct it."
        raise UsageError("dlt configuration", settings, allowed) from None
    names = {provider.name for provider in found}
    registered = Container()[PluggableRunContext].providers.providers
    return found + [p for p in registered if p.name not in names and p.supports_sections]


def _look_up(
    providers: "list[ConfigProvider]", parts: tuple[str, ...], pipeline_name: str
) -> tuple[object, bool]:
    """The value of a key, and whether it stood in a document that is kept for secrets.

    As dlt does: each provider with the most specific section first, under the pipeline's name
    before without it.
    """
    from dlt.common.configuration.providers.doc import BaseDocProvider

    *sections, key = parts
    for provider in providers:
        for name in (pipeline_name, ""):
            for depth in range(len(sections), -1, -1):
                value, _ = provider.get_value(key, Any, name, *sections[:depth])
                if value is not None:
                    guarded = isinstance(provider, BaseDocProvider) and provider.supports_secrets
                    return _plain(value), guarded
    return None, False


def _plain(value: object) -> object:
    """The value as JSON knows it; a date becomes its text, which dlt reads again."""
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return str(value)


def install_configuration(configuration: Mapping[str, object], run_dir: str) -> None:
    """In a child: make dlt find these values, and look in no file.

    Args:
        configuration: By dotted key.
        run_dir: The run's own directory, that dlt takes for the project.
    """
    from dlt.common.configuration.container import Container
    from dlt.common.configuration.providers import EnvironProvider
    from dlt.common.configuration.providers.dictionary import DictionaryProvider
    from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext

    context = Container()[PluggableRunContext]
    context.reload(run_dir)
    handed = DictionaryProvider()
    for dotted, value in configuration.items():
        *sections, key = dotted.split(".")
        handed.set_value(key, value, None, *sections)
    context.providers.providers = [EnvironProvider(), handed]
    context.context.reset_config()
    context.initialize_runtime()
