"""Clears what an earlier demo left, and nothing else."""

import shutil
from collections.abc import Sequence

from connector_healing.demo.settings import DemoSettings
from connector_healing.orchestration.services import RunServices


def start_over(services: RunServices, settings: DemoSettings, connectors: Sequence[str]) -> None:
    """Forget the demo's connectors: their rows, versions, cassettes and loaded data.

    Other connectors of the same store, and Dagster's runs, stay.
    """
    for connector in connectors:
        for case in services.store.cases(connector, limit=1000):
            shutil.rmtree(services.home / "cases" / case.case_id, ignore_errors=True)
        services.store.forget_connector(connector)
        shutil.rmtree(services.home / "versions" / connector, ignore_errors=True)
        shutil.rmtree(services.cassettes / connector, ignore_errors=True)
    shutil.rmtree(settings.pipelines, ignore_errors=True)
    for path in settings.folder.glob(f"{settings.warehouse.name}*"):
        path.unlink()
