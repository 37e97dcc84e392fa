from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector_healing.core.failure import ExceptionLink
from connector_healing.core.records import RunStatus
from connector_healing.store import SqlStore
from connector_healing_tests.store.builders import (
    NOW,
    after,
    baseline,
    failure,
    run_record,
    runtime,
)


def test_a_runtime_replaces_the_one_before(store: SqlStore) -> None:
    store.save_runtime(runtime())
    store.save_runtime(runtime(pipeline_name="renamed"))

    assert store.runtime("flights") == runtime(pipeline_name="renamed")
    assert store.runtime("nobody") is None


def test_connectors_are_listed_sorted(store: SqlStore) -> None:
    for name in ("b", "B", "a_1", "a-1", "a.1"):
        store.save_runtime(runtime(name))

    store.record_run(run_record(connector_id="left a run only"))
    store.record_run(run_record("r2", connector_id="b"))

    assert store.connector_ids() == tuple(
        sorted(("b", "B", "a_1", "a-1", "a.1", "left a run only"))
    )


def test_runs_come_newest_first(store: SqlStore) -> None:
    late, early = run_record("late", started_at=after(5)), run_record("early")
    twin = run_record("twin", started_at=after(5))
    for record in (late, early, twin, run_record("x", connector_id="hotels")):
        store.record_run(record)

    assert store.runs("flights", 10) == (twin, late, early)
    assert store.runs("flights", 2) == (twin, late)
    assert store.runs("nobody", 10) == ()


def test_a_second_record_of_a_run_replaces_the_first(store: SqlStore) -> None:
    store.record_run(run_record())
    failed = replace(run_record(status=RunStatus.FAILED, started_at=after(1)), failure_id="f1")
    store.record_run(failed)

    assert store.runs("flights", 10) == (failed,)


def test_a_failure_is_kept_once(store: SqlStore) -> None:
    store.record_failure(failure())
    store.record_failure(failure(run_id="run-2"))

    assert store.failure("f1") == failure()
    assert store.failure("nothing") is None


def test_failures_of_a_run_come_oldest_first(store: SqlStore) -> None:
    late, early = failure("f1", occurred_at=after(1)), failure("f2")
    twin = failure("f3", occurred_at=after(1))
    for each in (late, early, twin, failure("f4", run_id="run-2"), failure("f5", run_id=None)):
        store.record_failure(each)

    assert store.failures_of_run("run-1") == (early, late, twin)
    assert store.failures_of_run("nothing") == ()


def test_baselines_come_newest_first(store: SqlStore) -> None:
    late, early = baseline(recorded_at=after(5), rows=2), baseline(rows=1)
    twin = baseline(recorded_at=after(5), rows=3)
    others = (baseline(connector_id="hotels"), baseline(dlt_resource="arrivals"))
    for each in (late, early, twin, *others):
        store.record_baseline(each)

    assert store.baselines("flights", "departures", 10) == (twin, late, early)
    assert store.baselines("flights", "departures", 1) == (twin,)
    assert store.baselines("flights", "nothing", 10) == ()


def test_a_note_keeps_its_latest_value(store: SqlStore) -> None:
    assert store.get_note("sensor") is None

    store.set_note("sensor", "1")
    store.set_note("sensor", '{"café": [1]}\n')

    assert store.get_note("sensor") == '{"café": [1]}\n'
    assert store.get_note("other") is None


def test_a_time_without_a_zone_is_refused(store: SqlStore) -> None:
    naive = run_record(started_at=NOW.replace(tzinfo=None))

    with pytest.raises(Exception, match="without a time zone"):
        store.record_run(naive)

    assert store.runs("flights", 10) == ()


@settings(max_examples=30)
@given(message=st.text(), names=st.dictionaries(st.text(), st.text(), max_size=3))
def test_whatever_an_api_says_is_kept_as_it_was(
    store: SqlStore, message: str, names: dict[str, str]
) -> None:
    failure_id = f"f{hash((message, *names.items()))}"
    link = ExceptionLink(type="KeyError", message=message, attributes=names)
    said = replace(failure(failure_id), chain=(link,), root=0, load_state=names)

    store.record_failure(said)

    assert store.failure(failure_id) == said
