"""The data judge: what a candidate loaded against the data that were there before."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from connector_healing.core.checks import CheckLevel, CheckResult
from connector_healing.core.profile import Baseline
from connector_healing.core.reproduction import ConnectorRuntime, SandboxOutcome
from connector_healing.ports import Clock
from connector_healing.sandbox.attaching import PATIENCE, attach
from connector_healing.sandbox.cassette_records import records_in
from connector_healing.sandbox.child_checks import child_checks
from connector_healing.sandbox.column_checks import (
    SideCounts,
    collapse_check,
    counts,
    required_check,
    schema_check,
)
from connector_healing.sandbox.completeness_checks import completeness_checks, high_water_check
from connector_healing.sandbox.database import in_memory
from connector_healing.sandbox.keyed_checks import key_check, overlap_checks
from connector_healing.sandbox.overlap import AFTER, BEFORE
from connector_healing.sandbox.quoting import literal, quoted
from connector_healing.sandbox.snapshot import take_snapshot
from connector_healing.sandbox.soft_checks import (
    distinct_check,
    distribution_checks,
    freshness_check,
    row_count_check,
)
from connector_healing.sandbox.subject import EVERYTHING, Subject, subjects


class _SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class DuckDbDataJudge:
    """Judges data in DuckDB, whatever destination they come from (port `DataJudge`).

    Args:
        clock: Tells how long ago the last good load was.
        patience: How long a locked destination is waited for.
    """

    def __init__(self, clock: Clock | None = None, patience: timedelta = PATIENCE) -> None:
        self._clock: Clock = clock or _SystemClock()
        self._patience = patience

    def snapshot(self, runtime: ConnectorRuntime, tables: Sequence[str], to_path: str) -> None:
        """Copy the production tables (those that exist) into a DuckDB file, schema ``before``.

        Child tables come along, asked for or not: a heal may have lost one.

        Raises:
            DestinationBusyError: If the destination stays locked.
        """
        take_snapshot(runtime, tables, Path(to_path), self._patience)

    def compare(
        self,
        before_path: str,
        outcome: SandboxOutcome,
        baselines: Mapping[str, Sequence[Baseline]],
        runtime: ConnectorRuntime,
    ) -> tuple[CheckResult, ...]:
        """The data checks H2-H8 and S1-S5 for each resource that was run.

        What cannot be checked for lack of a key, of previous data or of answers that tell of
        their completeness is a soft check that fails, so that a person decides.
        """
        with in_memory() as connection:
            _open_sides(connection, before_path, outcome, self._patience)
            results = list(completeness_checks(outcome.endpoints))
            found = subjects(
                connection, outcome, baselines, runtime.connector.resources, self._clock.now()
            )
            for subject in found:
                results += _checks(subject, told=bool(outcome.endpoints))
        return tuple(results)

    def records(self, cassettes: Sequence[str], limit: int) -> Iterator[tuple[str, list[object]]]:
        """Records found in recorded answers: the endpoint and at most `limit` records of it."""
        return records_in(cassettes, limit)


def _open_sides(
    connection: duckdb.DuckDBPyConnection,
    before_path: str,
    outcome: SandboxOutcome,
    patience: timedelta,
) -> None:
    """Views of both sides, under the names that the checks' SQL uses."""
    sources = [(BEFORE, Path(before_path), BEFORE)]
    if outcome.database is not None:
        sources.append((AFTER, Path(outcome.database), outcome.dataset))
    connection.execute(f"CREATE SCHEMA {BEFORE}; CREATE SCHEMA {AFTER}")
    for side, path, schema in sources:
        attach(connection, path, f"{side}_file", patience)
        tables = connection.execute(
            f"SELECT table_name FROM duckdb_tables() "  # noqa: S608  # literals
            f"WHERE database_name = {literal(side + '_file')} AND schema_name = {literal(schema)}"
        ).fetchall()
        for (table,) in tables:
            source = quoted(f"{side}_file", schema, table)
            connection.execute(f"CREATE VIEW {quoted(side, table)} AS FROM {source}")


def _checks(subject: Subject, *, told: bool) -> Iterator[CheckResult]:
    if not subject.after:
        yield from _nothing_loaded(subject)
        return
    yield from key_check(subject)
    new = counts(subject, AFTER)
    if not subject.before:
        yield subject.result(
            "H3 containment",
            CheckLevel.SOFT,
            passed=False,
            observed="there are no previous data of this table",
            bound="previous data to compare with",
            rows=new.rows,
        )
        yield from required_check(subject, SideCounts(rows=0, columns={}, sql=""), new)
        return
    old = counts(subject, BEFORE)
    tables = subject.keyed()
    yield from overlap_checks(subject, tables)
    yield from child_checks(subject, tables)
    yield from collapse_check(subject, old, new)
    yield from required_check(subject, old, new)
    yield from high_water_check(subject, alone=not told)
    yield from schema_check(subject, old, new)
    yield from row_count_check(subject, old, new)
    yield from distribution_checks(subject, old, new)
    yield from freshness_check(subject)
    yield from distinct_check(subject, old, new)


def _nothing_loaded(subject: Subject) -> Iterator[CheckResult]:
    """The healed run made no such table: right for a quiet window, wrong for a full load."""
    rows = 0
    sql = ""
    if subject.before and subject.domain is not None:
        table = quoted(BEFORE, subject.table)
        sql = f"SELECT count(*) FROM {table} b WHERE {subject.domain}"  # noqa: S608  # identifiers are quoted
        if subject.domain == EVERYTHING:
            (rows,) = subject.number(sql)
    yield subject.result(
        "H3 containment",
        CheckLevel.HARD if rows else CheckLevel.SOFT,
        passed=False,
        observed="no row was loaded",
        bound=f"the {rows} previous rows" if rows else "a row to compare",
        sql=sql,
    )
