"""A project on disk with a connector of two modules, and Dagster definitions that run it."""

import importlib
import itertools
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dagster as dg
import dlt
import duckdb

from connector_healing.core.connector import Connector
from connector_healing.core.policy import HealPolicy
from connector_healing.orchestration.assets import healing_dlt_assets
from connector_healing.orchestration.definitions import healing_definitions
from connector_healing.orchestration.dlt_resource import HealingDltResource
from connector_healing.orchestration.services import RunServices, run_services
from connector_healing_tests.orchestration.loopback import LoopbackApi

ORDERS = """
import dlt
import requests

from {package}.shapes import shape


def pages(base, path, since=0):
    page = 1
    while page:
        answer = requests.get(f"{{base}}/{{path}}", params={{"page": page, "since": since}}, timeout=20)
        answer.raise_for_status()
        body = answer.json()
        yield body["data"]
        page = body["next"]


@dlt.source(name="shop")
def shop_source(base):
    @dlt.resource(name="orders", primary_key="id", write_disposition="merge")
    def orders(number=dlt.sources.incremental("id", initial_value=0)):
        for records in pages(base, "orders", number.last_value):
            yield [shape(record) for record in records]

    @dlt.resource(name="customers", primary_key="id", write_disposition="replace")
    def customers():
        yield from pages(base, "customers")

    return orders, customers
"""

SHAPES = """
def shape(record):
    return {
        "id": record["id"],
        "customer": record["customer"],
        "amount": record["amount"],
        "note": record["note"],
        "lines": record["lines"],
    }
"""

#: Keeps Dagster's lines off the terminal, which takes a tenth of a run.
SILENT = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}

_numbers = itertools.count(1)


@dataclass
class Shop:
    """One project: its package has a name of its own, so that no two tests share modules."""

    folder: Path
    api: LoopbackApi
    policy: HealPolicy = field(default_factory=HealPolicy)
    package: str = field(default_factory=lambda: f"shop_{next(_numbers)}")

    def __post_init__(self) -> None:
        self.write({"__init__": "", "orders": ORDERS, "shapes": SHAPES})
        sys.path.insert(0, str(self.folder))
        importlib.invalidate_caches()
        self.pipeline = self._pipeline()

    def write(self, texts: Mapping[str, str]) -> None:
        """Write modules of the package."""
        home = self.folder / self.package
        home.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            whole = text.format(package=self.package) if "{package}" in text else text
            (home / f"{name}.py").write_text(whole)

    def forget(self) -> None:
        """Take the package out of this process."""
        sys.path.remove(str(self.folder))
        for name in [n for n in sys.modules if n.partition(".")[0] == self.package]:
            del sys.modules[name]

    @property
    def home(self) -> Path:
        return self.folder / "healing"

    @property
    def warehouse(self) -> Path:
        return self.folder / "warehouse.duckdb"

    @property
    def services(self) -> RunServices:
        return run_services(self.home)

    @property
    def connector(self) -> Connector:
        return Connector(
            id="shop",
            entry_point=f"{self.package}.orders:shop_source",
            arguments={"base": self.api.url},
            policy=self.policy,
        )

    def _pipeline(self) -> dlt.Pipeline:
        return dlt.pipeline(
            pipeline_name=f"{self.package}_production",
            destination=dlt.destinations.duckdb(str(self.warehouse)),
            dataset_name="shop",
            pipelines_dir=str(self.folder / "pipelines"),
        )

    def assets(self, connector: Connector | None = None, **options: Any) -> dg.AssetsDefinition:
        made_by = connector or self.connector

        @healing_dlt_assets(connector=made_by, dlt_pipeline=self.pipeline, **options)
        def shop_assets(
            context: dg.AssetExecutionContext, dlt: HealingDltResource
        ) -> Iterator[Any]:
            yield from dlt.run(context=context)

        return shop_assets

    def definitions(
        self,
        assets: dg.AssetsDefinition | None = None,
        executor_def: dg.ExecutorDefinition | None = None,
    ) -> dg.Definitions:
        assets = assets or self.assets()
        job = dg.define_asset_job(
            "run_shop",
            selection=dg.AssetSelection.assets(*assets.keys),
            executor_def=dg.in_process_executor,
        )
        own = dg.Definitions(
            assets=[assets], jobs=[job], resources={"dlt": HealingDltResource(home=str(self.home))}
        )
        healing = healing_definitions([assets], home=str(self.home), executor_def=executor_def)
        return dg.Definitions.merge(own, healing)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Ask the warehouse."""
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            connection.execute("USE shop")
            return connection.execute(query).fetchall()


def materialize(
    assets: dg.AssetsDefinition, shop: Shop, instance: dg.DagsterInstance, **options: Any
) -> dg.ExecuteInProcessResult:
    """Run the assets in this process; a failed run is a result."""
    return dg.materialize(
        [assets],
        instance=instance,
        resources={"dlt": HealingDltResource(home=str(shop.home))},
        run_config=SILENT,
        raise_on_error=False,
        **options,
    )
