"""The step `reproduce`: does the failure show again, in the sandbox?"""

from dataclasses import replace
from datetime import timedelta

from connector_healing.core.case import HealCase
from connector_healing.core.classify import classify
from connector_healing.core.failure import Failure, Stage, Suspicion
from connector_healing.core.fingerprint import fingerprint
from connector_healing.core.judge import judge
from connector_healing.core.reproduction import (
    ConnectorRuntime,
    SandboxOutcome,
    SandboxRequest,
    SandboxStatus,
    Traffic,
)
from connector_healing.core.steps import Reproduction, ReproductionVerdict
from connector_healing.core.taxonomy import FailureCategory
from connector_healing.healing.budget import live_request_limit
from connector_healing.healing.services import HealServices

#: Passing so often in a row, live, makes a failure transient (facts: three of three).
LIVE_TRIES = 3

#: Requests that one live try may send.
REQUESTS_A_TRY = 3

#: A rate limit met after so many answered requests is a matter of how many are sent.
MET_AFTER_REQUESTS = 3

#: Where a whole live reproduction is recorded, so that a trial need not ask again.
REPRODUCTION_CASSETTE = "reproduction.cassette"

#: Good runs that the judge looks back on.
HISTORY = 30

#: Time that one reproduction may take.
TIMEOUT = timedelta(minutes=5)

#: Categories whose failures may be gone by now: recorded answers cannot tell.
_PASSING = frozenset(
    {
        FailureCategory.NETWORK,
        FailureCategory.TIMEOUT,
        FailureCategory.SERVER_ERROR,
        FailureCategory.AUTHENTICATION,
        FailureCategory.UNKNOWN,
    }
)


def resources_of(case: HealCase, runtime: ConnectorRuntime) -> tuple[str, ...]:
    """The dlt resources that the case is about."""
    if case.dlt_resource and case.dlt_resource in runtime.dlt_resources:
        return (case.dlt_resource,)
    return runtime.dlt_resources


def reproduce(services: HealServices, case: HealCase) -> Reproduction:
    """Run the failing version in the sandbox: from recorded answers first, live where they cannot tell."""
    runtime = services.runtime(case.connector_id)
    failure = services.failure(case)
    request = SandboxRequest(
        runtime=runtime,
        code=services.code(case),
        dlt_resources=resources_of(case, runtime),
        traffic=Traffic.CASSETTE,
        source_state=dict(failure.source_state),
        trace=True,
        timeout=TIMEOUT,
    )
    recorded = _from_cassette(services, case, failure, request)
    if recorded is not None and (
        recorded.verdict is ReproductionVerdict.REPRODUCED
        and not (_may_have_passed(failure, recorded) and _live_allowed(case))
    ):
        return recorded
    if not _live_allowed(case):
        return recorded or _nothing_recorded()
    return _live(services, case, failure, request, recorded)


def seen_fingerprint(
    services: HealServices, case: HealCase, failure: Failure, outcome: SandboxOutcome
) -> str:
    """The fingerprint of what a sandbox run showed; empty where it showed nothing wrong."""
    if outcome.failure is not None:
        return fingerprint(replace(outcome.failure, dlt_resource=failure.dlt_resource))
    if outcome.status is not SandboxStatus.COMPLETED:
        return f"sandbox:{outcome.status.value}"
    if failure.stage is not Stage.JUDGE:
        return ""
    suspicions = suspicions_in(services, case, outcome)
    return fingerprint(replace(failure, suspicions=suspicions)) if suspicions else ""


def suspicions_in(
    services: HealServices, case: HealCase, outcome: SandboxOutcome
) -> tuple[Suspicion, ...]:
    """What the judge of load packages says of a sandbox run."""
    runtime = services.runtime(case.connector_id)
    baselines = {
        name: services.store.baselines(case.connector_id, name, HISTORY)
        for name in resources_of(case, runtime)
    }
    return judge(outcome.profile, baselines, runtime.connector.resources)


def _live_allowed(case: HealCase) -> bool:
    return case.parameters.get("traffic") != Traffic.CASSETTE.value


def _may_have_passed(failure: Failure, recorded: Reproduction) -> bool:
    """Whether recorded answers cannot tell that it still fails."""
    if failure.stage is Stage.JUDGE:
        return True
    category = classify(failure).category
    if category is FailureCategory.RATE_LIMIT:
        # A limit that is met after several good answers is met again by the same run.
        return recorded.replayed_requests < MET_AFTER_REQUESTS
    return category in _PASSING


def _from_cassette(
    services: HealServices, case: HealCase, failure: Failure, request: SandboxRequest
) -> Reproduction | None:
    path = services.files.cassette(failure.cassette_id) if failure.cassette_id else None
    if path is None:
        return None
    outcome = services.sandbox.run(replace(request, cassettes=(path,)))
    return _judged(services, case, failure, outcome, from_cassette=True)


def _live(
    services: HealServices,
    case: HealCase,
    failure: Failure,
    request: SandboxRequest,
    recorded: Reproduction | None,
) -> Reproduction:
    """Try live; a failure that never shows in several tries has passed."""
    whole = recorded is None or failure.stage is Stage.JUDGE
    tries = 1 if whole else LIVE_TRIES
    request = replace(
        request,
        traffic=Traffic.LIVE,
        cassettes=(),
        max_pages=None if whole else 1,
        live_requests=_whole_run(services, case) if whole else REQUESTS_A_TRY,
        record_to=services.files.case_path(case.case_id, REPRODUCTION_CASSETTE) if whole else None,
    )
    spent, seen = 0, _nothing_recorded()
    for _ in range(tries):
        outcome = services.sandbox.run(request)
        spent += outcome.live_requests
        seen = _judged(services, case, failure, outcome, from_cassette=False)
        if seen.verdict is not ReproductionVerdict.TRANSIENT:
            break
    if seen.verdict is ReproductionVerdict.NOT_REPRODUCED and recorded is not None:
        seen = replace(recorded, reason=f"{recorded.reason} Live it fails otherwise: {seen.reason}")
    return replace(seen, live_requests=spent)


def _whole_run(services: HealServices, case: HealCase) -> int:
    runtime = services.runtime(case.connector_id)
    history = [
        services.store.baselines(case.connector_id, name, HISTORY)
        for name in resources_of(case, runtime)
    ]
    return live_request_limit(runtime.connector.policy.budget, history)


def _nothing_recorded() -> Reproduction:
    return Reproduction(
        verdict=ReproductionVerdict.NOT_REPRODUCED,
        reason="No recorded answers are left of the failed run, and the live API was not to be asked.",
        fingerprint="",
        from_cassette=True,
    )


def _judged(
    services: HealServices,
    case: HealCase,
    failure: Failure,
    outcome: SandboxOutcome,
    *,
    from_cassette: bool,
) -> Reproduction:
    seen = seen_fingerprint(services, case, failure, outcome)
    where = "recorded answers" if from_cassette else "the live API"
    if seen == case.fingerprint:
        verdict, reason = ReproductionVerdict.REPRODUCED, f"It fails the same way on {where}."
    elif seen:
        what = outcome.failure.message if outcome.failure else outcome.status.value
        verdict, reason = (
            ReproductionVerdict.NOT_REPRODUCED,
            f"On {where} it fails otherwise: {what}",
        )
    else:
        verdict, reason = ReproductionVerdict.TRANSIENT, f"It passes on {where}."
    if from_cassette and verdict is ReproductionVerdict.TRANSIENT:
        verdict = ReproductionVerdict.NOT_REPRODUCED
    return Reproduction(
        verdict=verdict,
        reason=reason,
        fingerprint=seen,
        from_cassette=from_cassette,
        live_requests=outcome.live_requests,
        replayed_requests=outcome.replayed_requests,
        warnings=outcome.warnings,
        accesses=outcome.accesses,
        duration=outcome.duration,
    )
