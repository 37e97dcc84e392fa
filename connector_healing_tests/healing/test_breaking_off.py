"""A heal that cannot go on: it is begun again later, or a person is told why it cannot."""

import gzip
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import duckdb
import pytest

from connector_healing.core.case import (
    CaseState,
    Healed,
    NotHealed,
    NotReproduced,
    Step,
    TrialState,
)
from connector_healing.core.lease import Lease, case_lease_name
from connector_healing.core.steps import Reproduction
from connector_healing.errors import HealingError, InvalidCaseStateError
from connector_healing.healing.workflow import HealWorkflow
from connector_healing.healing.working import RETRY_AFTER, TAKEOVERS
from connector_healing_tests.conftest import FrozenClock
from connector_healing_tests.duckdb_writer import written_by_another
from connector_healing_tests.healing.freight_api import renamed
from connector_healing_tests.healing.project import Project


@pytest.fixture
def failed(plain: Project) -> Project:
    plain.api.shape = renamed
    plain.run()
    return plain


def test_a_destination_that_another_writer_holds_is_waited_for_and_then_said_to_be_busy(
    failed: Project,
) -> None:
    store = failed.run_services.store
    with written_by_another(failed.warehouse("plain")):
        began = datetime.now(UTC)
        outcome = failed.heal(patience=timedelta(seconds=0.5))
        assert datetime.now(UTC) - began < timedelta(seconds=40)

    assert isinstance(outcome, NotHealed)
    assert outcome.reason.startswith("Destination busy")
    case = failed.case()
    assert case.state is CaseState.OPEN
    assert "Destination busy" in case.reason
    assert case.due_at is not None
    assert case.due_at > datetime.now(UTC) + RETRY_AFTER / 2
    assert store.due_cases(datetime.now(UTC)) == ()
    assert [c.case_id for c in store.due_cases(case.due_at)] == [case.case_id]
    assert store.held() == ()
    assert store.trials(case.case_id) == ()
    assert not list((failed.home / "cases" / case.case_id).glob("before*"))
    assert len(failed.api.hits) == 1  # the probe: no trial was begun

    again = failed.heal()

    assert isinstance(again, Healed)
    assert again.active
    assert failed.case().state is CaseState.MONITORING


class Raising:
    """A sandbox of which a run raises what it was told to."""

    def __init__(self, error: BaseException) -> None:
        self._error = error

    def run(self, request: object) -> None:
        raise self._error

    def close(self) -> None:
        """Nothing was opened."""


def test_a_busy_destination_is_waited_for_however_often(failed: Project) -> None:
    """Also by a heal that broke off so often that once more would be its last time."""
    for _ in range(2):
        with pytest.raises(RuntimeError):
            failed.heal(sandbox=Raising(RuntimeError("broken")))
    with written_by_another(failed.warehouse("plain")):
        for _ in range(2):
            failed.heal(patience=timedelta(0))
            assert failed.case().state is CaseState.OPEN
    assert isinstance(failed.heal(), Healed)


def test_a_step_that_raises_is_begun_again_twice_and_then_left_to_a_person(
    failed: Project,
) -> None:
    """The destination's file is no database any more."""
    failed.warehouse("plain").write_bytes(b"no database at all" * 100)
    case_id = failed.case().case_id
    seen = []
    for _ in range(3):
        with pytest.raises((duckdb.Error, HealingError)):
            failed.heal(case_id)
        case = failed.case(case_id)
        seen.append((case.state, case.due_at is not None))
        assert case.reason.startswith("The heal broke off: ")
        assert failed.run_services.store.held() == ()

    assert seen == [(CaseState.OPEN, True), (CaseState.OPEN, True), (CaseState.ABSTAINED, False)]
    assert "The heal broke off" in failed.report()
    assert [p.name for p in (failed.home / "cases" / case_id).iterdir()] == ["report.md"]
    outcome = failed.heal(case_id)
    assert isinstance(outcome, NotHealed)
    assert "broke off" in outcome.reason


def test_also_the_steps_behind_the_trials_count_their_attempts(failed: Project) -> None:
    """The case's folder is a file: no report can be written into it."""
    case_id = failed.case().case_id
    with failed.healer() as services:
        heal = HealWorkflow(services)
        heal.reproduce(case_id)
        heal.classify(case_id)
        for number in heal.candidates(case_id):
            heal.trial(case_id, number)
        heal.validate(case_id)
    folder = failed.home / "cases" / case_id
    folder.rename(folder.with_name("elsewhere"))
    folder.write_text("in the way")

    states = []
    for _ in range(3):
        with pytest.raises(OSError, match=r"report\.md|exists"):
            failed.heal(case_id)
        states.append(failed.case().state)

    assert states == [CaseState.OPEN, CaseState.OPEN, CaseState.ABSTAINED]


@pytest.mark.parametrize("damage", ["noise", "cut"])
def test_a_cassette_that_cannot_be_read_is_done_without(failed: Project, damage: str) -> None:
    """Of the failed run and of the good ones: the live API answers in their place."""
    cassettes = [*(failed.home / "cassettes").rglob("*.gz")]
    assert len(cassettes) >= 2
    for path in cassettes:
        whole = path.read_bytes()
        path.write_bytes(b"noise" if damage == "noise" else whole[: len(whole) // 2])

    failed.heal()

    case = failed.case()
    assert case.state.is_closed or case.state is CaseState.AWAITING_APPROVAL, case.reason
    seen: Reproduction = failed.step(Step.REPRODUCE, Reproduction)
    assert seen.verdict == "reproduced", seen.reason
    assert not seen.from_cassette
    assert failed.run_services.store.step(case.case_id, Step.CLASSIFY) is not None


def test_a_worker_that_is_stopped_lets_the_case_go_at_once(failed: Project) -> None:
    """By a signal that Python or Dagster turns into an exception."""
    with pytest.raises(KeyboardInterrupt):
        failed.heal(sandbox=Raising(KeyboardInterrupt()))

    store = failed.run_services.store
    assert store.held() == ()
    assert [c.case_id for c in store.due_cases(datetime.now(UTC))] == [failed.case().case_id]
    assert isinstance(failed.heal(), Healed)


@pytest.mark.parametrize("reached", [None, Step.CANDIDATES])
def test_a_case_over_which_every_worker_dies_is_left_to_a_person(
    failed: Project, reached: Step | None
) -> None:
    case_id = failed.case().case_id
    store = failed.run_services.store
    if reached:
        with failed.healer() as services:
            heal = HealWorkflow(services)
            heal.reproduce(case_id)
            heal.classify(case_id)
            assert heal.candidates(case_id)
            services.leases.release(services.leases.held()[0])
        failed.api.count()
    for number in range(TAKEOVERS + 1):
        assert isinstance(store.claim(case_lease_name(case_id), f"{number}", timedelta(0)), Lease)

    outcome = failed.heal(case_id)

    assert isinstance(outcome, NotHealed)
    assert "none came to its end" in outcome.reason
    assert failed.case().state is CaseState.ABSTAINED
    assert failed.api.hits == []
    assert store.held() == ()


def test_a_case_that_a_person_closes_meanwhile_is_left_alone(failed: Project) -> None:
    case_id = failed.case().case_id
    store = failed.run_services.store
    with failed.healer() as services:
        heal = HealWorkflow(services)
        heal.reproduce(case_id)
        store.advance_case(case_id, CaseState.REJECTED, None, services.clock.now(), reason="No.")
        with pytest.raises(InvalidCaseStateError):
            heal.classify(case_id)
        outcome = heal.run(case_id)
    assert outcome == NotHealed(case_id=case_id, reason="No.")
    assert store.step(case_id, Step.CLASSIFY) is None
    assert store.held() == ()


def test_a_case_of_a_version_that_runs_no_more_is_closed_without_a_request(
    failed: Project,
) -> None:
    services = failed.run_services
    failing = services.registry.active("plain")
    assert failing is not None
    code = failing.code.with_text(failing.code.modules[-1].name, "OTHER = 1\n")
    other = replace(failing, code=code, version_id=code.version_id, parent=failing.version_id)
    services.registry.save(other)
    services.registry.activate("plain", failing.version_id, other.version_id)

    outcome = failed.heal()

    assert isinstance(outcome, NotReproduced)
    assert not outcome.transient
    assert other.version_id in outcome.reason
    assert failed.api.hits == []


def test_a_heal_goes_on_with_the_trials_that_were_made(failed: Project) -> None:
    """Begun again after a broken-off step, it does not repeat what was done, nor its requests."""
    case_id = failed.case().case_id
    clock = FrozenClock(datetime.now(UTC))
    with failed.healer(clock=clock) as services:
        heal = HealWorkflow(services)
        heal.reproduce(case_id)
        heal.classify(case_id)
        heal.candidates(case_id)
        first = heal.trial(case_id, 1)
    assert first.state is TrialState.PASSED

    failed.heal()

    trials = failed.run_services.store.trials(case_id)
    assert trials[0] == first
    assert failed.api.hits == []


def test_recordings_are_whole_files(failed: Project) -> None:
    """What the damage tests cut is a compressed file to begin with."""
    path = next((failed.home / "cassettes").rglob("*.gz"))
    assert gzip.decompress(path.read_bytes())
