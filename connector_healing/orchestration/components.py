"""The component `HealingConnectorComponent`: a connector declared in YAML."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
from pydantic import Field

from connector_healing.core.connector import Connector, ResourceExpectations
from connector_healing.core.policy import HealPolicy, OnSuspicion, PolicyLevel
from connector_healing.errors import InvalidConnectorError
from connector_healing.orchestration.assets import healing_dlt_assets
from connector_healing.orchestration.definitions import healing_definitions
from connector_healing.orchestration.dlt_resource import HealingDltResource


class PipelineModel(dg.Model, dg.Resolvable):
    """dlt's pipeline of a connector."""

    name: str
    dataset: str
    destination: str = "duckdb"  #: A dlt destination's name; its settings are dlt's own.


class ResourceModel(dg.Model, dg.Resolvable):
    """What is expected of one dlt resource; what is left out is taken from dlt's hints."""

    primary_key: list[str] = Field(default_factory=list)
    required_fields: list[str] = Field(default_factory=list)
    cursor_field: str | None = None
    min_rows: int | None = None


class PolicyModel(dg.Model, dg.Resolvable):
    """What may be done to the connector without a person."""

    apply_up_to: str = "A0"
    on_suspicion: str = "hold"
    heal: bool = True


class HealingConnectorComponent(dg.Component, dg.Model, dg.Resolvable):
    """A dlt connector whose failures are healed: assets, jobs, sensor and checks."""

    id: str
    entry_point: str
    pipeline: PipelineModel
    arguments: dict[str, Any] = Field(default_factory=dict)
    resources: dict[str, ResourceModel] = Field(default_factory=dict)
    policy: PolicyModel = PolicyModel()
    environment: list[str] = Field(default_factory=list)
    group_name: str = "connectors"

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
            policy=HealPolicy(
                apply_up_to=_level(self.policy.apply_up_to),
                on_suspicion=_on_suspicion(self.policy.on_suspicion),
                heal=self.policy.heal,
            ),
            environment=tuple(self.environment),
        )

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """The connector's assets and all that heals them."""
        del context
        import dlt

        pipeline = dlt.pipeline(
            pipeline_name=self.pipeline.name,
            dataset_name=self.pipeline.dataset,
            destination=self.pipeline.destination,
        )

        @healing_dlt_assets(
            connector=self.connector(), dlt_pipeline=pipeline, group_name=self.group_name
        )
        def connector_assets(
            context: dg.AssetExecutionContext, healing_dlt: HealingDltResource
        ) -> Iterator[Any]:
            yield from healing_dlt.run(context=context)

        own = dg.Definitions(
            assets=[connector_assets], resources={"healing_dlt": HealingDltResource()}
        )
        return dg.Definitions.merge(own, healing_definitions([connector_assets]))


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
