"""What a project's definitions hold, from Python and from YAML."""

import importlib.metadata
import traceback
from datetime import timedelta
from pathlib import Path

import dagster as dg
import pytest
import yaml
from dagster.components.testing import DefsFolderSandbox, create_defs_folder_sandbox

from connector_healing import HealingConnectorComponent
from connector_healing.core.policy import OnSuspicion, PolicyLevel
from connector_healing.orchestration.definitions import RERUN_JOB, healing_definitions
from connector_healing.orchestration.failure_sensor import SENSOR_NAME, connector_keys
from connector_healing.orchestration.heal_job import JOB_NAME, heal_asset_key
from connector_healing.orchestration.healing_resource import HealingResource
from connector_healing.orchestration.review_job import JOB_NAME as REVIEW_JOB
from connector_healing_tests.orchestration.shop import ORDERS, Shop

_TYPE = "connector_healing.HealingConnectorComponent"


def names_of(definitions: dg.Definitions) -> tuple[set[str], set[str]]:
    repository = definitions.get_repository_def()
    jobs = {job.name for job in repository.get_all_jobs() if not job.name.startswith("__")}
    return jobs, {sensor.name for sensor in repository.sensor_defs}


def test_one_call_brings_jobs_sensor_checks_and_report_assets(shop: Shop) -> None:
    definitions = shop.definitions()
    jobs, sensors = names_of(definitions)
    assert {JOB_NAME, REVIEW_JOB, RERUN_JOB} <= jobs
    assert sensors == {SENSOR_NAME}
    graph = definitions.resolve_asset_graph()
    assert heal_asset_key("shop") in graph.get_all_asset_keys()
    assert len(graph.asset_check_keys) == 2
    owners = connector_keys(definitions.get_repository_def())
    assert set(owners.values()) == {"shop"}
    assert len(owners) == 2


def test_several_calls_can_be_merged(shop: Shop) -> None:
    merged = dg.Definitions.merge(shop.definitions(), healing_definitions(home=str(shop.home)))
    assert names_of(merged)[1] == {SENSOR_NAME}


def test_a_store_url_in_an_environment_variable_is_resolved_in_sensors_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_STORE", f"sqlite:///{tmp_path / 'elsewhere.db'}")
    healing = HealingResource(home=str(tmp_path), store_url=dg.EnvVar("SOME_STORE"))
    healing.opened()
    assert (tmp_path / "elsewhere.db").is_file()


def test_the_sensors_interval_and_status_are_settings(shop: Shop) -> None:
    definitions = healing_definitions(
        home=str(shop.home),
        minimum_interval=timedelta(seconds=45),
        default_status=dg.DefaultSensorStatus.STOPPED,
    )
    sensor = definitions.resolve_sensor_def(SENSOR_NAME)
    assert sensor.minimum_interval_seconds == 45
    assert sensor.default_status is dg.DefaultSensorStatus.STOPPED


def attributes(shop: Shop, name: str, **more: object) -> dict[str, object]:
    return {
        "type": _TYPE,
        "attributes": {
            "id": name,
            "entry_point": f"{shop.package}.orders:shop_source",
            "arguments": {"base": shop.api.url},
            "pipeline": {"name": f"{shop.package}_{name}", "dataset": name},
            **more,
        },
    }


def test_a_component_declares_a_connector_in_yaml(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shop.folder)
    with create_defs_folder_sandbox() as sandbox:
        path = sandbox.scaffold_component(component_cls=HealingConnectorComponent)
        body = attributes(
            shop,
            "yaml_shop",
            resources={"orders": {"primary_key": ["id"], "min_rows": 5}},
            policy={"apply_up_to": "A2", "on_suspicion": "load_and_flag"},
        )
        (path / "defs.yaml").write_text(yaml.safe_dump(body))
        with sandbox.load_component_and_build_defs(defs_path=path) as (component, definitions):
            assert isinstance(component, HealingConnectorComponent)
            connector = component.connector()
            owners = connector_keys(definitions.get_repository_def())
    assert connector.policy.apply_up_to is PolicyLevel.A2
    assert connector.policy.on_suspicion is OnSuspicion.LOAD_AND_FLAG
    assert connector.resources["orders"].min_rows == 5
    assert set(owners.values()) == {"yaml_shop"}


def test_two_components_share_what_a_code_location_has_once(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shop.folder)
    shop.write({"others": ORDERS.replace('name="shop"', 'name="other_shop"')})
    with create_defs_folder_sandbox() as sandbox:
        for name in ("first", "second"):
            path = sandbox.scaffold_component(
                component_cls=HealingConnectorComponent, defs_path=name
            )
            body = attributes(shop, name, group_name=name)
            if name == "second":
                raw = body["attributes"]
                assert isinstance(raw, dict)
                raw["entry_point"] = f"{shop.package}.others:shop_source"
            (path / "defs.yaml").write_text(yaml.safe_dump(body))
        with sandbox.build_all_defs() as definitions:
            jobs, sensors = names_of(definitions)
    assert JOB_NAME in jobs
    assert sensors == {SENSOR_NAME}


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"policy": {"apply_up_to": "A4"}}, "policy.apply_up_to"),
        ({"policy": {"on_suspicion": "shrug"}}, "policy.on_suspicion"),
        ({"policy": {"budget": {"candidates": 0}}}, "policy.budget.candidates"),
        ({"policy": {"budget": {"wall_time_minutes": 0}}}, "policy.budget.wall_time"),
        ({"policy": {"monitor_runs": 0}}, "policy.monitor_runs"),
        ({"policy": {"min_history_runs": -1}}, "policy.min_history_runs"),
        ({"entry_point": "no_function"}, "entry_point"),
        ({"id": "not an id"}, "connector id"),
        ({"pipeline": {"name": "nameless"}}, "dataset"),
        ({"resources": {"orders": {"min_rows": "many"}}}, "min_rows"),
    ],
)
def test_a_wrong_value_is_named(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, wrong: dict[str, object], named: str
) -> None:
    monkeypatch.chdir(shop.folder)
    with create_defs_folder_sandbox() as sandbox:
        path = sandbox.scaffold_component(component_cls=HealingConnectorComponent)
        (path / "defs.yaml").write_text(yaml.safe_dump(attributes(shop, "shop", **wrong)))
        with pytest.raises(Exception) as caught:  # noqa: PT011  # Dagster wraps it; told is what counts
            loaded(sandbox, path)
    assert named in "".join(traceback.format_exception(caught.value))


def loaded(sandbox: DefsFolderSandbox, path: Path) -> None:
    with sandbox.load_component_and_build_defs(defs_path=path):
        pass


def test_the_entry_point_for_dg_leads_to_the_component() -> None:
    (found,) = importlib.metadata.entry_points(
        group="dagster_dg_cli.registry_modules", name="connector_healing"
    )
    assert found.load().HealingConnectorComponent is HealingConnectorComponent
