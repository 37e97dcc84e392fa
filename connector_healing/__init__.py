"""Keeps data connectors running: reproduces, patches, proves and heals broken dlt connectors.

The public names are loaded on first use, so that importing this package costs neither
dagster (4 s) nor dlt nor duckdb; the sandbox's child processes rely on that.
"""

import importlib
from typing import TYPE_CHECKING

from connector_healing.version import __version__ as __version__

if TYPE_CHECKING:
    from connector_healing.core.connector import Connector as Connector
    from connector_healing.core.connector import ResourceExpectations as ResourceExpectations
    from connector_healing.core.policy import HealMode as HealMode
    from connector_healing.core.policy import HealPolicy as HealPolicy
    from connector_healing.core.policy import OnSuspicion as OnSuspicion
    from connector_healing.core.policy import PolicyLevel as PolicyLevel
    from connector_healing.orchestration.assets import healing_dlt_assets as healing_dlt_assets
    from connector_healing.orchestration.components import (
        HealingConnectorComponent as HealingConnectorComponent,
    )
    from connector_healing.orchestration.definitions import (
        healing_definitions as healing_definitions,
    )
    from connector_healing.orchestration.dlt_resource import (
        HealingDltResource as HealingDltResource,
    )
    from connector_healing.orchestration.failure_hook import (
        healing_failure_hook as healing_failure_hook,
    )

_LAZY = {
    "Connector": "connector_healing.core.connector",
    "HealMode": "connector_healing.core.policy",
    "HealingConnectorComponent": "connector_healing.orchestration.components",
    "HealingDltResource": "connector_healing.orchestration.dlt_resource",
    "healing_definitions": "connector_healing.orchestration.definitions",
    "healing_dlt_assets": "connector_healing.orchestration.assets",
    "healing_failure_hook": "connector_healing.orchestration.failure_hook",
    "HealPolicy": "connector_healing.core.policy",
    "OnSuspicion": "connector_healing.core.policy",
    "PolicyLevel": "connector_healing.core.policy",
    "ResourceExpectations": "connector_healing.core.connector",
}

__all__ = [
    "Connector",
    "HealMode",
    "HealPolicy",
    "HealingConnectorComponent",
    "HealingDltResource",
    "OnSuspicion",
    "PolicyLevel",
    "ResourceExpectations",
    "__version__",
    "healing_definitions",
    "healing_dlt_assets",
    "healing_failure_hook",
]


def __getattr__(name: str) -> object:
    if name in _LAZY:
        return getattr(importlib.import_module(_LAZY[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
