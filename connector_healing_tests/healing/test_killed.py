"""A heal whose worker is killed, anywhere, is ended by the next one as if nothing had happened."""

import signal
import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connector_healing.core.case import CaseState, Healed, Step
from connector_healing.core.lease import case_lease_name
from connector_healing.errors import CaseHeldError
from connector_healing.healing.holding import release_stale
from connector_healing.healing.workflow import HealWorkflow
from connector_healing_tests.healing.freight_api import renamed
from connector_healing_tests.healing.project import Project
from connector_healing_tests.healing.worker import LEASE, ordered, serving

Workers = subprocess.Popen[str]

#: Places within a step, behind work whose result is not written down yet.
WITHIN = {
    Step.REPRODUCE: ["after sandbox.run"],
    Step.CANDIDATES: ["after store.save_candidates"],
    Step.TRIAL: ["after data.snapshot", "after data.compare", "after store.save_trial"],
}

#: Where a worker dies, in the order of a heal: before, within and after each step.
PLACES = [
    place
    for step in Step
    for place in (f"before {step.value}", *WITHIN.get(step, ()), f"after {step.value}")
]

#: Places within the last step, between any two of its writes.
WITHIN_SUBMIT = [
    "after files.tidy",
    "after store.save_version",
    "after registry.save",
    f"after store.advance_case {CaseState.SUBMITTED.value}",
    "after store.activate",
    f"after store.advance_case {CaseState.MONITORING.value}",
    "after files.write_text",
    "after leases.release",
]

DEADLINE = timedelta(seconds=60)


@pytest.fixture
def failed(plain: Project) -> Project:
    """A project whose connector just failed; its heal has not begun."""
    plain.api.shape = renamed
    plain.run()
    return plain


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    with serving() as server:
        yield server


def killed(workers: Workers, project: Project, place: str) -> None:
    """Heal in a process that dies at this place, and wait until its lease has run out."""
    case_id = project.case().case_id
    status = ordered(
        workers, home=str(project.home), case_id=case_id, place=place, store_url=project.store_url
    )
    assert status == -signal.SIGKILL, f"nobody died {place}"
    until = datetime.now(UTC) + DEADLINE
    while any(lease.expires_at > datetime.now(UTC) for lease in project.run_services.store.held()):
        assert datetime.now(UTC) < until
        threading.Event().wait(0.05)


def assert_healed_once(project: Project, before: int = 1) -> None:
    """One version more, submitted once; no lease and no half-written file stays."""
    services = project.run_services
    case = project.case()
    assert case.state is CaseState.MONITORING
    history = [state for _, state, _ in services.store.case_history(case.case_id)]
    assert history.count(CaseState.SUBMITTED) == 1
    assert history.count(CaseState.MONITORING) == 1
    made = services.registry.versions("plain")
    assert len(made) == before + 1
    assert services.store.active_version("plain") == made[-1].version_id == case.submitted_version
    assert services.store.held() == ()
    folder = project.home / "cases" / case.case_id
    assert {p.name for p in folder.iterdir()} == {"change.patch", "report.md"}
    kept = {p.name for p in (project.home / "versions" / "plain").iterdir()}
    assert kept == {v.version_id for v in made}
    assert not [p for p in project.home.rglob("*") if p.name.endswith((".new", ".partial"))]


def test_one_heal_that_dies_at_every_boundary_of_its_steps(
    workers: Workers, failed: Project
) -> None:
    """The same case loses its worker each time, and each time another takes it over."""
    store, epoch = failed.run_services.store, 0
    for place in PLACES:
        killed(workers, failed, place)
        due = [c.case_id for c in store.due_cases(datetime.now(UTC))]
        if place == PLACES[-1]:  # behind the last step nothing is left to be done
            assert due == []
            assert store.held() == ()
            continue
        assert due == [failed.case().case_id]
        (lease,) = [held for held in store.held() if held.name == case_lease_name(due[0])]
        assert lease.epoch > epoch
        epoch = lease.epoch

    assert_healed_once(failed)
    assert failed.run().status == "succeeded"


@pytest.fixture(scope="module")
def proven_history(plain_history: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A case of which everything is done but the last step."""
    plain_history.api.reset(7)
    plain_history.api.shape = renamed
    project = plain_history.copied(tmp_path_factory.mktemp("proven") / "project")
    with pytest.MonkeyPatch.context() as patch, project.entered():
        patch.chdir(project.folder)
        project.run()
        case_id = project.case().case_id
        with project.healer() as services:
            heal = HealWorkflow(services)
            heal.reproduce(case_id)
            heal.classify(case_id)
            for number in heal.candidates(case_id):
                heal.trial(case_id, number)
            heal.validate(case_id)
            heal.report(case_id)
            services.leases.release(services.leases.held()[0])
    return project


@pytest.fixture
def proven(proven_history: Project, tmp_path: Path) -> Iterator[Project]:
    project = proven_history.copied(tmp_path / "project")
    with project.entered():
        yield project


@pytest.mark.parametrize("place", WITHIN_SUBMIT)
def test_a_worker_that_dies_between_two_writes_of_the_last_step(
    workers: Workers, proven: Project, place: str
) -> None:
    killed(workers, proven, place)

    with proven.healer() as services:
        outcome = HealWorkflow(services).run(proven.case().case_id)
        release_stale(services.store, services.leases, services.holder)

    assert isinstance(outcome, Healed)
    assert outcome.active
    assert_healed_once(proven)


def test_a_case_in_another_workers_hands_is_left_to_it(proven: Project) -> None:
    case_id = proven.case().case_id
    with proven.healer(holder="a") as first, proven.healer(holder="b") as second:
        lease = first.leases.claim(f"heal_case/{case_id}", "a", timedelta(seconds=30))
        assert lease is not None
        with pytest.raises(CaseHeldError, match=case_id):
            HealWorkflow(second).run(case_id)
        assert proven.case().state is CaseState.VALIDATING
        assert isinstance(HealWorkflow(first).run(case_id), Healed)
    assert_healed_once(proven)


def test_of_two_workers_at_once_one_heals(failed: Project) -> None:
    case_id = failed.case().case_id
    start = threading.Barrier(2)
    told: list[object] = []

    def work(holder: str) -> None:
        with failed.healer(holder=holder) as services:
            start.wait()
            try:
                told.append(HealWorkflow(services).run(case_id))
            except CaseHeldError as error:
                told.append(error)

    workers = [threading.Thread(target=work, args=(name,)) for name in ("a", "b")]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert sorted(type(t).__name__ for t in told) == ["CaseHeldError", "Healed"]
    assert_healed_once(failed)


def test_a_worker_whose_lease_was_taken_writes_nothing_more(proven: Project) -> None:
    """One that slept past its lease, and wakes in the middle of the last step."""
    case_id = proven.case().case_id
    with proven.healer(holder="slow") as slow, proven.healer(holder="quick") as quick:
        lease = slow.leases.claim(f"heal_case/{case_id}", "slow", timedelta(0))
        assert lease is not None
        assert isinstance(HealWorkflow(quick).run(case_id), Healed)
        quick.leases.claim(f"heal_case/{case_id}", "quick", LEASE)
        with pytest.raises(CaseHeldError):
            HealWorkflow(slow).submit(case_id)
    assert proven.case().state is CaseState.MONITORING
