import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from connector_healing.core.case import CASE_TRANSITIONS, CaseState
from connector_healing.core.lease import case_lease_name
from connector_healing.core.policy import HealMode
from connector_healing.errors import InvalidCaseStateError, UnknownCaseError
from connector_healing.store import SqlStore
from connector_healing_tests.store.builders import (
    HOUR,
    NOW,
    after,
    claim,
    failure,
    open_case,
)
from connector_healing_tests.store.paths import bring

STATES = list(CaseState)


def test_a_new_case_holds_what_the_failure_says(store: SqlStore) -> None:
    case, is_new = store.open_case(
        failure(), "fp", HealMode.APPLY, {"sample": "10", "traffic": "live"}, NOW
    )

    assert is_new
    assert (case.connector_id, case.dlt_resource, case.fingerprint) == (
        "flights",
        "departures",
        "fp",
    )
    assert (case.failure_id, case.run_id, case.version_id) == ("f1", "run-1", "0123456789abcdef")
    assert (case.state, case.mode) == (CaseState.OPEN, HealMode.APPLY)
    assert case.parameters == {"sample": "10", "traffic": "live"}
    assert (case.opened_at, case.updated_at, case.occurrences) == (NOW, NOW, 1)
    assert (case.due_at, case.reason, case.winner, case.epoch) == (None, "", None, 0)
    assert store.case(case.case_id) == case
    assert store.case_history(case.case_id) == ((NOW, CaseState.OPEN, ""),)


def test_a_case_keeps_its_failure_even_if_nobody_recorded_it(store: SqlStore) -> None:
    open_case(store)

    assert store.failure("f1") == failure()


def test_a_failure_without_version_or_run_opens_a_case(store: SqlStore) -> None:
    bare = replace(failure(), version_id=None, run_id=None, dlt_resource=None)

    case, _ = store.open_case(bare, "fp", HealMode.PROPOSE, {}, NOW)

    assert (case.version_id, case.run_id, case.dlt_resource) == ("", None, None)


@pytest.mark.parametrize("dlt_resource", ["departures", None])
def test_a_second_failure_joins_the_open_case(store: SqlStore, dlt_resource: str | None) -> None:
    first = failure("f1", dlt_resource=dlt_resource)
    second = failure("f2", dlt_resource=dlt_resource, run_id="run-2")
    case, _ = store.open_case(first, "fp", HealMode.PROPOSE, {"a": "1"}, NOW)

    joined, is_new = store.open_case(second, "fp", HealMode.APPLY, {}, after(5))

    assert not is_new
    assert joined == replace(
        case, occurrences=2, failure_id="f2", run_id="run-2", updated_at=after(5)
    )
    assert store.cases() == (joined,)
    assert len(store.case_history(case.case_id)) == 1


def test_an_occurrence_is_counted_once(store: SqlStore) -> None:
    case = open_case(store, "f1")
    joined, _ = store.open_case(failure("f2"), "fp", HealMode.PROPOSE, {}, after(1))

    for again in ("f1", "f2", "f1"):
        found, is_new = store.open_case(failure(again), "fp", HealMode.PROPOSE, {}, after(9))
        assert not is_new
        assert found == joined
    assert joined.case_id == case.case_id


def test_of_twenty_threads_that_see_one_failure_one_opens_the_case(store: SqlStore) -> None:
    barrier = threading.Barrier(20)

    def attempt(number: int) -> bool:
        barrier.wait()
        _, is_new = store.open_case(failure(f"f{number}"), "fp", HealMode.PROPOSE, {}, NOW)
        return is_new

    with ThreadPoolExecutor(20) as pool:
        opened = list(pool.map(attempt, range(20)))

    assert sum(opened) == 1
    assert [case.occurrences for case in store.cases()] == [20]


@pytest.mark.parametrize(
    ("other", "fingerprint"),
    [
        (failure("f2", connector_id="hotels"), "fp"),
        (failure("f2", dlt_resource="arrivals"), "fp"),
        (failure("f2", dlt_resource=None), "fp"),
        (failure("f2"), "another"),
    ],
    ids=["connector", "resource", "no resource", "fingerprint"],
)
def test_another_failure_opens_another_case(
    store: SqlStore, other: object, fingerprint: str
) -> None:
    case = open_case(store, "f1")

    second, is_new = store.open_case(other, fingerprint, HealMode.PROPOSE, {}, NOW)  # type: ignore[arg-type]  # parametrised

    assert is_new
    assert second.case_id != case.case_id


@pytest.mark.parametrize("state", STATES)
def test_only_a_closed_case_makes_room_for_another(store: SqlStore, state: CaseState) -> None:
    case = bring(store, open_case(store, "f1"), state)

    found, is_new = store.open_case(failure("f2"), "fp", HealMode.PROPOSE, {}, after(99))

    assert is_new == state.is_closed
    assert (found.case_id == case.case_id) == (not state.is_closed)


@pytest.mark.parametrize("start", STATES)
def test_a_case_moves_along_the_table_only(store: SqlStore, start: CaseState) -> None:
    for number, to in enumerate(STATES):
        case = bring(store, open_case(store, f"f{number}", f"fp{number}"), start)
        history = store.case_history(case.case_id)

        if to is start or to in CASE_TRANSITIONS[start]:
            moved = store.advance_case(case.case_id, to, None, after(99), reason="why")
            assert (moved.state, moved.reason, moved.updated_at) == (to, "why", after(99))
            new = () if to is start else ((after(99), to, "why"),)
            assert store.case_history(case.case_id) == (*history, *new)
        else:
            with pytest.raises(InvalidCaseStateError, match=f"'{start.value}' does not allow that"):
                store.advance_case(case.case_id, to, None, after(99))
            assert store.case(case.case_id) == case
            assert store.case_history(case.case_id) == history


def test_advancing_sets_what_is_given_and_keeps_the_rest(store: SqlStore) -> None:
    case = bring(store, open_case(store), CaseState.VALIDATING)
    lease = claim(store, case)
    full = store.advance_case(
        case.case_id,
        CaseState.SUBMITTED,
        lease,
        after(10),
        reason="proven\0",
        winner=3,
        submitted_version="v2",
        monitored_runs=1,
        due_at=after(20),
        mode=HealMode.APPLY,
    )

    kept = store.advance_case(case.case_id, CaseState.SUBMITTED, None, after(11))

    assert (full.winner, full.submitted_version, full.monitored_runs) == (3, "v2", 1)
    assert (full.reason, full.mode, full.due_at) == ("proven\ufffd", HealMode.APPLY, after(20))
    assert full.epoch == lease.epoch
    assert kept == replace(full, due_at=None, updated_at=after(11))


def test_an_unknown_case(store: SqlStore) -> None:
    with pytest.raises(UnknownCaseError):
        store.advance_case("nothing", CaseState.OPEN, None, NOW)

    assert store.case("nothing") is None
    assert store.case_history("nothing") == ()


def test_an_abstained_case_is_not_taken_up_beside_a_newer_open_one(store: SqlStore) -> None:
    old = bring(store, open_case(store, "f1"), CaseState.ABSTAINED)
    new = open_case(store, "f2")

    with pytest.raises(InvalidCaseStateError, match="only open case"):
        store.advance_case(old.case_id, CaseState.OPEN, None, after(9))

    assert store.case(old.case_id) == old
    assert store.case_history(old.case_id)[-1][1] is CaseState.ABSTAINED
    store.advance_case(new.case_id, CaseState.REJECTED, None, after(10))
    assert store.advance_case(old.case_id, CaseState.OPEN, None, after(11)).state is CaseState.OPEN


def test_cases_are_listed_newest_first(store: SqlStore) -> None:
    opened = []
    for number, (connector_id, minutes) in enumerate([("a", 0), ("b", 2), ("a", 1), ("a", 1)]):
        found = failure(f"f{number}", connector_id=connector_id)
        case, _ = store.open_case(found, f"fp{number}", HealMode.PROPOSE, {}, after(minutes))
        opened.append(case)
    first, second, third, fourth = opened
    first = store.advance_case(first.case_id, CaseState.REJECTED, None, after(9))

    assert store.cases() == (second, fourth, third, first)
    assert store.cases("a") == (fourth, third, first)
    assert store.cases("a", [CaseState.REJECTED, CaseState.SUBMITTED]) == (first,)
    assert store.cases(states=[CaseState.OPEN], limit=2) == (second, fourth)
    assert store.cases("nobody") == ()


@pytest.mark.parametrize("state", STATES)
def test_a_case_is_due_while_it_is_healing(store: SqlStore, state: CaseState) -> None:
    case = bring(store, open_case(store), state)

    assert store.due_cases(after(99)) == ((case,) if state.is_healing else ())


def test_due_cases_come_oldest_first_and_not_before_their_time(store: SqlStore) -> None:
    late = store.open_case(failure("f1"), "a", HealMode.PROPOSE, {}, after(2))[0]
    early = store.open_case(failure("f2"), "b", HealMode.PROPOSE, {}, after(1))[0]
    late = store.advance_case(late.case_id, CaseState.OPEN, None, after(2), due_at=after(30))

    assert store.due_cases(after(29)) == (early,)
    assert store.due_cases(after(30)) == (early, late)


def test_a_case_is_due_again_when_its_lease_ends(store: SqlStore) -> None:
    case = open_case(store)
    name = case_lease_name(case.case_id)

    lease = store.claim(name, "worker", HOUR)
    assert lease is not None
    assert store.due_cases(after(1)) == ()
    lease = store.renew(lease, timedelta(0))
    assert store.due_cases(after(1)) == (case,)
    lease = store.renew(lease, HOUR)
    assert store.due_cases(after(1)) == ()
    store.release(lease)
    assert store.due_cases(after(1)) == (case,)
    store.claim("heal_case/another", "worker", HOUR)
    assert store.due_cases(after(1)) == (case,)
