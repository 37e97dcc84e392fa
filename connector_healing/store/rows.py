"""Rows to values and back."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, Table, literal
from sqlalchemy.dialects.sqlite import Insert as SqliteInsert

from connector_healing.core.case import CaseState, HealCase
from connector_healing.core.codec import from_json
from connector_healing.core.policy import HealMode

T = TypeVar("T")


def decoded(bodies: Iterable[str], kind: type[T]) -> Sequence[T]:
    """The values that were kept as JSON text."""
    return tuple(from_json(body, kind) for body in bodies)


def case_of(row: Row[Any]) -> HealCase:
    """A heal case from its whole row."""
    return HealCase(
        case_id=row.case_id,
        connector_id=row.connector_id,
        dlt_resource=row.dlt_resource,
        fingerprint=row.fingerprint,
        failure_id=row.failure_id,
        run_id=row.run_id,
        version_id=row.version_id,
        state=CaseState(row.state),
        mode=HealMode(row.mode),
        opened_at=row.opened_at,
        updated_at=row.updated_at,
        occurrences=row.occurrences,
        due_at=row.due_at,
        reason=row.reason,
        winner=row.winner,
        submitted_version=row.submitted_version,
        monitored_runs=row.monitored_runs,
        epoch=row.epoch,
        parameters=from_json(row.parameters, dict[str, str]),
    )


def insert_new(connection: Connection, table: Table, values: Mapping[str, object]) -> bool:
    """Insert a row unless one stands in its way; whether it was inserted."""
    statement = _insert(connection, table).values(**values).on_conflict_do_nothing()
    return connection.execute(statement.returning(literal(1))).first() is not None


def put(
    connection: Connection, table: Table, key: Sequence[str], values: Mapping[str, object]
) -> None:
    """Insert a row or replace the values of the one that has its key."""
    rest = {name: value for name, value in values.items() if name not in key}
    statement = _insert(connection, table).values(**values)
    connection.execute(statement.on_conflict_do_update(index_elements=key, set_=rest))


def _insert(connection: Connection, table: Table) -> SqliteInsert:
    if connection.dialect.name == "sqlite":
        return SqliteInsert(table)
    from sqlalchemy.dialects.postgresql import Insert

    return Insert(table)  # type: ignore[return-value]  # these methods in common, no class says so
