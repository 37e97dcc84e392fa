"""Normalising so that a DuckDB destination loads fast and right.

dlt writes ``insert_values`` files for DuckDB, which parses 27,000 rows of them in 7 seconds. Its
``jsonl`` files load in half a second, but wrongly: DuckDB guesses their types again, so that a
text that looks like a time or a UUID is rewritten, a binary value stays base64, and an empty file
fails the load (dlt 1.31, DuckDB 2.0). So that dlt writes ``jsonl``, and the files are turned
into Parquet of exactly the schema's types before anything is loaded. dlt loads Parquet natively.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

import dlt
import duckdb
from dlt.common.destination import (
    AnyDestination,
    DestinationCapabilitiesContext,
    PreparedTableSchema,
)
from dlt.common.pipeline import NormalizeInfo
from dlt.common.schema import Schema
from dlt.common.schema.typing import TColumnSchema, TTableSchema
from dlt.common.storages.load_package import LoadJobInfo

from connector_healing.sandbox.database import shared
from connector_healing.sandbox.package_files import DLT_PREFIX
from connector_healing.sandbox.quoting import literal, quoted

_DUCKDB = "dlt.destinations.duckdb"


def normalize_quickly(
    pipeline: dlt.Pipeline, normalize: Callable[[], NormalizeInfo | None] | None = None
) -> NormalizeInfo | None:
    """`pipeline.normalize()`, with files that load fast where the destination is DuckDB.

    Nothing changes for any other destination, nor where the user chose a file format. No trace
    of the format stays in the schema: without us, the next load is as dlt would have it.

    Args:
        pipeline: Extracted, without a `loader_file_format`.
        normalize: Called in place of `pipeline.normalize`, for one who stands in for it.

    Returns:
        What normalising returned.
    """
    plainly = normalize or pipeline.normalize
    if not uses_default_format(pipeline):
        return plainly()
    with _preferring(pipeline, "jsonl"):
        info = plainly()
    type_package_files(pipeline)
    return info


def uses_default_format(pipeline: dlt.Pipeline) -> bool:
    """Whether the destination is DuckDB and nobody chose the format of its load files."""
    destination: AnyDestination | None = pipeline.destination
    return (
        destination is not None
        and destination.destination_type == _DUCKDB
        and "preferred_loader_file_format" not in destination.caps_params
        and "loader_file_format_selector" not in destination.caps_params
        and pipeline.staging is None
    )


def type_package_files(pipeline: dlt.Pipeline) -> int:
    """Turn the waiting ``jsonl`` files of a DuckDB destination into typed Parquet.

    Tables whose format the user chose stay as they are. Call it before a pending package of an
    interrupted run is loaded: what was turned already is left alone.

    Returns:
        How many files were turned.
    """
    if not uses_default_format(pipeline):
        return 0
    # With an empty configuration: resolving the real one takes longer than all the rest here, and
    # how types are written does not hang on it.
    destination = pipeline.destination
    capabilities = destination.capabilities(destination.spec())
    turned = 0
    with shared() as connection:
        for load_id in pipeline.list_normalized_load_packages():
            info = pipeline.get_load_package_info(load_id)
            for job in info.jobs["new_jobs"]:
                if _is_ours(info.schema, job):
                    table = info.schema.tables[job.job_file_info.table_name]
                    _turn(connection, Path(job.file_path), table, capabilities)
                    turned += 1
    return turned


@contextmanager
def _preferring(pipeline: dlt.Pipeline, file_format: str) -> Iterator[None]:
    # The destination's own parameter, not extract's argument: that would be kept in the schema.
    parameters = pipeline.destination.caps_params
    parameters["preferred_loader_file_format"] = file_format
    try:
        yield
    finally:
        del parameters["preferred_loader_file_format"]


def _is_ours(schema: Schema, job: LoadJobInfo) -> bool:
    name = job.job_file_info.table_name
    root = schema.tables.get(name)
    while root is not None and root.get("parent"):
        root = schema.tables.get(str(root["parent"]))
    return (
        job.job_file_info.file_format == "jsonl" and root is not None and "file_format" not in root
    )


def _turn(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    table: TTableSchema,
    capabilities: DestinationCapabilitiesContext,
) -> None:
    """Replace one file. Killed in between, the load fails on it; it never loads it twice."""
    mapper = capabilities.get_type_mapper()
    columns = {
        name: (mapper.to_destination_type(column, cast(PreparedTableSchema, table)), column)
        for name, column in table["columns"].items()
        if column.get("data_type") is not None
    }
    types = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in columns)
    source = f"read_json({literal(str(path))}, format='newline_delimited', columns={{{types}}})"
    cells = ", ".join(
        f"{_cell(n, kind, column)} AS {quoted(n)}" for n, (kind, column) in columns.items()
    )
    with TemporaryDirectory(prefix=DLT_PREFIX, dir=path.parent.parent) as scratch:
        typed = Path(scratch, "typed.parquet")
        connection.execute(
            f"COPY (SELECT {cells} FROM {source}) TO {literal(str(typed))} (FORMAT parquet)"  # noqa: S608  # identifiers are quoted
        )
        target = path.with_name(_parquet_name(path.name))
        path.rename(target)
        typed.replace(target)


def _cell(name: str, kind: str, column: TColumnSchema) -> str:
    if column.get("data_type") == "binary":
        return f"from_base64({quoted(name)})"
    if kind == "JSON":
        return quoted(name)
    return f"CAST({quoted(name)} AS {kind})"


def _parquet_name(name: str) -> str:
    return name.removesuffix(".gz").removesuffix(".jsonl") + ".parquet"
