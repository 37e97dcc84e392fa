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


def case_lease_name(case_id: str) -> str:
    """The name of the lease under which a worker heals this case."""
    return f"{CASE_LEASE_PREFIX}{case_id}"
