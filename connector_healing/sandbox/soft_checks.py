"""S1 to S5: what a person should look at before a heal is applied."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import pairwise

from connector_healing.core.bounds import upper_bound
from connector_healing.core.checks import CheckLevel, CheckResult
from connector_healing.core.data_checks import (
    CATEGORIES,
    DISTINCT_FACTOR,
    DISTINCT_NEEDED,
    NEW_CATEGORIES,
    ROWS_FOR_SHAPE,
    Family,
    family,
    growth_limits,
    stability_bound,
    stability_index,
)
from connector_healing.sandbox.column_checks import SideCounts
from connector_healing.sandbox.overlap import AFTER, BEFORE
from connector_healing.sandbox.quoting import quoted
from connector_healing.sandbox.subject import Subject

SOFT = CheckLevel.SOFT

ROW_COUNT = "S1 row count"
DISTRIBUTION = "S2 distribution"
FRESHNESS = "S3 freshness"
CATEGORY = "S4 new categories"
DISTINCT = "S5 distinct values"

_QUANTILES = tuple(i / 10 for i in range(1, 10))


def row_count_check(subject: Subject, old: SideCounts, new: SideCounts) -> Iterator[CheckResult]:
    """S1: a full load has grown or shrunk as the good ones did."""
    sizes = [t.rows for b in subject.baselines for t in b.tables if t.table == subject.table]
    limits = growth_limits(sizes, subject.learned.periods, old.rows) if subject.is_full else None
    if limits is None:
        return
    least, most = limits
    yield subject.result(
        ROW_COUNT,
        SOFT,
        passed=least <= new.rows <= most,
        observed=f"{new.rows} rows, {old.rows} before",
        bound=f"from {least:.0f} to {most:.0f}",
        sql=new.sql,
        rows=new.rows,
    )


def distribution_checks(
    subject: Subject, old: SideCounts, new: SideCounts
) -> Iterator[CheckResult]:
    """S2 and S4: values are spread as before, and in the categories that there were."""
    if min(old.rows, new.rows) < ROWS_FOR_SHAPE:
        return
    found = [*_numbers(subject, old), *_categories(subject, old)]
    failed = [check for check in found if not check.passed]
    yield from failed
    if found and not failed:
        yield subject.result(
            DISTRIBUTION,
            SOFT,
            passed=True,
            observed=f"{len(found)} comparisons of distributions and categories",
            bound="no stability index over its limit, hardly a new category",
            sql=found[-1].sql,
            rows=new.rows,
        )


def _numbers(subject: Subject, old: SideCounts) -> Iterator[CheckResult]:
    names = [
        name
        for name, kind in subject.before.items()
        if family(kind).is_number
        and family(subject.after.get(name, "")).is_number
        and name not in (*subject.expected.primary_key, subject.cursor)
        and old.columns[name].distinct > 1
    ]
    if not names:
        return
    where = _where(subject)
    quantiles = ", ".join(
        f"approx_quantile(CAST({quoted(n)} AS DOUBLE), {list(_QUANTILES)})" for n in names
    )
    edges = subject.connection.execute(
        f"SELECT {quantiles} FROM {quoted(BEFORE, subject.table)} b{where}"  # noqa: S608  # identifiers are quoted
    ).fetchall()[0]
    for name, found in zip(names, edges, strict=True):
        bounds = sorted(set(found or ()))
        sides = [
            _histogram(subject, schema, name, bounds, where if schema == BEFORE else "")
            for schema in (BEFORE, AFTER)
        ]
        yield _stability(subject, name, sides[0][0], sides[1][0], sides[1][1])


def _histogram(
    subject: Subject, schema: str, name: str, bounds: Sequence[float], where: str
) -> tuple[list[int], str]:
    column = f"CAST({quoted(name)} AS DOUBLE)"
    below = "".join(f", count(*) FILTER (WHERE {column} <= {edge!r})" for edge in bounds)
    sql = f"SELECT count({quoted(name)}){below} FROM {quoted(schema, subject.table)} b{where}"  # noqa: S608  # identifiers are quoted
    total, *cumulative = subject.number(sql)
    steps = [0, *cumulative, total]
    return [b - a for a, b in pairwise(steps)], sql


def _stability(
    subject: Subject, name: str, old: Sequence[int], new: Sequence[int], sql: str
) -> CheckResult:
    index = stability_index(old, new)
    limit = stability_bound(len(old), sum(old), sum(new))
    return subject.result(
        DISTRIBUTION,
        SOFT,
        passed=index <= limit,
        observed=f"population stability index {index:.3f}",
        bound=f"at most {limit:.3f}",
        sql=sql,
        column=name,
        rows=sum(new),
    )


def _categories(subject: Subject, old: SideCounts) -> Iterator[CheckResult]:
    kinds = {Family.TEXT, Family.BOOLEAN}
    for name, kind in subject.before.items():
        if (
            family(kind) not in kinds
            or name not in subject.after
            or name in subject.expected.primary_key
            or not 1 < old.columns[name].distinct <= CATEGORIES
        ):
            continue
        column = f"CAST({quoted(name)} AS VARCHAR)"
        table = subject.table
        sql = (
            f"SELECT coalesce(b.v, a.v), coalesce(b.n, 0), coalesce(a.n, 0) FROM "  # noqa: S608  # identifiers are quoted
            f"(SELECT {column} AS v, count(*) AS n FROM {quoted(BEFORE, table)} b{_where(subject)} GROUP BY v) b "
            f"FULL JOIN (SELECT {column} AS v, count(*) AS n FROM {quoted(AFTER, table)} GROUP BY v) a "
            f"ON b.v = a.v WHERE coalesce(b.v, a.v) IS NOT NULL"
        )
        counted = subject.connection.execute(sql).fetchall()
        known = [(b, a) for _, b, a in counted if b]
        unknown = sum(a for _, b, a in counted if not b)
        before, after = [b for b, _ in known], [*(a for _, a in known)]
        rows = sum(after) + unknown
        limit = upper_bound(NEW_CATEGORIES, rows)
        share = unknown / rows if rows else 0.0
        yield subject.result(
            CATEGORY,
            SOFT,
            passed=share <= limit,
            observed=f"{unknown} of {rows} values were never seen before ({share:.2%})",
            bound=f"at most {limit:.2%}",
            sql=sql,
            column=name,
            rows=rows,
        )
        yield _stability(subject, name, before, after, sql)


def distinct_check(subject: Subject, old: SideCounts, new: SideCounts) -> Iterator[CheckResult]:
    """S5: a column has about as many different values, for its rows, as it had."""
    if min(old.rows, new.rows) < ROWS_FOR_SHAPE:
        return
    for name, before in old.columns.items():
        after = new.columns.get(name)
        if after is None or not after.values or before.distinct <= DISTINCT_NEEDED:
            continue
        # Few categories stay as many in any number of rows; names and numbers grow with them.
        grows = before.distinct > CATEGORIES
        scale = after.values / before.values if grows else 1.0
        ratio = after.distinct / (before.distinct * scale)
        if not 1 / DISTINCT_FACTOR <= ratio <= DISTINCT_FACTOR:
            yield subject.result(
                DISTINCT,
                SOFT,
                passed=False,
                observed=f"{after.distinct} different values in {after.values}",
                bound=f"within a factor of {DISTINCT_FACTOR:g} of {before.distinct} in {before.values}",
                sql=new.sql,
                column=name,
                rows=new.rows,
            )


def freshness_check(subject: Subject) -> Iterator[CheckResult]:
    """S3: the newest row is about as recent as it was after the good loads."""
    cursor = subject.cursor
    if cursor is None or family(subject.after[cursor]) is not Family.TIME:
        return
    newest = [
        (b.recorded_at, at)
        for b in subject.baselines
        for t in b.tables
        if t.table == subject.table
        and (c := t.columns.get(cursor)) is not None
        and (at := _moment(c.maximum)) is not None
    ]
    if len(newest) < 2:  # noqa: PLR2004  # one lag shows no spread
        return
    # Between two runs the lag grows by the time between them, and that is no staleness.
    usual = max(later - earlier for (later, _), (earlier, _) in pairwise(newest))
    limit = (max(recorded - at for recorded, at in newest) + usual).total_seconds()
    sql = f"SELECT epoch(max({quoted(cursor)})) FROM {quoted(AFTER, subject.table)}"  # noqa: S608  # identifiers are quoted
    found = subject.connection.execute(sql).fetchall()[0][0]
    lag = None if found is None else subject.now.timestamp() - found
    yield subject.result(
        FRESHNESS,
        SOFT,
        passed=lag is not None and lag <= limit,
        observed="no row" if lag is None else f"the newest row is {lag / 3600:.1f} h old",
        bound=f"at most {limit / 3600:.1f} h",
        sql=sql,
        column=cursor,
    )


def _moment(text: str | None) -> datetime | None:
    try:
        at = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _where(subject: Subject) -> str:
    return f" WHERE {subject.domain}" if subject.domain else ""
