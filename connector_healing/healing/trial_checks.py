"""Judging what a candidate loaded."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from connector_healing.core.case import HealCase, Trial, TrialState
from connector_healing.core.checks import CheckLevel, CheckResult, Validation
from connector_healing.core.patch import Candidate, PatchKind
from connector_healing.core.profile import Baseline
from connector_healing.core.reproduction import ConnectorRuntime, SandboxOutcome, SandboxStatus
from connector_healing.healing.seen import (
    reached_live_limit,
    seen_fingerprint,
    suspicions_in,
    told,
)
from connector_healing.healing.services import HealServices

#: The previous data, copied for the case.
BEFORE = "before.duckdb"


def judged(
    services: HealServices,
    case: HealCase,
    candidate: Candidate,
    outcome: SandboxOutcome,
    *,
    history: Mapping[str, Sequence[Baseline]],
    duration: timedelta,
) -> Trial:
    """The trial of a candidate whose sandbox run is over."""
    trial = Trial(
        case_id=case.case_id,
        number=candidate.number,
        state=TrialState.FAILED,
        reason="",
        live_requests=outcome.live_requests,
        replayed_requests=outcome.replayed_requests,
        duration=duration,
    )
    if reached_live_limit(outcome):
        # It was not affordable, which disproves nothing.
        limit = (
            f"The live requests that were left, {outcome.live_requests}, did not suffice for it."
        )
        return replace(trial, state=TrialState.SKIPPED, reason=limit)
    if outcome.failure is not None or outcome.status is not SandboxStatus.COMPLETED:
        what = told(services, case, outcome)
        return replace(trial, reason=f"It does not run to its end: {what}")
    runtime = services.runtime(case.connector_id)
    before = keep_previous_data(services, case, history, outcome.profile.tables)
    checks = (
        _reproduction_check(services, case, outcome),
        *_suspicion_checks(services, case, outcome),
        *services.data.compare(before, outcome, history, runtime),
    )
    validation = Validation(checks=checks, has_history=_has_history(runtime, history))
    state, reason = _verdict(candidate, validation)
    return replace(
        trial,
        state=state,
        reason=reason,
        checks=checks,
        has_history=validation.has_history,
        rows={name: t.rows for name, t in outcome.profile.tables.items()},
    )


def keep_previous_data(
    services: HealServices,
    case: HealCase,
    history: Mapping[str, Sequence[Baseline]],
    tables: Collection[str] | None = None,
) -> str:
    """Copy the tables that the good runs filled, once a case; returns the copy's path.

    Where no good run is known, `tables` are copied, or nothing yet while these are None.

    Raises:
        DestinationBusyError: If another writer keeps the destination locked.
    """
    path = services.files.case_path(case.case_id, BEFORE)
    known = {t.table for baselines in history.values() for b in baselines for t in b.tables}
    wanted = known or tables
    if wanted is not None and not services.files.exists(path):
        services.data.snapshot(services.runtime(case.connector_id), sorted(wanted), path)
    return path


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


def _reproduction_check(
    services: HealServices, case: HealCase, outcome: SandboxOutcome
) -> CheckResult:
    seen = seen_fingerprint(services, case, services.failure(case), outcome)
    again = seen == case.fingerprint
    return CheckResult(
        name="H1 reproduction",
        level=CheckLevel.HARD,
        passed=not again,
        table="",
        column=None,
        observed="the failure shows again" if again else "the failure is gone",
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


def _has_history(runtime: ConnectorRuntime, history: Mapping[str, Sequence[Baseline]]) -> bool:
    """Whether each dlt resource has a key and enough good runs."""
    needed = runtime.connector.policy.min_history_runs
    for name, baselines in history.items():
        expected = runtime.connector.resources.get(name)
        if expected is None or not expected.primary_key or len(baselines) < needed:
            return False
    return bool(history)


def _sentence(refusals: Sequence[CheckResult]) -> str:
    first = refusals[0]
    place = ".".join(p for p in (first.table, first.column) if p)
    at = f" at {place}" if place else ""
    more = f" and {len(refusals) - 1} more" if len(refusals) > 1 else ""
    return f"{first.name} refused it{at}: {first.observed} (bound: {first.bound}){more}."
