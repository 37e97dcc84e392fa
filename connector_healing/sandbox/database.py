"""Databases of our own: in memory, without extensions that DuckDB would fetch."""

import duckdb

#: Without the ICU extension a time with a zone is shown in UTC, on every machine alike; and a
#: database that may not load extensions asks no network for them.
CONFIG: dict[str, str | bool] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}


def in_memory() -> duckdb.DuckDBPyConnection:
    """A new database in memory."""
    return duckdb.connect(config=dict(CONFIG))
