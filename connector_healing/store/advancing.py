"""Moving a heal case from state to state."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update
from sqlalchemy.exc import IntegrityError

from connector_healing.core.case import CASE_TRANSITIONS, CaseState, HealCase
from connector_healing.core.codec import to_json
from connector_healing.core.lease import Lease
from connector_healing.core.policy import HealMode
from connector_healing.errors import InvalidCaseStateError, UnknownCaseError
from connector_healing.store.fence import require_epoch
from connector_healing.store.part import StorePart
from connector_healing.store.rows import case_of
from connector_healing.store.schema import case_history, cases


class CaseAdvancing(StorePart):
    """`HealStore.advance_case`."""

    def advance_case(
        self,
        case_id: str,
        to: CaseState,
        lease: Lease | None,
        now: datetime,
        *,
        reason: str | None = None,
        winner: int | None = None,
        submitted_version: str | None = None,
        monitored_runs: int | None = None,
        due_at: datetime | None = None,
        mode: HealMode | None = None,
        parameters: Mapping[str, str] | None = None,
    ) -> HealCase:
        """Move a case along `CASE_TRANSITIONS`; the same state is allowed and updates the rest.

        Raises:
            InvalidCaseStateError: If the transition is not in the table, or would open a closed
                case beside one that was opened for the same failure since.
            LeaseLostError: If the lease has passed on.
            UnknownCaseError: If there is no such case.
        """
        given = {
            "reason": reason,
            "winner": winner,
            "submitted_version": submitted_version,
            "monitored_runs": monitored_runs,
            "mode": mode,
            "parameters": to_json(dict(parameters)) if parameters is not None else None,
            "epoch": lease.epoch if lease is not None else None,
        }
        kept = {name: value for name, value in given.items() if value is not None}
        with self._database.writing() as connection:
            if lease is not None:
                require_epoch(connection, lease)
            at = _state(connection, case_id)
            if to is not at and to not in CASE_TRANSITIONS[at]:
                wanted = [state for state in CaseState if to in CASE_TRANSITIONS[state]]
                raise InvalidCaseStateError(case_id, at.value, wanted)
            if to is not at:
                change = {"case_id": case_id, "at": now, "state": to, "reason": reason or ""}
                connection.execute(insert(case_history).values(**change))
            return case_of(
                _updated(
                    connection,
                    case_id,
                    at,
                    {**kept, "state": to, "due_at": due_at, "updated_at": now},
                )
            )


def _state(connection: Connection, case_id: str) -> CaseState:
    query = select(cases.c.state).where(cases.c.case_id == case_id).with_for_update()
    found = connection.scalar(query)
    if found is None:
        raise UnknownCaseError(case_id)
    return CaseState(found)


def _updated(
    connection: Connection, case_id: str, at: CaseState, values: dict[str, object]
) -> Row[Any]:
    mine = cases.c.case_id == case_id
    try:
        connection.execute(update(cases).where(mine).values(**values))
    except IntegrityError as error:
        # Taken up again while another case of the same failure is open.
        raise InvalidCaseStateError(
            case_id, at.value, ["the only open case of its failure"]
        ) from error
    return connection.execute(select(cases).where(mine)).one()
