"""A project on disk with connectors, runs of them through Dagster, and heals of what broke."""

import importlib
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import dlt
import duckdb

from connector_healing.core.case import HealCase, HealOutcome, Step
from connector_healing.core.codec import from_json
from connector_healing.core.connector import Connector
from connector_healing.core.policy import HealPolicy, PolicyLevel
from connector_healing.core.records import RunRecord
from connector_healing.healing.services import HealServices
from connector_healing.healing.workflow import HealWorkflow
from connector_healing.orchestration import services as orchestration_services
from connector_healing.orchestration.assets import healing_dlt_assets
from connector_healing.orchestration.dlt_resource import HealingDltResource
from connector_healing.orchestration.services import RunServices, heal_services, run_services
from connector_healing.ports import Sandbox
from connector_healing.sandbox.data_judge import DuckDbDataJudge
from connector_healing_tests.conftest import FrozenClock
from connector_healing_tests.healing.freight import PLAIN, REST
from connector_healing_tests.healing.freight_api import FreightApi

PACKAGE = "freightco"
APPLY = HealPolicy(apply_up_to=PolicyLevel.A2)


@dataclass
class Project:
    """One project's folder: connectors, pipelines, a warehouse for each, the plugin's home."""

    folder: Path
    api: FreightApi
    sandbox: Sandbox
    policy: HealPolicy = APPLY
    store_url: str | None = None
    environment: tuple[str, ...] = ()  #: Variables that the connectors declare.
    _pipelines: dict[str, dlt.Pipeline] = field(default_factory=dict)

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def run_services(self) -> RunServices:
        return run_services(self.home, self.store_url)

    def write(self, name: str, text: str) -> None:
        """Deploy a module."""
        package = self.folder / PACKAGE
        package.mkdir(parents=True, exist_ok=True)
        (package / "__init__.py").touch()
        (package / f"{name}.py").write_text(text)
        sys.modules.pop(f"{PACKAGE}.{name}", None)
        importlib.invalidate_caches()

    @contextmanager
    def entered(self) -> Iterator["Project"]:
        """With the project's package importable, and forgotten afterwards."""
        sys.path.insert(0, str(self.folder))
        importlib.invalidate_caches()
        try:
            yield self
        finally:
            sys.path.remove(str(self.folder))
            for name in [n for n in sys.modules if n.partition(".")[0] == PACKAGE]:
                del sys.modules[name]
            self.run_services.store.close()
            orchestration_services._opened.cache_clear()

    def copied(self, folder: Path) -> "Project":
        """The same at another place."""
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        return replace(self, folder=folder, _pipelines={})

    def connector(self, name: str) -> Connector:
        return Connector(
            id=name,
            entry_point=f"{PACKAGE}.{name}:{name}_source",
            arguments={"base": self.api.url},
            policy=self.policy,
            environment=self.environment,
        )

    def warehouse(self, name: str) -> Path:
        return self.folder / f"{name}.duckdb"

    def pipeline(self, name: str) -> dlt.Pipeline:
        if name not in self._pipelines:
            self._pipelines[name] = dlt.pipeline(
                pipeline_name=f"production_{name}",
                destination=dlt.destinations.duckdb(str(self.warehouse(name))),
                dataset_name="freight",
                pipelines_dir=str(self.folder / "pipelines"),
            )
        return self._pipelines[name]

    def run(self, name: str = "plain", selection: Any = None) -> RunRecord:
        """Materialise a connector's assets; what was recorded of it."""
        sys.modules.pop(f"{PACKAGE}.{name}", None)

        @healing_dlt_assets(connector=self.connector(name), dlt_pipeline=self.pipeline(name))
        def assets(context: dg.AssetExecutionContext, dlt: HealingDltResource) -> Iterator[Any]:
            yield from dlt.run(context=context)

        dlt_resource = HealingDltResource(home=str(self.home), store_url=self.store_url)
        dg.materialize(
            [assets], resources={"dlt": dlt_resource}, raise_on_error=False, selection=selection
        )
        return self.run_services.store.runs(name, 1)[0]

    def days(self, number: int, name: str = "plain") -> None:
        """Good runs, one a day."""
        for _ in range(number):
            self.api.next_day()
            record = self.run(name)
            assert record.status == "succeeded", record.message

    @contextmanager
    def healer(
        self, patience: timedelta = timedelta(seconds=2), **changes: Any
    ) -> Iterator[HealServices]:
        """A worker's ports, on the sandbox that the tests share."""
        with heal_services(self.run_services) as services:
            data = DuckDbDataJudge(clock=self._judging_clock(), patience=patience)
            yield replace(services, **{"sandbox": self.sandbox, "data": data, **changes})

    def _judging_clock(self) -> FrozenClock:
        """A usual interval after the last good run, however long the tests take."""
        last = max(
            b.recorded_at
            for c in self.run_services.store.connector_ids()
            for r in ("parcels", "depots")
            for b in self.run_services.store.baselines(c, r, 1)
        )
        return FrozenClock(last + timedelta(seconds=1))

    def heal(self, case_id: str | None = None, **changes: Any) -> HealOutcome:
        """Heal a case, the newest one if none is named; requests are counted from here."""
        self.api.count()
        with self.healer(**changes) as services:
            return HealWorkflow(services).run(case_id or self.case().case_id)

    def case(self, case_id: str | None = None) -> HealCase:
        """A case as it stands, the newest one if none is named."""
        if case_id is None:
            return self.run_services.store.cases(limit=1)[0]
        return self.run_services.cases.case(case_id)

    def step(self, step: Step, kind: Any) -> Any:
        """What a step of the newest case left."""
        text = self.run_services.store.step(self.case().case_id, step)
        return from_json(text, kind) if text else None

    def rows(self, query: str, name: str = "plain") -> list[tuple[Any, ...]]:
        """Ask a warehouse."""
        with duckdb.connect(str(self.warehouse(name)), read_only=True) as connection:
            connection.execute("USE freight")
            return connection.execute(query).fetchall()

    def report(self) -> str:
        """The newest case's report file."""
        return (self.home / "cases" / self.case().case_id / "report.md").read_text()


CONNECTORS: Mapping[str, str] = {"plain": PLAIN, "rest": REST}
