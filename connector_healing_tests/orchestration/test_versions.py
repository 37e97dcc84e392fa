"""Which version of a connector runs, and what becomes of a healed one."""

import importlib
import inspect
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg

from connector_healing.core.case import CaseState, HealCase
from connector_healing.core.connector import ConnectorVersion
from connector_healing.core.failure import Stage
from connector_healing.core.policy import HealPolicy
from connector_healing.core.records import RunStatus
from connector_healing.orchestration.assets import healing_dlt_assets
from connector_healing.orchestration.dlt_resource import HealingDltResource
from connector_healing.orchestration.versions import version_to_run
from connector_healing.runtime.loading import build_source
from connector_healing_tests.orchestration.loopback import LoopbackApi
from connector_healing_tests.orchestration.shop import SHAPES, Shop, materialize

RENAMED = ('record["amount"]', 'record["total"]')


def submit_by_hand(
    shop: Shop, old: str, new: str, case: HealCase | None = None
) -> ConnectorVersion:
    """Save and activate a version of which one piece of text is another."""
    services = shop.services
    active = services.registry.active("shop")
    assert active is not None
    name = f"{shop.package}.shapes"
    module = active.code.module(name)
    assert module is not None
    assert old in module.text
    code = active.code.with_text(name, module.text.replace(old, new))
    version = ConnectorVersion(
        connector_id="shop",
        version_id=code.version_id,
        code=code,
        parent=active.version_id,
        change_summary="By hand.",
        created_at=datetime.now(UTC),
        created_by="heal",
    )
    services.registry.save(version)
    services.registry.activate("shop", active.version_id, version.version_id)
    if case is not None:
        watch(shop, case, version)
    return version


def watch(shop: Shop, case: HealCase, version: ConnectorVersion) -> None:
    """Bring a case to where a submitted heal is watched."""
    for state in (
        CaseState.REPRODUCING,
        CaseState.GENERATING,
        CaseState.VALIDATING,
        CaseState.SUBMITTED,
        CaseState.MONITORING,
    ):
        shop.services.store.advance_case(
            case.case_id,
            state,
            None,
            datetime.now(UTC),
            submitted_version=version.version_id,
        )


def broken(shop: Shop, api: LoopbackApi, instance: dg.DagsterInstance) -> HealCase:
    """A connector with history whose API renamed a field."""
    assets = shop.assets()
    assert materialize(assets, shop, instance).success
    api.rename = {"amount": "total"}
    api.next_day()
    assert not materialize(assets, shop, instance).success
    (case,) = shop.services.store.cases("shop")
    return case


def test_a_healed_version_runs_from_its_text(
    shop: Shop, api: LoopbackApi, instance: dg.DagsterInstance
) -> None:
    broken(shop, api, instance)
    version = submit_by_hand(shop, *RENAMED)
    assert materialize(shop.assets(), shop, instance).success
    assert shop.rows("SELECT count(*), sum(amount) FROM orders") == [
        (250, sum(order["amount"] for order in api.orders))
    ]
    record = shop.services.store.runs("shop", 1)[0]
    assert (record.status, record.version_id) == (RunStatus.SUCCEEDED, version.version_id)
    installed = (shop.folder / shop.package / "shapes.py").read_text()
    assert installed == SHAPES
    # The installed modules are back in their place.
    shapes = importlib.import_module(f"{shop.package}.shapes")
    assert inspect.getsource(shapes) == SHAPES


def test_the_error_of_a_healed_version_shows_its_own_text(
    shop: Shop, api: LoopbackApi, instance: dg.DagsterInstance
) -> None:
    broken(shop, api, instance)
    version = submit_by_hand(shop, 'record["amount"]', 'record["sum"]')
    assert not materialize(shop.assets(), shop, instance).success
    failure = shop.services.store.failure(str(shop.services.store.runs("shop", 1)[0].failure_id))
    assert failure is not None
    assert failure.position is not None
    assert failure.position.text == '"amount": record["sum"],'
    assert version.version_id in failure.position.path


def test_a_version_that_cannot_be_built_is_a_failure_of_building(
    shop: Shop, api: LoopbackApi, instance: dg.DagsterInstance
) -> None:
    broken(shop, api, instance)
    submit_by_hand(shop, "def shape", "import nowhere_to_be_found\n\ndef shape")
    assert not materialize(shop.assets(), shop, instance).success
    failure = shop.services.store.failure(str(shop.services.store.runs("shop", 1)[0].failure_id))
    assert failure is not None
    assert failure.stage is Stage.BUILD
    assert failure.root_link is not None
    assert failure.root_link.type == "ModuleNotFoundError"


def test_deployed_code_wins_over_a_heal_and_closes_its_case(
    shop: Shop, api: LoopbackApi, instance: dg.DagsterInstance
) -> None:
    case = broken(shop, api, instance)
    healed = submit_by_hand(shop, *RENAMED, case=case)
    assert materialize(shop.assets(), shop, instance).success
    shop.write({"shapes": SHAPES.replace(*RENAMED).replace("def shape", "# by hand\ndef shape")})
    version, installed = version_to_run(shop.services.cases, shop.connector)
    assert installed
    assert version.parent == healed.version_id
    assert shop.services.store.active_version("shop") == version.version_id
    closed = shop.services.cases.case(case.case_id)
    assert closed.state is CaseState.PROMOTED  # it had been good once
    assert "Other code was deployed" in closed.reason


def test_a_proposal_made_from_other_code_is_closed_by_a_deployment(
    shop: Shop, api: LoopbackApi, instance: dg.DagsterInstance
) -> None:
    case = broken(shop, api, instance)
    shop.write({"shapes": f"# another text\n{SHAPES}"})
    version, _ = version_to_run(shop.services.cases, shop.connector)
    assert shop.services.cases.case(case.case_id).state is CaseState.REJECTED
    assert not materialize(shop.assets(), shop, instance).success
    (fresh,) = shop.services.store.cases("shop", [CaseState.OPEN])
    assert fresh.version_id == version.version_id


def test_three_good_runs_promote(
    shop: Shop, api: LoopbackApi, instance: dg.DagsterInstance
) -> None:
    case = broken(shop, api, instance)
    submit_by_hand(shop, *RENAMED, case=case)
    assets, states = shop.assets(), []
    # A run that leaves the healed resource out proves nothing.
    (customers,) = [k for k in assets.keys if "customers" in k.path[-1]]
    assert materialize(assets, shop, instance, selection=[customers]).success
    for _ in range(3):
        assert materialize(assets, shop, instance).success
        states.append(shop.services.cases.case(case.case_id).state)
        api.next_day(more=3)
    assert states == [CaseState.MONITORING, CaseState.MONITORING, CaseState.PROMOTED]


def test_the_same_failure_again_rolls_back(
    shop: Shop, api: LoopbackApi, instance: dg.DagsterInstance
) -> None:
    case = broken(shop, api, instance)
    # A heal that is none: the same line fails the same way.
    submit_by_hand(shop, "def shape", "# healed\ndef shape", case=case)
    assert not materialize(shop.assets(), shop, instance).success
    rolled_back = shop.services.cases.case(case.case_id)
    assert rolled_back.state is CaseState.ROLLED_BACK
    assert "the same failure came back" in rolled_back.reason
    assert shop.services.store.active_version("shop") == case.version_id
    # The next failure is of the former version, and gets a case of its own.
    assert not materialize(shop.assets(), shop, instance).success
    assert len(shop.services.store.cases("shop", [CaseState.OPEN])) == 1


def test_a_held_load_of_a_healed_version_rolls_back(
    shop: Shop, api: LoopbackApi, instance: dg.DagsterInstance
) -> None:
    shop.policy = HealPolicy(monitor_runs=1)
    case = broken(shop, api, instance)
    submit_by_hand(shop, 'record["amount"]', 'record.get("amounts")', case=case)
    for order in api.orders[-50:]:
        order["day"] = 2
    api.next_day(more=100)
    assert not materialize(shop.assets(), shop, instance).success
    assert shop.services.cases.case(case.case_id).state is CaseState.ROLLED_BACK


def test_two_processes_of_one_deployment_agree(shop: Shop) -> None:
    first, _ = version_to_run(shop.services.cases, shop.connector)
    second, _ = version_to_run(shop.services.cases, shop.connector)
    assert first.version_id == second.version_id
    assert len(shop.services.registry.versions("shop")) == 1
    assert first.created_at - second.created_at == timedelta(0)


def test_a_source_given_for_one_run_is_refused_where_a_healed_version_runs(
    shop: Shop, api: LoopbackApi, instance: dg.DagsterInstance
) -> None:
    broken(shop, api, instance)
    submit_by_hand(shop, *RENAMED)
    given = build_source(shop.connector)

    @healing_dlt_assets(connector=shop.connector, dlt_pipeline=shop.pipeline)
    def assets(context: dg.AssetExecutionContext, dlt: HealingDltResource) -> Iterator[Any]:
        yield from dlt.run(context=context, dlt_source=given)

    failed = materialize(assets, shop, instance)
    (event,) = [e for e in failed.all_events if e.is_step_failure]
    error = event.step_failure_data.error
    assert error is not None
    assert error.cause is not None
    assert "pass `arguments=` to run()" in error.cause.message
