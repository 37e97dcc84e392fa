"""How a connector runs in production, written down so that the sandbox can run it alike."""

import contextlib
import inspect
import logging
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from connector_healing.core.connector import Connector, ResourceExpectations
from connector_healing.core.redaction import Redactor
from connector_healing.core.reproduction import ConnectorRuntime
from connector_healing.orchestration.cleaning import open_arguments

if TYPE_CHECKING:
    from dlt import Pipeline
    from dlt.common.destination import AnyDestination
    from dlt.extract.resource import DltResource
    from dlt.extract.source import DltSource

#: A cursor path with one of these is JSONPath, and names no one column.
_NO_PLAIN_PATH = frozenset("$[]*?@()'\"")

_LOG = logging.getLogger("connector_healing")


def runtime_of(
    connector: Connector,
    pipeline: "Pipeline",
    source: "DltSource",
    config_keys: tuple[str, ...],
    redactor: Redactor,
) -> ConnectorRuntime:
    """How this connector runs; what its declaration leaves open is taken from dlt's hints.

    Arguments that hold a secret are left out: the sandbox has dlt look them up, as it does with
    every secret that is configured.
    """
    destination: AnyDestination | None = pipeline.destination
    path = _duckdb_path(pipeline)
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
        destination_path=path,
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


def _duckdb_path(pipeline: "Pipeline") -> str | None:
    # The annotation says that there always is one; a pipeline without is possible.
    destination: AnyDestination | None = pipeline.destination
    if destination is None or destination.destination_type != "dlt.destinations.duckdb":
        return None
    credentials = pipeline.destination_client().config.credentials
    path = getattr(credentials, "database", None)
    return str(Path(path).resolve()) if isinstance(path, str) and path != ":memory:" else None
