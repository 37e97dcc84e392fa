import inspect
from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from connector_healing.core.case import CaseState, HealCase, Step, TrialState
from connector_healing.core.lease import Lease
from connector_healing.core.patch import PatchKind
from connector_healing.errors import LeaseLostError, UnknownCaseError
from connector_healing.ports import HealStore
from connector_healing.store import SqlStore
from connector_healing.store.schema import steps
from connector_healing_tests.store.builders import (
    HOUR,
    NOW,
    after,
    candidate,
    claim,
    open_case,
    take_over,
    trial,
)

#: Every write that a lease guards, on one case.
GUARDED: dict[str, Callable[[SqlStore, str, Lease], object]] = {
    "advance_case": lambda store, case_id, lease: store.advance_case(
        case_id, CaseState.REPRODUCING, lease, after(1)
    ),
    "save_step": lambda store, case_id, lease: store.save_step(
        case_id, Step.REPRODUCE, '{"new": true}', lease
    ),
    "save_candidates": lambda store, case_id, lease: store.save_candidates(
        [candidate(case_id, 7)], lease
    ),
    "save_trial": lambda store, case_id, lease: store.save_trial(trial(case_id, 7), lease),
}


def everything(store: SqlStore, case: HealCase) -> tuple[object, ...]:
    return (
        store.case(case.case_id),
        store.case_history(case.case_id),
        store.step(case.case_id, Step.REPRODUCE),
        store.candidates(case.case_id),
        store.trials(case.case_id),
    )


def test_the_list_of_guarded_writes_is_complete() -> None:
    methods = inspect.getmembers(HealStore, inspect.isfunction)

    assert {n for n, m in methods if "lease" in inspect.signature(m).parameters} == set(GUARDED)


@pytest.mark.parametrize("name", GUARDED)
def test_a_worker_that_lost_its_lease_writes_nothing(store: SqlStore, name: str) -> None:
    case = open_case(store)
    lost = claim(store, case)
    store.save_candidates([candidate(case.case_id, 1)], lost)
    take_over(store, lost)
    before = everything(store, case)

    with pytest.raises(LeaseLostError):
        GUARDED[name](store, case.case_id, lost)

    assert everything(store, case) == before


@pytest.mark.parametrize("name", GUARDED)
def test_a_lease_that_nobody_claimed_writes_nothing(store: SqlStore, name: str) -> None:
    case = open_case(store)
    before = everything(store, case)
    made_up = Lease(name="heal_case/nothing", holder="worker", epoch=1, expires_at=NOW)

    with pytest.raises(LeaseLostError):
        GUARDED[name](store, case.case_id, made_up)

    assert everything(store, case) == before


@pytest.mark.parametrize("name", GUARDED)
def test_a_worker_writes_while_nobody_else_claimed_its_lease(store: SqlStore, name: str) -> None:
    case = open_case(store)
    expired = store.renew(claim(store, case), 0 * HOUR)
    before = everything(store, case)

    GUARDED[name](store, case.case_id, expired)

    assert everything(store, case) != before
    found = store.case(case.case_id)
    assert found is not None
    assert found.epoch == expired.epoch


@pytest.mark.parametrize("name", GUARDED)
def test_the_successor_writes_and_leaves_its_epoch(store: SqlStore, name: str) -> None:
    case = open_case(store)
    later = take_over(store, claim(store, case))

    GUARDED[name](store, case.case_id, later)

    found = store.case(case.case_id)
    assert found is not None
    assert found.epoch == later.epoch == 2


@pytest.mark.parametrize("name", GUARDED)
def test_nothing_is_written_about_an_unknown_case(store: SqlStore, name: str) -> None:
    lease = claim(store, open_case(store))

    with pytest.raises(UnknownCaseError):
        GUARDED[name](store, "nothing", lease)


def test_a_step_keeps_its_latest_result(store: SqlStore) -> None:
    case = open_case(store)
    lease = claim(store, case)

    store.save_step(case.case_id, Step.REPRODUCE, '{"a": 1}', lease)
    store.save_step(case.case_id, Step.REPRODUCE, '{"a": "\\u0000é"}', lease)
    store.save_step(case.case_id, Step.CLASSIFY, "null", lease)

    assert store.step(case.case_id, Step.REPRODUCE) == '{"a": "\\u0000é"}'
    assert store.step(case.case_id, Step.CLASSIFY) == "null"
    assert store.step(case.case_id, Step.SUBMIT) is None
    assert store.step("nothing", Step.REPRODUCE) is None


def test_candidates_are_replaced_as_a_whole(store: SqlStore) -> None:
    case, other = open_case(store, "f1", "a"), open_case(store, "f2", "b")
    lease = claim(store, case)
    others = (candidate(other.case_id, 1),)
    store.save_candidates(others, claim(store, other))
    store.save_candidates([candidate(case.case_id, n) for n in (3, 1, 2)], lease)
    abstain = replace(candidate(case.case_id, 2), kind=PatchKind.ABSTAIN, patch=None)

    assert store.candidates(case.case_id) == tuple(candidate(case.case_id, n) for n in (1, 2, 3))
    store.save_candidates([abstain], lease)
    assert store.candidates(case.case_id) == (abstain,)
    store.save_candidates([], lease)
    assert store.candidates(case.case_id) == ()
    assert store.candidates(other.case_id) == others


def test_candidates_of_one_number_are_refused_whole(store: SqlStore) -> None:
    case = open_case(store)
    lease = claim(store, case)
    store.save_candidates([candidate(case.case_id, 1)], lease)

    with pytest.raises(IntegrityError):
        store.save_candidates([candidate(case.case_id, 2), candidate(case.case_id, 2)], lease)

    assert store.candidates(case.case_id) == (candidate(case.case_id, 1),)


def test_a_trial_is_kept_with_its_checks(store: SqlStore) -> None:
    case = open_case(store)
    lease = claim(store, case)
    again = trial(case.case_id, 1, TrialState.REFUSED)

    for each in (trial(case.case_id, 2), trial(case.case_id, 1), again):
        store.save_trial(each, lease)

    assert store.trials(case.case_id) == (again, trial(case.case_id, 2))
    assert store.trials("nothing") == ()


def test_the_database_itself_refuses_an_unknown_step(store: SqlStore) -> None:
    case = open_case(store)

    with pytest.raises(IntegrityError), store._database.writing() as connection:
        connection.execute(insert(steps).values(case_id=case.case_id, step="dance", result="1"))
