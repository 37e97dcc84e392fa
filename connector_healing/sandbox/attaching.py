"""Reading a DuckDB file that others write: attached read-only, waited for with a bound."""

import time
from datetime import timedelta
from pathlib import Path
from threading import Event

import duckdb

from connector_healing.errors import DestinationBusyError
from connector_healing.sandbox.quoting import literal, quoted

#: How long a locked destination is waited for.
PATIENCE = timedelta(seconds=30)

_POLL = timedelta(milliseconds=100)

#: What DuckDB says of a file that another process, or another connection of this one, writes.
_LOCKED = ("could not set lock", "unique file handle conflict", "already attached")


def attach(
    connection: duckdb.DuckDBPyConnection, path: Path, name: str, patience: timedelta = PATIENCE
) -> None:
    """Attach a DuckDB file read-only, as soon as nobody writes it.

    Raises:
        DestinationBusyError: If it stays locked for as long as `patience`.
        duckdb.Error: If the file cannot be read for any other reason.
    """
    deadline = time.monotonic() + patience.total_seconds()
    pause = Event()
    while not attached(connection, path, name):
        if time.monotonic() >= deadline:
            raise DestinationBusyError(str(path), patience.total_seconds())
        pause.wait(_POLL.total_seconds())


def attached(connection: duckdb.DuckDBPyConnection, path: Path, name: str) -> bool:
    """Attach a DuckDB file read-only; False where somebody is writing it."""
    try:
        connection.execute(f"ATTACH {literal(str(path))} AS {quoted(name)} (READ_ONLY)")
    except duckdb.Error as error:
        if says_locked(str(error)):
            return False
        raise
    return True


def says_locked(text: str) -> bool:
    """Whether an error's text is DuckDB's word for a file that somebody else writes."""
    lower = text.lower()
    return any(words in lower for words in _LOCKED)
