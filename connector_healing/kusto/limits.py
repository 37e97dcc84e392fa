"""How long and how much is asked of a cluster."""

from dataclasses import dataclass
from datetime import timedelta

from connector_healing.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionLimits:
    """Bounds of one collection; the cluster's own truncation is never lifted.

    Raises:
        UsageError: If a bound is out of the range in which it means something.
    """

    command_time: timedelta = timedelta(seconds=30)  #: Of one try, told to the server too.
    answer_margin: timedelta = timedelta(seconds=5)  #: How much later an answer may be whole.
    total_time: timedelta = timedelta(minutes=3)  #: Of all commands with their retries.
    attempts: int = 4  #: Of one command, where it is throttled or the service fails.
    longest_wait: timedelta = timedelta(seconds=20)  #: Before one retry, whatever is asked for.
    max_rows: int = 500  #: Kept of one answer.
    max_cell: int = 4_000  #: Characters kept of one value.
    max_bytes: int = 16 * 1024 * 1024  #: Of one answer, unpacked.

    def __post_init__(self) -> None:
        for name in ("command_time", "total_time"):
            if not timedelta(0) < getattr(self, name) <= timedelta(hours=1):
                raise UsageError(name, str(getattr(self, name)), "From a moment to one hour.")
        if not 1 <= self.max_rows <= _MOST_ROWS:
            raise UsageError("max_rows", self.max_rows, f"From 1 to {_MOST_ROWS}.")
        if not 1 <= self.attempts <= _MOST_ATTEMPTS:
            raise UsageError("attempts", self.attempts, f"From 1 to {_MOST_ATTEMPTS}.")


_MOST_ROWS = 10_000
_MOST_ATTEMPTS = 10
