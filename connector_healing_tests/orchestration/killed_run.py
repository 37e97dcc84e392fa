"""Runs a shop's job in a process of its own, to be killed.

``python -m connector_healing_tests.orchestration.killed_run FOLDER PACKAGE URL`` (DAGSTER_HOME set)
"""

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import dagster as dg

from connector_healing_tests.orchestration.loopback import LoopbackApi
from connector_healing_tests.orchestration.shop import Shop


def main(folder: str, package: str, url: str) -> None:
    api: Any = SimpleNamespace(url=url)
    shop = Shop(Path(folder), cast(LoopbackApi, api), package=package)
    job = shop.definitions().resolve_job_def("run_shop")
    job.execute_in_process(instance=dg.DagsterInstance.get())


if __name__ == "__main__":
    main(*sys.argv[1:])
