"""One connector's way through dlt into a DuckDB file of its own."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from connector_healing.core.failure import Stage
from connector_healing.core.profile import PackageProfile
from connector_healing.runtime.loading import build_source, loaded
from connector_healing.sandbox.state import decode_state, encode_state
from connector_healing.sandbox.wire import Assignment

if TYPE_CHECKING:
    from dlt.extract.source import DltSource
    from dlt.pipeline.pipeline import Pipeline

DATABASE = "sandbox.duckdb"
#: Not the database's own name, which DuckDB would take for the catalog.
DATASET = "sandbox_data"
#: DuckDB may take this share of the child's memory before it spills to disk.
_DUCKDB_SHARE = 3
_LOAD_WORKERS = 4


@dataclass(slots=True)
class Progress:
    """How far a run has come; what is here stays true when it fails."""

    stage: Stage = Stage.BUILD
    profile: PackageProfile = field(default_factory=PackageProfile)
    database: str | None = None
    source_state: dict[str, object] = field(default_factory=dict)


def run_connector(assignment: Assignment, progress: Progress) -> None:
    """Build the source, extract, normalise, profile, load.

    What the connector raises passes through; `progress` tells how far it had come.
    """
    with loaded(assignment.request.code):
        source = _selected(assignment)
        pipeline = _pipeline(assignment)
        _seed_state(assignment, pipeline, source)
        progress.stage = Stage.EXTRACT
        pipeline.extract(source)
        progress.stage = Stage.NORMALIZE
        progress.profile = _normalised(pipeline)
        progress.stage = Stage.LOAD
        pipeline.load(workers=_LOAD_WORKERS)
    database = Path(assignment.work_dir, DATABASE)
    progress.database = str(database) if database.is_file() else None
    progress.source_state = encode_state(pipeline.state.get("sources", {}).get(source.name, {}))


def _selected(assignment: Assignment) -> "DltSource":
    request = assignment.request
    source = build_source(request.runtime.connector)
    names = request.dlt_resources or request.runtime.dlt_resources
    if names:
        source = source.with_resources(*names)
    if request.max_pages is not None:
        for dlt_resource in source.resources.values():
            if not dlt_resource.is_transformer:  # dlt limits none of these
                dlt_resource.add_limit(request.max_pages)
    return source


def _pipeline(assignment: Assignment) -> "Pipeline":
    import dlt
    from dlt.destinations import duckdb
    from dlt.destinations.impl.duckdb.configuration import DuckDbCredentials
    from dlt.pipeline import trace

    # Even with telemetry off they read and write dlt's own files in the home of the machine's user.
    trace.TRACKING_MODULES = []
    megabytes = assignment.request.memory_bytes // _DUCKDB_SHARE // 1024**2
    credentials = DuckDbCredentials(
        str(Path(assignment.work_dir, DATABASE)),
        global_config={"memory_limit": f"{megabytes}MiB", "threads": 2},
    )
    return dlt.pipeline(
        assignment.pipeline_name,
        pipelines_dir=str(Path(assignment.work_dir, "pipelines")),
        destination=duckdb(credentials),
        dataset_name=DATASET,
    )


def _seed_state(assignment: Assignment, pipeline: "Pipeline", source: "DltSource") -> None:
    """Start from the given state: what makes an incremental connector read one window again."""
    given = assignment.request.source_state
    if given is None:
        return
    with pipeline.managed_state() as state:
        state.setdefault("sources", {})[source.name] = decode_state(given)


def _normalised(pipeline: "Pipeline") -> PackageProfile:
    from connector_healing.sandbox.packages import profile_package
    from connector_healing.sandbox.quick_load import normalize_quickly

    normalize_quickly(pipeline)
    return profile_package(pipeline)
