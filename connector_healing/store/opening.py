"""Opening a heal case, or joining the one that is open."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Row, insert, select, update

from connector_healing.core.case import CaseState, HealCase
from connector_healing.core.codec import to_json
from connector_healing.core.failure import Failure
from connector_healing.core.policy import HealMode
from connector_healing.store.part import StorePart
from connector_healing.store.rows import case_of, insert_new
from connector_healing.store.runs import keep_failure
from connector_healing.store.schema import case_failures, case_history, cases

_CLOSED = tuple(state for state in CaseState if state.is_closed)
_ID_LENGTH = 12  # short enough to be typed; the table refuses a second of the kind


class CaseOpening(StorePart):
    """`HealStore.open_case`."""

    def open_case(
        self,
        failure: Failure,
        fingerprint: str,
        mode: HealMode,
        parameters: Mapping[str, str],
        now: datetime,
    ) -> tuple[HealCase, bool]:
        """Open a case for a failure (recorded before), or join the open one.

        Returns:
            The case, and whether it is new.
        """
        row = {
            "case_id": uuid4().hex[:_ID_LENGTH],
            "connector_id": failure.connector_id,
            "dlt_resource": failure.dlt_resource,
            "fingerprint": fingerprint,
            "failure_id": failure.failure_id,
            "run_id": failure.run_id,
            "version_id": failure.version_id or "",
            "state": CaseState.OPEN,
            "mode": mode,
            "opened_at": now,
            "updated_at": now,
            "occurrences": 1,
            "reason": "",
            "monitored_runs": 0,
            "epoch": 0,
            "parameters": to_json(dict(parameters)),
        }
        with self._database.writing() as connection:
            keep_failure(connection, failure)
            found, is_new = _opened_or_found(connection, row)
            if is_new:
                first = {"case_id": found.case_id, "at": now, "state": found.state, "reason": ""}
                connection.execute(insert(case_history).values(**first))
            return case_of(_counted(connection, found, failure, now, is_new=is_new)), is_new


def _opened_or_found(connection: Connection, row: Mapping[str, object]) -> tuple[Row[Any], bool]:
    """The one open case, locked.

    Between the two statements another PostgreSQL transaction may close the case that stood in
    the way of the first; then they are tried again. SQLite has one writer at a time.
    """
    resource = cases.c.dlt_resource
    query = (
        select(cases)
        .where(cases.c.connector_id == row["connector_id"])
        .where(cases.c.fingerprint == row["fingerprint"])
        .where(resource.is_not_distinct_from(row["dlt_resource"]))
        .where(cases.c.state.not_in(_CLOSED))
        .with_for_update()
    )
    while True:
        is_new = insert_new(connection, cases, row)
        found = connection.execute(query).one_or_none()
        if found is not None:
            return found, is_new


def _counted(
    connection: Connection, case: Row[Any], failure: Failure, now: datetime, *, is_new: bool
) -> Row[Any]:
    """The case's row with this occurrence in it, unless it was counted before."""
    occurrence = {"case_id": case.case_id, "failure_id": failure.failure_id}
    if not insert_new(connection, case_failures, occurrence) or is_new:
        return case
    mine = cases.c.case_id == case.case_id
    connection.execute(
        update(cases)
        .where(mine)
        .values(
            occurrences=cases.c.occurrences + 1,
            failure_id=failure.failure_id,
            run_id=failure.run_id,
            updated_at=now,
        )
    )
    return connection.execute(select(cases).where(mine)).one()
