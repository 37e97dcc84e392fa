"""Failing runs: the exception that Dagster sees, and the evidence that is kept."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import dagster as dg
import pytest

from connector_healing.core.case import CaseState
from connector_healing.core.classify import classify
from connector_healing.core.failure import Failure, Stage
from connector_healing.core.records import RunStatus
from connector_healing.core.taxonomy import FailureSubcategory
from connector_healing.runtime.cassette import read_cassette
from connector_healing_tests.orchestration.loopback import LoopbackApi, refusing
from connector_healing_tests.orchestration.shop import Shop, materialize


def error_chain(result: dg.ExecuteInProcessResult) -> list[str | None]:
    def walk() -> Iterator[str | None]:
        (event,) = [e for e in result.all_events if e.is_step_failure]
        error = event.step_failure_data.error
        while error is not None:
            yield error.cls_name
            error = error.cause

    return list(walk())


def only_failure(shop: Shop) -> Failure:
    store = shop.services.store
    (record,) = [r for r in store.runs("shop", 10) if r.status is RunStatus.FAILED]
    assert record.failure_id is not None
    found = store.failure(record.failure_id)
    assert found is not None
    assert [found] == list(store.failures_of_run(str(record.run_id)))
    return found


def test_an_http_error_reaches_dagster_unchanged_and_is_captured_whole(
    shop: Shop, api: LoopbackApi, instance: dg.DagsterInstance
) -> None:
    assets = shop.assets()
    assert materialize(assets, shop, instance).success
    api.fault = refusing(429, {"Retry-After": "7"}, {"error": "slow down"})
    failed = materialize(assets, shop, instance)
    assert error_chain(failed) == [
        "DagsterExecutionStepExecutionError",
        "PipelineStepFailed",
        "ResourceExtractionError",
        "HTTPError",
    ]
    failure = only_failure(shop)
    assert failure.run_id == failed.run_id
    assert failure.version_id == shop.services.store.active_version("shop")
    assert (failure.stage, failure.dlt_resource) == (Stage.EXTRACT, "orders")
    assert failure.http is not None
    assert (failure.http.status, failure.http.response_headers["retry-after"]) == (429, "7")
    assert "slow down" in failure.http.body_excerpt
    assert failure.position is not None
    assert failure.position.module == f"{shop.package}.orders"
    assert failure.position.text == "answer.raise_for_status()"
    resources: Any = failure.source_state["resources"]
    assert resources["orders"]["incremental"]["id"]["last_value"] == 200
    assert failure.cassette_id is not None
    (exchange,) = read_cassette(shop.services.cassettes / f"{failure.cassette_id}.cassette.gz")
    assert exchange.status == 429
    (case,) = shop.services.store.cases("shop")
    assert (case.state, case.failure_id, case.run_id) == (
        CaseState.OPEN,
        failure.failure_id,
        failed.run_id,
    )


def test_a_missing_field_keeps_the_answer_that_lacked_it(
    shop: Shop, api: LoopbackApi, instance: dg.DagsterInstance
) -> None:
    api.rename = {"amount": "total"}
    failed = materialize(shop.assets(), shop, instance)
    assert error_chain(failed)[-1] == "KeyError"
    failure = only_failure(shop)
    assert failure.position is not None
    assert (failure.position.function, failure.position.text) == (
        "shape",
        '"amount": record["amount"],',
    )
    assert failure.http is not None
    assert (failure.http.status, failure.http.method) == (200, "GET")
    assert '"total"' in failure.http.body_excerpt
    assert classify(failure).subcategory is FailureSubcategory.FIELD_CHANGED


def test_the_same_failure_again_joins_its_case(
    shop: Shop, api: LoopbackApi, instance: dg.DagsterInstance
) -> None:
    api.rename = {"amount": "total"}
    assets = shop.assets()
    runs = [materialize(assets, shop, instance).run_id for _ in range(2)]
    (case,) = shop.services.store.cases("shop")
    assert (case.occurrences, case.run_id) == (2, runs[-1])


def test_a_failure_that_was_given_up_three_times_opens_no_fourth_case(
    shop: Shop, api: LoopbackApi, instance: dg.DagsterInstance
) -> None:
    api.rename = {"amount": "total"}
    assets, store = shop.assets(), shop.services.store
    for _ in range(4):
        materialize(assets, shop, instance)
        for case in store.cases("shop", [CaseState.OPEN]):
            store.advance_case(case.case_id, CaseState.ABSTAINED, None, datetime.now(UTC))
    assert len(store.cases("shop")) == 3
    assert len(store.runs("shop", 10)) == 4


def test_a_run_that_cannot_be_recorded_fails_as_it_would_have(
    shop: Shop,
    api: LoopbackApi,
    instance: dg.DagsterInstance,
    caplog: pytest.LogCaptureFixture,
) -> None:
    assets = shop.assets()
    assert materialize(assets, shop, instance).success
    with sqlite3.connect(shop.home / "store.db") as store:
        store.execute("ALTER TABLE healing_failures RENAME TO gone")
    api.fault = refusing(500, {}, {"password": "hunter2-hunter2"})
    assert error_chain(materialize(assets, shop, instance))[-1] == "HTTPError"
    assert "The failure of connector shop was not recorded" in caplog.text


def test_a_load_that_cannot_be_recorded_is_a_success(
    shop: Shop, instance: dg.DagsterInstance, caplog: pytest.LogCaptureFixture
) -> None:
    assets = shop.assets()
    assert materialize(assets, shop, instance).success
    with sqlite3.connect(shop.home / "store.db") as store:
        store.execute("ALTER TABLE healing_baselines RENAME TO gone")
        store.execute("CREATE VIEW healing_baselines AS SELECT * FROM gone")
    assert materialize(assets, shop, instance).success
    assert "The success of connector shop was not recorded" in caplog.text


def test_cassettes_of_good_runs_outlast_many_failures(
    shop: Shop, api: LoopbackApi, instance: dg.DagsterInstance
) -> None:
    assets = shop.assets()
    assert materialize(assets, shop, instance).success
    (good,) = shop.services.store.baselines("shop", "orders", 1)
    folder = shop.services.cassettes / "shop"
    for number in range(30):
        (folder / f"other-{number}.cassette.gz").write_bytes(b"")
    api.rename = {"amount": "total"}
    materialize(assets, shop, instance)
    assert (shop.services.cassettes / f"{good.cassette_id}.cassette.gz").is_file()
    assert len(list(folder.glob("*.cassette.gz"))) < 30
