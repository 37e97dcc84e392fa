"""Connections and transactions: what differs between SQLite and PostgreSQL."""

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, Engine, StaticPool, create_engine, event
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError

from connector_healing.errors import MissingExtraError, StoreUnavailableError
from connector_healing.store.columns import utc_text
from connector_healing.store.location import MASK, StoreLocation

#: How long a writer of SQLite waits for another one.
BUSY_TIMEOUT = timedelta(seconds=30)
#: How long a PostgreSQL server may take to answer a connection.
CONNECT_TIMEOUT = timedelta(seconds=10)
_BEGIN = "connector_healing_begin"


class Database:
    """One database with its pool of connections; usable from any thread.

    Raises:
        MissingExtraError: If the driver of PostgreSQL is not installed.
        StoreUnavailableError: If a SQLite file cannot be written.
    """

    def __init__(self, location: StoreLocation) -> None:
        self.location = location
        self._engine = _sqlite(location) if location.is_sqlite else _postgresql(location)
        self._writer = self._engine.execution_options(**{_BEGIN: "BEGIN IMMEDIATE"})
        # In memory there is one connection, and so one transaction at a time.
        self._turn: AbstractContextManager[object] = (
            threading.RLock() if location.in_memory else nullcontext()
        )

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads."""
        with self._turn, self._reported(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that writes: whole, or not at all. SQLite has one at a time."""
        with self._turn, self._reported(), self._writer.begin() as connection:
            yield connection

    @contextmanager
    def _reported(self) -> Iterator[None]:
        try:
            yield
        except (OperationalError, InterfaceError) as error:
            raise self.unavailable(error) from None  # a driver's text may hold the password

    def unavailable(self, error: SQLAlchemyError | OSError) -> StoreUnavailableError:
        """What the database said as our own error, with every secret masked."""
        said = str(getattr(error, "orig", None) or error).strip().partition("\n")[0].rstrip(".")
        for secret in self.location.secrets:
            said = said.replace(secret, MASK)
        return StoreUnavailableError(self.location.shown, f"The database said: {said}.")

    def keep_log_ahead(self) -> None:
        """Put a SQLite file into WAL mode, for good: readers and the writer do not wait for each other.

        The caller is alone with the file.
        """
        outside = self._engine.execution_options(**{_BEGIN: None})
        with self._reported(), outside.connect() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode = WAL")

    def close(self) -> None:
        """Close every connection."""
        with self._turn:
            self._engine.dispose()


def _sqlite(location: StoreLocation) -> Engine:
    if location.in_memory:
        engine = create_engine(
            location.url,
            poolclass=StaticPool,
            connect_args={"check_same_thread": False},
            hide_parameters=True,
        )
    else:
        _require_writable(location)
        engine = create_engine(
            location.url,
            connect_args={"timeout": BUSY_TIMEOUT.total_seconds()},
            hide_parameters=True,
        )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _require_writable(location: StoreLocation) -> None:
    path = location.path
    if path is None:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreUnavailableError(
            location.shown, f"Its folder cannot be made: {error.strerror}."
        ) from error
    # SQLite writes its log beside the file.
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise StoreUnavailableError(location.shown, "Its folder cannot be written.")
    if path.exists() and not (path.is_file() and os.access(path, os.R_OK | os.W_OK)):
        raise StoreUnavailableError(location.shown, "It is no file that can be written.")


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # transactions begin in `_begin_sqlite`, not by the driver
    connection.execute("PRAGMA foreign_keys = ON")
    # SQLite runs in this process, on this machine's clock, but shows only its milliseconds.
    connection.create_function("clock_timestamp", 0, lambda: utc_text(datetime.now(UTC)))


def _begin_sqlite(connection: Connection) -> None:
    statement = connection.get_execution_options().get(_BEGIN, "BEGIN")
    if statement is not None:
        connection.exec_driver_sql(statement)


def _postgresql(location: StoreLocation) -> Engine:
    given = location.url.query
    settings: dict[str, object] = {
        "connect_timeout": int(CONNECT_TIMEOUT.total_seconds()),
        "application_name": "connector_healing",
    }
    try:
        return create_engine(
            location.url,
            connect_args={name: value for name, value in settings.items() if name not in given},
            isolation_level="READ COMMITTED",
            pool_pre_ping=True,
            hide_parameters=True,
        )
    except ImportError as error:
        raise MissingExtraError("postgres", "A store in PostgreSQL") from error
