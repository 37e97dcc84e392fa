"""Connector versions and which of them is active."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update

from connector_healing.core.codec import from_json, to_json
from connector_healing.core.connector import ConnectorVersion
from connector_healing.errors import VersionConflictError
from connector_healing.store.part import StorePart
from connector_healing.store.rows import decoded, insert_new
from connector_healing.store.schema import active_versions, versions


class VersionTables(StorePart):
    """The versions of the port `HealStore`."""

    def save_version(self, version: ConnectorVersion) -> None:
        """Keep a version's row; keeping it twice is keeping it once (the first stands)."""
        row = {
            "connector_id": version.connector_id,
            "version_id": version.version_id,
            "created_at": version.created_at,
            "body": to_json(version),
        }
        with self._database.writing() as connection:
            insert_new(connection, versions, row)

    def version_row(self, connector_id: str, version_id: str) -> ConnectorVersion | None:
        """The version of this id."""
        query = (
            select(versions.c.body)
            .where(versions.c.connector_id == connector_id)
            .where(versions.c.version_id == version_id)
        )
        with self._database.reading() as connection:
            body = connection.scalar(query)
        return from_json(body, ConnectorVersion) if body is not None else None

    def version_rows(self, connector_id: str) -> Sequence[ConnectorVersion]:
        """All versions of a connector, oldest first."""
        query = (
            select(versions.c.body)
            .where(versions.c.connector_id == connector_id)
            .order_by(versions.c.created_at, versions.c.seq)
        )
        with self._database.reading() as connection:
            return decoded(connection.scalars(query), ConnectorVersion)

    def active_version(self, connector_id: str) -> str | None:
        """The id of the version that runs; None: the installed code."""
        query = select(active_versions.c.version_id).where(
            active_versions.c.connector_id == connector_id
        )
        with self._database.reading() as connection:
            return connection.scalar(query)

    def activate(
        self, connector_id: str, expected: str | None, version_id: str | None, now: datetime
    ) -> None:
        """Compare-and-swap of the active version; already `version_id` is success.

        Raises:
            VersionConflictError: If the active version is neither `expected` nor `version_id`.
        """
        mine = active_versions.c.connector_id == connector_id
        with self._database.writing() as connection:
            # A row to lock; rolled back with the rest where the swap is refused.
            insert_new(
                connection,
                active_versions,
                {"connector_id": connector_id, "version_id": None, "changed_at": now},
            )
            found = connection.scalar(
                select(active_versions.c.version_id).where(mine).with_for_update()
            )
            if found == version_id:
                return
            if found != expected:
                raise VersionConflictError(connector_id, expected, found)
            connection.execute(
                update(active_versions).where(mine).values(version_id=version_id, changed_at=now)
            )
