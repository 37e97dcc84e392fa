"""Looking at heal cases."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import exists, or_, select

from connector_healing.core.case import CaseState, HealCase
from connector_healing.core.lease import CASE_LEASE_PREFIX
from connector_healing.store.columns import database_time
from connector_healing.store.part import StorePart
from connector_healing.store.rows import case_of
from connector_healing.store.schema import case_history, cases, leases

_HEALING = tuple(state for state in CaseState if state.is_healing)


class CaseTables(StorePart):
    """Reading the cases of the port `HealStore`."""

    def case(self, case_id: str) -> HealCase | None:
        """The case of this id."""
        with self._database.reading() as connection:
            row = connection.execute(select(cases).where(cases.c.case_id == case_id)).one_or_none()
        return case_of(row) if row is not None else None

    def cases(
        self, connector_id: str | None = None, states: Sequence[CaseState] = (), limit: int = 100
    ) -> Sequence[HealCase]:
        """Cases, newest first; no state means all."""
        query = select(cases).order_by(cases.c.opened_at.desc(), cases.c.seq.desc()).limit(limit)
        if connector_id is not None:
            query = query.where(cases.c.connector_id == connector_id)
        if states:
            query = query.where(cases.c.state.in_(states))
        with self._database.reading() as connection:
            return tuple(case_of(row) for row in connection.execute(query))

    def due_cases(self, now: datetime) -> Sequence[HealCase]:
        """Cases that a worker should take up, oldest first."""
        being_healed = exists().where(
            leases.c.name == CASE_LEASE_PREFIX + cases.c.case_id,
            leases.c.holder.is_not(None),
            leases.c.expires_at > database_time(),
        )
        query = (
            select(cases)
            .where(cases.c.state.in_(_HEALING))
            .where(or_(cases.c.due_at.is_(None), cases.c.due_at <= now))
            .where(~being_healed)
            .order_by(cases.c.opened_at, cases.c.seq)
        )
        with self._database.reading() as connection:
            return tuple(case_of(row) for row in connection.execute(query))

    def case_history(self, case_id: str) -> Sequence[tuple[datetime, CaseState, str]]:
        """The case's states with their times and reasons, oldest first."""
        query = (
            select(case_history)
            .where(case_history.c.case_id == case_id)
            .order_by(case_history.c.seq)
        )
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        return tuple((row.at, CaseState(row.state), row.reason) for row in rows)
