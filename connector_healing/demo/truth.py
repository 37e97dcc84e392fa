"""What the warehouse should hold: the same connectors, never broken, run once from the start."""

import tempfile
from pathlib import Path

import dlt
import duckdb

from connector_healing.demo.definitions import setup_of
from connector_healing.demo.settings import DemoSettings
from connector_healing.runtime.loading import build_source
from connector_healing.sandbox.quick_load import normalize_quickly


def differences(
    settings: DemoSettings, connector: str, *, changed_since: bool = False
) -> list[str]:
    """How the warehouse differs from an unbroken extraction of the API as it is now.

    Args:
        settings: The demo's places.
        connector: Whose tables.
        changed_since: Whether the API's rows may have moved on since the connector last loaded:
            then only the keys are compared.

    Returns:
        One sentence for each table that differs; none where all are the same.
    """
    setup = setup_of(connector, settings)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "truth.duckdb"
        pipeline = dlt.pipeline(
            pipeline_name=f"truth_{connector}",
            destination=dlt.destinations.duckdb(str(path)),
            dataset_name=connector,
            pipelines_dir=folder,
        )
        source = build_source(setup.connector)
        pipeline.extract(source)
        normalize_quickly(pipeline)
        pipeline.load()
        tables = pipeline.default_schema.data_table_names()
        with duckdb.connect() as connection:
            connection.execute(f"ATTACH '{path}' AS truth (READ_ONLY)")
            connection.execute(f"ATTACH '{settings.warehouse}' AS warehouse (READ_ONLY)")
            return [
                sentence
                for table in tables
                if (sentence := _difference(connection, connector, table, changed_since))
            ]


def _difference(
    connection: duckdb.DuckDBPyConnection, dataset: str, table: str, keys_only: bool
) -> str:
    columns = [
        row[0]
        for row in connection.execute(
            "SELECT column_name FROM duckdb_columns() WHERE database_name = 'truth' "
            "AND schema_name = ? AND table_name = ? AND column_name NOT LIKE '\\_dlt\\_%' ESCAPE '\\' "
            "ORDER BY column_index",
            [dataset, table],
        ).fetchall()
    ]
    listed = '"' + '", "'.join(columns[:1] if keys_only else columns) + '"'
    counts = []
    for one, other in (("truth", "warehouse"), ("warehouse", "truth")):
        query = (
            f'SELECT count(*) FROM (SELECT {listed} FROM {one}."{dataset}"."{table}" '  # noqa: S608  # names come from dlt's own schema
            f'EXCEPT ALL SELECT {listed} FROM {other}."{dataset}"."{table}")'
        )
        found = connection.execute(query).fetchone()
        counts.append(int(found[0]) if found else 0)
    if not any(counts):
        return ""
    return (
        f"{dataset}.{table}: {counts[0]} rows are missing or other, {counts[1]} should not be there"
    )
