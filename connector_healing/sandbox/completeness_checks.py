"""H7: the extraction was read to its end."""

from collections.abc import Iterator, Sequence

from connector_healing.core.checks import CheckLevel, CheckResult
from connector_healing.core.data_checks import completeness
from connector_healing.core.reproduction import EndpointObservation
from connector_healing.sandbox.overlap import AFTER, BEFORE
from connector_healing.sandbox.quoting import quoted
from connector_healing.sandbox.subject import Subject

COMPLETE = "H7 completeness"
HIGH_WATER = "H7 high-water mark"


def completeness_checks(endpoints: Sequence[EndpointObservation]) -> Iterator[CheckResult]:
    """Every endpoint was read to its end, as its own answers tell; one result an endpoint."""
    for seen in endpoints:
        verdict = completeness(seen)
        yield CheckResult(
            name=COMPLETE,
            level=verdict.level,
            passed=verdict.passed,
            table=seen.endpoint,
            column=None,
            observed=verdict.observed,
            bound=verdict.bound,
            sql="",
            rows=seen.items,
        )
    if not endpoints:
        yield CheckResult(
            name=COMPLETE,
            level=CheckLevel.SOFT,
            passed=False,
            table="",
            column=None,
            observed="no recorded answer tells how many records there are",
            bound="a declared total, or an answer that names no further page",
            sql="",
        )


def high_water_check(subject: Subject, *, alone: bool) -> Iterator[CheckResult]:
    """The newest row is not older than the newest that was there.

    Args:
        subject: With a cursor column, or nothing is checked.
        alone: Whether nothing else tells that the extraction was complete.
    """
    if subject.cursor is None:
        return
    newest = f"max({quoted(subject.cursor)})"
    sides = [f"(SELECT {newest} FROM {quoted(s, subject.table)})" for s in (BEFORE, AFTER)]  # noqa: S608  # identifiers are quoted
    sql = (
        "SELECT old::VARCHAR, new::VARCHAR, old IS NULL OR coalesce(new >= old, false) "  # noqa: S608  # as above
        f"FROM (SELECT {sides[0]} AS old, {sides[1]} AS new)"
    )
    old, new, passed = subject.connection.execute(sql).fetchall()[0]
    yield subject.result(
        HIGH_WATER,
        CheckLevel.HARD if alone else CheckLevel.SOFT,
        passed=bool(passed),
        observed=f"{new}",
        bound=f"at least {old}",
        sql=sql,
        column=subject.cursor,
    )
