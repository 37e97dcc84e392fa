"""A whole Dagster project of connectors, for those who have none: the demo is one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg
from dlt import Pipeline

from connector_healing.core.connector import Connector
from connector_healing.orchestration.assets import healing_dlt_assets
from connector_healing.orchestration.definitions import healing_definitions
from connector_healing.orchestration.dlt_resource import HealingDltResource
from connector_healing.orchestration.metadata import CONNECTOR_TAG


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorSetup:
    """A connector and where it loads."""

    connector: Connector
    pipeline: Pipeline
    cron_schedule: str | None = None  #: When it runs by itself; the schedule is off at first.


def project_definitions(
    setups: Sequence[ConnectorSetup], home: str | None = None
) -> dg.Definitions:
    """Assets, a job and a schedule for each connector, and all that heals them.

    Args:
        setups: The connectors.
        home: The plugin's folder; None: the default.
    """
    assets = [_assets_of(setup) for setup in setups]
    jobs = [
        dg.define_asset_job(
            job_of(setup.connector.id),
            selection=dg.AssetSelection.assets(*definition.keys),
            executor_def=dg.in_process_executor,
            tags={CONNECTOR_TAG: setup.connector.id},
        )
        for setup, definition in zip(setups, assets, strict=True)
    ]
    schedules = [
        dg.ScheduleDefinition(job=job, cron_schedule=setup.cron_schedule)
        for setup, job in zip(setups, jobs, strict=True)
        if setup.cron_schedule
    ]
    own = dg.Definitions(
        assets=assets,
        jobs=jobs,
        schedules=schedules,
        resources={"dlt": HealingDltResource(home=home)},
    )
    return dg.Definitions.merge(own, healing_definitions(assets, home=home))


def job_of(connector_id: str) -> str:
    """The name of the job that runs a connector."""
    return f"run_{''.join(c if c.isalnum() else '_' for c in connector_id)}"


def _assets_of(setup: ConnectorSetup) -> dg.AssetsDefinition:
    @healing_dlt_assets(
        connector=setup.connector,
        dlt_pipeline=setup.pipeline,
        group_name="connectors",
    )
    def connector_assets(
        context: dg.AssetExecutionContext, dlt: HealingDltResource
    ) -> Iterator[Any]:
        yield from dlt.run(context=context)

    return connector_assets
