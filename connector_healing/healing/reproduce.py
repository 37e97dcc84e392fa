"""The step `reproduce`: does the failure show again, in the sandbox?"""

from dataclasses import replace
from datetime import timedelta

from connector_healing.core.case import HealCase
from connector_healing.core.classify import classify
from connector_healing.core.failure import Failure, Stage
from connector_healing.core.reproduction import SandboxOutcome, SandboxRequest, Traffic
from connector_healing.core.steps import Reproduction, ReproductionVerdict
from connector_healing.core.taxonomy import FailureCategory
from connector_healing.healing.budget import history_of, live_requests_allowed, resources_of
from connector_healing.healing.replaying import replayed, run
from connector_healing.healing.seen import (
    seen_fingerprint,
    spent_its_requests,
    told,
    was_stopped,
)
from connector_healing.healing.services import CaseServices, HealServices

#: Passing so often in a row, live, makes a failure transient (facts: three of three).
LIVE_TRIES = 3

#: Requests that one live try may send.
REQUESTS_A_TRY = 3

#: Where a whole live reproduction is recorded, so that a trial need not ask again.
REPRODUCTION_CASSETTE = "reproduction.cassette"

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

#: Categories whose failures are of places of which the sandbox has its own: that it passes there
#: says nothing of them.
_NOT_THE_APIS = frozenset({FailureCategory.DESTINATION, FailureCategory.RESOURCE})

#: Categories whose failures only come of requests that are really sent.
_SENT = frozenset({FailureCategory.RATE_LIMIT})

_REPRODUCED = ReproductionVerdict.REPRODUCED
_TRANSIENT = ReproductionVerdict.TRANSIENT
_NOT_REPRODUCED = ReproductionVerdict.NOT_REPRODUCED


def is_live(services: CaseServices, case: HealCase) -> bool:
    """Whether the heal may ask the live API."""
    offline = case.parameters.get("traffic") == Traffic.CASSETTE.value
    return not offline and live_requests_allowed(services, case) > 0


def reproduce(services: HealServices, case: HealCase) -> Reproduction:
    """Run the failing version in the sandbox: from recorded answers first, live where they cannot tell."""
    runtime = services.runtime(case.connector_id)
    failure = services.failure(case)
    settled = _settled_meanwhile(services, case, failure)
    if settled is not None:
        return settled
    request = SandboxRequest(
        runtime=runtime,
        code=services.code(case),
        dlt_resources=resources_of(case, runtime),
        traffic=Traffic.CASSETTE,
        source_state=dict(failure.source_state),
        trace=True,
        timeout=TIMEOUT,
    )
    path = services.files.cassette(failure.cassette_id) if failure.cassette_id else None
    request = replace(request, cassettes=(path,) if path else ())
    recorded = _from_cassette(services, case, failure, request)
    category = classify(failure, services.rules).category
    if category in _NOT_THE_APIS and (recorded is None or recorded.verdict is not _REPRODUCED):
        return _of_another_place(category, recorded)
    if not is_live(services, case):
        return recorded or _nothing_recorded()
    return _live(services, case, failure, request, recorded)


def _live(
    services: HealServices,
    case: HealCase,
    failure: Failure,
    request: SandboxRequest,
    recorded: Reproduction | None,
) -> Reproduction:
    """Ask the live API for as much as the recorded answers cannot tell."""
    if recorded is None or recorded.verdict is not _REPRODUCED or failure.stage is Stage.JUDGE:
        return _whole(services, case, failure, request, recorded)
    category = classify(failure, services.rules).category
    if category in _SENT:
        return _sent_again(services, case, failure, request, recorded)
    if category in _PASSING:
        return _asked_again(services, case, failure, request, recorded)
    return recorded


def _settled_meanwhile(
    services: CaseServices, case: HealCase, failure: Failure
) -> Reproduction | None:
    """What later runs say of the failure, if anything; it costs no request."""
    newest = [baselines[0] for baselines in history_of(services, case).values() if baselines]
    names = resources_of(case, services.runtime(case.connector_id))
    if len(newest) == len(names) and all(b.recorded_at > failure.occurred_at for b in newest):
        reason = "A later run passed: no change was made."
        return Reproduction(verdict=_TRANSIENT, reason=reason, fingerprint="", from_cassette=True)
    active = services.store.active_version(case.connector_id)
    if active in {None, case.version_id}:
        return None
    reason = (
        f"The version that failed runs no more: {active} is active, "
        "and its next failure is healed from there."
    )
    return Reproduction(verdict=_NOT_REPRODUCED, reason=reason, fingerprint="", from_cassette=True)


def _from_cassette(
    services: HealServices, case: HealCase, failure: Failure, request: SandboxRequest
) -> Reproduction | None:
    outcome = replayed(services, request)
    if outcome is None:
        return None
    seen = _judged(services, case, failure, outcome, where="recorded answers")
    # That recorded answers pass says nothing of the API: they may have been kept in part.
    verdict = _NOT_REPRODUCED if seen.verdict is _TRANSIENT else seen.verdict
    return replace(seen, verdict=verdict, from_cassette=True)


def _asked_again(
    services: HealServices,
    case: HealCase,
    failure: Failure,
    request: SandboxRequest,
    recorded: Reproduction,
) -> Reproduction:
    """Ask the live API for what had failed, and for nothing that it had answered well."""
    request = replace(request, traffic=Traffic.CASSETTE_THEN_LIVE)
    live = 0
    for _ in range(LIVE_TRIES):
        left = live_requests_allowed(services, case) - live
        if left <= 0:
            return replace(recorded, live_requests=live)
        outcome = run(services, replace(request, live_requests=min(left, REQUESTS_A_TRY)))
        live += outcome.live_requests
        seen = _judged(services, case, failure, outcome, where="the live API")
        # Where its requests were spent well, what had failed was answered, and what comes after it.
        passed = seen.verdict is _TRANSIENT or spent_its_requests(outcome)
        if not passed:
            return replace(_settled(recorded, seen, outcome), live_requests=live)
    reason = f"It passes on the live API, {LIVE_TRIES} times of {LIVE_TRIES}."
    return replace(recorded, verdict=_TRANSIENT, reason=reason, fingerprint="", live_requests=live)


def _sent_again(
    services: HealServices,
    case: HealCase,
    failure: Failure,
    request: SandboxRequest,
    recorded: Reproduction,
) -> Reproduction:
    """Send all requests of the failed run: whether a limit is met depends on nothing else.

    Where it is still there, that costs as many as it lets through, and one.
    """
    half = live_requests_allowed(services, case) // 2  # the trial needs the other one
    if recorded.replayed_requests + REQUESTS_A_TRY > half:
        return recorded
    request = replace(request, traffic=Traffic.LIVE, cassettes=(), live_requests=half)
    outcome = services.sandbox.run(request)
    seen = _judged(services, case, failure, outcome, where="the live API")
    if spent_its_requests(outcome):
        reason = f"The live API answered {outcome.live_requests} requests without a limit."
        seen = replace(seen, verdict=_TRANSIENT, reason=reason, fingerprint="")
    return replace(_settled(recorded, seen, outcome), live_requests=outcome.live_requests)


def _whole(
    services: HealServices,
    case: HealCase,
    failure: Failure,
    request: SandboxRequest,
    recorded: Reproduction | None,
) -> Reproduction:
    """Run all of it live, and keep the answers; where that passes, see whether it does again.

    A load package that looks right now was not wrong by the connector's doing: once is enough.
    """
    allowed = live_requests_allowed(services, case)
    again = 0 if failure.stage is Stage.JUDGE else LIVE_TRIES - 1
    request = replace(
        request,
        traffic=Traffic.LIVE,
        cassettes=(),
        live_requests=max(1, allowed - again * REQUESTS_A_TRY),
        record_to=services.files.case_path(case.case_id, REPRODUCTION_CASSETTE),
    )
    outcome = services.sandbox.run(request)
    seen = _judged(services, case, failure, outcome, where="the live API")
    live = outcome.live_requests
    for _ in range(again):
        left = min(REQUESTS_A_TRY, allowed - live)
        if seen.verdict is not _TRANSIENT or left <= 0:
            break
        outcome = services.sandbox.run(
            replace(request, max_pages=1, live_requests=left, record_to=None)
        )
        live += outcome.live_requests
        if not spent_its_requests(outcome):
            seen = _judged(services, case, failure, outcome, where="the live API")
    return replace(_settled(recorded, seen, outcome), live_requests=live)


def _settled(
    recorded: Reproduction | None, live: Reproduction, outcome: SandboxOutcome
) -> Reproduction:
    """What the live API shows, unless it could not show it."""
    if recorded is None or live.verdict is not _NOT_REPRODUCED:
        return live
    if was_stopped(outcome):
        answers = f"{outcome.good_answers} of the {outcome.live_requests} requests"
        told = f"The live API answered {answers} that it was sent well."
        return replace(recorded, reason=f"{recorded.reason} {told}")
    return live


def _of_another_place(category: FailureCategory, recorded: Reproduction | None) -> Reproduction:
    """What the sandbox cannot show; the API is not asked, since it had nothing to do with it."""
    place = "destination" if category is FailureCategory.DESTINATION else "machine"
    reason = f"It is a failure of the {place}, and the sandbox has one of its own."
    return replace(recorded or _nothing_recorded(), verdict=_NOT_REPRODUCED, reason=reason)


def _nothing_recorded() -> Reproduction:
    return Reproduction(
        verdict=_NOT_REPRODUCED,
        reason="No recorded answers are left of the failed run, and the live API was not to be asked.",
        fingerprint="",
        from_cassette=True,
    )


def _judged(
    services: CaseServices, case: HealCase, failure: Failure, outcome: SandboxOutcome, *, where: str
) -> Reproduction:
    seen = seen_fingerprint(services, case, failure, outcome)
    if seen == case.fingerprint:
        verdict, reason = _REPRODUCED, f"It fails the same way on {where}."
    elif seen:
        verdict, reason = (
            _NOT_REPRODUCED,
            f"On {where} it fails otherwise: {told(services, case, outcome)}",
        )
    else:
        verdict, reason = _TRANSIENT, f"It passes on {where}."
    return Reproduction(
        verdict=verdict,
        reason=reason,
        fingerprint=seen,
        from_cassette=False,
        live_requests=outcome.live_requests,
        replayed_requests=outcome.replayed_requests,
        warnings=outcome.warnings,
        accesses=outcome.accesses,
        duration=outcome.duration,
    )
