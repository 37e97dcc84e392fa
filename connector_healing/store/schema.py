"""The tables. A change here goes with a migration: a test compares the two."""

from collections.abc import Iterable

from sqlalchemy import (
    DDL,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    event,
)

from connector_healing.core.case import CaseState, Step, TrialState
from connector_healing.core.failure import SuspicionKind
from connector_healing.core.policy import HealMode
from connector_healing.core.records import RunStatus
from connector_healing.store.columns import ForeignText, Sequence, UtcTime

metadata = MetaData()


def _among(column: str, values: Iterable[str], name: str) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=name)


def _sequence() -> Column[int]:
    return Column("seq", Sequence, primary_key=True, autoincrement=True)


def _case_id() -> Column[str]:
    return Column("case_id", String, ForeignKey("healing_cases.case_id"), nullable=False)


connectors = Table(
    "healing_connectors",
    metadata,
    Column("connector_id", String, primary_key=True),
    Column("runtime", Text, nullable=False),
)

runs = Table(
    "healing_runs",
    metadata,
    _sequence(),
    Column("record_id", String, nullable=False, unique=True),
    Column("connector_id", String, nullable=False),
    Column("run_id", String),
    Column("status", String, nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("body", Text, nullable=False),
    _among("status", RunStatus, "ck_healing_runs_status"),
    Index("ix_healing_runs_latest", "connector_id", "started_at", "seq"),
)

failures = Table(
    "healing_failures",
    metadata,
    _sequence(),
    Column("failure_id", String, nullable=False, unique=True),
    Column("connector_id", String, nullable=False),
    Column("run_id", String),
    Column("occurred_at", UtcTime, nullable=False),
    Column("body", Text, nullable=False),
    Index("ix_healing_failures_run", "run_id", "occurred_at", "seq"),
)

baselines = Table(
    "healing_baselines",
    metadata,
    _sequence(),
    Column("connector_id", String, nullable=False),
    Column("dlt_resource", String, nullable=False),
    Column("recorded_at", UtcTime, nullable=False),
    Column("run_id", String),
    Column("body", Text, nullable=False),
    Index("ix_healing_baselines_latest", "connector_id", "dlt_resource", "recorded_at", "seq"),
)

cases = Table(
    "healing_cases",
    metadata,
    _sequence(),
    Column("case_id", String, nullable=False, unique=True),
    Column("connector_id", String, nullable=False),
    Column("dlt_resource", String),
    Column("fingerprint", String, nullable=False),
    Column("failure_id", String, ForeignKey("healing_failures.failure_id"), nullable=False),
    Column("run_id", String),
    Column("version_id", String, nullable=False),
    Column("state", String, nullable=False),
    Column("mode", String, nullable=False),
    Column("opened_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Column("occurrences", Integer, nullable=False),
    Column("due_at", UtcTime),
    Column("reason", ForeignText, nullable=False),
    Column("winner", Integer),
    Column("submitted_version", String),
    Column("monitored_runs", Integer, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("parameters", Text, nullable=False),
    _among("state", CaseState, "ck_healing_cases_state"),
    _among("mode", HealMode, "ck_healing_cases_mode"),
    CheckConstraint("occurrences >= 1", name="ck_healing_cases_occurrences"),
    Index("ix_healing_cases_latest", "opened_at", "seq"),
    Index("ix_healing_cases_connector", "connector_id", "opened_at", "seq"),
    Index("ix_healing_cases_state", "state", "opened_at", "seq"),
)

_IS_OPEN = "state NOT IN ({})".format(", ".join(f"'{s}'" for s in CaseState if s.is_closed))
# One open case for each failure. To a unique index no NULL equals another, so the cases of a
# connector as a whole have an index of their own. Plain SQL, the same in both databases: an
# `Index` with a condition would load the dialect of PostgreSQL, which takes longer than opening.
_ONE_OPEN_OF_RESOURCE = (
    "CREATE UNIQUE INDEX ux_healing_cases_open_of_resource ON healing_cases "
    f"(connector_id, dlt_resource, fingerprint) WHERE dlt_resource IS NOT NULL AND {_IS_OPEN}"
)
_ONE_OPEN_OF_CONNECTOR = (
    "CREATE UNIQUE INDEX ux_healing_cases_open_of_connector ON healing_cases "
    f"(connector_id, fingerprint) WHERE dlt_resource IS NULL AND {_IS_OPEN}"
)
for _statement in (_ONE_OPEN_OF_RESOURCE, _ONE_OPEN_OF_CONNECTOR):
    _ddl = DDL(_statement)  # type: ignore[no-untyped-call]  # its constructor has no annotations
    event.listen(cases, "after_create", _ddl)

case_history = Table(
    "healing_case_history",
    metadata,
    _sequence(),
    _case_id(),
    Column("at", UtcTime, nullable=False),
    Column("state", String, nullable=False),
    Column("reason", ForeignText, nullable=False),
    _among("state", CaseState, "ck_healing_case_history_state"),
    Index("ix_healing_case_history_case", "case_id", "seq"),
)

#: The occurrences that a case has counted.
case_failures = Table(
    "healing_case_failures",
    metadata,
    _case_id(),
    Column("failure_id", String, ForeignKey("healing_failures.failure_id"), nullable=False),
    PrimaryKeyConstraint("case_id", "failure_id"),
)

steps = Table(
    "healing_steps",
    metadata,
    _case_id(),
    Column("step", String, nullable=False),
    Column("result", ForeignText, nullable=False),
    PrimaryKeyConstraint("case_id", "step"),
    _among("step", Step, "ck_healing_steps_step"),
)

candidates = Table(
    "healing_candidates",
    metadata,
    _case_id(),
    Column("number", Integer, nullable=False),
    Column("body", Text, nullable=False),
    PrimaryKeyConstraint("case_id", "number"),
)

trials = Table(
    "healing_trials",
    metadata,
    _case_id(),
    Column("number", Integer, nullable=False),
    Column("state", String, nullable=False),
    Column("body", Text, nullable=False),
    PrimaryKeyConstraint("case_id", "number"),
    _among("state", TrialState, "ck_healing_trials_state"),
)

waivers = Table(
    "healing_waivers",
    metadata,
    _sequence(),
    _case_id(),
    Column("connector_id", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("table_name", String, nullable=False),
    Column("column_name", String),
    Column("saved_at", UtcTime, nullable=False),
    Column("used_at", UtcTime),
    _among("kind", SuspicionKind, "ck_healing_waivers_kind"),
    Index("ix_healing_waivers_connector", "connector_id", "used_at"),
)

versions = Table(
    "healing_versions",
    metadata,
    _sequence(),
    Column("connector_id", String, nullable=False),
    Column("version_id", String, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("body", Text, nullable=False),
    UniqueConstraint("connector_id", "version_id", name="uq_healing_versions_version"),
)

active_versions = Table(
    "healing_active_versions",
    metadata,
    Column("connector_id", String, primary_key=True),
    Column("version_id", String),  # NULL: the installed code
    Column("changed_at", UtcTime, nullable=False),
)

notes = Table(
    "healing_notes",
    metadata,
    Column("key", String, primary_key=True),
    Column("value", ForeignText, nullable=False),
)

#: A row outlives its lease, so that an epoch is never used twice; a holder of NULL is nobody.
leases = Table(
    "healing_leases",
    metadata,
    Column("name", String, primary_key=True),
    Column("holder", String),
    Column("epoch", Integer, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
)
