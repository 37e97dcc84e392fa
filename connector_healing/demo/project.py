"""The sample project: three connectors of a flight-operations API, and all that heals them.

Dagster loads it from `connector_healing.demo.definitions`; importing this module does nothing.
"""

from typing import TYPE_CHECKING

import dlt

from connector_healing.core.connector import Connector
from connector_healing.core.policy import HealPolicy, PolicyLevel
from connector_healing.demo.settings import DemoSettings, demo_settings
from connector_healing.orchestration.project import ConnectorSetup, project_definitions

if TYPE_CHECKING:
    from dagster import Definitions

CONNECTORS = ("flights", "weather", "airports")


def setup_of(name: str, settings: DemoSettings) -> ConnectorSetup:
    """One of the sample connectors."""
    connector = Connector(
        id=name,
        entry_point=f"connector_healing.demo.connectors.{name}:{name}_source",
        arguments={"base_url": settings.api_url},
        # A sample leaves no branches in the repository that it was started from.
        policy=HealPolicy(apply_up_to=PolicyLevel.A2, git_branch=False),
    )
    settings.folder.mkdir(parents=True, exist_ok=True)
    pipeline = dlt.pipeline(
        pipeline_name=f"demo_{name}",
        destination=dlt.destinations.duckdb(str(settings.warehouse)),
        dataset_name=name,
        pipelines_dir=str(settings.pipelines),
    )
    return ConnectorSetup(connector=connector, pipeline=pipeline, cron_schedule="0 5 * * *")


def demo_definitions(settings: DemoSettings | None = None) -> "Definitions":
    """The project's Dagster definitions."""
    settings = settings or demo_settings()
    settings.provide_token()
    return project_definitions([setup_of(name, settings) for name in CONNECTORS])
