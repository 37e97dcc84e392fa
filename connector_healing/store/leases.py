"""Leases: one row a name, whose epoch only grows; all times are the database's."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, select, update

from connector_healing.core.lease import Lease
from connector_healing.errors import LeaseLostError
from connector_healing.store.columns import database_time
from connector_healing.store.part import StorePart
from connector_healing.store.rows import insert_new
from connector_healing.store.schema import leases

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


class LeaseTable(StorePart):
    """The port `Leases`.

    A lease that its holder released is nobody's: renewing it raises `LeaseLostError`, as a
    renewal that comes too late must not bring it back.
    """

    def claim(self, name: str, holder: str, duration: timedelta) -> Lease | None:
        """Take the lease if it is free, expired or already `holder`'s own."""
        with self._database.writing() as connection:
            insert_new(
                connection,
                leases,
                {"name": name, "holder": None, "epoch": 0, "expires_at": _NEVER},
            )
            row = _locked(connection, name)
            now = _now(connection)
            epoch = _next_epoch(row, holder, now)
            if epoch is None:
                return None
            lease = Lease(name=name, holder=holder, epoch=epoch, expires_at=now + duration)
            return _held(connection, lease)

    def renew(self, lease: Lease, duration: timedelta) -> Lease:
        """Extend a lease that is still ours, expired or not, as long as nobody claimed it.

        Raises:
            LeaseLostError: If a later epoch was claimed, or the lease was released.
        """
        with self._database.writing() as connection:
            row = _locked(connection, lease.name)
            if row is None or (row.epoch, row.holder) != (lease.epoch, lease.holder):
                raise LeaseLostError(lease.name, lease.epoch)
            renewed = Lease(
                name=lease.name,
                holder=lease.holder,
                epoch=lease.epoch,
                expires_at=_now(connection) + duration,
            )
            return _held(connection, renewed)

    def release(self, lease: Lease) -> None:
        """Give the lease back; the epoch is kept. Silent where it was lost already."""
        with self._database.writing() as connection:
            connection.execute(
                update(leases)
                .where(leases.c.name == lease.name)
                .where(leases.c.epoch == lease.epoch, leases.c.holder == lease.holder)
                .values(holder=None)
            )

    def held(self) -> Sequence[Lease]:
        """All unreleased leases, expired ones included, by name."""
        with self._database.reading() as connection:
            rows = connection.execute(select(leases).where(leases.c.holder.is_not(None))).all()
        found = (
            Lease(name=r.name, holder=r.holder, epoch=r.epoch, expires_at=r.expires_at)
            for r in rows
        )
        return tuple(sorted(found, key=lambda lease: lease.name))


def _next_epoch(row: Row[Any] | None, holder: str, now: datetime) -> int | None:
    """The epoch that a claim gets; None where another holder is in the way."""
    if row is None:
        return 1
    if row.holder is None or row.expires_at <= now:
        return int(row.epoch) + 1
    return int(row.epoch) if row.holder == holder else None


def _locked(connection: Connection, name: str) -> Row[Any] | None:
    return connection.execute(
        select(leases).where(leases.c.name == name).with_for_update()
    ).one_or_none()


def _now(connection: Connection) -> datetime:
    # A statement of its own: read beside a row, the time would be from before the wait for it.
    return connection.execute(select(database_time())).scalar_one()


def _held(connection: Connection, lease: Lease) -> Lease:
    connection.execute(
        update(leases)
        .where(leases.c.name == lease.name)
        .values(holder=lease.holder, epoch=lease.epoch, expires_at=lease.expires_at)
    )
    return lease
