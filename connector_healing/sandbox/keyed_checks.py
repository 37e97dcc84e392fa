"""H2 to H4: keys are unique, previous keys are there again, and with the values that they had."""

from collections.abc import Iterator

from connector_healing.core.bounds import upper_bound
from connector_healing.core.checks import CheckLevel, CheckResult
from connector_healing.core.data_checks import OVERLAP_NEEDED
from connector_healing.sandbox.overlap import (
    AFTER,
    BEFORE,
    KeyedTables,
    Overlap,
    key_counts_sql,
    measure,
    measure_unmodified,
)
from connector_healing.sandbox.quoting import quoted
from connector_healing.sandbox.subject import EVERYTHING, Subject

HARD, SOFT = CheckLevel.HARD, CheckLevel.SOFT

KEY = "H2 key"
CONTAINMENT = "H3 containment"
KEYLESS = "H3 rows without a key"
OVERLAP = "H4 overlap size"
EQUALITY = "H4 overlap equality"
UNMODIFIED = "H4 unmodified rows"

#: A cursor that was new in so many of the known rows that came again tells of every change.
TELLS_OF_CHANGES = 0.5
#: Rows that may differ though their cursor says that they do not: read while they were written.
RACED = 0.001


def key_check(subject: Subject) -> Iterator[CheckResult]:
    """H2: the key is never NULL and never twice."""
    declared = subject.expected.primary_key
    if not declared:
        yield subject.result(
            KEY, SOFT, passed=False, observed="no key is declared", bound="a primary_key"
        )
        return
    lacking = [k for k in declared if k not in subject.after]
    if lacking:
        yield subject.result(
            KEY,
            HARD,
            passed=False,
            observed=f"no column {', '.join(lacking)}",
            bound="every column of the key",
        )
        return
    sql = key_counts_sql(AFTER, subject.table, declared)
    rows, keys, nulls = subject.number(sql)
    yield subject.result(
        KEY,
        HARD,
        passed=rows == keys and not nulls,
        observed=f"{rows - keys} repeated and {nulls} NULL keys",
        bound="none",
        sql=sql,
        column=", ".join(declared),
        rows=rows + nulls,
    )


def overlap_checks(subject: Subject, tables: KeyedTables | None) -> Iterator[CheckResult]:
    """H3 and H4: previous keys are there again, with the values that they had."""
    if tables is None:
        yield from _keyless(subject)
        return
    seen = measure(tables)
    yield _containment(subject, tables, seen)
    yield subject.result(
        OVERLAP,
        SOFT,
        passed=seen.shared >= OVERLAP_NEEDED,
        observed=f"{seen.shared} shared keys",
        bound=f"at least {OVERLAP_NEEDED}; fewer prove nothing",
        sql=tables.changed_sql(subject.key[0]),
        rows=seen.shared,
    )
    for column, changed in seen.changed.items():
        limit = upper_bound(subject.learned.changed_by_now(column), seen.shared)
        share = changed / seen.shared if seen.shared else 0.0
        yield subject.result(
            EQUALITY,
            HARD,
            passed=share <= limit,
            observed=f"{changed} of {seen.shared} shared keys changed ({share:.3%})",
            bound=f"at most {limit:.3%}",
            sql=tables.changed_sql(column),
            column=column,
            rows=seen.shared,
        )
    yield from _unmodified(subject, tables)


def _unmodified(subject: Subject, tables: KeyedTables) -> Iterator[CheckResult]:
    """A row that the API has not touched since, by its own cursor, is as it was.

    How often columns change says nothing of these rows: a field that is nearly right shows here.
    """
    cursor = subject.cursor
    if cursor is None or subject.learned.changed.get(cursor, 0.0) < TELLS_OF_CHANGES:
        return
    rows, changed = measure_unmodified(tables, cursor)
    limit = max(1, int(RACED * rows))
    found: list[tuple[str | None, int]] = [(c, n) for c, n in changed.items() if n > limit]
    refused = bool(found)
    for column, count in found or [(None, max(changed.values(), default=0))]:
        yield subject.result(
            UNMODIFIED,
            HARD,
            passed=not refused,
            observed=f"{count} of {rows} rows with the same {cursor} differ",
            bound=f"at most {limit}",
            sql=tables.unmodified_sql(cursor, *([column] if column else changed)),
            column=column,
            rows=rows,
        )


def _containment(subject: Subject, tables: KeyedTables, seen: Overlap) -> CheckResult:
    if subject.domain is None or not seen.keys:
        why = "no cursor tells which" if subject.domain is None else "none in its window"
        return subject.result(
            CONTAINMENT,
            SOFT,
            passed=False,
            observed=f"no previous key had to come again ({why})",
            bound=f"{OVERLAP_NEEDED} previous keys or more to look for",
        )
    limit = upper_bound(subject.learned.lost_by_now(), seen.keys)
    share = seen.missing / seen.keys
    return subject.result(
        CONTAINMENT,
        HARD,
        passed=share <= limit,
        observed=f"{seen.missing} of {seen.keys} previous keys are missing ({share:.3%})",
        bound=f"at most {limit:.3%}",
        sql=tables.missing_sql(),
        column=", ".join(subject.key),
        rows=seen.keys,
    )


def _keyless(subject: Subject) -> Iterator[CheckResult]:
    """Without a key: whole rows that are there again, as often as they were."""
    columns = [c for c in subject.before if c in subject.after]
    if not columns or subject.domain != EVERYTHING:
        return
    names = ", ".join(f"CAST({quoted(c)} AS VARCHAR)" for c in columns)
    sides = [
        f"(SELECT hash({names}) AS h, count(*) AS n FROM {quoted(s, subject.table)} GROUP BY h)"  # noqa: S608  # identifiers are quoted
        for s in (BEFORE, AFTER)
    ]
    sql = (
        f"SELECT sum(b.n), sum(greatest(b.n - coalesce(a.n, 0), 0)) "  # noqa: S608  # identifiers are quoted
        f"FROM {sides[0]} b LEFT JOIN {sides[1]} a USING (h)"
    )
    rows, missing = subject.number(sql)
    limit = upper_bound(subject.learned.changed_by_now(""), rows)
    share = missing / rows if rows else 0.0
    yield subject.result(
        KEYLESS,
        SOFT,
        passed=bool(rows) and share <= limit,
        observed=f"{missing} of {rows} previous rows are not there as they were ({share:.3%})",
        bound=f"at most {limit:.3%}",
        sql=sql,
        rows=rows,
    )
