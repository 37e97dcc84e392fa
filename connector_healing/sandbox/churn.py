"""How a load is about to change the rows that are there."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock

import dlt
import duckdb

from connector_healing.core.profile import Churn
from connector_healing.sandbox.attaching import attached
from connector_healing.sandbox.database import scratch
from connector_healing.sandbox.overlap import (
    AFTER,
    BEFORE,
    ChildTables,
    KeyedTables,
    columns_of,
    has_unique_key,
    measure,
    measure_children,
)
from connector_healing.sandbox.package_files import PackageReader, PackageTable, package_tables
from connector_healing.sandbox.quoting import quoted

_DESTINATION = "destination"

_ATTACHING = Lock()


def churn_of_package(
    pipeline: dlt.Pipeline,
    root_table: str,
    key_columns: Sequence[str],
    destination_path: str | None,
    *,
    package: Mapping[str, PackageTable] | None = None,
    dataset: str | None = None,
) -> Churn | None:
    """Compare a normalised package with the rows that its load will change.

    `Churn.changed_share` names the root table's columns; a child table's are named
    ``child_table.column``, its numbers of rows ``child_table.#rows``.

    Args:
        pipeline: Normalised, not yet loaded.
        root_table: A root table of the package.
        key_columns: Its key.
        destination_path: The DuckDB destination's file, which nobody may have open for writing.
        package: The package's tables, where they are known.
        dataset: The destination's schema, where it is known.

    Returns:
        None where there is nothing to compare: no key, no such table on either side, another
        kind of destination, or a file that somebody else is writing.
    """
    package = package_tables(pipeline) if package is None else package
    table = package.get(root_table)
    if not key_columns or destination_path is None or table is None or not table.files:
        return None
    if not Path(destination_path).is_file():
        return None
    schema = dataset or _dataset(pipeline)
    with _both_sides(package, root_table, Path(destination_path), schema) as connection:
        if connection is None:
            return None
        tables = _keyed(connection, root_table, tuple(key_columns))
        if tables is None:
            return None
        return _churn(tables, package, is_full=table.write_disposition == "replace")


def _churn(tables: KeyedTables, package: Mapping[str, PackageTable], *, is_full: bool) -> Churn:
    seen = measure(tables)
    shares: dict[str, float] = {}
    if seen.shared:
        shares = {name: count / seen.shared for name, count in seen.changed.items()}
        for path in _children(package, tables.table):
            child = child_tables(tables, path)
            if child is not None:
                shared, counts = measure_children(child)
                shares |= {f"{path[0]}.{name}": count / shared for name, count in counts.items()}
    lost = seen.missing / seen.keys if is_full and seen.keys else None
    return Churn(shared_keys=seen.shared, changed_share=shares, lost_share=lost)


def child_tables(root: KeyedTables, path: tuple[str, ...]) -> ChildTables | None:
    """A child table that both sides have; None where one lacks it or an ancestor."""
    sides = [
        [columns_of(root.connection, schema, name) for name in path] for schema in (BEFORE, AFTER)
    ]
    linked = [
        columns_of(root.connection, schema, name, own=False)
        for schema in (BEFORE, AFTER)
        for name in (*path, root.table)
    ]
    if not all(linked) or not all("_dlt_id" in columns for columns in linked):
        return None
    before, after = sides[0][0], sides[1][0]
    return ChildTables(root=root, path=path, columns=tuple(c for c in before if c in after))


def _children(package: Mapping[str, PackageTable], root: str) -> Iterator[tuple[str, ...]]:
    for name in sorted(package):
        path = [name]
        while (parent := package[path[-1]].parent) is not None and parent in package:
            if parent == root:
                yield tuple(path)
                break
            path.append(parent)


def _keyed(
    connection: duckdb.DuckDBPyConnection, table: str, key: tuple[str, ...]
) -> KeyedTables | None:
    before = columns_of(connection, BEFORE, table)
    after = columns_of(connection, AFTER, table)
    if not set(key) <= set(before) & set(after):
        return None
    return KeyedTables(
        connection=connection,
        table=table,
        key=key,
        before=before,
        after=after,
        once={s: has_unique_key(connection, s, table, key) for s in (BEFORE, AFTER)},
    )


@contextmanager
def _both_sides(
    package: Mapping[str, PackageTable], root: str, path: Path, dataset: str
) -> Iterator[duckdb.DuckDBPyConnection | None]:
    # One at a time: a process attaches a file once.
    with _ATTACHING, TemporaryDirectory(prefix="churn-") as folder, scratch() as connection:
        reader = PackageReader(connection, Path(folder), package)
        connection.execute(f"CREATE SCHEMA {BEFORE}; CREATE SCHEMA {AFTER}")
        if not attached(connection, path, _DESTINATION):
            yield None
            return
        try:
            for name in (root, *(p[0] for p in _children(package, root))):
                relation = reader.relation(package[name])
                if relation is not None:
                    # The children are joined more than once: read their files a single time.
                    connection.execute(f"CREATE TABLE {quoted(AFTER, name)} AS {relation}")
                source = quoted(_DESTINATION, dataset, name)
                with suppress(duckdb.CatalogException):  # there is no such table yet
                    connection.execute(f"CREATE VIEW {quoted(BEFORE, name)} AS FROM {source}")
            yield connection
        finally:
            # While it is attached, nobody in this process can load it.
            connection.execute(f"DROP SCHEMA {BEFORE} CASCADE")
            connection.execute(f"DETACH {_DESTINATION}")


def _dataset(pipeline: dlt.Pipeline) -> str:
    # Not entered: it tells the name as dlt normalises it, without opening the destination.
    return str(pipeline.sql_client().dataset_name)
