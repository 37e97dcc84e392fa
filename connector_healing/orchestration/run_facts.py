"""What is known of one execution of a connector while it goes on."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from connector_healing.core.connector import Connector, ConnectorVersion
from connector_healing.core.failure import Stage
from connector_healing.core.redaction import Redactor
from connector_healing.core.reproduction import ConnectorRuntime
from connector_healing.orchestration.look_ups import redactor_of, secrets_seen
from connector_healing.orchestration.run_log import LogTail
from connector_healing.runtime.recorder import Recording

if TYPE_CHECKING:
    from dlt import Pipeline


@dataclass(frozen=True, slots=True, kw_only=True)
class DuckDbPlace:
    """Where a DuckDB destination keeps a connector's tables."""

    path: str  #: Of the file, absolute.
    schema: str  #: The dataset's name, as dlt normalises it.


@dataclass(slots=True, kw_only=True)
class RunFacts:
    """The facts that baselines, failures and run records are made of."""

    connector: Connector
    pipeline: "Pipeline | None"  #: None where a foreign asset has none.
    run_id: str  #: Dagster's.
    record_id: str = field(default_factory=lambda: uuid.uuid4().hex)
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    log: LogTail = field(default_factory=LogTail)
    recording: Recording | None = None
    version: ConnectorVersion | None = None  #: None until it is known which one runs.
    modules: frozenset[str] = frozenset()  #: The connector's own, where no version says so.
    runtime: ConnectorRuntime | None = None
    place: DuckDbPlace | None = None  #: Where it loads, if that is DuckDB.
    stage: Stage | None = None  #: Where the run stands, as far as dlt does not tell.
    source_state: Mapping[str, object] = field(default_factory=dict)  #: dlt's, before the run.
    selected: tuple[str, ...] = ()  #: The dlt resources that run.
    normalized: Mapping[str, int] = field(default_factory=dict)  #: Rows by table, dlt's count.
    row_counts: Mapping[str, int] = field(default_factory=dict)  #: Of tables after the load.
    _redactor: tuple[tuple[int, int], Redactor] | None = None

    @property
    def version_id(self) -> str:
        """The version that runs; empty while it is not known."""
        return self.version.version_id if self.version else ""

    @property
    def requests(self) -> int:
        """HTTP requests so far."""
        return self.recording.request_count if self.recording else 0

    @property
    def redactor(self) -> Redactor:
        """Knows the secrets of the run so far."""
        seen = (secrets_seen(), self.requests)
        if self._redactor is None or self._redactor[0] != seen:
            sent = self.recording.sent_secrets() if self.recording else ()
            self._redactor = (seen, redactor_of(self.connector, sent))
        return self._redactor[1]
