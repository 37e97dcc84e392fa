"""The step `trial`: run one candidate in the sandbox and judge what it loaded."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from connector_healing.core.case import HealCase, Trial, TrialState
from connector_healing.core.checks import CheckLevel, CheckResult, Validation
from connector_healing.core.connector import ConnectorCode
from connector_healing.core.failure import Stage
from connector_healing.core.patch import Candidate, PatchKind, apply_edits
from connector_healing.core.profile import Baseline
from connector_healing.core.reproduction import (
    ConnectorRuntime,
    SandboxOutcome,
    SandboxRequest,
    Traffic,
)
from connector_healing.core.steps import Finding, Reproduction
from connector_healing.core.taxonomy import SUBCATEGORY_FACTS, FailureCategory
from connector_healing.healing.budget import live_request_limit, spent
from connector_healing.healing.reproduce import (
    HISTORY,
    REPRODUCTION_CASSETTE,
    resources_of,
    seen_fingerprint,
    suspicions_in,
)
from connector_healing.healing.services import CaseServices, HealServices

#: Known rows that a trial should see again, so that the equality checks have power: with 1,000
#: shared keys a column that changes in 1.2 % of the rows is told from one that never changes.
OVERLAP_ROWS = 1_000

#: So many are enough for a candidate that changes how requests are sent, not what is made of the
#: answers: a limited API makes each request dear.
OVERLAP_ROWS_OF_REQUESTS = 100

#: Subcategories whose candidates only the live API can prove.
_ABOUT_REQUESTS = frozenset(
    {
        FailureCategory.RATE_LIMIT,
        FailureCategory.NETWORK,
        FailureCategory.TIMEOUT,
        FailureCategory.SERVER_ERROR,
    }
)


def try_candidate(
    services: HealServices,
    case: HealCase,
    candidate: Candidate,
    reproduction: Reproduction,
    finding: Finding,
) -> Trial:
    """The trial of one candidate: cheap reasons to skip it first, then the sandbox, then the checks."""
    before = [t for t in services.store.trials(case.case_id) if t.number != candidate.number]
    skipped = _not_needed(services, case, candidate, before)
    if skipped:
        return _ended(candidate, TrialState.SKIPPED, skipped)
    runtime = services.runtime(case.connector_id)
    names = resources_of(case, runtime)
    history = {n: services.store.baselines(case.connector_id, n, HISTORY) for n in names}
    limit = live_request_limit(runtime.connector.policy.budget, history.values())
    left = limit - spent(before, reproduction.live_requests, finding.live_requests)
    if left <= 0:
        return _ended(
            candidate, TrialState.SKIPPED, f"The budget of {limit} live requests is spent."
        )
    started = services.clock.now()
    outcome = services.sandbox.run(
        _request(services, case, candidate, history=history, left=left, before=before)
    )
    duration = services.clock.now() - started
    return _judged(services, case, candidate, outcome, history=history, duration=duration)


def _not_needed(
    services: HealServices, case: HealCase, candidate: Candidate, before: Sequence[Trial]
) -> str:
    if candidate.kind is PatchKind.ABSTAIN and services.failure(case).stage is not Stage.JUDGE:
        return "Nothing is changed, so there is nothing to try."
    sizes = {c.number: c.size for c in services.store.candidates(case.case_id)}
    for trial in before:
        if trial.state is TrialState.PASSED and sizes[trial.number] <= candidate.size:
            return f"Candidate {trial.number} passed and is no larger."
    runtime = services.runtime(case.connector_id)
    wall_time = runtime.connector.policy.budget.wall_time
    if sum((t.duration for t in before), timedelta(0)) > wall_time:
        return "The budget of wall time is spent."
    return ""


def _request(
    services: HealServices,
    case: HealCase,
    candidate: Candidate,
    *,
    history: Mapping[str, Sequence[Baseline]],
    left: int,
    before: Sequence[Trial],
) -> SandboxRequest:
    runtime = services.runtime(case.connector_id)
    offline = case.parameters.get("traffic") == Traffic.CASSETTE.value
    recordings = [
        services.files.case_path(case.case_id, name)
        for name in (*(f"trial-{t.number}.cassette" for t in before), REPRODUCTION_CASSETTE)
    ]
    if offline:
        failure = services.failure(case)
        failed = services.files.cassette(failure.cassette_id) if failure.cassette_id else None
        recordings += [failed] if failed else []
    category = SUBCATEGORY_FACTS[candidate.subcategory].category
    live_only = category in _ABOUT_REQUESTS and not offline
    wanted = int(case.parameters.get("sample_size", OVERLAP_ROWS))
    wanted = min(wanted, OVERLAP_ROWS_OF_REQUESTS) if live_only else wanted
    return SandboxRequest(
        runtime=runtime,
        code=code_of(services, case, candidate),
        dlt_resources=resources_of(case, runtime),
        traffic=_traffic(offline=offline, live_only=live_only),
        cassettes=() if live_only else tuple(p for p in recordings if services.files.exists(p)),
        record_to=services.files.case_path(case.case_id, f"trial-{candidate.number}.cassette"),
        source_state=rewound_state(history, wanted),
        live_requests=0 if offline else left,
    )


def _traffic(*, offline: bool, live_only: bool) -> Traffic:
    if offline:
        return Traffic.CASSETTE
    return Traffic.LIVE if live_only else Traffic.CASSETTE_THEN_LIVE


def code_of(services: CaseServices, case: HealCase, candidate: Candidate) -> ConnectorCode:
    """The text that a candidate would make active."""
    if candidate.patch is not None:
        return apply_edits(services.code(case), candidate.patch.edits)
    if candidate.kind is PatchKind.REVERT and candidate.version_id:
        return services.registry.version(case.connector_id, candidate.version_id).code
    return services.code(case)


def rewound_state(
    history: Mapping[str, Sequence[Baseline]], wanted: int = OVERLAP_ROWS
) -> Mapping[str, object] | None:
    """The source state from which enough known rows are seen again.

    Of the newest good runs as many are repeated as loaded `wanted` rows; None where
    nothing is known, which starts from the beginning.
    """
    for baselines in history.values():
        rows = 0
        for baseline in baselines:
            rows += baseline.root.rows if baseline.root else 0
            if rows >= wanted:
                return dict(baseline.source_state_before)
    return None


def _judged(
    services: HealServices,
    case: HealCase,
    candidate: Candidate,
    outcome: SandboxOutcome,
    *,
    history: Mapping[str, Sequence[Baseline]],
    duration: timedelta,
) -> Trial:
    runtime = services.runtime(case.connector_id)
    failure = services.failure(case)
    seen = seen_fingerprint(services, case, failure, outcome)
    if outcome.database is None or outcome.failure is not None:
        what = outcome.failure.message if outcome.failure else outcome.status.value
        return replace(
            _ended(candidate, TrialState.FAILED, f"It does not run to its end: {what}"),
            live_requests=outcome.live_requests,
            replayed_requests=outcome.replayed_requests,
            duration=duration,
        )
    path = services.files.case_path(case.case_id, "before.duckdb")
    if not services.files.exists(path):
        services.data.snapshot(runtime, sorted(outcome.profile.tables), path)
    gone = _reproduction_check(case, seen)
    held = _suspicion_checks(services, case, outcome)
    checks = (gone, *held, *services.data.compare(path, outcome, history, runtime))
    needed = runtime.connector.policy.min_history_runs
    validation = Validation(checks=checks, has_history=_has_history(runtime, history, needed))
    state, reason = _verdict(candidate, validation)
    return Trial(
        case_id=case.case_id,
        number=candidate.number,
        state=state,
        reason=reason,
        checks=checks,
        has_history=validation.has_history,
        rows={name: t.rows for name, t in outcome.profile.tables.items()},
        live_requests=outcome.live_requests,
        replayed_requests=outcome.replayed_requests,
        duration=duration,
    )


def _verdict(candidate: Candidate, validation: Validation) -> tuple[TrialState, str]:
    refusals = validation.refusals
    if refusals:
        return TrialState.REFUSED, _sentence(refusals)
    if not validation.hard_passed:
        return TrialState.REFUSED, "No hard check could be run on what it loaded."
    if candidate.kind is PatchKind.ABSTAIN:
        # Shown for the report; an unchanged connector is nothing to submit.
        return TrialState.SKIPPED, "The unchanged connector passes every check now."
    return TrialState.PASSED, "All hard checks passed."


def _reproduction_check(case: HealCase, seen: str) -> CheckResult:
    return CheckResult(
        name="H1 reproduction",
        level=CheckLevel.HARD,
        passed=seen != case.fingerprint,
        table="",
        column=None,
        observed="the failure shows again" if seen == case.fingerprint else "the failure is gone",
        bound=f"not {case.fingerprint[:12]}",
        sql="",
    )


def _suspicion_checks(
    services: HealServices, case: HealCase, outcome: SandboxOutcome
) -> list[CheckResult]:
    """What would be held in production must not be submitted either."""
    return [
        CheckResult(
            name=f"H1 judge before load: {s.kind.value.replace('_', ' ')}",
            level=CheckLevel.HARD,
            passed=False,
            table=s.table,
            column=s.column,
            observed=s.observed,
            bound=s.expected,
            sql="",
        )
        for s in suspicions_in(services, case, outcome)
    ]


def _has_history(
    runtime: ConnectorRuntime, history: Mapping[str, Sequence[Baseline]], needed: int
) -> bool:
    """Whether each resource has a key and enough good runs."""
    for name, baselines in history.items():
        expected = runtime.connector.resources.get(name)
        if expected is None or not expected.primary_key or len(baselines) < needed:
            return False
    return bool(history)


def _sentence(refusals: Sequence[CheckResult]) -> str:
    first = refusals[0]
    place = ".".join(p for p in (first.table, first.column) if p)
    more = f" and {len(refusals) - 1} more" if len(refusals) > 1 else ""
    return f"{first.name} refused it{f' at {place}' if place else ''}: {first.observed} (bound: {first.bound}){more}."


def _ended(candidate: Candidate, state: TrialState, reason: str) -> Trial:
    return Trial(case_id=candidate.case_id, number=candidate.number, state=state, reason=reason)
