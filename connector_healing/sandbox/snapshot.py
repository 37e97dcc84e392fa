"""The previous data, copied out of the destination before a heal is judged by them."""

import base64
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import dlt
import duckdb
from dlt.common.configuration.container import Container
from dlt.common.configuration.providers import (
    ConfigTomlProvider,
    EnvironProvider,
    SecretsTomlProvider,
)
from dlt.common.configuration.providers.provider import ConfigProvider
from dlt.common.configuration.specs.config_providers_context import ConfigProvidersContainer
from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext
from dlt.common.destination import Destination
from dlt.common.normalizers.naming.snake_case import NamingConvention
from dlt.common.runtime.run_context import DOT_DLT, global_dir
from dlt.destinations.exceptions import DatabaseUndefinedRelation
from dlt.destinations.sql_client import SqlClientBase

from connector_healing.core.reproduction import ConnectorRuntime
from connector_healing.sandbox.attaching import PATIENCE, attach
from connector_healing.sandbox.database import in_memory
from connector_healing.sandbox.overlap import BEFORE
from connector_healing.sandbox.package_files import column_types
from connector_healing.sandbox.quoting import literal, quoted

#: Rows that are held in memory at a time where a destination is no DuckDB.
CHUNK = 10_000


def take_snapshot(
    runtime: ConnectorRuntime,
    tables: Sequence[str],
    to_path: Path,
    patience: timedelta = PATIENCE,
) -> None:
    """Copy tables of the destination, and their child tables, into schema ``before`` of a file.

    Tables that do not exist are left out. The file appears whole or not at all.

    Args:
        runtime: How the connector runs in production.
        tables: Names of root and child tables.
        to_path: The DuckDB file to make; one that is there is replaced.
        patience: How long a DuckDB destination that is being written is waited for.

    Raises:
        DestinationBusyError: If it stays locked.
    """
    partial = to_path.with_name(to_path.name + ".partial")
    partial.unlink(missing_ok=True)
    try:
        with in_memory() as connection:
            connection.execute(f"ATTACH {literal(str(partial))} AS kept")
            connection.execute(f"CREATE SCHEMA kept.{BEFORE}")
            if runtime.destination_path is not None:
                _from_duckdb(connection, runtime, tables, patience)
            else:
                _from_elsewhere(connection, runtime, tables)
            connection.execute("DETACH kept")
        partial.replace(to_path)
    finally:
        partial.unlink(missing_ok=True)


def _from_duckdb(
    connection: duckdb.DuckDBPyConnection,
    runtime: ConnectorRuntime,
    tables: Sequence[str],
    patience: timedelta,
) -> None:
    path = Path(str(runtime.destination_path))
    if not path.is_file():
        return
    attach(connection, path, "destination", patience)
    found = connection.execute(
        "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'destination'"
    ).fetchall()
    names = {runtime.dataset_name, NamingConvention().normalize_identifier(runtime.dataset_name)}
    for schema, table in found:
        if schema in names and _is_wanted(table, tables):
            source, target = quoted("destination", schema, table), quoted("kept", BEFORE, table)
            connection.execute(f"CREATE OR REPLACE TABLE {target} AS FROM {source}")
    connection.execute("DETACH destination")


def _is_wanted(table: str, tables: Sequence[str]) -> bool:
    return any(table == name or table.startswith(f"{name}__") for name in tables)


def _from_elsewhere(
    connection: duckdb.DuckDBPyConnection, runtime: ConnectorRuntime, tables: Sequence[str]
) -> None:
    """Through dlt's own client, in chunks, by way of JSON lines."""
    with TemporaryDirectory(prefix="snapshot-") as scratch, _reading(runtime, scratch) as pipeline:
        schemas = [pipeline.schemas[name] for name in pipeline.schema_names]
        known = {name: table for schema in schemas for name, table in schema.tables.items()}
        with pipeline.sql_client() as client:
            for name in sorted(n for n in known if _is_wanted(n, tables)):
                types = column_types(known[name])
                lines = Path(scratch, "rows.jsonl")
                if types and _fetch(client, name, list(types), lines):
                    _keep(connection, name, types, lines)


@contextmanager
def _reading(runtime: ConnectorRuntime, scratch: str) -> Iterator[dlt.Pipeline]:
    """A pipeline of the production's name in a directory of its own: it reads, and goes."""
    destination = Destination.from_reference(
        runtime.destination_type, destination_name=runtime.destination_name
    )
    with _configured_in(Path(runtime.project_dir)):
        pipeline = dlt.pipeline(
            runtime.pipeline_name,
            destination=destination,
            dataset_name=runtime.dataset_name,
            pipelines_dir=scratch,
        )
        try:
            pipeline.sync_destination()
            yield pipeline
        finally:
            pipeline.deactivate()


@contextmanager
def _configured_in(project_dir: Path) -> Iterator[None]:
    """Have dlt look for its configuration where the production runs do."""
    context = Container()[PluggableRunContext]
    former = context.providers
    settings = str(project_dir / DOT_DLT)
    found: list[ConfigProvider] = [
        EnvironProvider(),
        SecretsTomlProvider(settings, global_dir()),
        ConfigTomlProvider(settings, global_dir()),
    ]
    names = {provider.name for provider in found}
    found += [provider for provider in former.providers if provider.name not in names]
    context.providers = ConfigProvidersContainer(found)
    try:
        yield
    finally:
        context.providers = former


def _fetch(client: SqlClientBase[Any], table: str, names: Sequence[str], to: Path) -> bool:
    columns = ", ".join(client.escape_column_name(n) for n in names)
    query = f"SELECT {columns} FROM {client.make_qualified_table_name(table)}"  # noqa: S608  # escaped by dlt
    try:
        with client.execute_query(query) as cursor, to.open("w", encoding="utf-8") as file:
            while rows := cursor.fetchmany(CHUNK):
                for row in rows:
                    line = dict(zip(names, row, strict=True))
                    file.write(json.dumps(line, default=_plain) + "\n")
    except DatabaseUndefinedRelation:
        return False
    return True


def _plain(value: object) -> str:
    if isinstance(value, bytes | memoryview):
        return base64.b64encode(bytes(value)).decode()
    isoformat = getattr(value, "isoformat", None)
    return str(isoformat() if isoformat else value)


def _keep(
    connection: duckdb.DuckDBPyConnection, table: str, types: dict[str, str], lines: Path
) -> None:
    columns = ", ".join(f"{literal(n)}: 'VARCHAR'" for n in types)
    source = f"read_json({literal(str(lines))}, format='newline_delimited', columns={{{columns}}})"
    cells = ", ".join(f"CAST({quoted(n)} AS {kind}) AS {quoted(n)}" for n, kind in types.items())
    target = quoted("kept", BEFORE, table)
    connection.execute(f"CREATE TABLE {target} AS SELECT {cells} FROM {source}")  # noqa: S608  # identifiers are quoted
    lines.unlink()
