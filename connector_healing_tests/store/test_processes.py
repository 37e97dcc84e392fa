"""Several real processes on one store."""

import signal
from datetime import timedelta
from itertools import pairwise
from threading import Event
from time import monotonic

from connector_healing.core.case import CaseState
from connector_healing.store import open_store
from connector_healing_tests.store.builders import HOUR, NOW, open_case
from connector_healing_tests.store.workers import (
    PROCESSES,
    claim_and_die,
    claim_one,
    count_under_lease,
    die_inside_a_write,
    open_and_read,
    open_one_case,
    together,
)


def test_processes_that_open_a_new_store_at_once_all_can_use_it(new_url: str) -> None:
    assert together(open_and_read, new_url, 6) == ["was here"] * 6


def test_of_several_processes_one_gets_the_lease(shared_url: str) -> None:
    epochs = together(claim_one, shared_url, 6)

    assert sorted(epochs, key=str) == [1, None, None, None, None, None]


def test_a_lease_keeps_processes_apart(shared_url: str) -> None:
    epochs = together(count_under_lease, shared_url, 4)

    with open_store(shared_url) as store:
        assert store.get_note("counter") == "40"
        assert store.held() == ()
    assert sorted(epoch for each in epochs for epoch in each) == list(range(1, 41))


def test_processes_that_see_one_failure_open_one_case(shared_url: str) -> None:
    """Half of them see it in a resource, half in the connector as a whole."""
    results = together(open_one_case, shared_url, 10)

    assert sum(is_new for _, is_new in results) == 2
    with open_store(shared_url) as store:
        opened = store.cases()
    assert {case.case_id for case in opened} == {case_id for case_id, _ in results}
    assert [case.occurrences for case in opened] == [5, 5]


def test_the_lease_of_a_killed_process_is_taken_over(shared_url: str) -> None:
    process = PROCESSES.Process(target=claim_and_die, args=(shared_url, timedelta(seconds=1)))
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL

    waiting, deadline = Event(), monotonic() + 30
    with open_store(shared_url) as store:
        assert [lease.holder for lease in store.held()] == ["the dead"]
        while (lease := store.claim("work", "heir", HOUR)) is None and monotonic() < deadline:
            waiting.wait(0.02)

    assert lease is not None
    assert lease.epoch == 2


def test_a_process_killed_inside_a_write_leaves_nothing_of_it(shared_url: str) -> None:
    with open_store(shared_url) as store:
        case = open_case(store)
        ours, theirs = PROCESSES.Pipe()
        process = PROCESSES.Process(
            target=die_inside_a_write, args=(shared_url, case.case_id, theirs)
        )
        process.start()
        assert ours.poll(60)
        process.kill()
        process.join(60)

        assert store.case(case.case_id) == case
        moved = store.advance_case(case.case_id, CaseState.REPRODUCING, None, NOW)
        assert moved.state is CaseState.REPRODUCING


def test_what_was_written_is_there_after_a_restart(shared_url: str) -> None:
    seen = []
    for number in range(3):
        with open_store(shared_url) as store:
            seen.append([case.case_id for case in reversed(store.cases())])
            open_case(store, f"f{number}", f"fp{number}")

    assert [len(each) for each in seen] == [0, 1, 2]
    assert all(later[: len(earlier)] == earlier for earlier, later in pairwise(seen))
