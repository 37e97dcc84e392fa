"""`healing_definitions`: jobs, sensor and checks for a project's connectors in one call."""

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import dagster as dg

from connector_healing.core.logs.user_rules import read_rules
from connector_healing.orchestration.checks import build_connector_checks
from connector_healing.orchestration.failure_sensor import build_connector_failure_sensor
from connector_healing.orchestration.heal_job import build_heal_connector_job, heal_asset_key
from connector_healing.orchestration.healing_resource import HealingResource
from connector_healing.orchestration.metadata import CONNECTOR_TAG, MADE_TAG
from connector_healing.orchestration.review_job import build_review_job
from connector_healing.runtime.rule_files import rules_in

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
    rules: str | Path | Sequence[Mapping[str, Any]] = (),
) -> dg.Definitions:
    """What makes a project's connectors heal; merge it with the project's own definitions.

    Several calls with the same settings can be merged: they share their jobs and the sensor,
    which finds all connectors of the code location.

    Args:
        assets: The assets of `healing_dlt_assets`.
        home: The plugin's folder; None: .connector_healing or DAGSTER_HOME.
        store_url: SQLAlchemy URL of the store, or an `EnvVar` that holds it; None:
            CONNECTOR_HEALING_STORE_URL or SQLite.
        executor_def: Of the job `heal_connector`; None: in process.
        minimum_interval: Between two ticks of the failure sensor.
        default_status: Of the failure sensor; RUNNING: it works without being switched on.
        rules: The project's own rules for the classifier: a list of mappings, or a YAML file.

    Returns:
        The jobs `heal_connector`, `review_heal_case` and `rerun_connector`, the sensor
        `connector_failure_sensor`, a check on each asset, and an asset for each connector on
        which its debug reports appear.

    Raises:
        UsageError: If a rule is wrong.
    """
    own = connector_definitions(assets, home=home, store_url=store_url)
    shared = _shared(
        home, store_url, executor_def, minimum_interval, default_status, rules=rules_text(rules)
    )
    return dg.Definitions.merge(own, shared)


def connector_definitions(
    assets: Sequence[dg.AssetsDefinition],
    *,
    home: str | None = None,
    store_url: str | None = None,
) -> dg.Definitions:
    """The part of `healing_definitions` that each connector has: checks, and its reports' asset."""
    keys = _connector_assets(assets)
    return dg.Definitions(
        assets=[_reports_of(connector_id) for connector_id in keys],
        asset_checks=build_connector_checks(keys, HealingResource(home=home, store_url=store_url)),
    )


def rules_text(rules: str | Path | Sequence[Mapping[str, Any]]) -> str | None:
    """The rules as one text, checked; None where there are none.

    Raises:
        UsageError: If a rule is wrong.
    """
    if isinstance(rules, str | Path):
        rules_in(Path(rules))
        return Path(rules).read_text(encoding="utf-8")
    read_rules(rules, "rules")
    return json.dumps(list(rules)) if rules else None


@lru_cache
def _shared(
    home: str | None,
    store_url: str | None,
    executor_def: dg.ExecutorDefinition | None,
    minimum_interval: timedelta,
    default_status: dg.DefaultSensorStatus,
    *,
    rules: str | None,
) -> dg.Definitions:
    """What a code location has once: the same objects each time, which Dagster takes for one."""
    healing = HealingResource(home=home, store_url=store_url, rules=rules)
    heal = build_heal_connector_job(healing, executor_def)
    rerun = dg.define_asset_job(
        RERUN_JOB,
        selection=dg.AssetSelection.tag(MADE_TAG, "true"),
        description="Materialise connectors again.",
    )
    sensor = build_connector_failure_sensor(
        healing=healing,
        heal_connector=heal,
        rerun=rerun,
        minimum_interval=minimum_interval,
        default_status=default_status,
    )
    return dg.Definitions(jobs=[heal, build_review_job(healing), rerun], sensors=[sensor])


def _connector_assets(
    assets: Sequence[dg.AssetsDefinition],
) -> Mapping[str, tuple[dg.AssetKey, ...]]:
    """The asset keys of each connector."""
    found: dict[str, tuple[dg.AssetKey, ...]] = {}
    for definition in assets:
        for key in definition.keys:
            connector_id = definition.tags_by_key.get(key, {}).get(CONNECTOR_TAG)
            if connector_id:
                found[connector_id] = (*found.get(connector_id, ()), key)
    return found


def _reports_of(connector_id: str) -> dg.AssetSpec:
    return dg.AssetSpec(
        heal_asset_key(connector_id),
        description=f"Debug reports of the heals of connector {connector_id}.",
        group_name="connector_healing",
        tags={CONNECTOR_TAG: connector_id},
        kinds={"markdown"},
    )
