"""`HealingDltResource`: in place of `DagsterDltResource`, it judges before it loads."""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Optional

from dagster import AssetExecutionContext, OpExecutionContext, TableSchema
from dagster_dlt import DagsterDltResource, DagsterDltTranslator
from dagster_dlt.dlt_event_iterator import DltEventType
from dlt import Pipeline
from dlt.common.schema import Schema
from dlt.extract.source import DltSource
from pydantic import Field

from connector_healing.core.connector import Connector
from connector_healing.orchestration.connector_run import ConnectorRun
from connector_healing.orchestration.metadata import config_keys_of, connector_of
from connector_healing.orchestration.services import run_services


class HealingDltResource(DagsterDltResource):
    """Runs dlt connectors so that their failures can be healed.

    For assets of `healing_dlt_assets` it runs the connector's active version, judges the
    normalised load package before anything reaches the destination, and keeps a baseline of
    each good run and the evidence of each failure. Other dlt assets run as they always did.
    """

    home: Optional[str] = Field(  # noqa: UP045  # Dagster's configuration does not read `str | None`
        default=None,
        description="The plugin's folder; left out: .connector_healing or DAGSTER_HOME.",
    )
    store_url: Optional[str] = Field(  # noqa: UP045  # Dagster's configuration does not read `str | None`
        default=None,
        description="SQLAlchemy URL of the store; left out: CONNECTOR_HEALING_STORE_URL or SQLite.",
    )

    @classmethod
    def _is_dagster_maintained(cls) -> bool:
        return False

    def _extract_table_schema_metadata(self, table_name: str, schema: Schema) -> TableSchema:
        # dagster-dlt empties the columns that it is given, which are dlt's live ones
        # (dagster-io/dagster#34052): the next run of the same pipeline object would fail.
        apart = copy.deepcopy(schema)
        return super()._extract_table_schema_metadata(table_name, apart)

    def _run(
        self,
        context: OpExecutionContext | AssetExecutionContext,
        dlt_source: DltSource,
        dlt_pipeline: Pipeline,
        dagster_dlt_translator: DagsterDltTranslator,
        **kwargs: Any,
    ) -> Iterator[DltEventType]:
        connector = connector_of(context)
        if connector is None:
            yield from super()._run(
                context, dlt_source, dlt_pipeline, dagster_dlt_translator, **kwargs
            )
            return
        run = self._connector_run(connector, dlt_pipeline, context)
        with run.running(dlt_source) as source:
            yield from super()._run(context, source, dlt_pipeline, dagster_dlt_translator, **kwargs)

    def _connector_run(
        self,
        connector: Connector,
        pipeline: Pipeline,
        context: OpExecutionContext | AssetExecutionContext,
    ) -> ConnectorRun:
        home = Path(self.home).expanduser().resolve() if self.home else None
        return ConnectorRun(
            run_services(home, self.store_url),
            connector,
            pipeline,
            context.run_id,
            config_keys_of(context),
        )
