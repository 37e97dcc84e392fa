"""What definitions put on a source beside the connector's module is never lost in a heal."""

from dataclasses import replace

import dagster as dg
import pytest

from connector_healing.core.case import CaseState
from connector_healing.core.policy import HealMode, HealPolicy, PolicyLevel
from connector_healing.errors import UsageError
from connector_healing.healing.persons import open_by_hand
from connector_healing.orchestration.definition_hints import hints_beside
from connector_healing.registry.files import FileRegistry
from connector_healing.runtime.loading import build_source
from connector_healing_tests.orchestration.loopback import LoopbackApi
from connector_healing_tests.orchestration.shop import Shop, materialize


def test_a_source_as_the_entry_point_builds_it_has_none(shop: Shop) -> None:
    source = build_source(shop.connector)

    assert hints_beside(shop.connector, source) == ()
    assert hints_beside(shop.connector, source.with_resources("orders")) == ()


def test_hints_steps_and_nesting_are_told(shop: Shop) -> None:
    source = build_source(shop.connector)
    source.orders.apply_hints(write_disposition="append")
    source.customers.add_map(lambda record: record)
    source.max_table_nesting = 0

    assert hints_beside(shop.connector, source) == (
        "customers: steps",
        "max_table_nesting",
        "orders: write_disposition",
    )


def test_such_a_connector_is_diagnosed_and_never_healed(
    shop: Shop, api: LoopbackApi, instance: dg.DagsterInstance
) -> None:
    shop.policy = HealPolicy(apply_up_to=PolicyLevel.A2)
    source = build_source(shop.connector)
    source.orders.apply_hints(write_disposition="append")
    assets = shop.assets(dlt_source=source)
    for _ in range(5):
        assert materialize(assets, shop, instance).success
        api.next_day()
    api.rename = {"amount": "total"}
    assert not materialize(assets, shop, instance).success

    (case,) = shop.services.store.cases("shop", [CaseState.OPEN])
    assert case.mode is HealMode.DIAGNOSE
    with pytest.raises(UsageError, match="hints on `dlt_source`"):
        open_by_hand(shop.services.cases, "shop", HealMode.PROPOSE, {})


def test_a_healed_version_does_not_run_without_them(
    shop: Shop, api: LoopbackApi, instance: dg.DagsterInstance
) -> None:
    assert materialize(shop.assets(), shop, instance).success
    services = shop.services
    active = services.registry.active("shop")
    assert active is not None
    registry = FileRegistry(shop.home, services.store)
    text = active.code.modules[1].text + "\n# healed\n"
    code = active.code.with_text(active.code.modules[1].name, text)
    registry.save(replace(active, code=code, version_id=code.version_id, parent=active.version_id))
    registry.activate("shop", active.version_id, code.version_id)
    source = build_source(shop.connector)
    source.orders.apply_hints(write_disposition="append")

    run = materialize(shop.assets(dlt_source=source), shop, instance)

    assert not run.success
    (failed,) = run.get_step_failure_events()
    assert "orders: write_disposition" in str(failed.step_failure_data.error)
    assert "connector-healing rollback shop" in str(failed.step_failure_data.error)
