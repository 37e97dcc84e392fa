"""A waiver may be for a key that repeats itself."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_NAME = "ck_healing_waivers_kind"
_BEFORE = (
    "'no_rows', 'table_emptied', 'table_halved', 'column_gone_null', 'child_table_lost', "
    "'below_min_rows'"
)
_NOW = (
    "'no_rows', 'table_emptied', 'table_halved', 'column_gone_null', 'child_table_lost', "
    "'key_repeated', 'below_min_rows'"
)


def upgrade() -> None:
    """Allow the new kind."""
    _allow(_NOW)


def downgrade() -> None:
    """Allow it no longer; its waivers are of no use then."""
    op.execute("DELETE FROM healing_waivers WHERE kind = 'key_repeated'")
    _allow(_BEFORE)


def _allow(kinds: str) -> None:
    condition = f"kind IN ({kinds})"
    if op.get_bind().dialect.name != "sqlite":
        op.drop_constraint(_NAME, "healing_waivers", type_="check")
        op.create_check_constraint(_NAME, "healing_waivers", condition)
        return
    # SQLite changes a check only by a copy of the table. The table is written down here, since
    # whether Alembic takes a check along of itself depends on the release of SQLAlchemy.
    check = sa.CheckConstraint(condition, name=_NAME)
    with op.batch_alter_table("healing_waivers", recreate="always", copy_from=_table(check)):
        pass


def _table(check: sa.CheckConstraint) -> sa.Table:
    return sa.Table(
        "healing_waivers",
        sa.MetaData(),
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("case_id", sa.String, sa.ForeignKey("healing_cases.case_id"), nullable=False),
        sa.Column("connector_id", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("table_name", sa.String, nullable=False),
        sa.Column("column_name", sa.String),
        sa.Column("saved_at", sa.String(32), nullable=False),
        sa.Column("used_at", sa.String(32)),
        check,
        sa.Index("ix_healing_waivers_connector", "connector_id", "used_at"),
    )
