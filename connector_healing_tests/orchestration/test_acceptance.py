"""An existing project, five lines, and its connector heals through Dagster's own daemon."""

import ast
import importlib
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest
from dagster._core.test_utils import create_test_daemon_workspace_context
from dagster._core.workspace.load_target import ModuleTarget
from dagster._daemon.sensor import execute_sensor_iteration
from dlt.common.configuration.container import Container
from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext

from connector_healing.core.case import CaseState
from connector_healing.healing.persons import approve
from connector_healing.orchestration.metadata import CASE_TAG
from connector_healing.orchestration.services import run_services
from connector_healing_tests.orchestration.loopback import LoopbackApi
from connector_healing_tests.orchestration.shop import SILENT

TOKEN = "token-6f5e4d3c2b1a09"

SOURCE = """
import dlt
from dlt.sources.rest_api import rest_api_resources

from .shapes import shape


@dlt.source(name="shop")
def shop_source(base_url=dlt.config.value, api_token=dlt.secrets.value):
    return rest_api_resources(
        {
            "client": {
                "base_url": base_url,
                "auth": {"type": "bearer", "token": api_token},
                "paginator": {"type": "page_number", "base_page": 1, "total_path": None},
            },
            "resources": [
                {
                    "name": "orders",
                    "primary_key": "id",
                    "write_disposition": "merge",
                    "endpoint": {
                        "path": "orders",
                        "data_selector": "data",
                        "incremental": {
                            "cursor_path": "id",
                            "initial_value": 0,
                            "start_param": "since",
                        },
                    },
                    "processing_steps": [{"map": shape}],
                }
            ],
        }
    )
"""

SHAPES = """
def shape(record):
    return {
        "id": record["id"],
        "customer": record["customer"],
        "amount": record["amount"],
        "note": record["note"],
    }
"""

BEFORE = """
import dlt
from dagster import AssetExecutionContext, Definitions
from dagster_dlt import DagsterDltResource, dlt_assets

from my_shop.sources.shop import shop_source

pipeline = dlt.pipeline("shop_load", destination="duckdb", dataset_name="shop")


@dlt_assets(dlt_source=shop_source(), dlt_pipeline=pipeline)
def shop_assets(context: AssetExecutionContext, dlt: DagsterDltResource):
    yield from dlt.run(context=context)


defs = Definitions(assets=[shop_assets], resources={"dlt": DagsterDltResource()})
"""

AFTER = """
import dlt
from dagster import AssetExecutionContext, Definitions
from connector_healing import Connector, HealingDltResource, healing_definitions, healing_dlt_assets

from my_shop.sources.shop import shop_source

pipeline = dlt.pipeline("shop_load", destination="duckdb", dataset_name="shop")
connector = Connector(id="shop", entry_point="my_shop.sources.shop:shop_source")


@healing_dlt_assets(connector=connector, dlt_pipeline=pipeline)
def shop_assets(context: AssetExecutionContext, dlt: HealingDltResource):
    yield from dlt.run(context=context)


defs = Definitions.merge(
    Definitions(assets=[shop_assets], resources={"dlt": HealingDltResource()}),
    healing_definitions([shop_assets]),
)
"""

_IN_PROCESS: dict[str, Any] = {
    "run_launcher": {
        "module": "dagster._core.launcher.sync_in_memory_run_launcher",
        "class": "SyncInMemoryRunLauncher",
    },
    "run_coordinator": {
        "module": "dagster._core.run_coordinator",
        "class": "DefaultRunCoordinator",
    },
}


@pytest.fixture
def project(tmp_path: Path, api: LoopbackApi, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """What `create-dagster project` makes, with a connector in it."""
    command = [str(Path(sys.executable).with_name("create-dagster")), "project"]
    subprocess.run(
        [*command, "--no-uv-sync", "my-shop"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        stdin=subprocess.DEVNULL,
    )
    folder = tmp_path / "my-shop"
    sources = folder / "src" / "my_shop" / "sources"
    sources.mkdir()
    (sources / "__init__.py").write_text("")
    (sources / "shop.py").write_text(SOURCE)
    (sources / "shapes.py").write_text(SHAPES)
    (folder / "src" / "my_shop" / "defs" / "shop.py").write_text(AFTER)
    (folder / ".dlt").mkdir()
    (folder / ".dlt" / "secrets.toml").write_text(f'[sources.shop]\napi_token = "{TOKEN}"\n')
    (folder / ".dlt" / "config.toml").write_text(f'[sources.shop]\nbase_url = "{api.url}"\n')
    with monkeypatch.context() as patch:
        patch.chdir(folder)
        patch.syspath_prepend(str(folder / "src"))
        patch.setenv("PYTHONPATH", str(folder / "src"))
        patch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt"))
        Container()[PluggableRunContext].reload(str(folder))
        yield folder
    for name in [n for n in sys.modules if n.partition(".")[0] == "my_shop"]:
        del sys.modules[name]
    Container()[PluggableRunContext].reload(".")


def test_five_lines_are_enough() -> None:
    before = {ast.unparse(statement) for statement in _lines(BEFORE)}
    added = [s for statement in _lines(AFTER) if (s := ast.unparse(statement)) not in before]
    # What is imported, what the connector is, the decorator, the resource, what heals.
    assert len(added) == 5


def _lines(text: str) -> Iterator[ast.AST]:
    """The statements, a function's decorator and head each for itself."""
    for statement in ast.parse(text).body:
        if isinstance(statement, ast.FunctionDef):
            yield from statement.decorator_list
            yield statement.args
            yield from statement.body
        else:
            yield statement


@pytest.mark.slow
def test_an_existing_project_heals(
    project: Path, api: LoopbackApi, caplog: pytest.LogCaptureFixture
) -> None:
    api.token = TOKEN
    with dg.instance_for_test(overrides=_IN_PROCESS) as instance:
        definitions: dg.Definitions = importlib.import_module("my_shop.definitions").defs()
        job = definitions.resolve_implicit_global_asset_job_def()

        def run() -> bool:
            return job.execute_in_process(
                instance=instance, run_config=SILENT, raise_on_error=False
            ).success

        for _ in range(5):
            assert run()
            api.next_day()
        api.rename = {"amount": "total"}
        assert not run()
        services = run_services()
        assert services.home == Path(os.environ["DAGSTER_HOME"]) / "connector_healing"
        (case,) = services.store.cases("shop")
        before = len(api.hits)
        target = ModuleTarget(
            module_name="my_shop.definitions",
            attribute="defs",
            working_directory=str(project),
            location_name="my_shop",
        )
        with (
            caplog.at_level(logging.CRITICAL),
            create_test_daemon_workspace_context(target, instance) as workspace,
        ):
            logger = logging.getLogger("acceptance")
            list(execute_sensor_iteration(workspace, logger, None, None))
        (heal,) = instance.get_runs(dg.RunsFilter(tags={CASE_TAG: case.case_id}))
        assert heal.status is dg.DagsterRunStatus.SUCCESS
        assert heal.tags["dagster/sensor_name"] == "connector_failure_sensor"
        case = services.cases.case(case.case_id)
        assert case.state is CaseState.AWAITING_APPROVAL, case.reason
        assert 0 < len(api.hits) - before <= 20
        approve(services.cases, case.case_id, "ada")
        assert run()
        with duckdb.connect("shop_load.duckdb", read_only=True) as warehouse:
            rows = warehouse.execute("SELECT id, amount FROM shop.orders").fetchall()
        assert set(rows) == {(order["id"], order["amount"]) for order in api.orders}
        left = [
            path
            for path in services.home.rglob("*")
            if path.is_file() and TOKEN.encode() in path.read_bytes()
        ]
        assert not left
