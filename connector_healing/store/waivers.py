"""Waivers: suspicions that a person released, each good for one run."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import insert, select, update

from connector_healing.core.failure import Suspicion, SuspicionKind
from connector_healing.errors import UnknownCaseError
from connector_healing.store.part import StorePart
from connector_healing.store.schema import cases, waivers


class WaiverTable(StorePart):
    """The waivers of the port `HealStore`."""

    def save_waiver(self, case_id: str, suspicions: Sequence[Suspicion], now: datetime) -> None:
        """Release what a case held: each suspicion is waived for the connector's next run.

        A suspicion that the case waived already, and no run has used, is not waived twice.

        Raises:
            UnknownCaseError: If there is no such case.
        """
        unused = select(waivers.c.kind, waivers.c.table_name, waivers.c.column_name).where(
            waivers.c.case_id == case_id, waivers.c.used_at.is_(None)
        )
        # The case's row is locked, so that two people who release it do so one after the other.
        owner = select(cases.c.connector_id).where(cases.c.case_id == case_id).with_for_update()
        with self._database.writing() as connection:
            connector_id = connection.scalar(owner)
            if connector_id is None:
                raise UnknownCaseError(case_id)
            there = {tuple(row) for row in connection.execute(unused)}
            wanted = {(s.kind.value, s.table, s.column) for s in suspicions}
            rows = [
                {
                    "case_id": case_id,
                    "connector_id": connector_id,
                    "kind": kind,
                    "table_name": table,
                    "column_name": column,
                    "saved_at": now,
                }
                for kind, table, column in sorted(wanted - there, key=str)
            ]
            if rows:
                connection.execute(insert(waivers), rows)

    def waivers(self, connector_id: str) -> Sequence[tuple[str, SuspicionKind, str, str | None]]:
        """Unused waivers: case id, kind, table, column."""
        query = (
            select(waivers)
            .where(waivers.c.connector_id == connector_id, waivers.c.used_at.is_(None))
            .order_by(waivers.c.seq)
        )
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        return tuple(
            (row.case_id, SuspicionKind(row.kind), row.table_name, row.column_name) for row in rows
        )

    def use_waivers(self, connector_id: str, case_ids: Sequence[str], now: datetime) -> None:
        """Mark the waivers of these cases as used."""
        with self._database.writing() as connection:
            connection.execute(
                update(waivers)
                .where(waivers.c.connector_id == connector_id, waivers.c.used_at.is_(None))
                .where(waivers.c.case_id.in_(case_ids))
                .values(used_at=now)
            )
