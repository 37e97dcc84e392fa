"""H5, H6 and H8: columns keep their values, their NULLs within bounds, and their types."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from connector_healing.core.bounds import binomial_tail, upper_bound
from connector_healing.core.checks import CheckLevel, CheckResult
from connector_healing.core.data_checks import DISTINCT_NEEDED, OVERLAP_NEEDED, type_change
from connector_healing.sandbox.overlap import AFTER, BEFORE
from connector_healing.sandbox.quoting import literal, quoted
from connector_healing.sandbox.subject import Subject

HARD = CheckLevel.HARD

COLLAPSED = "H5 no column collapsed"
REQUIRED = "H6 required columns"
SCHEMA = "H8 schema"

#: Below this probability a column that is NULL throughout is not so by chance.
_IMPROBABLE = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnCounts:
    """Values of one column on one side."""

    values: int
    distinct: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SideCounts:
    """One side of a table, the domain only."""

    rows: int
    columns: Mapping[str, ColumnCounts]
    sql: str


def counts(subject: Subject, schema: str) -> SideCounts:
    """Rows, values and different values of a side; of the previous data only the domain."""
    names = list(subject.before if schema == BEFORE else subject.after)
    wanted = [f"count({quoted(c)}), approx_count_distinct({quoted(c)})" for c in names]
    where = f" WHERE {subject.domain}" if schema == BEFORE and subject.domain else ""
    sql = f"SELECT {', '.join(['count(*)', *wanted])} FROM {quoted(schema, subject.table)} b{where}"  # noqa: S608  # identifiers are quoted
    rows, *found = subject.number(sql)
    columns = {
        name: ColumnCounts(values=values, distinct=distinct)
        for name, values, distinct in zip(names, found[::2], found[1::2], strict=True)
    }
    return SideCounts(rows=rows, columns=columns, sql=sql)


_GONE = ColumnCounts(values=0, distinct=0)


def collapse_check(subject: Subject, old: SideCounts, new: SideCounts) -> Iterator[CheckResult]:
    """H5: no column lost all of its values, or all but one."""
    looked = 0
    failed = False
    for name, before in old.columns.items():
        after = new.columns.get(name, _GONE)
        looked += 1
        share = before.values / old.rows if old.rows else 0.0
        empty = not after.values and binomial_tail(new.rows, 0, share) < _IMPROBABLE
        constant = (
            before.distinct > DISTINCT_NEEDED
            and new.rows >= OVERLAP_NEEDED
            and after.values > 0
            and after.distinct <= 1
        )
        if not empty and not constant:
            continue
        failed = True
        yield subject.result(
            COLLAPSED,
            HARD,
            passed=False,
            observed="no value" if empty else "one value in every row",
            bound=f"values in about {share:.1%} of the rows"
            if empty
            else f"about {before.distinct} different values",
            sql=new.sql,
            column=name,
            rows=new.rows,
        )
    if looked and not failed:
        yield subject.result(
            COLLAPSED,
            HARD,
            passed=True,
            observed=f"{looked} columns still have values, and more than one",
            bound="no column NULL or constant that was neither",
            sql=new.sql,
            rows=new.rows,
        )


def required_check(subject: Subject, old: SideCounts, new: SideCounts) -> Iterator[CheckResult]:
    """H6: columns that never were NULL are not now."""
    declared = {*subject.expected.required_fields, *subject.expected.primary_key}
    never_null = {
        name
        for name, found in old.columns.items()
        if old.rows >= OVERLAP_NEEDED and found.values == old.rows
    }
    for name in sorted(declared | never_null) if new.rows else ():
        nulls = new.rows - new.columns.get(name, _GONE).values
        share = nulls / new.rows
        limit = _null_limit(old, name, new.rows, is_declared=name in declared)
        yield subject.result(
            REQUIRED,
            HARD,
            passed=share <= limit,
            observed=f"{nulls} of {new.rows} rows are NULL ({share:.3%})",
            bound=f"at most {limit:.3%}",
            sql=new.sql,
            column=name,
            rows=new.rows,
        )


def _null_limit(old: SideCounts, name: str, rows: int, *, is_declared: bool) -> float:
    past = old.columns.get(name)
    share = 1 - past.values / old.rows if past is not None and old.rows else 0.0
    # What is only known to have been so until now may have an exception or two.
    return 0.0 if is_declared and share == 0.0 else upper_bound(share, rows)


def schema_check(subject: Subject, old: SideCounts, new: SideCounts) -> Iterator[CheckResult]:
    """H8: the old columns are there, their types no narrower, and no variant beside them."""
    described = (
        "SELECT column_name, data_type FROM duckdb_columns() "  # noqa: S608  # a literal table name
        f"WHERE schema_name IN ('{BEFORE}', '{AFTER}') AND table_name = {literal(subject.table)}"
    )
    found: list[tuple[CheckLevel, str, str, str]] = []
    for name, kind in subject.before.items():
        now = subject.after.get(name)
        if now is None:
            share = old.columns[name].values / old.rows if old.rows else 0.0
            # dlt makes no column of NULLs: only a column that should have had values is missed.
            if binomial_tail(new.rows, 0, share) < _IMPROBABLE:
                found.append((HARD, name, "the column is gone", kind))
        elif (level := type_change(kind, now)) is not None:
            found.append((level, name, now, kind))
    variants = [c for c in subject.after if "__v_" in c and c not in subject.before]
    found += [(HARD, c, f"a variant column {c}", "no new variant column") for c in variants]
    for level, name, observed, bound in found:
        yield subject.result(
            SCHEMA,
            level,
            passed=False,
            observed=observed,
            bound=bound,
            sql=described,
            column=name,
            rows=new.rows,
        )
    if not any(level is HARD for level, *_ in found):
        added = [c for c in subject.after if c not in subject.before]
        yield subject.result(
            SCHEMA,
            HARD,
            passed=True,
            observed=f"{len(subject.before)} old columns"
            + (f", new: {', '.join(added)}" if added else ""),
            bound="every old column, of a type that holds its values",
            sql=described,
            rows=new.rows,
        )
