"""The failure sensor: everything is asked for, nothing twice."""

import json
import os
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic

import dagster as dg
import pytest

from connector_healing.core.case import CaseState
from connector_healing.core.lease import case_lease_name
from connector_healing.core.records import RunStatus
from connector_healing.healing.persons import release
from connector_healing.orchestration.failed_runs import ATTEMPTS, SensorCursor
from connector_healing.orchestration.heal_requests import FRUITLESS_RUNS
from connector_healing.orchestration.metadata import CASE_TAG, CONNECTOR_TAG
from connector_healing.orchestration.uncaptured import ENDED_SILENTLY
from connector_healing_tests.orchestration.loopback import LoopbackApi
from connector_healing_tests.orchestration.shop import Shop, materialize
from connector_healing_tests.orchestration.ticks import Sensor, captured


@pytest.fixture
def sensor(shop: Shop, instance: dg.DagsterInstance) -> Sensor:
    return Sensor(shop.definitions(), instance)


def test_fifty_failed_runs_are_fifty_requests_within_two_ticks(sensor: Sensor, shop: Shop) -> None:
    for number in range(50):
        captured(shop.services.store, f"connector-{number}", sensor.failed_run())
    requests = [*sensor.tick(), *sensor.tick()]
    assert len(requests) == 50
    assert {r.run_config["connector_id"] for r in requests} == {f"connector-{n}" for n in range(50)}
    assert len({r.run_key for r in requests}) == 50
    assert not sensor.tick()


def test_the_same_failure_twice_is_one_request(sensor: Sensor, shop: Shop) -> None:
    first = captured(shop.services.store, "shop", sensor.failed_run())
    second = captured(shop.services.store, "shop", sensor.failed_run())
    assert second.case_id == first.case_id
    (request,) = sensor.tick()
    assert request.tags[CASE_TAG] == first.case_id
    captured(shop.services.store, "shop", sensor.failed_run())
    assert not sensor.tick()


def test_the_same_failure_after_a_heal_is_a_new_request(sensor: Sensor, shop: Shop) -> None:
    store = shop.services.store
    case = captured(store, "shop", sensor.failed_run())
    (first,) = sensor.tick()
    store.advance_case(case.case_id, CaseState.ABSTAINED, None, datetime.now(UTC))
    captured(store, "shop", sensor.failed_run())
    (second,) = sensor.tick()
    assert first.run_key != second.run_key


def test_heals_and_runs_that_dagster_retries_are_left_alone(sensor: Sensor, shop: Shop) -> None:
    retried = sensor.failed_run({"dagster/will_retry": "true"})
    sensor.failed_run({CASE_TAG: "another"})
    captured(shop.services.store, "shop", retried)
    assert not sensor.tick()
    assert [c.run_id for c in shop.services.store.cases()] == [retried]
    assert not shop.services.store.runs("shop", 5)


@pytest.mark.parametrize(
    ("passed", "state", "asked"),
    [(True, CaseState.TRANSIENT, 0), (False, CaseState.OPEN, 1)],
)
def test_a_retry_of_dagster_decides(
    sensor: Sensor, shop: Shop, *, passed: bool, state: CaseState, asked: int
) -> None:
    run_id = sensor.failed_run({"dagster/will_retry": "true"})
    case = captured(shop.services.store, "shop", run_id)
    job = sensor.definitions.resolve_job_def("run_shop")
    ended = dg.DagsterRunStatus.SUCCESS if passed else dg.DagsterRunStatus.FAILURE
    sensor.instance.create_run_for_job(
        job_def=job, tags={"dagster/parent_run_id": run_id}, status=ended
    )
    assert len(sensor.tick()) == asked
    assert shop.services.cases.case(case.case_id).state is state


def test_a_failure_from_before_the_sensor_was_on_is_found(
    sensor: Sensor, shop: Shop, instance: dg.DagsterInstance
) -> None:
    assert materialize(shop.assets(), shop, instance).success
    run_id = sensor.failed_run()
    (request,) = sensor.tick()
    case = shop.services.cases.case(request.tags[CASE_TAG])
    failure = shop.services.cases.failure(case)
    assert (case.connector_id, failure.run_id) == ("shop", run_id)
    assert failure.root_link is not None
    assert failure.root_link.type == ENDED_SILENTLY
    record = shop.services.store.runs("shop", 1)[0]
    assert (record.status, record.run_id) == (RunStatus.FAILED, run_id)


def test_a_failure_that_a_later_run_overcame_is_left_alone(
    sensor: Sensor, shop: Shop, instance: dg.DagsterInstance
) -> None:
    sensor.failed_run()
    assert materialize(shop.assets(), shop, instance).success
    assert not sensor.tick()
    assert not shop.services.store.cases()


def test_a_connector_that_never_ran_leaves_a_record_without_a_case(
    sensor: Sensor, shop: Shop
) -> None:
    run_id = sensor.failed_run()
    assert not sensor.tick()
    (record,) = shop.services.store.runs("shop", 5)
    assert (record.run_id, record.case_id) == (run_id, None)


def test_a_captured_failure_is_not_captured_again(
    sensor: Sensor, shop: Shop, api: LoopbackApi, instance: dg.DagsterInstance
) -> None:
    api.rename = {"amount": "total"}
    assert not materialize(shop.assets(), shop, instance).success
    assert len(sensor.tick()) == 1
    assert len(shop.services.store.cases()) == 1
    assert len(shop.services.store.runs("shop", 5)) == 1


def test_a_run_that_cannot_be_read_stops_no_other_and_is_parked(
    shop: Shop, stored_instance: dg.DagsterInstance
) -> None:
    instance = stored_instance
    sensor = Sensor(shop.definitions(), instance)
    assert materialize(shop.assets(), shop, instance).success
    unreadable, readable = sensor.failed_run(), sensor.failed_run()
    events = Path(instance.storage_directory()).parent / "history" / "runs" / f"{unreadable}.db"
    events.write_bytes(b"no database at all" * 100)
    (request,) = sensor.tick()
    assert shop.services.cases.case(request.tags[CASE_TAG]).run_id == readable
    for attempt in range(1, ATTEMPTS):
        assert json.loads(sensor.cursor or "")["again"] == {unreadable: attempt}
        assert shop.services.store.get_note(f"unreadable_run/{unreadable}") is None
        sensor.tick()
    assert json.loads(sensor.cursor or "")["again"] == {}
    assert "not a database" in (shop.services.store.get_note(f"unreadable_run/{unreadable}") or "")


def test_a_heal_whose_worker_died_is_asked_for_again(sensor: Sensor, shop: Shop) -> None:
    store = shop.services.store
    case = captured(store, "shop", sensor.failed_run())
    (first,) = sensor.tick(queued=False)
    worker = sensor.queue(first, dg.DagsterRunStatus.STARTING)
    sensor.instance.report_dagster_event(
        dg.DagsterEvent(
            event_type_value=dg.DagsterEventType.RUN_START.value, job_name=worker.job_name
        ),
        run_id=worker.run_id,
    )
    name = case_lease_name(case.case_id)
    lease = store.claim(name, worker.run_id, timedelta(milliseconds=200))
    assert lease is not None
    store.advance_case(case.case_id, CaseState.REPRODUCING, lease, datetime.now(UTC))
    assert not sensor.tick(queued=False)
    waited = threading.Event()
    deadline = monotonic() + 10
    while not store.due_cases(datetime.now(UTC)) and monotonic() < deadline:
        waited.wait(0.02)
    (again,) = sensor.tick()
    assert again.tags[CASE_TAG] == case.case_id
    assert first.run_key == f"heal/{case.case_id}/0/0"
    assert again.run_key == f"heal/{case.case_id}/{lease.epoch}/1"
    assert not sensor.tick()
    fresh = store.claim(name, "another worker", timedelta(seconds=30))
    assert fresh is not None
    assert fresh.epoch == lease.epoch + 1


def test_a_lease_that_a_dead_worker_left_on_a_closed_case_goes_with_the_next_tick(
    sensor: Sensor, shop: Shop
) -> None:
    store = shop.services.store
    case = captured(store, "shop", sensor.failed_run())
    assert store.claim(case_lease_name(case.case_id), "dead", timedelta(0)) is not None
    store.advance_case(case.case_id, CaseState.ABSTAINED, None, datetime.now(UTC))
    assert store.held()
    assert not sensor.tick()
    assert not store.held()


def test_a_case_that_no_run_takes_up_is_given_to_a_person(sensor: Sensor, shop: Shop) -> None:
    case = captured(shop.services.store, "shop", sensor.failed_run())
    run_keys = set()
    for _ in range(FRUITLESS_RUNS):
        (request,) = sensor.tick(queued=False)
        sensor.queue(request, dg.DagsterRunStatus.FAILURE)
        run_keys.add(request.run_key)
    assert len(run_keys) == FRUITLESS_RUNS
    assert not sensor.tick()
    given_up = shop.services.cases.case(case.case_id)
    assert given_up.state is CaseState.ABSTAINED
    assert "ended before they took the case up" in given_up.reason


def test_runs_that_left_the_case_to_another_worker_do_not_give_it_up(
    sensor: Sensor, shop: Shop
) -> None:
    case = captured(shop.services.store, "shop", sensor.failed_run())
    for _ in range(FRUITLESS_RUNS + 1):
        (request,) = sensor.tick(queued=False)
        sensor.queue(request, dg.DagsterRunStatus.SUCCESS)
    assert shop.services.cases.case(case.case_id).state is CaseState.OPEN


def test_a_release_runs_the_connector_again_once(
    sensor: Sensor, shop: Shop, api: LoopbackApi, instance: dg.DagsterInstance
) -> None:
    job = sensor.definitions.resolve_job_def("run_shop")
    assert job.execute_in_process(instance=instance).success
    api.customers = []
    (customers,) = [k for k in shop.assets().keys if "customers" in k.path[-1]]
    job.execute_in_process(instance=instance, asset_selection=[customers], raise_on_error=False)
    (case,) = shop.services.store.cases()
    release(shop.services.cases, case.case_id, "ada")
    (request,) = sensor.tick(queued=False)
    assert request.asset_selection == [customers]
    assert request.tags[CONNECTOR_TAG] == "shop"
    sensor.queue(request)
    assert not sensor.tick()


def test_a_run_that_was_killed_gets_a_case(
    shop: Shop, api: LoopbackApi, stored_instance: dg.DagsterInstance
) -> None:
    instance = stored_instance
    sensor = Sensor(shop.definitions(), instance)
    assert materialize(shop.assets(), shop, instance).success
    asked, answered = threading.Event(), threading.Event()

    def hold(path: str, query: object) -> None:
        del path, query
        asked.set()
        answered.wait(60)

    api.fault = hold
    home = str(Path(instance.storage_directory()).parent)
    (Path(home) / "dagster.yaml").touch()
    module = "connector_healing_tests.orchestration.killed_run"
    process = subprocess.Popen(
        [sys.executable, "-m", module, str(shop.folder), shop.package, api.url],
        env={**os.environ, "DAGSTER_HOME": home},
        stderr=subprocess.DEVNULL,
    )
    assert asked.wait(60)
    process.kill()
    process.wait()
    answered.set()
    (run,) = instance.get_runs(dg.RunsFilter(job_name="run_shop"))
    # Dagster's run monitoring does this once it misses the process.
    instance.report_run_failed(run)
    (request,) = sensor.tick()
    case = shop.services.cases.case(request.tags[CASE_TAG])
    assert (case.connector_id, case.run_id) == ("shop", run.run_id)
    assert "its process was killed" in shop.services.cases.failure(case).message


@pytest.mark.parametrize("text", [None, "", "{", "[]", '{"storage_id": "x"}', '{"again": 3}'])
def test_a_cursor_that_cannot_be_read_looks_back(text: str | None) -> None:
    assert SensorCursor.read(text).storage_id is None


def test_a_cursor_is_read_as_it_was_written() -> None:
    cursor = SensorCursor(storage_id=17, again={"run": 2})
    assert SensorCursor.read(cursor.written()) == cursor
