"""`HealingDltResource`: in place of `DagsterDltResource`, it judges before it loads."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Optional, cast

from dagster import AssetExecutionContext, OpExecutionContext, TableSchema
from dagster_dlt import DagsterDltResource, DagsterDltTranslator
from dagster_dlt.dlt_event_iterator import DltEventIterator, DltEventType
from dlt import Pipeline
from dlt.common.schema import Schema
from dlt.extract.source import DltSource
from pydantic import Field

from connector_healing.core.connector import Connector
from connector_healing.errors import InvalidConnectorError
from connector_healing.orchestration.connector_run import ConnectorRun
from connector_healing.orchestration.dlt_events import (
    HealingEventIterator,
    tables_by_key,
    with_row_count,
)
from connector_healing.orchestration.metadata import (
    CONFIG_KEYS,
    HINTS_BESIDE,
    connector_of,
    texts_of,
)
from connector_healing.orchestration.services import run_services


class _Columns:
    """Of a dlt schema what dagster-dlt reads, in copies that it may empty."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema

    def get_table_columns(self, table_name: str) -> dict[str, dict[str, Any]]:
        columns = self._schema.get_table_columns(table_name)
        return {name: dict(column) for name, column in columns.items()}


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

    def run(
        self,
        context: OpExecutionContext | AssetExecutionContext,
        dlt_source: Optional[DltSource] = None,  # noqa: UP045  # dlt's metaclass has no |
        dlt_pipeline: Optional[Pipeline] = None,  # noqa: UP045  # as above
        dagster_dlt_translator: DagsterDltTranslator | None = None,
        arguments: Mapping[str, object] | None = None,
        **kwargs: Any,
    ) -> DltEventIterator[DltEventType]:
        """`DagsterDltResource.run`, judged and recorded.

        Args:
            context: As there.
            dlt_source: As there. A connector that needs other arguments in each run (a partition,
                say) takes `arguments` instead, so that a healed version gets them too.
            dlt_pipeline: As there.
            dagster_dlt_translator: As there.
            arguments: Of the connector's entry point in this run, over the declared ones.
            **kwargs: Passed to dlt's `Pipeline.run`.

        Returns:
            The events; for DuckDB destinations they carry the row count already.
        """
        events = super().run(
            context,
            dlt_source,
            dlt_pipeline,
            dagster_dlt_translator,
            connector_arguments=arguments,
            source_given=dlt_source is not None,
            **kwargs,
        )
        return HealingEventIterator(events, context, events._dlt_pipeline)  # noqa: SLF001  # its subclass

    def _extract_table_schema_metadata(self, table_name: str, schema: Schema) -> TableSchema:
        # dagster-dlt empties the columns that it is given, which are dlt's live ones
        # (dagster-io/dagster#34052): the next run of the same pipeline object would fail.
        return super()._extract_table_schema_metadata(table_name, cast(Schema, _Columns(schema)))

    def _run(
        self,
        context: OpExecutionContext | AssetExecutionContext,
        dlt_source: DltSource,
        dlt_pipeline: Pipeline,
        dagster_dlt_translator: DagsterDltTranslator,
        *,
        connector_arguments: Mapping[str, object] | None = None,
        source_given: bool = False,
        **kwargs: Any,
    ) -> Iterator[DltEventType]:
        connector = connector_of(context)
        if connector is None:
            if connector_arguments is not None:
                raise InvalidConnectorError(
                    "arguments",
                    sorted(connector_arguments),
                    "They are a connector's: define the assets with healing_dlt_assets.",
                )
            yield from super()._run(
                context, dlt_source, dlt_pipeline, dagster_dlt_translator, **kwargs
            )
            return
        run = self._connector_run(connector, dlt_pipeline, context)
        with run.running(dlt_source, connector_arguments, given=source_given) as source:
            tables = tables_by_key(source, dlt_pipeline, dagster_dlt_translator)
            for event in super()._run(
                context, source, dlt_pipeline, dagster_dlt_translator, **kwargs
            ):
                yield with_row_count(event, tables, run.row_counts, dlt_pipeline, context)

    def _connector_run(
        self,
        connector: Connector,
        pipeline: Pipeline,
        context: OpExecutionContext | AssetExecutionContext,
    ) -> ConnectorRun:
        home = Path(self.home).expanduser().resolve() if self.home else None
        services = run_services(home, self.store_url)
        return ConnectorRun(
            services,
            connector,
            pipeline,
            context.run.run_id,
            config_keys=texts_of(context, CONFIG_KEYS),
            hints_beside=texts_of(context, HINTS_BESIDE),
        )
