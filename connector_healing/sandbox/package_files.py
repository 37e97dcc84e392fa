"""The files of a normalised, not yet loaded package, as tables that DuckDB can query."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import dlt
import duckdb
from dlt.common.schema import Schema
from dlt.common.schema.typing import TColumnSchema, TTableSchema
from dlt.common.schema.utils import get_inherited_table_hint, get_root_table

from connector_healing.sandbox.database import shared
from connector_healing.sandbox.insert_values import as_json_lines
from connector_healing.sandbox.quoting import listed, literal, quoted

#: dlt's own tables and columns begin so.
DLT_PREFIX = "_dlt_"

#: DuckDB's type for each of dlt's data types.
_TYPES: Mapping[str, str] = {
    "text": "VARCHAR",
    "bigint": "BIGINT",
    "double": "DOUBLE",
    "bool": "BOOLEAN",
    "timestamp": "TIMESTAMP WITH TIME ZONE",
    "date": "DATE",
    "time": "TIME",
    "decimal": "DECIMAL(38,9)",
    "wei": "DECIMAL(38,0)",
    "json": "VARCHAR",
    "binary": "VARCHAR",
}

#: The formats that are read; a table in any other appears without columns.
READABLE = frozenset({"jsonl", "typed-jsonl", "parquet", "csv", "insert_values"})


@dataclass(slots=True)
class PackageTable:
    """One table of a package."""

    name: str
    parent: str | None
    dlt_resource: str | None
    write_disposition: str
    columns: Mapping[str, str]  #: DuckDB types by name, as the schema knows them; dlt's own too.
    files: dict[str, list[str]] = field(default_factory=dict)  #: Paths by file format.

    @property
    def own_columns(self) -> list[str]:
        """The columns that are not dlt's."""
        return [c for c in self.columns if not c.startswith(DLT_PREFIX)]

    @property
    def readable(self) -> bool:
        """Whether all of its files are in formats that are read."""
        return READABLE.issuperset(self.files)


def package_tables(
    pipeline: dlt.Pipeline, extracted: Collection[str] | None = None
) -> dict[str, PackageTable]:
    """The tables of all packages that wait to be loaded, and of what was extracted without rows.

    A table that the schema knows appears, without files, where the last extraction ran its
    resource; a resource that no table is known of appears under its own name, normalised.

    Args:
        pipeline: Extracted and normalised.
        extracted: The resources that were run; None: those of the pipeline's last trace, which
            dlt's `run` leaves only at its end.
    """
    ran = extracted_resources(pipeline) if extracted is None else extracted
    found: dict[str, PackageTable] = {}
    schemas: dict[str, Schema] = {}
    for load_id in pipeline.list_normalized_load_packages():
        info = pipeline.get_load_package_info(load_id)
        schemas[info.schema.name] = info.schema
        for job in info.jobs["new_jobs"]:
            name = job.job_file_info.table_name
            if name.startswith(DLT_PREFIX) or name not in info.schema.tables:
                continue
            table = found.setdefault(name, _table(info.schema, name))
            table.files.setdefault(job.job_file_info.file_format, []).append(job.file_path)
    for name in pipeline.schema_names:
        if name not in schemas:
            schemas[name] = pipeline.schemas[name]
    for name, table in _extracted_tables(ran, schemas.values()):
        found.setdefault(name, table)
    return found


def extracted_resources(pipeline: dlt.Pipeline) -> set[str]:
    """The resources that the pipeline's last extraction ran, with or without rows."""
    trace = pipeline.last_trace
    info = trace.last_extract_info if trace else None
    metrics = [m for ms in info.metrics.values() for m in ms] if info else []
    nodes = {node for m in metrics for edge in m["dag"] for node in edge}
    return {n for n in nodes if not n.startswith(DLT_PREFIX)}


def _extracted_tables(
    extracted: Collection[str], schemas: Collection[Schema]
) -> Iterator[tuple[str, PackageTable]]:
    known: set[str] = set()
    for schema in schemas:
        for name in schema.tables:
            if name.startswith(DLT_PREFIX):
                continue
            table = _table(schema, name)
            if table.dlt_resource in extracted:
                known.add(str(table.dlt_resource))
                yield name, table
    naming = next(iter(schemas), Schema("unnamed")).naming
    for resource in sorted(set(extracted) - known):
        name = str(naming.normalize_table_identifier(resource))
        yield name, PackageTable(name, None, resource, "append", {})


def _table(schema: Schema, name: str) -> PackageTable:
    tables = schema.tables
    root = get_root_table(tables, name)
    disposition = get_inherited_table_hint(tables, name, "write_disposition", allow_none=True)
    return PackageTable(
        name=name,
        parent=tables[name].get("parent"),
        dlt_resource=root.get("resource") or root["name"],
        write_disposition=str(disposition or "append"),
        columns=column_types(tables[name]),
    )


def column_types(table: TTableSchema) -> dict[str, str]:
    """DuckDB types of a table's columns that have a type; dlt's own columns too."""
    return {
        name: _type(column)
        for name, column in table["columns"].items()
        if column.get("data_type") is not None
    }


def _type(column: TColumnSchema) -> str:
    kind = str(column.get("data_type"))
    if kind == "decimal" and column.get("precision") and column.get("scale") is not None:
        return f"DECIMAL({int(column['precision'] or 38)},{int(column['scale'] or 0)})"
    if kind == "timestamp" and column.get("timezone") is False:
        return "TIMESTAMP"
    return _TYPES.get(kind, "VARCHAR")


@contextmanager
def reading(
    pipeline: dlt.Pipeline, package: Mapping[str, "PackageTable"] | None = None
) -> Iterator["PackageReader"]:
    """The pipeline's waiting packages, open to queries as long as the context lasts.

    Args:
        pipeline: Extracted and normalised.
        package: Its `package_tables`, where they are known.
    """
    tables = package_tables(pipeline) if package is None else package
    with (
        TemporaryDirectory(prefix="package-") as scratch,
        shared() as connection,
    ):
        yield PackageReader(connection, Path(scratch), tables)


class PackageReader:
    """Queries over a package's files.

    Args:
        connection: Of an in-memory DuckDB.
        scratch: A directory for rewritten files.
        tables: What is in the package.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        scratch: Path,
        tables: Mapping[str, PackageTable],
    ) -> None:
        self.connection = connection
        self.tables = tables
        self._scratch = scratch

    def relation(self, table: PackageTable) -> str | None:
        """A query that gives the table's rows with the schema's columns and types.

        Columns that the files lack are NULL. None where it has no file or one that cannot be read.
        """
        if not table.readable:
            return None
        parts = [self._part(table, kind, paths) for kind, paths in sorted(table.files.items())]
        if None in parts:
            return None
        return " UNION ALL ".join(p for p in parts if p) or None

    def _part(self, table: PackageTable, kind: str, paths: list[str]) -> str | None:
        if kind == "parquet":
            return _select(table, f"read_parquet({listed(paths)}, union_by_name=true)")
        if kind == "csv":
            options = "all_varchar=true, header=true, union_by_name=true"
            source = f"read_csv({listed(paths)}, {options})"
            return _select(table, source) if self._has_header(table, source) else None
        if kind == "insert_values":
            rewritten = [as_json_lines(Path(p), self._scratch) for p in paths]
            if None in rewritten:
                return None
            paths = [str(p) for p in rewritten]
        return _select(table, _json(table, paths))

    def _has_header(self, table: PackageTable, source: str) -> bool:
        rows = self.connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()  # noqa: S608  # paths are literals
        return not {str(row[0]) for row in rows}.isdisjoint(table.columns)


def _select(table: PackageTable, source: str) -> str:
    """The schema's columns from a source that may lack some of them."""
    if not table.columns:
        return f"SELECT NULL AS nothing FROM {source}"  # noqa: S608  # paths are literals
    cells = [f"TRY_CAST({quoted(n)} AS {t}) AS {quoted(n)}" for n, t in table.columns.items()]
    nulls = ", ".join(f"NULL AS {quoted(n)}" for n in table.columns)
    # One statement, rather than to ask first which columns there are.
    padded = f"SELECT * FROM {source} UNION ALL BY NAME (SELECT {nulls} LIMIT 0)"  # noqa: S608  # paths are literals
    return f"SELECT {', '.join(cells)} FROM ({padded})"  # noqa: S608  # identifiers are quoted


def _json(table: PackageTable, paths: list[str]) -> str:
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in table.columns)
    if not columns:
        return f"read_json_objects({listed(paths)}, format='newline_delimited')"
    return f"read_json({listed(paths)}, format='newline_delimited', columns={{{columns}}})"
