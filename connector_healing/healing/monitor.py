"""What follows a heal: the next runs decide between promotion and roll-back."""

from collections.abc import Collection
from dataclasses import dataclass

from connector_healing.core.case import CaseState, HealCase
from connector_healing.core.records import RunRecord, RunStatus
from connector_healing.errors import InvalidCaseStateError, VersionConflictError
from connector_healing.healing.reporting import write_report
from connector_healing.healing.services import CaseServices

#: How the reason of a case begins whose heal did not hold.
_ROLLED_BACK = "Rolled back"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """What `watch_run` is told of a run."""

    record: RunRecord
    fingerprint: str | None
    dlt_resources: Collection[str]
    suspected: Collection[str]


def watch_run(
    services: CaseServices,
    record: RunRecord,
    fingerprint: str | None,
    dlt_resources: Collection[str] = (),
    suspected: Collection[str] = (),
) -> HealCase | None:
    """Count one run of a connector for the cases that are being monitored, if any.

    Args:
        services: The ports.
        record: The run that just ended.
        fingerprint: Of the run's failure; None where it succeeded and nothing was flagged.
        dlt_resources: Those that ran; empty: all of the connector's.
        suspected: Those whose data looked wrong in this run.

    Returns:
        The newest of the cases as it stands now; None where nothing was monitored, or the run was
        of a version without the heal, or left the healed resource out, or failed or was held for
        another reason.
    """
    watched = _watched(services, record.connector_id)
    run = _Run(
        record=record, fingerprint=fingerprint, dlt_resources=dlt_resources, suspected=suspected
    )
    counted = [_counted(services, case, run) for case in watched]
    moved = [case for case in counted if case is not None]
    for case in moved:
        write_report(services, case)
    return next(iter(moved), None)


def _counted(services: CaseServices, case: HealCase, run: _Run) -> HealCase | None:
    record = run.record
    try:
        if not _holds(services, case, record.version_id):
            return _overtaken(services, case)
        if case.dlt_resource and run.dlt_resources and case.dlt_resource not in run.dlt_resources:
            return None
        # A load that was flagged, not held, succeeded with a fingerprint: it proves nothing good.
        if record.status is RunStatus.SUCCEEDED and run.fingerprint is None:
            return _good_run(services, case)
        same = run.fingerprint == case.fingerprint
        # What else looked wrong was not made by the heal: its trial loaded the healed resource.
        of_heal = case.dlt_resource is None or case.dlt_resource in run.suspected
        if same or (of_heal and record.status is not RunStatus.FAILED):
            why = "the same failure came back" if same else record.message
            return roll_back(services, case, f"Run {record.run_id or record.record_id}: {why}")
    except InvalidCaseStateError:
        # Another run, or a person, decided it in the same moment.
        return services.case(case.case_id)
    return None


def monitored(services: CaseServices, connector_id: str) -> HealCase | None:
    """The connector's newest case whose heal is being watched."""
    return next(iter(_watched(services, connector_id)), None)


def _watched(services: CaseServices, connector_id: str) -> Collection[HealCase]:
    return services.store.cases(connector_id, [CaseState.MONITORING])


def _holds(services: CaseServices, case: HealCase, version_id: str | None) -> bool:
    """Whether a version is the healed one, or a later heal of it."""
    versions = {v.version_id: v for v in services.registry.versions(case.connector_id)}
    while version_id is not None and version_id != case.submitted_version:
        version = versions.pop(version_id, None)
        # What a person deployed names the version before it as its parent, and is not made of it.
        version_id = version.parent if version and version.case_id else None
    return version_id is not None


def _overtaken(services: CaseServices, case: HealCase) -> HealCase | None:
    """Close a case whose heal runs no more: a roll-back was cut short, or a person made another active."""
    active = services.store.active_version(case.connector_id)
    if _holds(services, case, active):
        return None
    reason = f"Version {active} became active in its place."
    return _close(services, case, CaseState.ROLLED_BACK, reason)


def _good_run(services: CaseServices, case: HealCase) -> HealCase:
    policy = services.runtime(case.connector_id).connector.policy
    good = case.monitored_runs + 1
    enough = good >= policy.monitor_runs
    return services.store.advance_case(
        case.case_id,
        CaseState.PROMOTED if enough else CaseState.MONITORING,
        None,
        services.clock.now(),
        monitored_runs=good,
        reason=f"{good} of {policy.monitor_runs} watched runs were good.",
    )


def roll_back(services: CaseServices, case: HealCase, reason: str) -> HealCase:
    """Make the parent of a healed version active again and mark the case for a person.

    Where somebody made another version active meanwhile, that one stays.
    """
    told = f"{_ROLLED_BACK} to {case.version_id}; a person has to look: {reason}"
    if case.submitted_version:
        try:
            services.registry.activate(case.connector_id, case.submitted_version, case.version_id)
        except VersionConflictError as error:
            told = f"{_ROLLED_BACK} by name only: {reason} {error}"
    return _close(services, case, CaseState.ROLLED_BACK, told)


def setbacks(services: CaseServices, connector_id: str) -> int:
    """Heals of the connector that did not hold, since the last one that was promoted."""
    ended = [CaseState.PROMOTED, CaseState.ROLLED_BACK]
    count = 0
    for case in services.store.cases(connector_id, ended):
        if case.state is CaseState.PROMOTED:
            break
        count += case.reason.startswith(_ROLLED_BACK)
    return count


def supersede(services: CaseServices, connector_id: str, version_id: str) -> None:
    """Close the cases that are about other versions than the one that was just deployed.

    A failure of the deployed code must open a case of its own, and a proposal made from other
    code can no longer be submitted.
    """
    for case in services.store.cases(connector_id, [s for s in CaseState if not s.is_closed]):
        if version_id in {case.submitted_version, case.version_id}:
            continue
        watched = case.state in {CaseState.SUBMITTED, CaseState.MONITORING}
        if case.state is CaseState.MONITORING and case.monitored_runs:
            to, why = CaseState.PROMOTED, f"it was good in {case.monitored_runs} runs until then"
        else:
            to = CaseState.ROLLED_BACK if watched else CaseState.REJECTED
            why = "no run had proven it" if watched else "the code that failed runs no more"
        reason = f"Other code was deployed ({version_id}); {why}."
        write_report(services, _close(services, case, to, reason))


def _close(services: CaseServices, case: HealCase, to: CaseState, reason: str) -> HealCase:
    return services.store.advance_case(case.case_id, to, None, services.clock.now(), reason=reason)
