"""Which version of a connector runs."""

import sys
from datetime import UTC, datetime

from connector_healing.core.connector import Connector, ConnectorCode, ConnectorVersion
from connector_healing.errors import VersionConflictError
from connector_healing.healing.monitor import supersede
from connector_healing.healing.services import CaseServices

INSTALLED = "installed"


def version_to_run(services: CaseServices, connector: Connector) -> tuple[ConnectorVersion, bool]:
    """The active version; the installed code becomes it where somebody deployed other code.

    Deployed means that the installed code is not what the last run found installed: a person's
    deployment wins over a heal, and a heal (also one that reverts) stays until then.

    Returns:
        The version, and whether it is the installed code itself.

    Raises:
        ConnectorLoadError: If the installed code cannot be found.
    """
    store, registry = services.store, services.registry
    installed = registry.installed_code(connector.entry_point, sys.path)
    note = f"installed/{connector.id}"
    active = registry.active(connector.id)
    if active is None or store.get_note(note) != installed.version_id:
        active = _deployed(services, connector, installed, active)
        supersede(services, connector.id, active.version_id)
        store.set_note(note, installed.version_id)
    return active, active.version_id == installed.version_id


def _deployed(
    services: CaseServices,
    connector: Connector,
    installed: ConnectorCode,
    active: ConnectorVersion | None,
) -> ConnectorVersion:
    version = ConnectorVersion(
        connector_id=connector.id,
        version_id=installed.version_id,
        code=installed,
        parent=active.version_id if active and active.version_id != installed.version_id else None,
        change_summary="Installed code.",
        created_at=datetime.now(UTC),
        created_by=INSTALLED,
    )
    registry = services.registry
    registry.save(version)
    try:
        registry.activate(connector.id, active.version_id if active else None, version.version_id)
    except VersionConflictError:
        # Another process of the same deployment was first; it decided by the same rule.
        return registry.active(connector.id) or version
    return registry.version(connector.id, version.version_id)
