"""What the warehouse should hold: the same connectors, never broken, run once from the start."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import dlt
import duckdb

from connector_healing.demo.project import setup_of
from connector_healing.demo.settings import DemoSettings
from connector_healing.runtime.loading import build_source
from connector_healing.sandbox.quick_load import normalize_quickly


def differences(settings: DemoSettings, connector: str, *, stale: bool = False) -> list[str]:
    """How the warehouse differs from an unbroken extraction of the API as it is now.

    Args:
        settings: The demo's places.
        connector: Whose tables.
        stale: Whether the connector has not loaded since the API moved on: then rows may be
            missing or older, but none may be there that the API does not have.

    Returns:
        One sentence for each table that differs; none where all are the same.
    """
    with tempfile.TemporaryDirectory() as folder:
        truth = unbroken(settings, connector, Path(folder))
        return differences_from(truth, settings, connector, stale=stale)


def table_rows(settings: DemoSettings, connectors: Sequence[str]) -> dict[str, int]:
    """How many rows each table of these connectors holds."""
    found: dict[str, int] = {}
    with duckdb.connect(str(settings.warehouse), read_only=True) as connection:
        tables = connection.execute(
            "SELECT schema_name, table_name FROM duckdb_tables() "
            "WHERE NOT starts_with(table_name, '_dlt_') ORDER BY ALL"
        ).fetchall()
        for schema, table in tables:
            if schema in connectors:
                query = f'SELECT count(*) FROM "{schema}"."{table}"'  # noqa: S608  # names come from dlt's own schema
                counted = connection.execute(query).fetchone()
                found[table] = int(counted[0]) if counted else 0
    return found


def unbroken(settings: DemoSettings, connector: str, folder: Path) -> Path:
    """Extract everything by the connector as it was installed; returns the DuckDB file.

    Args:
        settings: The demo's places.
        connector: Which connector; its tables stand in the schema of its name.
        folder: Where the file is written, and what dlt needs besides.
    """
    path = folder / f"truth_{connector}.duckdb"
    pipeline = dlt.pipeline(
        pipeline_name=f"truth_{connector}",
        destination=dlt.destinations.duckdb(str(path)),
        dataset_name=connector,
        pipelines_dir=str(folder),
    )
    pipeline.extract(build_source(setup_of(connector, settings).connector))
    normalize_quickly(pipeline)
    pipeline.load()
    return path


def differences_from(
    truth: Path, settings: DemoSettings, connector: str, *, stale: bool = False
) -> list[str]:
    """How the warehouse differs from what `unbroken` extracted: see `differences`."""
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{truth}' AS truth (READ_ONLY)")
        connection.execute(f"ATTACH '{settings.warehouse}' AS warehouse (READ_ONLY)")
        tables = connection.execute(
            "SELECT table_name FROM duckdb_tables() WHERE database_name = 'truth' "
            "AND schema_name = ? AND NOT starts_with(table_name, '_dlt_') ORDER BY table_name",
            [connector],
        ).fetchall()
        return [
            sentence
            for (table,) in tables
            if (sentence := _difference(connection, connector, table, stale))
        ]


def _difference(
    connection: duckdb.DuckDBPyConnection, dataset: str, table: str, stale: bool
) -> str:
    columns = _columns(connection, "truth", dataset, table)
    there = _columns(connection, "warehouse", dataset, table)
    if missing := [name for name in columns if name not in there]:
        return f"{dataset}.{table}: the columns {', '.join(missing)} are missing"
    if more := [name for name in there if name not in columns]:
        return f"{dataset}.{table}: the columns {', '.join(more)} should not be there"
    listed = '"' + '", "'.join(columns[:1] if stale else columns) + '"'
    counts = []
    for one, other in (("truth", "warehouse"), ("warehouse", "truth")):
        query = (
            f'SELECT count(*) FROM (SELECT {listed} FROM {one}."{dataset}"."{table}" '  # noqa: S608  # names come from dlt's own schema
            f'EXCEPT ALL SELECT {listed} FROM {other}."{dataset}"."{table}")'
        )
        found = connection.execute(query).fetchone()
        counts.append(int(found[0]) if found else 0)
    if stale:
        counts[0] = 0
    if not any(counts):
        return ""
    return (
        f"{dataset}.{table}: {counts[0]} rows are missing or other, {counts[1]} should not be there"
    )


def _columns(
    connection: duckdb.DuckDBPyConnection, database: str, dataset: str, table: str
) -> list[str]:
    found = connection.execute(
        "SELECT column_name FROM duckdb_columns() WHERE database_name = ? AND schema_name = ? "
        "AND table_name = ? AND NOT starts_with(column_name, '_dlt_') ORDER BY column_index",
        [database, dataset, table],
    ).fetchall()
    return [name for (name,) in found]
