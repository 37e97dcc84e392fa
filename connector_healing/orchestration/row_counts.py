"""How many rows a DuckDB destination's tables hold: what Dagster plots as the row count."""

import logging
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dlt import Pipeline

_LOG = logging.getLogger("connector_healing")

_DUCKDB = "dlt.destinations.duckdb"


def row_counts(pipeline: "Pipeline", tables: Collection[str]) -> Mapping[str, int]:
    """Rows of those of the tables that exist; empty for other destinations than DuckDB.

    It is a number to look at: whatever keeps it from being counted does not fail the run.
    """
    destination = pipeline.destination
    if destination.destination_type != _DUCKDB or not tables:
        return {}
    try:
        with pipeline.sql_client() as client:
            there = client.execute_sql(
                "SELECT table_name FROM duckdb_tables() WHERE schema_name = %s",
                client.dataset_name,
            )
            wanted = sorted({str(row[0]) for row in there or ()} & set(tables))
            if not wanted:
                return {}
            counts = ", ".join(
                f"(SELECT count(*) FROM {client.make_qualified_table_name(name)})"  # noqa: S608  # dlt quotes the name
                for name in wanted
            )
            rows = client.execute_sql(f"SELECT {counts}")
            return dict(zip(wanted, (int(n) for n in (rows or ((),))[0]), strict=False))
    except Exception as error:  # noqa: BLE001  # see the docstring
        _LOG.info("Rows of pipeline %s were not counted: %s", pipeline.pipeline_name, error)
        return {}
