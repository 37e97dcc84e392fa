"""The fence: a worker that lost its lease writes nothing more."""

from sqlalchemy import Connection, select, update

from connector_healing.core.lease import Lease
from connector_healing.errors import LeaseLostError, UnknownCaseError
from connector_healing.store.schema import cases, leases


def require_epoch(connection: Connection, lease: Lease) -> None:
    """Refuse the transaction where the lease has passed on.

    The lease's row stays locked to the transaction's end, so that nobody claims it in between.
    Expiry alone refuses nothing: until a later claim nobody else writes.

    Raises:
        LeaseLostError: If the latest epoch is not the lease's.
    """
    latest = select(leases.c.epoch).where(leases.c.name == lease.name)
    if connection.scalar(latest.with_for_update(read=True)) != lease.epoch:
        raise LeaseLostError(lease.name, lease.epoch)


def enter_case(connection: Connection, case_id: str, lease: Lease) -> None:
    """Begin a worker's write about a case: check the epoch, then leave it on the case.

    Raises:
        LeaseLostError: If the lease has passed on.
        UnknownCaseError: If there is no such case.
    """
    require_epoch(connection, lease)
    marked = connection.execute(
        update(cases).where(cases.c.case_id == case_id).values(epoch=lease.epoch)
    )
    if marked.rowcount == 0:
        raise UnknownCaseError(case_id)
