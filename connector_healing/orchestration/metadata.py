"""The keys of our metadata and tags in Dagster, and what they hold."""

from collections.abc import Mapping
from typing import Any

from dagster import AssetExecutionContext, OpExecutionContext

from connector_healing.core.connector import Connector

#: On assets: the `Connector` that makes them.
CONNECTOR_KEY = "connector_healing/connector"

#: On assets: the dotted keys of configuration that the connector's source was built with.
CONFIG_KEYS = "connector_healing/config_keys"

#: On assets: what their definitions changed of the source that the entry point builds.
HINTS_BESIDE = "connector_healing/hints_beside"

#: On runs and assets: the connector's id.
CONNECTOR_TAG = "connector_healing/connector_id"

#: On assets that a connector makes: a mark by which all of them can be selected.
MADE_TAG = "connector_healing/made_by_connector"

#: On runs that load what a person released: the case that had held it.
RELEASE_TAG = "connector_healing/released_case"

#: On heal runs: the heal case. Runs with it are never healed themselves.
CASE_TAG = "connector_healing/case_id"


def connector_of(context: OpExecutionContext | AssetExecutionContext) -> Connector | None:
    """The connector whose assets this execution makes; None for assets that are not ours."""
    if not context.has_assets_def:
        return None
    return connector_in(context.assets_def.metadata_by_key)


def connector_in(metadata_by_key: Mapping[Any, Mapping[str, Any]]) -> Connector | None:
    """The connector in the metadata of some assets."""
    for metadata in metadata_by_key.values():
        found = metadata.get(CONNECTOR_KEY)
        if isinstance(found, Connector):
            return found
    return None


def texts_of(context: OpExecutionContext | AssetExecutionContext, key: str) -> tuple[str, ...]:
    """The texts that `healing_dlt_assets` keeps under a key: `CONFIG_KEYS` or `HINTS_BESIDE`."""
    if not context.has_assets_def:
        return ()
    for metadata in context.assets_def.metadata_by_key.values():
        if key in metadata:
            return tuple(metadata[key])
    return ()
