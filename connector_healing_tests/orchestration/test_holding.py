"""Packages that look wrong: held, released, or loaded and flagged."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import dagster as dg
import pytest

from connector_healing.core.case import CaseState
from connector_healing.core.failure import SuspicionKind
from connector_healing.core.policy import HealPolicy, OnSuspicion
from connector_healing.core.records import RunStatus
from connector_healing.healing.persons import release
from connector_healing.orchestration.checks import CHECK_NAME
from connector_healing_tests.orchestration.loopback import LoopbackApi
from connector_healing_tests.orchestration.shop import Shop, materialize

_EVERYTHING = (
    "SELECT * FROM orders ORDER BY id",
    "SELECT * FROM orders__lines ORDER BY _dlt_id",
    "SELECT * FROM customers ORDER BY id",
    "SELECT * FROM _dlt_loads ORDER BY load_id",
    "SELECT * FROM _dlt_pipeline_state ORDER BY version",
    "SELECT * FROM _dlt_version ORDER BY version",
)


def state_of(shop: Shop) -> Mapping[str, object]:
    """dlt's state in the working directory: what the next run starts from."""
    path = Path(shop.pipeline.working_dir) / "state.json"
    state: dict[str, object] = json.loads(path.read_text())
    if shop.pipeline.config.restore_from_destination:
        # dagster-dlt then begins each run with a new working directory: this is about that one.
        del state["_local"]
    return state


def schema_of(shop: Shop) -> bytes:
    return (Path(shop.pipeline.working_dir) / "schemas" / "shop.schema.json").read_bytes()


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("restore", [True, False])
def test_a_hold_leaves_state_and_destination_as_they_were(
    shop: Shop, api: LoopbackApi, instance: dg.DagsterInstance, *, restore: bool
) -> None:
    shop.pipeline.config.restore_from_destination = restore
    assets = shop.assets()
    assert materialize(assets, shop, instance).success
    before = digest(shop.warehouse), shop.rows("; ".join(_EVERYTHING[:1]))
    state, schema = state_of(shop), schema_of(shop)
    good, api.customers = api.customers, []
    api.next_day()
    held = materialize(assets, shop, instance)
    assert not held.success
    (event,) = [e for e in held.all_events if e.is_step_failure]
    error = event.step_failure_data.error
    assert error is not None
    assert error.cause is not None
    assert error.cause.cls_name == "PackageHeldError"
    (case,) = shop.services.store.cases("shop")
    assert f"connector-healing release {case.case_id}" in error.cause.message
    assert before == (digest(shop.warehouse), shop.rows("; ".join(_EVERYTHING[:1])))
    assert (state_of(shop), schema_of(shop)) == (state, schema)
    assert not shop.pipeline.has_pending_data
    record = shop.services.store.runs("shop", 1)[0]
    assert (record.status, record.case_id) == (RunStatus.HELD, case.case_id)
    failure = shop.services.store.failure(case.failure_id)
    assert failure is not None
    assert [s.kind for s in failure.suspicions] == [SuspicionKind.TABLE_EMPTIED]
    assert failure.source_state != {}
    # The next good run loads everything that the held one had fetched, too.
    api.customers = good
    assert materialize(assets, shop, instance).success
    assert shop.rows("SELECT count(*), count(DISTINCT id) FROM orders") == [(250, 250)]
    assert shop.rows("SELECT count(*) FROM customers") == [(200,)]


def test_every_table_is_as_it_was_after_a_hold(
    shop: Shop, api: LoopbackApi, instance: dg.DagsterInstance
) -> None:
    assets = shop.assets()
    assert materialize(assets, shop, instance).success
    before = [shop.rows(query) for query in _EVERYTHING]
    api.customers = api.customers[:20]
    api.next_day()
    assert not materialize(assets, shop, instance).success
    assert [shop.rows(query) for query in _EVERYTHING] == before


def test_columns_of_a_held_package_do_not_come_with_the_next_one(
    shop: Shop, api: LoopbackApi, instance: dg.DagsterInstance
) -> None:
    """The same definitions, and so the same dlt source object, run again in one process."""
    assets = shop.assets()
    assert materialize(assets, shop, instance).success
    good = api.customers
    api.customers = [{**customer, "odd": 1} for customer in good[:20]]
    assert not materialize(assets, shop, instance).success
    api.customers = good
    assert materialize(assets, shop, instance).success
    columns = shop.rows(
        "SELECT column_name FROM duckdb_columns() WHERE table_name = 'customers' AND column_name = 'odd'"
    )
    assert columns == []


def test_a_release_waives_once_and_the_baseline_learns(
    shop: Shop, api: LoopbackApi, instance: dg.DagsterInstance
) -> None:
    assets, store = shop.assets(), shop.services.store
    assert materialize(assets, shop, instance).success
    api.customers = api.customers[:50]
    assert not materialize(assets, shop, instance).success
    (case,) = store.cases("shop")
    release(shop.services.cases, case.case_id, "ada")
    assert materialize(assets, shop, instance).success
    assert shop.rows("SELECT count(*) FROM customers") == [(50,)]
    assert not store.waivers("shop")
    assert [b.root.rows for b in store.baselines("shop", "customers", 5) if b.root] == [50, 200]
    # What was released is what to expect now; something worse is held again.
    assert materialize(assets, shop, instance).success
    api.customers = api.customers[:10]
    assert not materialize(assets, shop, instance).success
    assert len(store.cases("shop", [CaseState.OPEN])) == 1


def test_a_waiver_is_for_the_next_run_even_if_it_was_not_needed(
    shop: Shop, api: LoopbackApi, instance: dg.DagsterInstance
) -> None:
    assets, store = shop.assets(), shop.services.store
    assert materialize(assets, shop, instance).success
    good, api.customers = api.customers, []
    assert not materialize(assets, shop, instance).success
    (case,) = store.cases("shop")
    release(shop.services.cases, case.case_id, "ada")
    # A run of another dlt resource does not use it up ...
    (orders,) = [k for k in assets.keys if "orders" in k.path[-1]]
    assert materialize(assets, shop, instance, selection=[orders]).success
    assert store.waivers("shop")
    # ... a good one of this does: what the person released was that one absence of rows.
    api.customers = good
    assert materialize(assets, shop, instance).success
    api.customers = []
    assert not materialize(assets, shop, instance).success
    assert shop.rows("SELECT count(*) FROM customers") == [(200,)]


def test_zero_rows_of_an_incremental_resource_are_seen(
    shop: Shop, api: LoopbackApi, instance: dg.DagsterInstance
) -> None:
    assets = shop.assets()
    for _ in range(6):
        assert materialize(assets, shop, instance).success
        api.next_day(more=20)
    api.orders = api.orders[:300]
    held = materialize(assets, shop, instance)
    assert not held.success
    (case,) = shop.services.store.cases("shop")
    failure = shop.services.store.failure(case.failure_id)
    assert failure is not None
    assert [(s.kind, s.table) for s in failure.suspicions] == [(SuspicionKind.NO_ROWS, "orders")]


def test_load_and_flag_loads_and_the_check_fails(
    shop: Shop, api: LoopbackApi, instance: dg.DagsterInstance
) -> None:
    shop.policy = HealPolicy(on_suspicion=OnSuspicion.LOAD_AND_FLAG)
    job = shop.definitions().resolve_job_def("run_shop")

    def checked() -> set[bool]:
        result = job.execute_in_process(instance=instance, raise_on_error=False)
        assert result.success
        evaluations = result.get_asset_check_evaluations()
        assert {e.check_name for e in evaluations} == {CHECK_NAME}
        assert len(evaluations) == 2
        return {e.passed for e in evaluations}

    assert checked() == {True}
    api.customers = []
    assert checked() == {False}
    store = shop.services.store
    assert shop.rows("SELECT count(*) FROM customers") == [(0,)]
    record = store.runs("shop", 1)[0]
    assert record.status is RunStatus.SUCCEEDED
    assert "table emptied" in record.message
    (case,) = store.cases("shop")
    assert record.case_id == case.case_id
    assert len(store.baselines("shop", "customers", 5)) == 1
