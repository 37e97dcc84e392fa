"""Two states of one table, compared by key, in one pass.

A comparison is made in a DuckDB connection that has the schemas ``before`` and ``after`` with
views or tables of the same names. dlt's own columns are never compared; child tables are
followed to their root by ``_dlt_parent_id``, because their own ids are new in every load.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import duckdb

from connector_healing.core.data_checks import Family, family
from connector_healing.sandbox.package_files import DLT_PREFIX
from connector_healing.sandbox.quoting import quoted

BEFORE = "before"
AFTER = "after"


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """How the keys of the previous data fared."""

    keys: int  #: Previous keys that had to be there again.
    missing: int  #: Of these, those that are not.
    shared: int  #: Keys that both sides hold, inside of the domain or not.
    changed: Mapping[str, int] = field(default_factory=dict)  #: Shared keys by changed column.


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyedTables:
    """One root table on both sides, and how its rows are known again."""

    connection: duckdb.DuckDBPyConnection
    table: str
    key: tuple[str, ...]
    before: Mapping[str, str]  #: Types by column, dlt's columns left out.
    after: Mapping[str, str]
    domain: str = "true"  #: A condition on the previous row ``b`` that had to come again.
    once: Mapping[str, bool] = field(default_factory=dict)  #: By side: whether keys are unique.

    @property
    def columns(self) -> list[str]:
        """The columns that both sides have and that can be compared, the key left out."""
        return [
            name
            for name, kind in self.before.items()
            if name in self.after and name not in self.key and comparable(kind, self.after[name])
        ]

    def side(self, schema: str) -> str:
        """The table on one side, one row a key: the latest load's where there are several."""
        table = quoted(schema, self.table)
        if self.once.get(schema, True):
            return table
        keys = ", ".join(quoted(k) for k in self.key)
        types = columns_of(self.connection, schema, self.table, own=False)
        latest = (
            f", {quoted(DLT_PREFIX + 'load_id')} DESC" if DLT_PREFIX + "load_id" in types else ""
        )
        return f"(SELECT DISTINCT ON ({keys}) * FROM {table} ORDER BY {keys}{latest})"  # noqa: S608  # identifiers are quoted

    @property
    def matched(self) -> str:
        """The join condition between ``b`` and ``a``."""
        return " AND ".join(
            f"{left} = {right}" for left, right in (self._sides(k) for k in self.key)
        )

    def differs(self, column: str) -> str:
        """Whether a column of ``b`` and ``a`` differs, whatever the two types."""
        left, right = self._sides(column)
        return f"{left} IS DISTINCT FROM {right}"

    def _sides(self, column: str) -> tuple[str, str]:
        kind = common_type(self.before[column], self.after[column])
        sides = (f"b.{quoted(column)}", f"a.{quoted(column)}")
        return (
            sides
            if kind is None
            else (f"CAST({sides[0]} AS {kind})", f"CAST({sides[1]} AS {kind})")
        )

    def missing_sql(self) -> str:
        """Counts the previous keys of the domain, and those that are missing."""
        gone = f"a.{quoted(self.key[0])} IS NULL"
        return (
            f"SELECT count(*), count(*) FILTER (WHERE {gone}) "  # noqa: S608  # identifiers are quoted
            f"FROM {self.side(BEFORE)} b LEFT JOIN {self.side(AFTER)} a ON {self.matched} "
            f"WHERE {self.domain}"
        )

    def changed_sql(self, column: str) -> str:
        """Counts the shared keys, and those whose column differs."""
        return (
            f"SELECT count(*), count(*) FILTER (WHERE {self.differs(column)}) "  # noqa: S608  # identifiers are quoted
            f"FROM {self.side(BEFORE)} b JOIN {self.side(AFTER)} a ON {self.matched}"
        )

    def unmodified_sql(self, cursor: str, *columns: str) -> str:
        """Counts the shared keys whose cursor is the same, and those of them whose columns differ."""
        same = f"NOT ({self.differs(cursor)})"
        counted = [f"count(*) FILTER (WHERE {self.differs(c)})" for c in columns]
        return (
            f"SELECT {', '.join(['count(*)', *counted])} "  # noqa: S608  # identifiers are quoted
            f"FROM {self.side(BEFORE)} b JOIN {self.side(AFTER)} a ON {self.matched} WHERE {same}"
        )


def measure_unmodified(tables: KeyedTables, cursor: str) -> tuple[int, dict[str, int]]:
    """Shared keys with the same cursor, and how many of them differ by column."""
    columns = [c for c in tables.columns if c != cursor]
    query = tables.unmodified_sql(cursor, *columns)
    rows, *changed = tables.connection.execute(query).fetchall()[0]
    return rows, dict(zip(columns, changed, strict=True))


def measure(tables: KeyedTables) -> Overlap:
    """Compare the two sides: what `missing_sql` and `changed_sql` count, in a single join."""
    here = f"a.{quoted(tables.key[0])} IS NOT NULL"
    wanted = [
        f"count(*) FILTER (WHERE {tables.domain})",
        f"count(*) FILTER (WHERE {tables.domain} AND NOT {here})",
        f"count(*) FILTER (WHERE {here})",
        *(f"count(*) FILTER (WHERE {here} AND {tables.differs(c)})" for c in tables.columns),
    ]
    query = (
        f"SELECT {', '.join(wanted)} "  # noqa: S608  # identifiers are quoted
        f"FROM {tables.side(BEFORE)} b LEFT JOIN {tables.side(AFTER)} a ON {tables.matched}"
    )
    keys, missing, shared, *changed = tables.connection.execute(query).fetchall()[0]
    return Overlap(
        keys=keys,
        missing=missing,
        shared=shared,
        changed=dict(zip(tables.columns, changed, strict=True)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildTables:
    """One child table on both sides, gathered by its root's key."""

    root: KeyedTables
    path: tuple[str, ...]  #: The child table, then its ancestors up to the root's own child.
    columns: tuple[str, ...]  #: That both sides have.

    @property
    def table(self) -> str:
        """The child table's name."""
        return self.path[0]

    def gathered(self, schema: str) -> str:
        """One row a root key: how many child rows, and a sum over each column's values.

        A sum of hashes does not see the order of the rows, and sees everything else.
        """
        root, key = self.root, self.root.key
        keys = ", ".join(f"r.{quoted(k)}" for k in key)
        joins = []
        for depth, name in reversed(list(enumerate(self.path))):
            parent = "r" if depth == len(self.path) - 1 else f"c{depth + 1}"
            link, own = quoted(DLT_PREFIX + "parent_id"), quoted(DLT_PREFIX + "id")
            joins.append(
                f"LEFT JOIN {quoted(schema, name)} c{depth} ON c{depth}.{link} = {parent}.{own}"
            )
        present = f"FILTER (WHERE c0.{quoted(DLT_PREFIX + 'id')} IS NOT NULL)"
        sums = "".join(
            f", sum(hash(CAST(c0.{quoted(c)} AS VARCHAR))) {present} AS s{i}"
            for i, c in enumerate(self.columns)
        )
        cells = ", ".join(f"CAST(c0.{quoted(c)} AS VARCHAR)" for c in self.columns)
        whole = f", sum(hash({cells})) {present} AS whole" if cells else ""
        return (
            f"(SELECT {keys}, count(c0.{quoted(DLT_PREFIX + 'id')}) AS rows{sums}{whole} "  # noqa: S608  # identifiers are quoted
            f"FROM {root.side(schema)} r {' '.join(joins)} GROUP BY ALL)"
        )

    def compared_sql(self) -> str:
        """Counts shared root keys, those with other numbers of rows, and those that differ by column.

        The last count is of rows that differ anywhere; only keys with equally many rows count there
        and by column.
        """
        same = "b.rows = a.rows"
        names = [*(f"s{i}" for i in range(len(self.columns))), *(["whole"] if self.columns else [])]
        differing = "".join(
            f", count(*) FILTER (WHERE {same} AND b.{n} IS DISTINCT FROM a.{n})" for n in names
        )
        return (
            f"SELECT count(*), count(*) FILTER (WHERE NOT {same}){differing} "  # noqa: S608  # identifiers are quoted
            f"FROM {self.gathered(BEFORE)} b JOIN {self.gathered(AFTER)} a ON {self.root.matched}"
        )


#: The name under which a child table's number of rows, or its rows as a whole, are kept.
ROWS = "#rows"
WHOLE = "#whole"


def measure_children(tables: ChildTables) -> tuple[int, dict[str, int]]:
    """Shared root keys, and how many differ: by `ROWS`, by column, and by `WHOLE`."""
    shared, rows, *rest = tables.root.connection.execute(tables.compared_sql()).fetchall()[0]
    names = [*tables.columns, *([WHOLE] if tables.columns else [])]
    return shared, {ROWS: rows, **dict(zip(names, rest, strict=True))}


def columns_of(
    connection: duckdb.DuckDBPyConnection, schema: str, table: str, *, own: bool = True
) -> dict[str, str]:
    """A table's columns and their types; `own`: without dlt's. Empty where there is no table."""
    try:
        # A tenth of what asking duckdb_columns() takes, which looks through every attached file.
        rows = connection.execute(f"DESCRIBE {quoted(schema, table)}").fetchall()
    except duckdb.CatalogException:
        return {}
    return {
        str(name): str(kind)
        for name, kind, *_ in rows
        if not (own and str(name).startswith(DLT_PREFIX))
    }


def has_unique_key(
    connection: duckdb.DuckDBPyConnection, schema: str, table: str, key: Sequence[str]
) -> bool:
    """Whether no key comes twice."""
    rows, keys = connection.execute(key_counts_sql(schema, table, key)).fetchall()[0][:2]
    return bool(rows == keys)


def key_counts_sql(schema: str, table: str, key: Sequence[str]) -> str:
    """Counts rows with a key, different keys, and rows whose key holds a NULL."""
    names = [quoted(k) for k in key]
    whole = " AND ".join(f"{n} IS NOT NULL" for n in names)
    one = names[0] if len(names) == 1 else f"({', '.join(names)})"
    return (
        f"SELECT count(*) FILTER (WHERE {whole}), count(DISTINCT {one}) FILTER (WHERE {whole}), "  # noqa: S608  # identifiers are quoted
        f"count(*) FILTER (WHERE NOT ({whole})) FROM {quoted(schema, table)}"
    )


def comparable(before: str, after: str) -> bool:
    """Whether values of two types can be told apart: bytes and their text form cannot."""
    return before == after or "BLOB" not in {before, after}


def common_type(before: str, after: str) -> str | None:
    """The type in which two values are compared; None where they are comparable as they are."""
    if before == after:
        return None
    old, new = family(before), family(after)
    if old.is_number and new.is_number:
        return "FLOAT" if "FLOAT" in {before, after} else "DOUBLE"
    if old is new is Family.TIME:
        return "TIMESTAMP"
    return "VARCHAR"
