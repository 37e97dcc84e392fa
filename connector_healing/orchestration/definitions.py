"""`healing_definitions`: jobs, sensor and checks for a project's connectors in one call."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import dagster as dg

from connector_healing.orchestration.checks import build_connector_checks
from connector_healing.orchestration.failure_sensor import (
    build_connector_failure_sensor,
    connector_assets,
)
from connector_healing.orchestration.heal_job import build_heal_connector_job, heal_asset_key
from connector_healing.orchestration.healing_resource import HealingResource
from connector_healing.orchestration.metadata import CONNECTOR_TAG
from connector_healing.orchestration.review_job import build_review_job

#: The job that runs a connector again, once a person released what was held.
RERUN_JOB = "rerun_connector"


def healing_definitions(
    assets: Sequence[dg.AssetsDefinition] = (),
    *,
    home: str | None = None,
    store_url: str | None = None,
    executor_def: dg.ExecutorDefinition | None = None,
    minimum_interval: timedelta = timedelta(seconds=10),
    default_status: dg.DefaultSensorStatus = dg.DefaultSensorStatus.RUNNING,
) -> dg.Definitions:
    """What makes a project's connectors heal; merge it with the project's own definitions.

    Args:
        assets: The assets of `healing_dlt_assets`.
        home: The plugin's folder; None: .connector_healing or DAGSTER_HOME.
        store_url: SQLAlchemy URL of the store; None: CONNECTOR_HEALING_STORE_URL or SQLite.
        executor_def: Of the job `heal_connector`; None: in process.
        minimum_interval: Between two ticks of the failure sensor.
        default_status: Of the failure sensor; RUNNING: it works without being switched on.

    Returns:
        The jobs `heal_connector`, `review_heal_case` and `rerun_connector`, the sensor
        `connector_failure_sensor`, a check on each asset, and an asset for each connector on
        which its debug reports appear.
    """
    healing = HealingResource(home=home, store_url=store_url)
    keys = connector_assets(assets)
    heal = build_heal_connector_job(healing, executor_def)
    jobs: list[Any] = [
        heal,
        build_review_job(healing),
    ]
    rerun = None
    if keys:
        selected = dg.AssetSelection.assets(*(k for found in keys.values() for k in found))
        rerun = dg.define_asset_job(
            RERUN_JOB, selection=selected, description="Materialise connectors again."
        )
        jobs.append(rerun)
    return dg.Definitions(
        assets=[_reports_of(connector_id) for connector_id in keys],
        asset_checks=build_connector_checks(keys, healing),
        jobs=jobs,
        sensors=[
            build_connector_failure_sensor(
                assets=assets,
                healing=healing,
                minimum_interval=minimum_interval,
                default_status=default_status,
                heal_connector=heal,
                rerun=rerun,
            )
        ],
    )


def _reports_of(connector_id: str) -> dg.AssetSpec:
    return dg.AssetSpec(
        heal_asset_key(connector_id),
        description=f"Debug reports of the heals of connector {connector_id}.",
        group_name="connector_healing",
        tags={CONNECTOR_TAG: connector_id},
        kinds={"markdown"},
    )
