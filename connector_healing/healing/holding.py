"""Holding a case's lease while a step works on it."""

from collections.abc import Iterator
from contextlib import contextmanager

from connector_healing.core.lease import CASE_LEASE_PREFIX, Lease, case_lease_name
from connector_healing.errors import CaseHeldError
from connector_healing.healing.services import LEASE_DURATION, HealServices
from connector_healing.ports import HealStore, Leases


@contextmanager
def holding(services: HealServices, case_id: str) -> Iterator[Lease]:
    """Hold the case's lease, renewed in the background, until the context ends.

    The lease is not given back at the end: the same holder's next step keeps its epoch. See
    `let_go`.

    Raises:
        CaseHeldError: If another worker holds it.
    """
    lease = services.leases.claim(
        case_lease_name(case_id), services.holder, services.lease_duration
    )
    if lease is None:
        raise CaseHeldError(case_id)

    def renew() -> None:
        try:
            services.leases.renew(lease, services.lease_duration)
        except Exception:  # noqa: BLE001  # told by the next write
            # Lost: the next guarded write of this worker is refused. Else, a store that is busy
            # for a moment, say: the next turn tries again, and the thread must live to see it.
            return

    stop = services.every(services.lease_duration / 3, renew)
    try:
        yield lease
    finally:
        stop()


def let_go(services: HealServices, lease: Lease) -> None:
    """Give the lease back."""
    services.leases.release(lease)


def release_stale(store: HealStore, leases: Leases, holder: str) -> int:
    """Give back expired leases of cases that nobody has to work on any more.

    A worker that was killed between closing its case and giving its lease back leaves one.

    Args:
        store: Where the cases are.
        leases: Where the leases are.
        holder: Who gives them back.

    Returns:
        How many were given back.
    """
    released = 0
    for held in leases.held():
        case_id = held.name.removeprefix(CASE_LEASE_PREFIX)
        case = store.case(case_id) if case_id != held.name else None
        if case is None or case.state.is_healing:
            continue
        lease = leases.claim(held.name, holder, LEASE_DURATION)
        if lease is not None:
            leases.release(lease)
            released += 1
    return released
