"""Databases of our own: in memory, without extensions that DuckDB would fetch."""

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import duckdb

from connector_healing.sandbox.quoting import quoted

#: Without the ICU extension a time with a zone is shown in UTC, on every machine alike; and a
#: database that may not load extensions asks no network for them.
CONFIG: dict[str, str | bool] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}

_numbers = itertools.count(1)


def in_memory() -> duckdb.DuckDBPyConnection:
    """A new database in memory."""
    return duckdb.connect(config=dict(CONFIG))


@contextmanager
def shared() -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to the one database in memory that this process keeps.

    Making a database takes as long as profiling a small package. Leave nothing in it: what needs
    tables of its own takes `scratch`.
    """
    with _kept(os.getpid()).cursor() as connection:
        yield connection


@contextmanager
def scratch() -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection whose current database is empty, and gone when the context ends."""
    name = quoted(f"scratch_{next(_numbers)}")
    with shared() as connection:
        connection.execute(f"ATTACH ':memory:' AS {name}")
        try:
            connection.execute(f"USE {name}")
            yield connection
        finally:
            connection.execute("USE memory")
            connection.execute(f"DETACH {name}")


@cache
def _kept(process: int) -> duckdb.DuckDBPyConnection:  # noqa: ARG001  # it keys the cache
    """The database.

    Args:
        process: Whose it is. A child process does not inherit it: its threads are gone there.
    """
    return in_memory()
