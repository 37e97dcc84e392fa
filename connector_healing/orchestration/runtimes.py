"""How a connector runs in production, written down so that the sandbox can run it alike."""

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from connector_healing.core.connector import Connector, ResourceExpectations
from connector_healing.core.reproduction import ConnectorRuntime

if TYPE_CHECKING:
    from dlt import Pipeline
    from dlt.extract.resource import DltResource
    from dlt.extract.source import DltSource


def runtime_of(
    connector: Connector,
    pipeline: "Pipeline",
    source: "DltSource",
    config_keys: tuple[str, ...],
) -> ConnectorRuntime:
    """How this connector runs; what its declaration leaves open is taken from dlt's hints."""
    destination = pipeline.destination
    path = _duckdb_path(pipeline)
    return ConnectorRuntime(
        connector=replace(connector, resources=_expectations(connector, source)),
        pipeline_name=pipeline.pipeline_name,
        dataset_name=pipeline.dataset_name,
        destination_type=destination.destination_type if destination else "",
        destination_name=destination.destination_name if destination else "",
        destination_path=path,
        project_dir=str(Path.cwd()),
        import_paths=tuple(p for p in sys.path if p and Path(p).is_dir()),
        dlt_source_name=source.name,
        dlt_resources=tuple(source.selected_resources.keys()),
        config_keys=config_keys,
        environment=connector.environment,
    )


def used_config_keys(source: "DltSource") -> tuple[str, ...]:
    """The dotted keys of configuration that dlt looked up for this source in this thread.

    dlt's log of look-ups is the process's: kept are keys of sources, of which the name is this
    source's or its module's, and keys without sections.
    """
    from dlt.common.configuration.utils import get_resolved_traces

    mine = {source.name, source.section}
    found = set()
    for trace in get_resolved_traces().resolved_traces:
        sections = [s for s in trace.sections if s]
        of_sources = sections[:1] == ["sources"]
        if not sections or (of_sources and (not sections[1:] or mine & {*sections[1:]})):
            found.add(".".join([*sections, trace.key]))
    return tuple(sorted(found))


def _expectations(connector: Connector, source: "DltSource") -> Mapping[str, ResourceExpectations]:
    return {
        name: _completed(connector.resources.get(name) or ResourceExpectations(), resource, source)
        for name, resource in source.selected_resources.items()
    }


def _completed(
    declared: ResourceExpectations, resource: "DltResource", source: "DltSource"
) -> ResourceExpectations:
    """The declaration, its gaps filled from the hints that do not depend on the data."""
    try:
        columns = resource.compute_table_schema()["columns"]
    except Exception:  # noqa: BLE001  # hints that are functions of an item fail without one
        columns = {}
    normalize = source.schema.naming.normalize_path
    keys = [normalize(name) for name, c in columns.items() if c.get("primary_key")]
    cursors = [normalize(name) for name, c in columns.items() if c.get("incremental")]
    return replace(
        declared,
        primary_key=declared.primary_key or tuple(keys),
        cursor_field=declared.cursor_field or next(iter(cursors), None),
    )


def _duckdb_path(pipeline: "Pipeline") -> str | None:
    destination = pipeline.destination
    if destination is None or destination.destination_type != "dlt.destinations.duckdb":
        return None
    credentials = pipeline.destination_client().config.credentials
    path = getattr(credentials, "database", None)
    return str(Path(path).resolve()) if isinstance(path, str) and path != ":memory:" else None
