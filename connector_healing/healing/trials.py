"""The step `trial`: run one candidate in the sandbox and judge what it loaded."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from connector_healing.core.case import HealCase, Trial, TrialState
from connector_healing.core.connector import ConnectorCode
from connector_healing.core.failure import Stage
from connector_healing.core.markdown import one_line
from connector_healing.core.patch import Candidate, PatchKind, apply_edits
from connector_healing.core.profile import Baseline
from connector_healing.core.reproduction import SandboxRequest, Traffic
from connector_healing.core.steps import Finding, Reproduction
from connector_healing.core.taxonomy import SUBCATEGORY_FACTS, FailureCategory
from connector_healing.healing.budget import (
    history_of,
    live_requests_allowed,
    resources_of,
    spent,
    time_left,
)
from connector_healing.healing.replaying import run
from connector_healing.healing.reproduce import REPRODUCTION_CASSETTE, is_live
from connector_healing.healing.rewinding import (
    OVERLAP_ROWS,
    OVERLAP_ROWS_OF_REQUESTS,
    rewound_state,
)
from connector_healing.healing.services import CaseServices, HealServices
from connector_healing.healing.telling import duration_of
from connector_healing.healing.trial_checks import judged, keep_previous_data

#: Time that one trial may take, where so much is left.
TIMEOUT = timedelta(minutes=10)

#: Time for a candidate that waits for an API that failed a moment ago: one that is down for
#: longer is no matter of code, and holds up the worker.
OUTAGE_TIMEOUT = timedelta(minutes=3)

#: Characters of a candidate's summary in a line of progress.
_SUMMARY = 100

#: Categories whose candidates wait for the API.
_OUTAGES = frozenset({FailureCategory.NETWORK, FailureCategory.SERVER_ERROR})

#: Categories whose candidates only the live API can prove.
_ABOUT_REQUESTS = frozenset(
    {
        FailureCategory.RATE_LIMIT,
        FailureCategory.NETWORK,
        FailureCategory.TIMEOUT,
        FailureCategory.SERVER_ERROR,
    }
)


def bound_of(services: HealServices, case: HealCase, candidate: Candidate) -> timedelta:
    """How long the trial of a candidate may take, by its category and by what is left."""
    budget = services.runtime(case.connector_id).connector.policy.budget
    category = SUBCATEGORY_FACTS[candidate.subcategory].category
    longest = OUTAGE_TIMEOUT if category in _OUTAGES else TIMEOUT
    return min(longest, time_left(budget, duration_of(services, case)))


def announced(services: HealServices, case_id: str, number: int) -> str:
    """What the trial of a candidate is, what it may wait for and for how long, to a person."""
    candidates = services.store.candidates(case_id)
    candidate = next(c for c in candidates if c.number == number)
    bound = bound_of(services, services.case(case_id), candidate).total_seconds()
    category = SUBCATEGORY_FACTS[candidate.subcategory].category
    waits = "waits for the API where it refuses, " if category in _ABOUT_REQUESTS else ""
    summary = one_line(candidate.summary, _SUMMARY)
    return f"candidate {number} ({waits}at most {bound:.0f} s): {summary}"


def try_candidate(
    services: HealServices,
    case: HealCase,
    candidate: Candidate,
    reproduction: Reproduction,
    finding: Finding,
) -> Trial:
    """The trial of one candidate: cheap reasons to skip it first, then the sandbox, then the checks."""
    before = [t for t in services.store.trials(case.case_id) if t.number != candidate.number]
    budget = services.runtime(case.connector_id).connector.policy.budget
    limit = live_requests_allowed(services, case)
    live_left = limit - spent(before, reproduction.live_requests, finding.live_requests)
    left = time_left(budget, duration_of(services, case))
    skipped = _not_needed(services, case, candidate, before)
    if not skipped and not left:
        skipped = f"The budget of {budget.wall_time} of wall time is spent."
    if not skipped and live_left <= 0 and is_live(services, case):
        skipped = f"The budget of {limit} live requests is spent."
    if skipped:
        return _skipped(candidate, skipped)
    history = history_of(services, case)
    # First, so that a destination that cannot be read costs the API nothing.
    keep_previous_data(services, case, history)
    started = services.clock.now()
    outcome = run(
        services,
        _request(
            services,
            case,
            candidate,
            history=history,
            live_left=live_left,
            before=before,
        ),
    )
    duration = services.clock.now() - started
    return judged(services, case, candidate, outcome, history=history, duration=duration)


def _not_needed(
    services: CaseServices, case: HealCase, candidate: Candidate, before: Sequence[Trial]
) -> str:
    if candidate.kind is PatchKind.ABSTAIN and services.failure(case).stage is not Stage.JUDGE:
        return "Nothing is changed, so there is nothing to try."
    sizes = {c.number: c.size for c in services.store.candidates(case.case_id)}
    for trial in before:
        if trial.state is TrialState.PASSED and sizes[trial.number] <= candidate.size:
            return f"Candidate {trial.number} passed and is no larger."
    return ""


def _request(
    services: HealServices,
    case: HealCase,
    candidate: Candidate,
    *,
    history: Mapping[str, Sequence[Baseline]],
    live_left: int,
    before: Sequence[Trial],
) -> SandboxRequest:
    runtime = services.runtime(case.connector_id)
    failure = services.failure(case)
    live = is_live(services, case)
    category = SUBCATEGORY_FACTS[candidate.subcategory].category
    live_only = live and category in _ABOUT_REQUESTS
    recordings = [] if live_only else _recordings(services, case, before)
    state: Mapping[str, object] | None = dict(failure.source_state)
    if live:
        wanted = int(case.parameters.get("sample_size", OVERLAP_ROWS))
        wanted = min(wanted, OVERLAP_ROWS_OF_REQUESTS) if live_only else wanted
        # From the same place as the trials before, whose answers then need not be asked again.
        asked = 0 if live_only else sum(t.live_requests for t in before)
        state = rewound_state(history, wanted, live_left + asked)
    elif failure.cassette_id and (path := services.files.cassette(failure.cassette_id)):
        # Recorded answers are those of the failed run: only what it asked for can be asked again.
        recordings.append(path)
    return SandboxRequest(
        runtime=runtime,
        code=code_of(services, case, candidate),
        dlt_resources=resources_of(case, runtime),
        traffic=_traffic(live=live, live_only=live_only),
        cassettes=tuple(recordings),
        record_to=services.files.case_path(case.case_id, f"trial-{candidate.number}.cassette"),
        source_state=state,
        live_requests=live_left if live else 0,
        timeout=bound_of(services, case, candidate),
    )


def _recordings(services: HealServices, case: HealCase, before: Sequence[Trial]) -> list[str]:
    """What earlier steps asked the live API need not be asked again."""
    names = [*(f"trial-{t.number}.cassette" for t in before), REPRODUCTION_CASSETTE]
    paths = [services.files.case_path(case.case_id, name) for name in names]
    return [path for path in paths if services.files.exists(path)]


def _traffic(*, live: bool, live_only: bool) -> Traffic:
    if not live:
        return Traffic.CASSETTE
    return Traffic.LIVE if live_only else Traffic.CASSETTE_THEN_LIVE


def code_of(services: CaseServices, case: HealCase, candidate: Candidate) -> ConnectorCode:
    """The text that a candidate would make active."""
    if candidate.patch is not None:
        return apply_edits(services.code(case), candidate.patch.edits)
    if candidate.kind is PatchKind.REVERT and candidate.version_id:
        return services.registry.version(case.connector_id, candidate.version_id).code
    return services.code(case)


def _skipped(candidate: Candidate, reason: str) -> Trial:
    return Trial(
        case_id=candidate.case_id, number=candidate.number, state=TrialState.SKIPPED, reason=reason
    )
