"""H3 and H4 for the tables that dlt unnests: compared by their root's key."""

from collections.abc import Iterator

from connector_healing.core.bounds import binomial_tail, upper_bound
from connector_healing.core.checks import CheckLevel, CheckResult
from connector_healing.core.data_checks import OVERLAP_NEEDED, type_change
from connector_healing.sandbox.churn import child_tables
from connector_healing.sandbox.overlap import (
    AFTER,
    BEFORE,
    ROWS,
    WHOLE,
    ChildTables,
    KeyedTables,
    columns_of,
    measure_children,
)
from connector_healing.sandbox.quoting import quoted
from connector_healing.sandbox.subject import Subject

HARD, SOFT = CheckLevel.HARD, CheckLevel.SOFT

CHILD_ROWS = "H3 child rows"
CHILD_VALUES = "H4 child equality"
CHILD_SCHEMA = "H8 child schema"

_IMPROBABLE = 1e-6


def child_checks(subject: Subject, tables: KeyedTables | None) -> Iterator[CheckResult]:
    """Each child table: as many rows a parent, the same values, no column or table gone."""
    for path in subject.children:
        before = columns_of(subject.connection, BEFORE, path[0])
        if not before:
            continue
        after = columns_of(subject.connection, AFTER, path[0])
        if not after:
            yield from _lost(subject, path[0])
            continue
        yield from _schema(subject, path[0], before, after)
        children = child_tables(tables, path) if tables is not None else None
        if children is not None:
            yield from _compared(subject, children)


def _lost(subject: Subject, table: str) -> Iterator[CheckResult]:
    """A child table that the healed data lack, where a right heal would have filled it."""
    parents, sql = quoted(BEFORE, subject.table), quoted(BEFORE, table)
    counted = (
        f"SELECT (SELECT count(*) FROM {parents}), (SELECT count(*) FROM {sql}), "  # noqa: S608  # identifiers are quoted
        f"(SELECT count(*) FROM {quoted(AFTER, subject.table)})"
    )
    old, rows, new = subject.number(counted)
    expected = min(1.0, rows / old) if old else 0.0
    yield subject.result(
        CHILD_ROWS,
        HARD,
        passed=binomial_tail(new, 0, expected) >= _IMPROBABLE,
        observed=f"no such table beside {new} parents",
        bound=f"about {rows} rows for {old} parents",
        sql=counted,
        rows=new,
        table=table,
    )


def _schema(
    subject: Subject, table: str, before: dict[str, str], after: dict[str, str]
) -> Iterator[CheckResult]:
    changes = [
        (level, name, after[name], kind)
        for name, kind in before.items()
        if name in after and (level := type_change(kind, after[name])) is not None
    ]
    changes += [
        (HARD, name, f"a variant column {name}", "no new variant column")
        for name in after
        if "__v_" in name and name not in before
    ]
    for level, name, observed, bound in changes:
        yield subject.result(
            CHILD_SCHEMA,
            level,
            passed=False,
            observed=observed,
            bound=bound,
            sql=f"DESCRIBE {quoted(AFTER, table)}",
            column=name,
            table=table,
        )


def _compared(subject: Subject, children: ChildTables) -> Iterator[CheckResult]:
    shared, differing = measure_children(children)
    if shared < OVERLAP_NEEDED:
        return
    sql = children.compared_sql()
    for name, changed in differing.items():
        learned = subject.learned.changed_by_now(f"{children.table}.{name}")
        limit = upper_bound(learned, shared)
        share = changed / shared
        what = {ROWS: "another number of rows", WHOLE: "rows that differ somewhere"}
        yield subject.result(
            CHILD_ROWS if name == ROWS else CHILD_VALUES,
            HARD,
            passed=share <= limit,
            observed=f"{changed} of {shared} shared parents have {what.get(name, 'other values')} ({share:.3%})",
            bound=f"at most {limit:.3%}",
            sql=sql,
            column=None if name in what else name,
            rows=shared,
            table=children.table,
        )
