"""The evidence that a failed or suspicious run leaves."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from connector_healing.core.capture import capture_failure, held_failure
from connector_healing.core.connector import ConnectorVersion
from connector_healing.core.failure import Failure, Suspicion
from connector_healing.core.redaction import Redactor
from connector_healing.orchestration.run_log import LogTail


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is known of a run besides its exception."""

    connector_id: str
    run_id: str
    version: ConnectorVersion | None
    redactor: Redactor
    cassette_id: str | None
    source_state: Mapping[str, object]
    log: LogTail
    selected: Sequence[str]  #: The dlt resources that ran.


def capture(evidence: Evidence, error: BaseException) -> Failure:
    """The failure that an exception is, free of secrets."""
    version = evidence.version
    failure = capture_failure(
        error,
        failure_id=uuid.uuid4().hex,
        connector_id=evidence.connector_id,
        run_id=evidence.run_id,
        version_id=version.version_id if version else None,
        occurred_at=datetime.now(UTC),
        code_modules=frozenset(m.name for m in version.code.modules) if version else frozenset(),
        redactor=evidence.redactor,
        cassette_id=evidence.cassette_id,
        log_excerpt=evidence.log.lines(evidence.redactor),
    )
    only = evidence.selected[0] if len(evidence.selected) == 1 else None
    return replace(
        failure,
        dlt_resource=failure.dlt_resource or only,
        source_state=evidence.source_state,
    )


def capture_held(evidence: Evidence, suspicions: Sequence[Suspicion]) -> Failure:
    """The failure that a held load package is; it is about the first suspicion's resource."""
    version = evidence.version
    failure = held_failure(
        tuple(suspicions),
        failure_id=uuid.uuid4().hex,
        connector_id=evidence.connector_id,
        run_id=evidence.run_id,
        version_id=version.version_id if version else None,
        occurred_at=datetime.now(UTC),
        cassette_id=evidence.cassette_id,
        log_excerpt=evidence.log.lines(evidence.redactor),
    )
    return replace(failure, source_state=evidence.source_state)
