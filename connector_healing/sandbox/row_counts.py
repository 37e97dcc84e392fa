"""How many rows the tables of a DuckDB file hold."""

from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path

import duckdb

from connector_healing.sandbox.attaching import attached
from connector_healing.sandbox.database import shared
from connector_healing.sandbox.quoting import quoted

_COUNTED = "counted"


def row_counts(path: Path, schema: str, tables: Collection[str]) -> Mapping[str, int]:
    """Rows of those of the tables that exist; empty where somebody writes the file just now.

    Args:
        path: The file.
        schema: The tables' schema.
        tables: Their names.
    """
    if not tables or not path.is_file():
        return {}
    with shared() as connection:
        if not attached(connection, path, _COUNTED):
            return {}
        try:
            return _counted(connection, schema, tables)
        finally:
            connection.execute(f"DETACH {_COUNTED}")


def _counted(
    connection: duckdb.DuckDBPyConnection, schema: str, tables: Collection[str]
) -> Mapping[str, int]:
    found: dict[str, int] = {}
    for name in tables:
        query = f"SELECT count(*) FROM {quoted(_COUNTED, schema, name)}"  # noqa: S608  # identifiers are quoted
        with suppress(duckdb.CatalogException):  # there is no such table
            found[name] = connection.execute(query).fetchall()[0][0]
    return found
