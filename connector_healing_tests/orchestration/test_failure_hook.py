"""`healing_failure_hook` on unmodified `@dlt_assets`."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
from dagster_dlt import DagsterDltResource, dlt_assets

from connector_healing.core.case import Healed
from connector_healing.core.classify import classify
from connector_healing.core.connector import Connector
from connector_healing.core.policy import HealPolicy, PolicyLevel
from connector_healing.core.taxonomy import FailureSubcategory
from connector_healing.healing.workflow import HealWorkflow
from connector_healing.orchestration.failure_hook import healing_failure_hook
from connector_healing.orchestration.services import heal_services
from connector_healing.runtime.loading import build_source
from connector_healing_tests.orchestration.loopback import LoopbackApi, refusing
from connector_healing_tests.orchestration.shop import Shop


def plain_assets(shop: Shop, connector: Connector | None) -> dg.AssetsDefinition:
    hook = healing_failure_hook(connector=connector, home=str(shop.home))

    @dlt_assets(dlt_source=build_source(shop.connector), dlt_pipeline=shop.pipeline, hooks={hook})
    def plain(context: dg.AssetExecutionContext, dlt: DagsterDltResource) -> Iterator[Any]:
        yield from dlt.run(context=context)

    return plain


def run(assets: dg.AssetsDefinition, instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    return dg.materialize(
        [assets],
        instance=instance,
        resources={"dlt": DagsterDltResource()},
        raise_on_error=False,
    )


def test_a_failure_is_captured_live_and_diagnosed_without_a_declaration(
    shop: Shop, api: LoopbackApi, instance: dg.DagsterInstance
) -> None:
    api.fault = refusing(401, {"WWW-Authenticate": "Bearer"}, {"error": "token expired"})
    failed = run(plain_assets(shop, None), instance)
    assert not failed.success
    store = shop.services.store
    (record,) = store.runs("shop", 5)
    failure = store.failure(str(record.failure_id))
    assert failure is not None
    assert failure.http is not None
    assert (failure.http.status, failure.run_id) == (401, failed.run_id)
    assert failure.position is not None
    assert failure.position.module == f"{shop.package}.orders"
    assert record.case_id is None
    assert not store.cases("shop")
    told = [
        e.user_message for e in instance.all_logs(failed.run_id) if "Diagnosis:" in e.user_message
    ]
    assert len(told) == 1
    assert classify(failure).subcategory.value in told[0]


def test_with_a_declaration_it_can_be_healed(
    shop: Shop, api: LoopbackApi, instance: dg.DagsterInstance
) -> None:
    api.rename = {"amount": "total"}
    run(plain_assets(shop, shop.connector), instance)
    store = shop.services.store
    (case,) = store.cases("shop")
    runtime = store.runtime("shop")
    assert runtime is not None
    assert runtime.connector.resources["orders"].primary_key == ("id",)
    assert case.version_id == store.active_version("shop")
    failure = store.failure(case.failure_id)
    assert failure is not None
    assert classify(failure).subcategory is FailureSubcategory.FIELD_CHANGED


def test_a_declaration_that_is_wrong_still_captures(
    shop: Shop, api: LoopbackApi, instance: dg.DagsterInstance
) -> None:
    api.fault = refusing(503, {}, {})
    wrong = Connector(id="wrong", entry_point="nowhere.at_all:source")
    run(plain_assets(shop, wrong), instance)
    (record,) = shop.services.store.runs("wrong", 5)
    failure = shop.services.store.failure(str(record.failure_id))
    assert failure is not None
    assert failure.http is not None
    assert failure.http.status == 503


def test_a_schema_that_dagster_dlt_emptied_is_not_the_connectors_fault(
    shop: Shop, instance: dg.DagsterInstance
) -> None:
    """dagster-io/dagster#34052: plainly, a second run of one pipeline object fails."""
    shop.policy = HealPolicy(apply_up_to=PolicyLevel.A2)
    assets = plain_assets(shop, shop.connector)
    assert run(assets, instance).success
    failed = run(assets, instance)
    assert not failed.success
    (event,) = [e for e in failed.all_events if e.is_step_failure]
    error = event.step_failure_data.error
    while error is not None and error.cause is not None:
        error = error.cause
    assert error is not None
    assert (error.cls_name, error.message.strip()) == ("KeyError", "KeyError: 'name'")
    (case,) = shop.services.store.cases("shop")
    failure = shop.services.store.failure(case.failure_id)
    assert failure is not None
    diagnosis = classify(failure)
    assert diagnosis.subcategory is FailureSubcategory.NOT_IN_CONNECTOR
    before = shop.services.store.active_version("shop")
    with heal_services(shop.services) as services:
        outcome = HealWorkflow(services).run(case.case_id)
    assert not isinstance(outcome, Healed)
    assert shop.services.store.active_version("shop") == before


def test_a_failed_spark_job_that_uses_kusto_is_triaged_in_the_run_s_log(
    shop: Shop, instance: dg.DagsterInstance
) -> None:
    said = (
        "An error occurred while calling o1195.collectToPython.\n"
        ": com.microsoft.kusto.spark.exceptions.FailedOperationException: Failed to execute Kusto "
        "operation with OperationId 'ce49d4f0-7c12-4b02-9938-af14506fe0ed', State: 'BadInput', "
        "Status: 'Semantic error: SEM0100: no such column'"
    )

    @dg.op
    def read_telemetry() -> None:
        raise RuntimeError(said)

    @dg.job(hooks={healing_failure_hook(home=str(shop.home))})
    def telemetry() -> None:
        read_telemetry()

    failed = telemetry.execute_in_process(instance=instance, raise_on_error=False)
    told = [e.user_message for e in instance.all_logs(failed.run_id)]
    (report,) = [text for text in told if text.startswith("## Kusto Triage Report")]
    assert "**Pattern**: `query.semantic`" in report
    assert ".show operations ce49d4f0-7c12-4b02-9938-af14506fe0ed" in report
