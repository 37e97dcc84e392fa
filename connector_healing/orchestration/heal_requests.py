"""Which runs Dagster is asked for: heals of cases that are due, and reruns after a release."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import dagster as dg

from connector_healing.core.case import CaseState, HealCase
from connector_healing.core.lease import Lease, case_lease_name
from connector_healing.orchestration.failed_runs import WILL_RETRY
from connector_healing.orchestration.heal_job import JOB_NAME
from connector_healing.orchestration.metadata import CASE_TAG, CONNECTOR_TAG, RELEASE_TAG
from connector_healing.orchestration.services import RunServices

#: A heal run that began so recently may not have claimed its case yet.
STARTING = timedelta(seconds=60)

#: Heal runs of one case that ended before they claimed it, after which a person is asked.
FRUITLESS_RUNS = 3

#: On heal runs: the epoch of the case's last lease when the run was asked for.
_EPOCH_TAG = "connector_healing/epoch"

#: How long Dagster's own retry of a failed run is waited for.
RETRY_PATIENCE = timedelta(hours=1)

#: On a failed run that Dagster has retried: the run that does it. The name is Dagster's.
_RETRY_RUN = "dagster/auto_retry_run_id"
_PARENT_RUN = "dagster/parent_run_id"

_WAITING = frozenset(
    {dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTING}
)


def heal_requests(
    instance: dg.DagsterInstance, services: RunServices, now: datetime
) -> Iterator[dg.RunRequest]:
    """A run for each case that is due and that no run is about to take up.

    The run key carries the lease's epoch and how often a run was asked for, since Dagster
    refuses a repeated key for ever.
    """
    leases = {lease.name: lease for lease in services.store.held()}
    for case in services.store.due_cases(now):
        if _left_to_dagster(instance, services, case, now):
            continue
        lease = leases.get(case_lease_name(case.case_id))
        runs = instance.get_run_records(dg.RunsFilter(tags={CASE_TAG: case.case_id}), limit=100)
        if any(_may_claim(record, lease, now) for record in runs):
            continue
        epoch = max(case.epoch, lease.epoch if lease else 0)
        if _fruitless(runs, case, epoch) >= FRUITLESS_RUNS:
            _give_up(services, case, now)
            continue
        yield request_for(case, epoch, len(runs))


def request_for(case: HealCase, epoch: int, runs: int) -> dg.RunRequest:
    """The run that heals a case.

    Args:
        case: The case.
        epoch: Of the last lease on it.
        runs: How many runs were asked for before.
    """
    return dg.RunRequest(
        run_key=f"heal/{case.case_id}/{epoch}/{runs}",
        job_name=JOB_NAME,
        run_config={
            "connector_id": case.connector_id,
            "case_id": case.case_id,
            "mode": case.mode.value,
        },
        tags={
            CASE_TAG: case.case_id,
            CONNECTOR_TAG: case.connector_id,
            _EPOCH_TAG: str(epoch),
        },
    )


def release_requests(
    instance: dg.DagsterInstance,
    services: RunServices,
    keys: Mapping[dg.AssetKey, str],
    job_name: str,
) -> Iterator[dg.RunRequest]:
    """A run for each connector of which a person released what was held: the same run again.

    Args:
        instance: Of Dagster.
        services: Store and registry.
        keys: The connector of each asset.
        job_name: The job that makes the connectors' assets.
    """
    for connector_id in sorted(set(keys.values())):
        for case_id in sorted({waiver[0] for waiver in services.store.waivers(connector_id)}):
            if instance.get_runs_count(dg.RunsFilter(tags={RELEASE_TAG: case_id})):
                continue
            case = services.store.case(case_id)
            held = instance.get_run_by_id(case.run_id) if case and case.run_id else None
            own = [key for key, owner in keys.items() if owner == connector_id]
            chosen = sorted({*own} & {*(held.asset_selection or own)} if held else own)
            yield dg.RunRequest(
                run_key=f"release/{case_id}",
                job_name=job_name,
                asset_selection=chosen,
                partition_key=held.tags.get("dagster/partition") if held else None,
                tags={CONNECTOR_TAG: connector_id, RELEASE_TAG: case_id},
            )


def _may_claim(record: dg.RunRecord, lease: Lease | None, now: datetime) -> bool:
    """Whether a heal run is still to take its case up: it waits, or has only just begun."""
    run = record.dagster_run
    if run.status in _WAITING:
        return True
    if run.status is not dg.DagsterRunStatus.STARTED or record.start_time is None:
        return False
    # It claimed the case before, and was silent for longer than its lease: it is dead.
    claimed = lease is not None and lease.holder == run.run_id
    return not claimed and now - datetime.fromtimestamp(record.start_time, UTC) < STARTING


def _fruitless(runs: Sequence[dg.RunRecord], case: HealCase, epoch: int) -> int:
    """Runs that were asked for since the case was last claimed, and ended without claiming it.

    One that succeeded left the case to another worker, which held it.
    """
    if case.state is CaseState.SUBMITTED:
        return 0  # it only has to be made active: that is not given up
    ended = [r.dagster_run for r in runs if r.dagster_run.tags.get(_EPOCH_TAG) == str(epoch)]
    return sum(1 for run in ended if run.status is not dg.DagsterRunStatus.SUCCESS)


def _give_up(services: RunServices, case: HealCase, now: datetime) -> None:
    reason = (
        f"{FRUITLESS_RUNS} runs of {JOB_NAME} ended before they took the case up: look at their "
        f"errors, then `connector-healing heal {case.connector_id}`."
    )
    services.store.advance_case(case.case_id, CaseState.ABSTAINED, None, now, reason=reason)


def _left_to_dagster(
    instance: dg.DagsterInstance, services: RunServices, case: HealCase, now: datetime
) -> bool:
    """Whether Dagster's own retry of the failed run is to be waited for, or has settled it."""
    run = instance.get_run_by_id(case.run_id) if case.run_id else None
    if run is None or run.tags.get(WILL_RETRY) != "true" or case.state is not CaseState.OPEN:
        return False
    retry = _retry_of(instance, run)
    if retry is None or not retry.is_finished:
        return now - case.updated_at < RETRY_PATIENCE
    if retry.status is not dg.DagsterRunStatus.SUCCESS:
        return False
    reason = f"It passed when Dagster ran it again (run {retry.run_id}): no change was made."
    services.store.advance_case(case.case_id, CaseState.TRANSIENT, None, now, reason=reason)
    return True


def _retry_of(instance: dg.DagsterInstance, run: dg.DagsterRun) -> dg.DagsterRun | None:
    known = run.tags.get(_RETRY_RUN)
    if known:
        return instance.get_run_by_id(known)
    children = instance.get_runs(dg.RunsFilter(tags={_PARENT_RUN: run.run_id}), limit=1)
    return children[0] if children else None
