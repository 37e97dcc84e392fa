"""How a connector runs in production, written down so that the sandbox can run it alike."""

import contextlib
import inspect
import logging
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connector_healing.core.connector import Connector, ResourceExpectations
from connector_healing.core.redaction import Redactor
from connector_healing.core.reproduction import ConnectorRuntime
from connector_healing.orchestration.cleaning import open_arguments
from connector_healing.orchestration.run_facts import DuckDbPlace

if TYPE_CHECKING:
    from dlt import Pipeline
    from dlt.common.destination import AnyDestination
    from dlt.common.pipeline import LoadInfo
    from dlt.extract.resource import DltResource
    from dlt.extract.source import DltSource

#: A cursor path with one of these is JSONPath, and names no one column.
_NO_PLAIN_PATH = frozenset("$[]*?@()'\"")

_DUCKDB = "dlt.destinations.duckdb"
_DUCKDB_URL = "duckdb:///"

_LOG = logging.getLogger("connector_healing")


def runtime_of(
    connector: Connector,
    pipeline: "Pipeline",
    source: "DltSource",
    *,
    config_keys: tuple[str, ...],
    redactor: Redactor,
    place: DuckDbPlace | None,
) -> ConnectorRuntime:
    """How this connector runs; what its declaration leaves open is taken from dlt's hints.

    Arguments that hold a secret are left out: the sandbox has dlt look them up, as it does with
    every secret that is configured.

    Args:
        connector: As it is declared.
        pipeline: dlt's.
        source: What runs.
        config_keys: Of the configuration that dlt looked up for it.
        redactor: Knows the secrets of the run.
        place: Where it loads, if that is DuckDB.
    """
    destination: AnyDestination | None = pipeline.destination
    arguments, withheld = open_arguments(connector.arguments, redactor)
    if withheld:
        _LOG.warning(
            "Connector %s: the secret in its argument %s is not kept, so that heals cannot use it. "
            "Configure it in .dlt/secrets.toml or the environment instead.",
            connector.id,
            ", ".join(withheld),
        )
    declared = replace(connector, arguments=arguments, resources=_expectations(connector, source))
    return ConnectorRuntime(
        connector=declared,
        pipeline_name=pipeline.pipeline_name,
        dataset_name=pipeline.dataset_name or "",
        destination_type=destination.destination_type if destination else "",
        destination_name=destination.destination_name if destination else "",
        destination_path=place.path if place else None,
        destination_schema=place.schema if place else None,
        project_dir=_project_dir(),
        # An empty entry is the working directory.
        import_paths=tuple(str(Path(p).absolute()) for p in sys.path if Path(p).is_dir()),
        dlt_source_name=source.name,
        dlt_resources=tuple(source.selected_resources.keys()),
        config_keys=config_keys,
        environment=connector.environment,
    )


def _project_dir() -> str:
    """The folder that dlt takes for the project: where it looks for ``.dlt``."""
    from dlt.common.runtime.run_context import active

    return str(Path(active().run_dir).resolve())


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
    naming = source.schema.naming
    keys = [naming.normalize_path(name) for name, c in columns.items() if c.get("primary_key")]
    cursor = next((name for name, c in columns.items() if c.get("incremental")), None)
    path = cursor or _cursor_path(resource)
    plain = path and not _NO_PLAIN_PATH.intersection(path)
    return replace(
        declared,
        primary_key=declared.primary_key or tuple(keys),
        cursor_field=declared.cursor_field
        or (naming.normalize_path(naming.make_path(*path.split("."))) if path and plain else None),
    )


def _cursor_path(resource: "DltResource") -> str | None:
    """What an incremental resource follows: by its hints, its function's default, or rest_api's."""
    from dlt.extract.incremental import Incremental, IncrementalResourceWrapper

    found: list[object] = [resource.incremental, getattr(resource.incremental, "incremental", None)]
    with contextlib.suppress(TypeError):  # not bound to arguments yet
        found.append(resource.explicit_args.get("incremental_object"))
    function = resource._pipe.gen  # noqa: SLF001  # dlt has no public way to the function
    if callable(function):
        with contextlib.suppress(TypeError, ValueError):  # what has no signature has no default
            argument = IncrementalResourceWrapper.get_incremental_arg(inspect.signature(function))
            found.append(argument.default if argument else None)
    return next((str(one.cursor_path) for one in found if isinstance(one, Incremental)), None)


def known_place(runtime: ConnectorRuntime | None) -> DuckDbPlace | None:
    """Where the connector loaded when it last ran."""
    if runtime is None or runtime.destination_path is None or runtime.destination_schema is None:
        return None
    return DuckDbPlace(path=runtime.destination_path, schema=runtime.destination_schema)


def loaded_place(info: "LoadInfo") -> DuckDbPlace | None:
    """Where a load went, if that was a DuckDB file."""
    path = info.destination_displayable_credentials or ""
    if info.destination_type != _DUCKDB or not path.startswith(_DUCKDB_URL):
        return None
    found = Path(path.removeprefix(_DUCKDB_URL)).resolve()
    return DuckDbPlace(path=str(found), schema=info.dataset_name)


def duckdb_place(pipeline: "Pipeline") -> DuckDbPlace | None:
    """Where the pipeline loads, if that is a DuckDB file; dlt resolves its configuration for it."""
    # The annotation says that there always is one; a pipeline without is possible.
    destination: AnyDestination | None = pipeline.destination
    if destination is None or destination.destination_type != _DUCKDB:
        return None
    client: Any = pipeline.destination_client()
    path = getattr(client.config.credentials, "database", None)
    if not isinstance(path, str) or path == ":memory:":
        return None
    return DuckDbPlace(path=str(Path(path).resolve()), schema=client.sql_client.dataset_name)
