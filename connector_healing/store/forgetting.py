"""Forgetting a connector: every row that is about it, at once."""

from sqlalchemy import Column, ColumnElement, Connection, Table, delete, func, select, text

from connector_healing.core.lease import CASE_LEASE_PREFIX
from connector_healing.store.part import StorePart
from connector_healing.store.schema import (
    active_versions,
    baselines,
    candidates,
    case_failures,
    case_history,
    cases,
    connectors,
    failures,
    leases,
    notes,
    runs,
    steps,
    trials,
    versions,
    waivers,
)

#: Rows of a case, before the case that they refer to.
_OF_CASES: tuple[Table, ...] = (steps, candidates, trials, waivers, case_history, case_failures)
#: Rows of a connector; cases refer to failures.
_OF_CONNECTOR: tuple[Table, ...] = (
    *(cases, failures, runs, baselines),
    *(versions, active_versions, connectors),
)
# The order in which every other transaction takes them, so that none waits for this one while
# this one waits for it.
_LOCK = f"LOCK TABLE {leases.name}, {failures.name}, {cases.name} IN EXCLUSIVE MODE"


class ConnectorForgetting(StorePart):
    """`HealStore.forget_connector`."""

    def forget_connector(self, connector_id: str) -> None:
        """Remove every row of a connector, in one transaction; unknown is success."""
        mine = select(cases.c.case_id).where(cases.c.connector_id == connector_id)
        held = select(CASE_LEASE_PREFIX + cases.c.case_id).where(
            cases.c.connector_id == connector_id
        )
        with self._database.writing() as connection:
            _keep_others_out(connection)
            connection.execute(delete(leases).where(leases.c.name.in_(held)))
            for table in _OF_CASES:
                connection.execute(delete(table).where(table.c.case_id.in_(mine)))
            for table in _OF_CONNECTOR:
                connection.execute(delete(table).where(table.c.connector_id == connector_id))
            connection.execute(delete(notes).where(_ends_with(notes.c.key, f"/{connector_id}")))


def _ends_with(column: Column[str], ending: str) -> ColumnElement[bool]:
    """Letter by letter: SQLite's LIKE knows no upper case."""
    return func.substr(column, func.length(column) - len(ending) + 1) == ending


def _keep_others_out(connection: Connection) -> None:
    """No failure or case is added meanwhile; SQLite has one writer at a time anyhow."""
    if connection.dialect.name != "sqlite":
        connection.execute(text(_LOCK))
