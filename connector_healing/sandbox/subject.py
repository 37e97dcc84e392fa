"""What a comparison is about: one root table of one dlt resource, before and after."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import duckdb

from connector_healing.core.checks import CheckLevel, CheckResult
from connector_healing.core.connector import ResourceExpectations
from connector_healing.core.judge import has_cursor
from connector_healing.core.learned import LearnedChurn, learn
from connector_healing.core.profile import Baseline, TableProfile
from connector_healing.core.reproduction import SandboxOutcome
from connector_healing.sandbox.overlap import AFTER, BEFORE, KeyedTables, columns_of, has_unique_key
from connector_healing.sandbox.quoting import literal, quoted
from connector_healing.sandbox.state import decode_state


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One root table on both sides, with all that is known of it."""

    connection: duckdb.DuckDBPyConnection
    dlt_resource: str
    table: str
    write_disposition: str
    expected: ResourceExpectations
    baselines: Sequence[Baseline]  #: Newest first.
    learned: LearnedChurn
    now: datetime
    before: Mapping[str, str]  #: Types by column; empty where there is no such table.
    after: Mapping[str, str]
    children: tuple[tuple[str, ...], ...]  #: Each child table with its ancestors below the root.
    cursor: str | None  #: The column that incremental loading follows, where both sides have it.
    #: A condition on the alias ``b``: the previous rows that a right heal has again; None: unknown.
    domain: str | None

    @property
    def key(self) -> tuple[str, ...]:
        """The declared key, where both sides have its columns."""
        declared = self.expected.primary_key
        return declared if set(declared) <= set(self.before) & set(self.after) else ()

    @property
    def is_full(self) -> bool:
        """Whether every previous row belongs to the domain."""
        return self.domain == EVERYTHING

    def keyed(self) -> KeyedTables | None:
        """Both sides by key; None without a key."""
        if not self.key:
            return None
        once = {
            side: has_unique_key(self.connection, side, self.table, self.key)
            for side in (BEFORE, AFTER)
        }
        return KeyedTables(
            connection=self.connection,
            table=self.table,
            key=self.key,
            before=self.before,
            after=self.after,
            domain=self.domain or "false",
            once=once,
        )

    def number(self, sql: str) -> tuple[int, ...]:
        """The one row of integers that a query gives; NULL is zero."""
        return tuple(int(v or 0) for v in self.connection.execute(sql).fetchall()[0])

    def result(
        self,
        name: str,
        level: CheckLevel,
        *,
        passed: bool,
        observed: str,
        bound: str,
        sql: str = "",
        column: str | None = None,
        rows: int = 0,
        table: str | None = None,
    ) -> CheckResult:
        """A check's result at this table."""
        return CheckResult(
            name=name,
            level=level,
            passed=passed,
            table=table or self.table,
            column=column,
            observed=observed,
            bound=bound,
            sql=sql,
            rows=rows,
        )


#: The domain of a full load.
EVERYTHING = "true"


def subjects(
    connection: duckdb.DuckDBPyConnection,
    outcome: SandboxOutcome,
    baselines: Mapping[str, Sequence[Baseline]],
    expectations: Mapping[str, ResourceExpectations],
    now: datetime,
) -> Iterator[Subject]:
    """One subject for each root table of the resources that were run.

    A resource or table that only a baseline knows is one of them: the healed run may have lost it.
    """
    made = {t.dlt_resource for t in outcome.profile.tables.values() if t.dlt_resource}
    for name in sorted(made | set(baselines)):
        past = tuple(baselines.get(name, ()))
        known: dict[str, TableProfile] = {}
        for table in (
            *(t for b in reversed(past) for t in b.tables),
            *outcome.profile.of_resource(name),
        ):
            known[table.table] = table
        for root in sorted((t for t in known.values() if t.parent is None), key=lambda t: t.table):
            facts = _Facts(
                root=root,
                children=tuple(_paths(known, root.table)),
                baselines=past,
                expected=expectations.get(name, ResourceExpectations()),
                now=now,
            )
            yield _subject(connection, outcome, facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    """What is known of a root table without a look at its rows."""

    root: TableProfile
    children: tuple[tuple[str, ...], ...]
    baselines: tuple[Baseline, ...]
    expected: ResourceExpectations
    now: datetime


def _subject(
    connection: duckdb.DuckDBPyConnection, outcome: SandboxOutcome, facts: _Facts
) -> Subject:
    root = facts.root
    name = root.dlt_resource or root.table
    before = columns_of(connection, BEFORE, root.table)
    after = columns_of(connection, AFTER, root.table)
    # dlt marks what is no JSON value, a date say; what it decodes to is cast to the column's type.
    started = _incremental(decode_state(outcome.source_state_before or {}), name)
    state = started or _incremental(outcome.source_state, name)
    cursor = _cursor_column(facts.expected, state, before, after)
    incremental = bool(cursor or state) or any(has_cursor(b, name) for b in facts.baselines)
    disposition = root.write_disposition
    domain: str | None = None
    if disposition == "replace" or (disposition == "merge" and not incremental):
        domain = EVERYTHING
    elif cursor is not None:
        column = f"b.{quoted(cursor)}"
        if outcome.source_state_before is not None and not started:
            domain = EVERYTHING
        elif (start := _start(connection, started, before[cursor])) is not None:
            # Rows at the very value where the run began may have been left out as seen already.
            domain = f"{column} > {start}"
        else:
            # The start is not known: what the run brought tells where it began.
            oldest = f"SELECT min({quoted(cursor)}) FROM {quoted(AFTER, root.table)}"  # noqa: S608  # identifiers are quoted
            domain = f"{column} > ({oldest})"
    return Subject(
        connection=connection,
        dlt_resource=name,
        table=root.table,
        write_disposition=disposition,
        expected=facts.expected,
        baselines=facts.baselines,
        learned=learn(facts.baselines, facts.now),
        now=facts.now,
        before=before,
        after=after,
        children=facts.children,
        cursor=cursor,
        domain=domain,
    )


def _incremental(source_state: Mapping[str, object], dlt_resource: str) -> Mapping[str, object]:
    found: object = source_state
    for key in ("resources", dlt_resource, "incremental"):
        found = found.get(key) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _cursor_column(
    expected: ResourceExpectations,
    state: Mapping[str, object],
    before: Mapping[str, str],
    after: Mapping[str, str],
) -> str | None:
    paths = [str(path).removeprefix("$.").replace(".", "__") for path in state]
    for name in (expected.cursor_field, *(p if len(paths) == 1 else None for p in paths)):
        if name and name in before and name in after:
            return name
    return None


def _start(
    connection: duckdb.DuckDBPyConnection, state: Mapping[str, object], kind: str
) -> str | None:
    """The cursor's value at the start of the run, as SQL of the column's type."""
    entry = next(iter(state.values())) if len(state) == 1 else None
    value = entry.get("last_value") if isinstance(entry, Mapping) else None
    if value is None:
        return None
    cast = f"TRY_CAST({literal(str(value))} AS {kind})"
    known = connection.execute(f"SELECT {cast} IS NOT NULL").fetchall()[0][
        0
    ]  # a literal and a type
    return cast if known else None


def _paths(known: Mapping[str, TableProfile], root: str) -> Iterator[tuple[str, ...]]:
    for name in sorted(known):
        path = [name]
        while (parent := known[path[-1]].parent) is not None and parent not in path:
            if parent == root:
                yield tuple(path)
                break
            if parent not in known:
                break
            path.append(parent)
