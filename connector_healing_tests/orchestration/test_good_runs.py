"""Good runs: what they load, record and tell Dagster."""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
from dagster_dlt import DagsterDltResource, dlt_assets

from connector_healing.core.records import RunStatus
from connector_healing.orchestration.assets import healing_dlt_assets
from connector_healing.orchestration.dlt_resource import HealingDltResource
from connector_healing.runtime.cassette import read_cassette
from connector_healing.runtime.loading import build_source
from connector_healing_tests.orchestration.loopback import LoopbackApi
from connector_healing_tests.orchestration.shop import Shop, materialize


def metadata_of(result: dg.ExecuteInProcessResult, name: str) -> Mapping[str, Any]:
    (event,) = [
        e
        for e in result.get_asset_materialization_events()
        if e.asset_key and name in e.asset_key.path[-1]
    ]
    return event.materialization.metadata


def test_a_good_run_records_what_it_looked_like(shop: Shop, instance: dg.DagsterInstance) -> None:
    result = materialize(shop.assets(), shop, instance)
    assert result.success
    store = shop.services.store
    (record,) = store.runs("shop", 5)
    assert (record.status, record.run_id, record.requests) == (
        RunStatus.SUCCEEDED,
        result.run_id,
        4,
    )
    assert record.rows == {"orders": 200, "orders__lines": 200, "customers": 200}
    (orders,) = store.baselines("shop", "orders", 5)
    assert orders.root is not None
    assert (orders.root.rows, orders.root.columns["amount"].nulls) == (200, 0)
    assert [t.table for t in orders.tables] == ["orders", "orders__lines"]
    assert orders.version_id == record.version_id == store.active_version("shop")
    runtime = store.runtime("shop")
    assert runtime is not None
    assert runtime.destination_path == str(shop.warehouse)
    assert runtime.connector.resources["orders"].primary_key == ("id",)
    assert runtime.connector.resources["orders"].cursor_field == "id"
    assert orders.cassette_id is not None
    path = shop.services.cassettes / f"{orders.cassette_id}.cassette.gz"
    assert {e.endpoint.rpartition("/")[2] for e in read_cassette(path)} == {"orders", "customers"}


def test_metadata_is_dagster_dlts_and_the_row_count(
    shop: Shop, instance: dg.DagsterInstance
) -> None:
    source = build_source(shop.connector)

    @dlt_assets(dlt_source=source, dlt_pipeline=shop.pipeline)
    def plain(context: dg.AssetExecutionContext, dlt: DagsterDltResource) -> Iterator[Any]:
        yield from dlt.run(context=context)

    theirs = dg.materialize([plain], resources={"dlt": DagsterDltResource()})
    shop.warehouse.unlink()
    ours = materialize(shop.assets(), shop, instance)
    for name in ("orders", "customers"):
        expected, found = metadata_of(theirs, name), metadata_of(ours, name)
        assert set(found) == {*expected, "dagster/row_count"}
        assert found["rows_loaded"] == expected["rows_loaded"]
        assert found["dagster/column_schema"] == expected["dagster/column_schema"]
        assert found["dagster/row_count"].value == 200


def test_row_counts_are_of_the_table_and_an_empty_load_is_a_success(
    shop: Shop, api: LoopbackApi, instance: dg.DagsterInstance
) -> None:
    assets = shop.assets()

    def counts() -> tuple[int, Any]:
        metadata = metadata_of(materialize(assets, shop, instance), "orders")
        loaded = metadata.get("rows_loaded")
        return metadata["dagster/row_count"].value, loaded.value if loaded else 0

    assert counts() == (200, 200)
    api.next_day(more=30)
    assert counts() == (230, 30)
    assert counts() == (230, 0)


def test_a_second_run_of_one_pipeline_object_works(
    shop: Shop, api: LoopbackApi, instance: dg.DagsterInstance
) -> None:
    assets = shop.assets()
    for _ in range(3):
        assert materialize(assets, shop, instance).success
        api.next_day()
    assert shop.rows("SELECT count(*), count(DISTINCT id), min(amount) FROM orders") == [
        (300, 300, 1)
    ]
    columns = shop.pipeline.default_schema.get_table_columns("orders")
    assert all("name" in column for column in columns.values())


def test_other_dlt_assets_run_as_they_always_did(shop: Shop, instance: dg.DagsterInstance) -> None:
    @dlt_assets(dlt_source=build_source(shop.connector), dlt_pipeline=shop.pipeline)
    def plain(context: dg.AssetExecutionContext, dlt: HealingDltResource) -> Iterator[Any]:
        yield from dlt.run(context=context)

    assert materialize(plain, shop, instance).success
    assert not shop.services.store.connector_ids()


def test_fetch_row_count_bears_an_empty_load(shop: Shop, instance: dg.DagsterInstance) -> None:
    @dlt_assets(dlt_source=build_source(shop.connector), dlt_pipeline=shop.pipeline)
    def plain(context: dg.AssetExecutionContext, dlt: HealingDltResource) -> Iterator[Any]:
        yield from dlt.run(context=context).fetch_row_count()

    assert (
        metadata_of(materialize(plain, shop, instance), "orders")["dagster/row_count"].value == 200
    )
    again = materialize(plain, shop, instance)
    assert again.success
    assert "dagster/row_count" not in metadata_of(again, "orders")


def test_a_subset_records_only_what_ran(
    shop: Shop, api: LoopbackApi, instance: dg.DagsterInstance
) -> None:
    assets = shop.assets()
    (key,) = [k for k in assets.keys if "customers" in k.path[-1]]
    assert materialize(assets, shop, instance, selection=[key]).success
    store = shop.services.store
    assert store.baselines("shop", "customers", 5)
    assert not store.baselines("shop", "orders", 5)
    assert materialize(assets, shop, instance).success
    # What is known of the other dlt resources is not forgotten: `orders` is incremental.
    api.next_day(more=10)
    assert materialize(assets, shop, instance, selection=[key]).success
    runtime = store.runtime("shop")
    assert runtime is not None
    assert set(runtime.dlt_resources) == {"orders", "customers"}
    assert runtime.connector.resources["orders"].cursor_field == "id"
    assert materialize(assets, shop, instance).success


def test_hooks_and_settings_of_dlt_assets_are_kept(
    shop: Shop, instance: dg.DagsterInstance
) -> None:
    seen: list[str] = []

    @dg.success_hook
    def told(context: dg.HookContext) -> None:
        seen.append(context.op.name)

    assets = shop.assets(hooks={told}, name="load_shop", group_name="sales", pool="one_at_a_time")
    assert materialize(assets, shop, instance).success
    assert seen == ["load_shop"]
    assert set(assets.group_names_by_key.values()) == {"sales"}
    assert assets.op.pool == "one_at_a_time"


def test_arguments_of_one_run_reach_the_entry_point(
    shop: Shop, api: LoopbackApi, instance: dg.DagsterInstance
) -> None:
    with LoopbackApi().serving() as other:

        @healing_dlt_assets(connector=shop.connector, dlt_pipeline=shop.pipeline)
        def assets(context: dg.AssetExecutionContext, dlt: HealingDltResource) -> Iterator[Any]:
            yield from dlt.run(context=context, arguments={"base": other.url})

        assert materialize(assets, shop, instance).success
        assert len(other.hits) == 4
    assert not api.hits
    runtime = shop.services.store.runtime("shop")
    assert runtime is not None
    assert runtime.connector.arguments["base"] == other.url
