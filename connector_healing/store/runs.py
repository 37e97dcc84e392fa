"""How connectors run, and what their runs left: records, failures, small notes."""

from collections.abc import Sequence

from sqlalchemy import Connection, select

from connector_healing.core.codec import from_json, to_json
from connector_healing.core.failure import Failure
from connector_healing.core.records import RunRecord
from connector_healing.core.reproduction import ConnectorRuntime
from connector_healing.store.part import StorePart
from connector_healing.store.rows import decoded, insert_new, put
from connector_healing.store.schema import connectors, failures, notes, runs


class RunTables(StorePart):
    """Runtimes, run records, failures and notes of the port `HealStore`."""

    def save_runtime(self, runtime: ConnectorRuntime) -> None:
        """Record (insert or replace) how a connector runs; the key is the connector id."""
        row = {"connector_id": runtime.connector.id, "runtime": to_json(runtime)}
        with self._database.writing() as connection:
            put(connection, connectors, ["connector_id"], row)

    def runtime(self, connector_id: str) -> ConnectorRuntime | None:
        """How the connector runs."""
        query = select(connectors.c.runtime).where(connectors.c.connector_id == connector_id)
        with self._database.reading() as connection:
            body = connection.scalar(query)
        return from_json(body, ConnectorRuntime) if body is not None else None

    def connector_ids(self) -> Sequence[str]:
        """All connectors that have a runtime or left a run, sorted."""
        query = select(connectors.c.connector_id).union(select(runs.c.connector_id))
        with self._database.reading() as connection:
            return tuple(sorted(connection.scalars(query)))

    def record_run(self, record: RunRecord) -> None:
        """Append one execution of a connector; a second record of the same id replaces the first."""
        row = {
            "record_id": record.record_id,
            "connector_id": record.connector_id,
            "run_id": record.run_id,
            "status": record.status,
            "started_at": record.started_at,
            "body": to_json(record),
        }
        with self._database.writing() as connection:
            put(connection, runs, ["record_id"], row)

    def runs(self, connector_id: str, limit: int) -> Sequence[RunRecord]:
        """The connector's latest executions, newest first."""
        query = (
            select(runs.c.body)
            .where(runs.c.connector_id == connector_id)
            .order_by(runs.c.started_at.desc(), runs.c.seq.desc())
            .limit(limit)
        )
        with self._database.reading() as connection:
            return decoded(connection.scalars(query), RunRecord)

    def record_failure(self, failure: Failure) -> None:
        """Keep a failure; keeping it twice is keeping it once."""
        with self._database.writing() as connection:
            keep_failure(connection, failure)

    def failure(self, failure_id: str) -> Failure | None:
        """The failure of this id."""
        query = select(failures.c.body).where(failures.c.failure_id == failure_id)
        with self._database.reading() as connection:
            body = connection.scalar(query)
        return from_json(body, Failure) if body is not None else None

    def failures_of_run(self, run_id: str) -> Sequence[Failure]:
        """The failures that a Dagster run left, oldest first."""
        query = (
            select(failures.c.body)
            .where(failures.c.run_id == run_id)
            .order_by(failures.c.occurred_at, failures.c.seq)
        )
        with self._database.reading() as connection:
            return decoded(connection.scalars(query), Failure)

    def get_note(self, key: str) -> str | None:
        """A small named value (sensor watermarks, limiter states)."""
        with self._database.reading() as connection:
            return connection.scalar(select(notes.c.value).where(notes.c.key == key))

    def set_note(self, key: str, value: str) -> None:
        """Set a small named value."""
        with self._database.writing() as connection:
            put(connection, notes, ["key"], {"key": key, "value": value})


def keep_failure(connection: Connection, failure: Failure) -> None:
    """Keep a failure in the connection's transaction; the first of an id stands."""
    row = {
        "failure_id": failure.failure_id,
        "connector_id": failure.connector_id,
        "run_id": failure.run_id,
        "occurred_at": failure.occurred_at,
        "body": to_json(failure),
    }
    insert_new(connection, failures, row)
