"""What the sandbox is asked to run, and what it says of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from connector_healing.core.connector import Connector, ConnectorCode
from connector_healing.core.failure import Failure
from connector_healing.core.patch import FieldAccess
from connector_healing.core.profile import PackageProfile


class Traffic(StrEnum):
    """Where the answers to a connector's HTTP requests come from."""

    CASSETTE = "cassette"  #: Recorded answers only; a request that has none fails.
    CASSETTE_THEN_LIVE = "cassette_then_live"  #: Recorded where there is one, else the live API.
    LIVE = "live"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorRuntime:
    """How a connector runs in production, so that the sandbox can run it alike elsewhere.

    Recorded by each run. It holds no secret: secrets are resolved anew, in the parent.
    """

    connector: Connector
    pipeline_name: str
    dataset_name: str
    destination_type: str  #: dlt's reference, as ``dlt.destinations.duckdb``.
    destination_name: str
    destination_path: str | None  #: Of a DuckDB destination's file, absolute.
    project_dir: str  #: The working directory of the run: where ``.dlt`` is looked for.
    import_paths: tuple[str, ...]  #: `sys.path` of the run, without the standard library's.
    dlt_source_name: str
    dlt_resources: tuple[str, ...]  #: Selected in production.
    config_keys: tuple[
        str, ...
    ] = ()  #: Dotted keys of configuration and secrets that dlt resolved.
    environment: tuple[
        str, ...
    ] = ()  #: Names of environment variables that the connector declares.
    destination_schema: str | None = (
        None  #: In that file: the dataset's name, as dlt normalises it.
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxRequest:
    """One run of one text of a connector in a child process."""

    runtime: ConnectorRuntime
    code: ConnectorCode
    dlt_resources: tuple[str, ...]  #: The resources to run; empty: all of `runtime`.
    traffic: Traffic
    cassettes: tuple[str, ...] = ()  #: Paths of cassettes to answer from, first match wins.
    record_to: str | None = None  #: Where to write the exchanges that went live.
    source_state: Mapping[str, object] | None = None  #: dlt source state to start from.
    live_requests: int = 0  #: How many requests may go live; one more fails the run.
    #: Path templates (the host before them or not) to which a POST only reads; token endpoints
    #: that the cassettes know are found without.
    read_posts: tuple[str, ...] = ()
    max_pages: int | None = None  #: Stop each resource after so many yields; None: all.
    trace: bool = False  #: Record which fields of the API's records the code reads.
    timeout: timedelta = timedelta(minutes=10)
    memory_bytes: int = 3 * 1024**3  #: RLIMIT_AS of the child.


class SandboxStatus(StrEnum):
    """How the child's run ended."""

    COMPLETED = "completed"
    FAILED = "failed"  #: The connector raised: see `SandboxOutcome.failure`.
    TIMED_OUT = "timed_out"
    KILLED = "killed"  #: By a limit or from outside.


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointObservation:
    """What the answers of one endpoint said of their own completeness."""

    endpoint: str  #: Method and path template.
    requests: int
    items: int  #: Records in all answers.
    declared_total: int | None  #: `total`, `count` ... of the answers, where they agree.
    last_page_items: int
    page_size: int  #: The largest number of records in one answer.
    ended: bool  #: Whether the last answer held no sign of a further page.
    repeated: bool = False  #: Whether one page came twice.
    said_last: bool = False  #: Whether the last answer said in words that no page follows.


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxOutcome:
    """What came of a sandbox run."""

    status: SandboxStatus
    failure: Failure | None
    database: str | None  #: Path of the DuckDB file that was loaded; None where nothing was.
    dataset: str  #: Its schema.
    profile: PackageProfile
    live_requests: int
    replayed_requests: int
    good_answers: int = 0  #: Live requests that were answered with a status below 400.
    accesses: tuple[FieldAccess, ...] = ()
    endpoints: tuple[EndpointObservation, ...] = ()
    cassette: str | None = None  #: Path of what was recorded.
    duration: timedelta = timedelta(0)
    warnings: tuple[str, ...] = ()  #: Protections that this machine could not give.
    log_tail: tuple[str, ...] = ()
    source_state: Mapping[str, object] = field(default_factory=dict)  #: After the run.
    #: dlt source state that the run started from; None: none was given.
    source_state_before: Mapping[str, object] | None = None
