"""Holding a case's lease while a step works on it."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime

from connector_healing.core.lease import (
    Lease,
    case_lease_name,
    case_of_lease,
    trial_lease_name,
)
from connector_healing.errors import CaseHeldError, LeaseLostError
from connector_healing.healing.services import LEASE_DURATION, HealServices
from connector_healing.ports import HealStore, Leases

#: How many lease durations a case stays a worker's between two steps: an executor that starts a
#: process or a pod for each of them needs time, in which nobody renews.
HANDOVER = 4


@contextmanager
def holding(services: HealServices, case_id: str) -> Iterator[Lease]:
    """Hold the case's lease, renewed in the background, until the context ends.

    The lease is not given back at the end: the same holder's next step keeps its epoch. See
    `let_go`.

    Raises:
        CaseHeldError: If another worker holds it.
    """
    name = case_lease_name(case_id)
    lease = services.leases.claim(name, services.holder, services.lease_duration)
    if lease is None:
        raise CaseHeldError(case_id, _held_until(services, name))
    with _renewed(services, lease):
        yield lease


@contextmanager
def alone(services: HealServices, case_id: str, number: int) -> Iterator[None]:
    """Wait until no other trial of the case runs, and keep others out until the context ends.

    An executor may start the trials of one heal at once. Each needs to know what the ones before
    it spent and found: they share a budget, and recorded answers.

    Raises:
        CaseHeldError: If the others did not end within the heal's wall time.
    """
    name, holder = trial_lease_name(case_id), f"{services.holder}/{number}"
    case = services.case(case_id)
    lease = services.awaited(
        lambda: services.leases.claim(name, holder, services.lease_duration),
        services.runtime(case.connector_id).connector.policy.budget.wall_time,
    )
    if lease is None:
        raise CaseHeldError(case_id, _held_until(services, name))
    try:
        with _renewed(services, lease):
            yield
    finally:
        services.leases.release(lease)


def _held_until(services: HealServices, name: str) -> datetime | None:
    """When another holder's lease runs out, to the second; None where it was given back."""
    held = [lease for lease in services.leases.held() if lease.name == name]
    return held[0].expires_at.replace(microsecond=0) if held else None


@contextmanager
def _renewed(services: HealServices, lease: Lease) -> Iterator[None]:
    def renew() -> None:
        try:
            services.leases.renew(lease, services.lease_duration)
        except Exception:  # noqa: BLE001  # told by the next write
            # Lost: the next guarded write of this worker is refused. Else, a store that is busy
            # for a moment, say: the next turn tries again, and the thread must live to see it.
            return

    stop = services.every(services.lease_duration / 3, renew)
    try:
        yield
    finally:
        stop()


def hand_over(services: HealServices, lease: Lease) -> None:
    """Keep the lease for the same holder's next step, which another process may do."""
    with suppress(LeaseLostError):  # given back, or somebody else's meanwhile
        services.leases.renew(lease, services.lease_duration * HANDOVER)


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
        case_id = case_of_lease(held.name)
        case = store.case(case_id) if case_id is not None else None
        if case is None or case.state.is_healing:
            continue
        lease = leases.claim(held.name, holder, LEASE_DURATION)
        if lease is not None:
            leases.release(lease)
            released += 1
    return released
