"""What a normalised load package looks like before it is loaded."""

from collections.abc import Mapping, Sequence

import dlt

from connector_healing.core.profile import ColumnProfile, PackageProfile, TableProfile
from connector_healing.sandbox.package_files import PackageReader, PackageTable, reading
from connector_healing.sandbox.quoting import quoted

#: Characters of a text's extreme that are kept.
TEXT_KEPT = 64

_COUNTS = 4  # aggregates a column


def profile_package(
    pipeline: dlt.Pipeline,
    *,
    package: Mapping[str, PackageTable] | None = None,
    row_counts: Mapping[str, int] | None = None,
) -> PackageProfile:
    """Profile the packages that a pipeline has normalised and not yet loaded.

    dlt's own tables and columns are left out. A resource that the last extraction ran, and that
    made no rows, appears with none. A column that the schema knows and no row has is all NULL.
    One query a table, over the files as they lie.

    Args:
        pipeline: Extracted and normalised.
        package: Its `package_tables`, for a caller within dlt's `run`, who knows which resources
            were run; None: as the pipeline's last trace says.
        row_counts: What normalising counted, for the same.
    """
    counted = _row_counts(pipeline) if row_counts is None else row_counts
    profiles: dict[str, TableProfile] = {}
    with reading(pipeline, package) as reader:
        for name, table in reader.tables.items():
            relation = reader.relation(table)
            if not table.files:
                profiles[name] = _table_profile(table, 0, {})
            elif relation is not None:
                profiles[name] = _profile(reader, table, relation)
            elif name in counted:
                # A format that we cannot read: dlt's own count is all that is known.
                profiles[name] = _table_profile(table, counted[name], {})
    return PackageProfile(tables=profiles)


def _row_counts(pipeline: dlt.Pipeline) -> Mapping[str, int]:
    trace = pipeline.last_trace
    info = trace.last_normalize_info if trace else None
    return info.row_counts if info else {}


def _profile(reader: PackageReader, table: PackageTable, relation: str) -> TableProfile:
    names = table.own_columns
    wanted = ["count(*)", *(a for n in names for a in _aggregates(n, table.columns[n]))]
    query = f"SELECT {', '.join(wanted)} FROM ({relation})"  # noqa: S608  # identifiers are quoted
    answer = reader.connection.execute(query).fetchone() or (0,)
    rows = int(answer[0])
    columns = {
        name: _column(name, table.columns[name], rows, answer[1 + i * _COUNTS :][:_COUNTS])
        for i, name in enumerate(names)
    }
    return _table_profile(table, rows, columns)


def _table_profile(
    table: PackageTable, rows: int, columns: Mapping[str, ColumnProfile]
) -> TableProfile:
    return TableProfile(
        table=table.name,
        rows=rows,
        columns=columns,
        parent=table.parent,
        dlt_resource=table.dlt_resource,
        write_disposition=table.write_disposition,
    )


def _aggregates(name: str, kind: str) -> tuple[str, ...]:
    column = quoted(name)
    cut = f", {TEXT_KEPT}" if kind == "VARCHAR" else ""
    extremes = (
        f"left(min({column}){cut})" if cut else f"min({column})::VARCHAR",
        f"left(max({column}){cut})" if cut else f"max({column})::VARCHAR",
    )
    return (f"count({column})", f"approx_count_distinct({column})", *extremes)


def _column(name: str, kind: str, rows: int, found: Sequence[object]) -> ColumnProfile:
    values, distinct, minimum, maximum = found
    return ColumnProfile(
        name=name,
        type=kind,
        nulls=rows - int(str(values)),
        distinct=int(str(distinct)),
        minimum=None if minimum is None else str(minimum),
        maximum=None if maximum is None else str(maximum),
    )
