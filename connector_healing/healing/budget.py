"""What a heal may still spend."""

from collections.abc import Iterable, Sequence

from connector_healing.core.case import Trial
from connector_healing.core.policy import Budget
from connector_healing.core.profile import Baseline

#: Requests beyond one full extraction that a heal may send to the live API.
SPARE_REQUESTS = 10

#: Where no run was ever counted, a full extraction is taken to be this many requests.
UNKNOWN_EXTRACTION = 50


def live_request_limit(budget: Budget, history: Iterable[Sequence[Baseline]]) -> int:
    """How many requests the whole heal may send to the live API.

    Args:
        budget: The connector's; its own number wins.
        history: Baselines of each dlt resource.

    Returns:
        As many as the largest run known took (the first one was the full extraction), and ten.
    """
    if budget.live_requests is not None:
        return budget.live_requests
    counts = [b.requests for baselines in history for b in baselines if b.requests]
    return max(counts, default=UNKNOWN_EXTRACTION) + SPARE_REQUESTS


def spent(trials: Iterable[Trial], *steps: int) -> int:
    """Live requests spent so far."""
    return sum(t.live_requests for t in trials) + sum(steps)
