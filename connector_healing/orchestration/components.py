"""The component `HealingConnectorComponent`: a connector declared in YAML."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import dagster as dg
from pydantic import Field

from connector_healing.core.connector import Connector, ResourceExpectations
from connector_healing.core.policy import Budget, HealPolicy, OnSuspicion, PolicyLevel
from connector_healing.errors import InvalidConnectorError
from connector_healing.orchestration.assets import healing_dlt_assets
from connector_healing.orchestration.definitions import (
    connector_definitions,
    healing_definitions,
)
from connector_healing.orchestration.dlt_resource import HealingDltResource

#: One object for all components: Dagster takes it for one resource when they are merged.
_RESOURCE = HealingDltResource()


class PipelineModel(dg.Model, dg.Resolvable):
    """dlt's pipeline of a connector."""

    name: str = Field(description="dlt's pipeline name.")
    dataset: str = Field(description="The dataset, in DuckDB the schema, that is loaded.")
    destination: str = Field(
        default="duckdb", description="A dlt destination's name; its settings are dlt's own."
    )


class ResourceModel(dg.Model, dg.Resolvable):
    """What is expected of one dlt resource; what is left out is taken from dlt's hints."""

    primary_key: list[str] = Field(default_factory=list, description="Columns of the key.")
    required_fields: list[str] = Field(
        default_factory=list, description="Columns that are never null."
    )
    cursor_field: str | None = Field(
        default=None, description="The column that incremental loading follows."
    )
    min_rows: int | None = Field(default=None, description="A load with fewer is suspicious.")


class BudgetModel(dg.Model, dg.Resolvable):
    """What one heal may cost."""

    candidates: int = Field(default=10, description="Patches that are tried at most.")
    wall_time_minutes: float = Field(default=60, description="Minutes that a heal may take.")
    live_requests: int | None = Field(
        default=None,
        description="Requests to the live API; left out: as one full extraction took, and ten.",
    )

    def budget(self) -> Budget:
        """The same, checked."""
        return Budget(
            candidates=self.candidates,
            wall_time=timedelta(minutes=self.wall_time_minutes),
            live_requests=self.live_requests,
        )


class PolicyModel(dg.Model, dg.Resolvable):
    """What may be done to the connector without a person."""

    apply_up_to: str = Field(
        default="A0", description="A0 (nothing), A1 (limits, retries) or A2 (field aliases)."
    )
    on_suspicion: str = Field(
        default="hold", description="hold: wrong-looking data are not loaded; or load_and_flag."
    )
    heal: bool = Field(default=True, description="false: failures are diagnosed only.")
    budget: BudgetModel = BudgetModel()
    monitor_runs: int = Field(
        default=3, description="Runs after a heal that decide between promotion and roll-back."
    )
    min_history_runs: int = Field(
        default=5, description="Good runs without which nothing is applied without a person."
    )
    git_branch: bool = Field(
        default=True, description="A submitted change also as a branch of the git repository."
    )

    def policy(self) -> HealPolicy:
        """The same, checked.

        Raises:
            InvalidConnectorError: If a value is none of those allowed; it names the field.
        """
        return HealPolicy(
            apply_up_to=_level(self.apply_up_to),
            on_suspicion=_on_suspicion(self.on_suspicion),
            heal=self.heal,
            budget=self.budget.budget(),
            monitor_runs=self.monitor_runs,
            min_history_runs=self.min_history_runs,
            git_branch=self.git_branch,
        )


class HealingConnectorScaffolder(dg.Scaffolder):
    """Writes a declaration to be filled in."""

    def scaffold(self, request: dg.ScaffoldRequest[Any]) -> None:
        """Write defs.yaml."""
        name = request.target_path.name
        dg.scaffold_component(
            request=request,
            yaml_attributes={
                "id": name,
                "entry_point": f"my_package.{name}:{name}_source",
                "arguments": {},
                "pipeline": {"name": name, "dataset": name, "destination": "duckdb"},
                "policy": {"apply_up_to": "A0", "on_suspicion": "hold"},
            },
        )


@dg.scaffold_with(HealingConnectorScaffolder)
class HealingConnectorComponent(dg.Component, dg.Model, dg.Resolvable):
    """A dlt connector whose failures are healed: assets, jobs, sensor and checks."""

    id: str = Field(description="The connector's name: a letter, then letters, digits, . _ -")
    entry_point: str = Field(description="package.module:source_function")
    pipeline: PipelineModel
    arguments: dict[str, Any] = Field(
        default_factory=dict, description="Of the source function; secrets belong to dlt's own."
    )
    resources: dict[str, ResourceModel] = Field(default_factory=dict)
    policy: PolicyModel = PolicyModel()
    environment: list[str] = Field(
        default_factory=list, description="Environment variables that the code itself reads."
    )
    rules: list[dict[str, Any]] = Field(
        default_factory=list,
        description="The project's own rules for the classifier: name, match and/or status, "
        "subcategory; cause, confidence, also. Those of all components hold together.",
    )
    group_name: str = "connectors"
    healing: bool = Field(
        default=True,
        description="Bring the jobs and the sensor that heal, once for all components; false: "
        "the project brings them itself by healing_definitions().",
    )

    def connector(self) -> Connector:
        """The connector that the YAML declares.

        Raises:
            InvalidConnectorError: If a value is none of those allowed; it names the field.
        """
        return Connector(
            id=self.id,
            entry_point=self.entry_point,
            arguments=self.arguments,
            resources={
                name: ResourceExpectations(
                    primary_key=tuple(model.primary_key),
                    required_fields=tuple(model.required_fields),
                    cursor_field=model.cursor_field,
                    min_rows=model.min_rows,
                )
                for name, model in self.resources.items()
            },
            policy=self.policy.policy(),
            environment=tuple(self.environment),
        )

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """The connector's assets, and with the first such component all that heals them."""
        import dlt

        connector = self.connector()
        pipeline = dlt.pipeline(
            pipeline_name=self.pipeline.name,
            dataset_name=self.pipeline.dataset,
            destination=self.pipeline.destination,
        )

        @healing_dlt_assets(connector=connector, dlt_pipeline=pipeline, group_name=self.group_name)
        def connector_assets(
            context: dg.AssetExecutionContext, healing_dlt: HealingDltResource
        ) -> Iterator[Any]:
            yield from healing_dlt.run(context=context)

        own = dg.Definitions(assets=[connector_assets], resources={"healing_dlt": _RESOURCE})
        first = self.healing and self is self._bringer(context)
        return dg.Definitions.merge(
            own,
            healing_definitions([connector_assets], rules=self._all_rules(context))
            if first
            else connector_definitions([connector_assets]),
        )

    def _all_rules(self, context: dg.ComponentLoadContext) -> list[dict[str, Any]]:
        """The rules of all components, each once."""
        found = context.component_tree.get_all_components(HealingConnectorComponent)
        rows = [rule for component in found for rule in component.rules]
        return [rule for place, rule in enumerate(rows) if rule not in rows[:place]]

    def _bringer(self, context: dg.ComponentLoadContext) -> "HealingConnectorComponent":
        """The one component that brings what a code location has once.

        Dagster copies the definitions of each component, so that it does not see that they are
        the same objects.
        """
        tree = context.component_tree
        found = tree.get_all_components(HealingConnectorComponent)
        return next((component for component in found if component.healing), self)


def _level(text: str) -> PolicyLevel:
    allowed = {level.name: level for level in PolicyLevel if level < PolicyLevel.A3}
    if text not in allowed:
        raise InvalidConnectorError(
            "policy.apply_up_to", text, f"It is one of {', '.join(allowed)}."
        )
    return allowed[text]


def _on_suspicion(text: str) -> OnSuspicion:
    if text not in set(OnSuspicion):
        raise InvalidConnectorError(
            "policy.on_suspicion", text, f"It is one of {', '.join(OnSuspicion)}."
        )
    return OnSuspicion(text)
