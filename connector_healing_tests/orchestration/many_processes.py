"""The heal job of a shop, as each process of a multi-process executor makes it anew."""

import json
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import dagster as dg

from connector_healing.orchestration.heal_job import JOB_NAME
from connector_healing.orchestration.metadata import CASE_TAG
from connector_healing_tests.orchestration.loopback import LoopbackApi
from connector_healing_tests.orchestration.shop import Shop

#: Where the processes find the shop.
VARIABLE = "SHOP_OF_MANY_PROCESSES"


def told(shop: Shop) -> str:
    """The value of `VARIABLE` for a shop."""
    return json.dumps({"folder": str(shop.folder), "package": shop.package, "url": shop.api.url})


def heal_job() -> dg.JobDefinition:
    """The job, with two processes at a time."""
    known = json.loads(os.environ[VARIABLE])
    api: Any = SimpleNamespace(url=known["url"])
    shop = Shop(Path(known["folder"]), cast(LoopbackApi, api), package=known["package"])
    executor = dg.multiprocess_executor.configured({"max_concurrent": 2})
    return shop.definitions(executor_def=executor).resolve_job_def(JOB_NAME)


def executed(
    instance: dg.DagsterInstance, connector_id: str, case_id: str
) -> dg.JobExecutionResult:
    """One heal run."""
    return dg.execute_job(
        dg.reconstructable(heal_job),
        instance=instance,
        run_config={"connector_id": connector_id, "case_id": case_id},
        tags={CASE_TAG: case_id},
    )
