"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TIME = sa.String(32).with_variant(sa.TIMESTAMP(timezone=True), "postgresql")
_SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

_CASE_STATES = (
    "'open', 'reproducing', 'transient', 'not_reproduced', 'generating', 'validating', "
    "'abstained', 'awaiting_approval', 'submitted', 'monitoring', 'promoted', 'rolled_back', "
    "'rejected'"
)
_CLOSED = "'transient', 'not_reproduced', 'abstained', 'promoted', 'rolled_back', 'rejected'"
_SUSPICIONS = (
    "'no_rows', 'table_emptied', 'table_halved', 'column_gone_null', 'child_table_lost', "
    "'below_min_rows'"
)
_STEPS = "'reproduce', 'classify', 'candidates', 'trial', 'validate', 'report', 'submit'"


def _sequence() -> sa.Column[int]:
    return sa.Column("seq", _SEQUENCE, primary_key=True, autoincrement=True)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=nullable)


def _name(name: str, *, nullable: bool = False, primary_key: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String, nullable=nullable, primary_key=primary_key)


def _number(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=nullable)


def _time(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, _TIME, nullable=nullable)


def _case_id() -> sa.Column[str]:
    return sa.Column("case_id", sa.String, sa.ForeignKey("healing_cases.case_id"), nullable=False)


def upgrade() -> None:
    """Make all tables."""
    _connectors_and_their_runs()
    _versions()
    _cases()
    _work_on_cases()
    op.create_table(
        "healing_notes",
        _name("key", primary_key=True),
        _text("value"),
    )
    op.create_table(
        "healing_leases",
        _name("name", primary_key=True),
        _name("holder", nullable=True),
        _number("epoch"),
        _time("expires_at"),
    )


def _connectors_and_their_runs() -> None:
    op.create_table(
        "healing_connectors",
        _name("connector_id", primary_key=True),
        _text("runtime"),
    )
    op.create_table(
        "healing_runs",
        _sequence(),
        sa.Column("record_id", sa.String, nullable=False, unique=True),
        _name("connector_id"),
        _name("run_id", nullable=True),
        _name("status"),
        _time("started_at"),
        _text("body"),
        sa.CheckConstraint(
            "status IN ('succeeded', 'failed', 'held')", name="ck_healing_runs_status"
        ),
    )
    op.create_index("ix_healing_runs_latest", "healing_runs", ["connector_id", "started_at", "seq"])
    op.create_table(
        "healing_failures",
        _sequence(),
        sa.Column("failure_id", sa.String, nullable=False, unique=True),
        _name("connector_id"),
        _name("run_id", nullable=True),
        _time("occurred_at"),
        _text("body"),
    )
    op.create_index("ix_healing_failures_run", "healing_failures", ["run_id", "occurred_at", "seq"])
    op.create_table(
        "healing_baselines",
        _sequence(),
        _name("connector_id"),
        _name("dlt_resource"),
        _time("recorded_at"),
        _name("run_id", nullable=True),
        _text("body"),
    )
    op.create_index(
        "ix_healing_baselines_latest",
        "healing_baselines",
        ["connector_id", "dlt_resource", "recorded_at", "seq"],
    )


def _versions() -> None:
    op.create_table(
        "healing_versions",
        _sequence(),
        _name("connector_id"),
        _name("version_id"),
        _time("created_at"),
        _text("body"),
        sa.UniqueConstraint("connector_id", "version_id", name="uq_healing_versions_version"),
    )
    op.create_table(
        "healing_active_versions",
        _name("connector_id", primary_key=True),
        _name("version_id", nullable=True),
        _time("changed_at"),
    )


def _cases() -> None:
    op.create_table(
        "healing_cases",
        _sequence(),
        sa.Column("case_id", sa.String, nullable=False, unique=True),
        _name("connector_id"),
        _name("dlt_resource", nullable=True),
        _name("fingerprint"),
        sa.Column(
            "failure_id", sa.String, sa.ForeignKey("healing_failures.failure_id"), nullable=False
        ),
        _name("run_id", nullable=True),
        _name("version_id"),
        _name("state"),
        _name("mode"),
        _time("opened_at"),
        _time("updated_at"),
        _number("occurrences"),
        _time("due_at", nullable=True),
        _text("reason"),
        _number("winner", nullable=True),
        _name("submitted_version", nullable=True),
        _number("monitored_runs"),
        _number("epoch"),
        _text("parameters"),
        sa.CheckConstraint(f"state IN ({_CASE_STATES})", name="ck_healing_cases_state"),
        sa.CheckConstraint(
            "mode IN ('diagnose', 'propose', 'apply')", name="ck_healing_cases_mode"
        ),
        sa.CheckConstraint("occurrences >= 1", name="ck_healing_cases_occurrences"),
    )
    _one_open_case("resource", ["connector_id", "dlt_resource", "fingerprint"], "IS NOT NULL")
    _one_open_case("connector", ["connector_id", "fingerprint"], "IS NULL")
    for name, first in (("latest", []), ("connector", ["connector_id"]), ("state", ["state"])):
        op.create_index(f"ix_healing_cases_{name}", "healing_cases", [*first, "opened_at", "seq"])


def _one_open_case(of: str, columns: list[str], dlt_resource: str) -> None:
    where = sa.text(f"dlt_resource {dlt_resource} AND state NOT IN ({_CLOSED})")
    op.create_index(
        f"ux_healing_cases_open_of_{of}",
        "healing_cases",
        columns,
        unique=True,
        sqlite_where=where,
        postgresql_where=where,
    )


def _work_on_cases() -> None:
    op.create_table(
        "healing_case_history",
        _sequence(),
        _case_id(),
        _time("at"),
        _name("state"),
        _text("reason"),
        sa.CheckConstraint(f"state IN ({_CASE_STATES})", name="ck_healing_case_history_state"),
    )
    op.create_index("ix_healing_case_history_case", "healing_case_history", ["case_id", "seq"])
    op.create_table(
        "healing_case_failures",
        _case_id(),
        sa.Column(
            "failure_id", sa.String, sa.ForeignKey("healing_failures.failure_id"), nullable=False
        ),
        sa.PrimaryKeyConstraint("case_id", "failure_id"),
    )
    op.create_table(
        "healing_steps",
        _case_id(),
        _name("step"),
        _text("result"),
        sa.PrimaryKeyConstraint("case_id", "step"),
        sa.CheckConstraint(f"step IN ({_STEPS})", name="ck_healing_steps_step"),
    )
    op.create_table(
        "healing_candidates",
        _case_id(),
        _number("number"),
        _text("body"),
        sa.PrimaryKeyConstraint("case_id", "number"),
    )
    op.create_table(
        "healing_trials",
        _case_id(),
        _number("number"),
        _name("state"),
        _text("body"),
        sa.PrimaryKeyConstraint("case_id", "number"),
        sa.CheckConstraint(
            "state IN ('passed', 'refused', 'failed', 'skipped')", name="ck_healing_trials_state"
        ),
    )
    op.create_table(
        "healing_waivers",
        _sequence(),
        _case_id(),
        _name("connector_id"),
        _name("kind"),
        _name("table_name"),
        _name("column_name", nullable=True),
        _time("saved_at"),
        _time("used_at", nullable=True),
        sa.CheckConstraint(f"kind IN ({_SUSPICIONS})", name="ck_healing_waivers_kind"),
    )
    op.create_index("ix_healing_waivers_connector", "healing_waivers", ["connector_id", "used_at"])


def downgrade() -> None:
    """Drop all tables."""
    for name in (
        "waivers",
        "trials",
        "candidates",
        "steps",
        "case_failures",
        "case_history",
        "cases",
        "active_versions",
        "versions",
        "baselines",
        "failures",
        "runs",
        "connectors",
        "notes",
        "leases",
    ):
        op.drop_table(f"healing_{name}")
