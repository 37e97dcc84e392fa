"""Holding work among several workers."""

from dataclasses import dataclass
from datetime import datetime

#: What the name of every heal case's lease begins with.
CASE_LEASE_PREFIX = "heal_case/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The right to write about one piece of work until it expires or a later epoch is claimed."""

    name: str  #: What is held, as ``heal_case/CASE``.
    holder: str
    epoch: int  #: Grows by one with each claim; the fencing token of every guarded write.
    expires_at: datetime  #: By the store's clock.


def trial_lease_name(case_id: str) -> str:
    """The name of the lease under which one trial of this case runs at a time."""
    return f"{case_lease_name(case_id)}/trial"


def case_of_lease(name: str) -> str | None:
    """The id of the heal case that a lease belongs to, if it belongs to one."""
    if not name.startswith(CASE_LEASE_PREFIX):
        return None
    return name.removeprefix(CASE_LEASE_PREFIX).partition("/")[0]


def case_lease_name(case_id: str) -> str:
    """The name of the lease under which a worker heals this case."""
    return f"{CASE_LEASE_PREFIX}{case_id}"
