"""The events of a run: what dagster-dlt yields, with the rows that each table holds now."""

from collections.abc import Iterator, Mapping
from typing import Any

from dagster import AssetExecutionContext, AssetKey, MetadataValue, OpExecutionContext
from dagster_dlt import DagsterDltTranslator
from dagster_dlt.dlt_event_iterator import (
    DltEventIterator,
    DltEventType,
    fetch_row_count_metadata,
)
from dagster_dlt.translator import DltResourceTranslatorData
from dlt import Pipeline
from dlt.extract.source import DltSource

#: Dagster's own key: it shows the number in the asset's header and plots it.
ROW_COUNT = "dagster/row_count"


class HealingEventIterator(DltEventIterator[DltEventType]):
    """dagster-dlt's iterator; its `fetch_row_count` bears a load that brought nothing."""

    def fetch_row_count(self) -> "DltEventIterator[DltEventType]":
        """Row counts for destinations other than DuckDB, whose counts are there already.

        dagster-dlt's own raises where a resource had no rows to load (0.29).
        """

        def counted() -> Iterator[DltEventType]:
            for event in self:
                yield self._counted(event)

        return HealingEventIterator(counted(), self._context, self._dlt_pipeline)

    def _counted(self, event: DltEventType) -> DltEventType:
        metadata = event.metadata or {}
        countable = metadata.get("jobs") or self._context.has_partition_key
        if ROW_COUNT in metadata or not countable:
            return event
        found = fetch_row_count_metadata(event, self._context, self._dlt_pipeline)
        return _with_metadata(event, dict(found))


def tables_by_key(
    source: DltSource, pipeline: Pipeline, translator: DagsterDltTranslator
) -> Mapping[AssetKey, str]:
    """The table name of each asset, not yet normalised; none for names that depend on the data."""
    return {
        translator.get_asset_spec(
            DltResourceTranslatorData(resource=resource, pipeline=pipeline)
        ).key: resource.table_name
        for resource in source.selected_resources.values()
        if isinstance(resource.table_name, str)
    }


def with_row_count(
    event: DltEventType,
    tables: Mapping[AssetKey, str],
    counts: Mapping[str, int],
    pipeline: Pipeline,
    context: OpExecutionContext | AssetExecutionContext,
) -> DltEventType:
    """The event with its table's row count, where it is known and the asset is not a partition."""
    name = tables.get(event.asset_key) if event.asset_key else None
    if name is None or not counts or context.has_partition_key:
        return event
    rows = counts.get(pipeline.default_schema.naming.normalize_table_identifier(name))
    if rows is None:
        return event
    return _with_metadata(event, {ROW_COUNT: MetadataValue.int(rows)})


def _with_metadata(event: DltEventType, more: Mapping[str, Any]) -> DltEventType:
    """The event with more metadata; what it has already stays."""
    metadata: dict[str, Any] = {**more, **(event.metadata or {})}
    return event._replace(metadata=metadata)
