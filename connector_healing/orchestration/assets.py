"""`healing_dlt_assets`: in place of `dlt_assets`, with the connector that makes the assets."""

import logging
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from dagster import (
    AssetsDefinition,
    AssetSpec,
    BackfillPolicy,
    HookDefinition,
    PartitionsDefinition,
)
from dagster_dlt import DagsterDltTranslator, dlt_assets
from dlt import Pipeline
from dlt.extract.source import DltSource

from connector_healing.core.connector import Connector
from connector_healing.orchestration.definition_hints import hints_beside
from connector_healing.orchestration.look_ups import used_config_keys
from connector_healing.orchestration.metadata import (
    CONFIG_KEYS,
    CONNECTOR_KEY,
    CONNECTOR_TAG,
    HINTS_BESIDE,
    MADE_TAG,
)
from connector_healing.runtime.loading import build_source

_LOG = logging.getLogger("connector_healing")


def healing_dlt_assets(
    *,
    connector: Connector,
    dlt_pipeline: Pipeline,
    dlt_source: DltSource | None = None,
    name: str | None = None,
    group_name: str | None = None,
    dagster_dlt_translator: DagsterDltTranslator | None = None,
    partitions_def: PartitionsDefinition[Any] | None = None,
    backfill_policy: BackfillPolicy | None = None,
    hooks: AbstractSet[HookDefinition] | None = None,
    op_tags: Mapping[str, Any] | None = None,
    pool: str | None = None,
) -> Callable[[Callable[..., Any]], AssetsDefinition]:
    """`dagster_dlt.dlt_assets` for a connector that is healed.

    The decorated function takes a `HealingDltResource` and yields from its `run`.

    Args:
        connector: What pulls the data; its entry point and arguments are what a heal runs.
        dlt_pipeline: As in `dlt_assets`.
        dlt_source: As in `dlt_assets`; left out, the connector's entry point makes it.
        name: As in `dlt_assets`; left out, the connector's id.
        group_name: As in `dlt_assets`.
        dagster_dlt_translator: As in `dlt_assets`.
        partitions_def: As in `dlt_assets`.
        backfill_policy: As in `dlt_assets`.
        hooks: As in `dlt_assets`.
        op_tags: As in `dlt_assets`.
        pool: As in `dlt_assets`; left out, the connector's id, so that two runs of one pipeline
            never overlap where pools are limited.

    Raises:
        ConnectorLoadError: If the entry point has to make the source and cannot.
    """
    source = dlt_source if dlt_source is not None else build_source(connector)
    # dlt's log of look-ups is cleared when a pipeline runs: now it still knows of this source's.
    keys = used_config_keys(source)
    beside = hints_beside(connector, source) if dlt_source is not None else ()
    if beside:
        _LOG.warning(
            "Connector %s: its definitions change what the entry point builds (%s). Its failures "
            "are diagnosed, not healed, until this is moved into the module %s.",
            connector.id,
            ", ".join(beside),
            connector.module_name,
        )
    decorate = dlt_assets(
        dlt_source=source,
        dlt_pipeline=dlt_pipeline,
        name=name or _op_name(connector.id),
        group_name=group_name,
        dagster_dlt_translator=dagster_dlt_translator,
        partitions_def=partitions_def,
        backfill_policy=backfill_policy,
        hooks=hooks,
        op_tags={**(op_tags or {}), CONNECTOR_TAG: connector.id},
        pool=pool or _op_name(connector.id),
    )

    def of_connector(spec: AssetSpec) -> AssetSpec:
        return spec.merge_attributes(
            metadata={
                CONNECTOR_KEY: connector,
                CONFIG_KEYS: list(keys),
                HINTS_BESIDE: list(beside),
            },
            tags={CONNECTOR_TAG: connector.id, MADE_TAG: "true"},
        )

    return lambda function: decorate(function).map_asset_specs(of_connector)


def _op_name(connector_id: str) -> str:
    """The id as Dagster allows names: letters, digits, underscores."""
    return "".join(c if c.isalnum() else "_" for c in connector_id)
