import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from connector_healing.core.case import CaseState, Step
from connector_healing.core.policy import HealMode
from connector_healing.errors import LeaseLostError, UnknownCaseError
from connector_healing.store import SqlStore, open_store
from connector_healing.store.schema import metadata
from connector_healing_tests.store.builders import (
    NOW,
    after,
    baseline,
    candidate,
    claim,
    failure,
    run_record,
    runtime,
    suspicion,
    trial,
    version,
)


def fill(store: SqlStore, connector_id: str) -> str:
    """A row of the connector in every table; returns its case."""
    found = failure(f"failure of {connector_id}", connector_id=connector_id)
    store.save_runtime(runtime(connector_id))
    store.record_run(run_record(f"run of {connector_id}", connector_id=connector_id))
    store.record_failure(found)
    store.record_baseline(baseline(connector_id=connector_id))
    case, _ = store.open_case(found, "fp", HealMode.PROPOSE, {}, NOW)
    lease = claim(store, case)
    store.save_step(case.case_id, Step.REPRODUCE, "{}", lease)
    store.save_candidates([candidate(case.case_id, 1)], lease)
    store.save_trial(trial(case.case_id, 1), lease)
    store.save_waiver(case.case_id, [suspicion()], NOW)
    kept = version(connector_id=connector_id)
    store.save_version(kept)
    store.activate(connector_id, None, kept.version_id, NOW)
    store.set_note(f"installed/{connector_id}", kept.version_id)
    return case.case_id


def rows(store: SqlStore) -> dict[str, list[tuple[Any, ...]]]:
    with store._database.reading() as connection:
        return {
            name: sorted(map(tuple, connection.execute(select(table))), key=str)
            for name, table in metadata.tables.items()
        }


def test_nothing_of_a_forgotten_connector_stays(store: SqlStore) -> None:
    fill(store, "flights")
    assert all(rows(store).values()), "a table without a row proves nothing"

    store.forget_connector("flights")

    assert not any(rows(store).values())


@pytest.mark.parametrize("other", ["lights", "flights2", "fl_ghts", "Flights"])
def test_other_connectors_stay_as_they_are(store: SqlStore, other: str) -> None:
    fill(store, other)
    before = rows(store)
    fill(store, "flights")

    store.forget_connector("flights")

    assert rows(store) == before


@pytest.mark.parametrize("name", ["fl_ghts", "fl%ts", "FLIGHTS"])
def test_no_letter_of_a_connectors_name_stands_for_others(store: SqlStore, name: str) -> None:
    fill(store, "flights")
    before = rows(store)

    store.forget_connector(name)

    assert rows(store) == before


def test_an_unknown_connector_is_forgotten_already(store: SqlStore) -> None:
    fill(store, "flights")
    before = rows(store)

    store.forget_connector("nobody")

    assert rows(store) == before


def test_a_forgotten_connector_begins_anew(store: SqlStore) -> None:
    first = fill(store, "flights")
    store.forget_connector("flights")

    second = fill(store, "flights")

    assert second != first
    assert [case.case_id for case in store.cases("flights")] == [second]


def test_the_worker_of_a_forgotten_case_writes_nothing_more(store: SqlStore) -> None:
    case_id = fill(store, "flights")
    case = store.case(case_id)
    assert case is not None
    lease = claim(store, case)

    store.forget_connector("flights")

    with pytest.raises(LeaseLostError):
        store.save_step(case_id, Step.CLASSIFY, "{}", lease)
    with pytest.raises(LeaseLostError):
        store.advance_case(case_id, CaseState.REPRODUCING, lease, after(1))
    with pytest.raises(LeaseLostError):
        store.renew(lease, timedelta(minutes=1))
    assert not any(rows(store).values())


def test_forgetting_while_others_write_fails_neither_and_leaves_nothing(shared_url: str) -> None:
    done = threading.Event()

    def work(number: int) -> int:
        written = 0
        with open_store(shared_url) as store:
            while not done.is_set():
                with suppress(LeaseLostError, UnknownCaseError):
                    fill_again(store, f"{number}-{written}")
                written += 1
        return written

    with open_store(shared_url) as store, ThreadPoolExecutor(2) as pool:
        working = [pool.submit(work, number) for number in range(2)]
        try:
            for _ in range(5):
                store.forget_connector("flights")
        finally:
            done.set()
        assert all(future.result(timeout=60) for future in working)
        store.forget_connector("flights")
        left = rows(store)
    # A worker may have claimed the lease of a case that was just forgotten.
    assert [name for name, found in left.items() if found and name != "healing_leases"] == []


def fill_again(store: SqlStore, name: str) -> None:
    """What a run and a heal write, while the connector may be forgotten at any moment."""
    found = failure(name)
    store.save_runtime(runtime())
    store.record_run(run_record(name))
    case, _ = store.open_case(found, name, HealMode.PROPOSE, {}, NOW)
    lease = claim(store, case)
    store.save_step(case.case_id, Step.REPRODUCE, "{}", lease)
    store.save_trial(trial(case.case_id, 1), lease)
    store.save_waiver(case.case_id, [suspicion()], NOW)
    store.advance_case(case.case_id, CaseState.REJECTED, lease, after(1))
