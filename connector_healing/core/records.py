"""Small records of what happened: a connector's executions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class RunStatus(StrEnum):
    """How one execution of a connector ended."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    HELD = "held"  #: Its load package looked wrong and was not loaded.


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """One execution of a connector."""

    record_id: str
    connector_id: str
    run_id: str | None  #: Dagster's.
    version_id: str
    status: RunStatus
    started_at: datetime
    ended_at: datetime
    rows: Mapping[str, int] = field(default_factory=dict)  #: Loaded rows by table.
    requests: int = 0
    message: str = ""  #: The error, free of secrets.
    failure_id: str | None = None
    case_id: str | None = None
    log: tuple[str, ...] = ()  #: Last lines that the run logged, free of secrets.
