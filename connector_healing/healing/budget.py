"""What a heal may still spend: live requests and time."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from connector_healing.core.case import HealCase, Trial
from connector_healing.core.policy import Budget
from connector_healing.core.profile import Baseline
from connector_healing.core.reproduction import ConnectorRuntime
from connector_healing.healing.services import CaseServices

#: Requests beyond one full extraction that a heal may send to the live API.
SPARE_REQUESTS = 10

#: Where no run was ever counted, a full extraction is taken to be this many requests.
UNKNOWN_EXTRACTION = 50

#: Good runs that a heal looks back on.
HISTORY = 30


def resources_of(case: HealCase, runtime: ConnectorRuntime) -> tuple[str, ...]:
    """The dlt resources that the case is about."""
    if case.dlt_resource and case.dlt_resource in runtime.dlt_resources:
        return (case.dlt_resource,)
    return runtime.dlt_resources


def history_of(services: CaseServices, case: HealCase) -> Mapping[str, Sequence[Baseline]]:
    """The good runs of the case's dlt resources, newest first."""
    names = resources_of(case, services.runtime(case.connector_id))
    return {n: services.store.baselines(case.connector_id, n, HISTORY) for n in names}


def live_requests_allowed(services: CaseServices, case: HealCase) -> int:
    """How many requests the whole heal of a case may send to the live API."""
    budget = services.runtime(case.connector_id).connector.policy.budget
    return live_request_limit(budget, history_of(services, case).values())


def live_request_limit(budget: Budget, history: Iterable[Sequence[Baseline]]) -> int:
    """How many requests a whole heal may send to the live API.

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


def time_left(budget: Budget, used: timedelta) -> timedelta:
    """What is left of the heal's wall time; zero where it is used up."""
    return max(timedelta(0), budget.wall_time - used)
