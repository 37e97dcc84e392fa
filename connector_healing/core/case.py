"""The heal case: one healing of one failure, and how it can end."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from connector_healing.core.checks import CheckResult
from connector_healing.core.policy import HealMode

#: How the reason of a case begins whose held load package a person released.
RELEASED = "Released by"


class CaseState(StrEnum):
    """Where a heal case stands. The values are what the store holds."""

    OPEN = "open"  #: Asked for; nothing done yet, or given back to be done again.
    REPRODUCING = "reproducing"
    TRANSIENT = "transient"  #: It does not fail any more: no change was made.
    NOT_REPRODUCED = "not_reproduced"  #: It fails otherwise, or could not be run.
    GENERATING = "generating"
    VALIDATING = "validating"
    ABSTAINED = "abstained"  #: No candidate was proven: `NotHealed`.
    AWAITING_APPROVAL = "awaiting_approval"
    SUBMITTED = "submitted"
    MONITORING = "monitoring"  #: The healed version is active; its next runs are watched.
    PROMOTED = "promoted"
    ROLLED_BACK = "rolled_back"
    REJECTED = "rejected"  #: A person refused the proposal, or released what was held.

    @property
    def is_closed(self) -> bool:
        """Whether nothing more follows by itself."""
        return self in _CLOSED

    @property
    def is_healing(self) -> bool:
        """Whether a worker that holds the case's lease is expected to move it on."""
        return self in {
            CaseState.OPEN,
            CaseState.REPRODUCING,
            CaseState.GENERATING,
            CaseState.VALIDATING,
            CaseState.SUBMITTED,
        }


CASE_TRANSITIONS: Mapping[CaseState, frozenset[CaseState]] = {
    CaseState.OPEN: frozenset(
        {
            CaseState.REPRODUCING,
            CaseState.TRANSIENT,  # Dagster's own retry passed.
            CaseState.ABSTAINED,
            CaseState.REJECTED,
        }
    ),
    CaseState.REPRODUCING: frozenset(
        {
            CaseState.OPEN,
            CaseState.TRANSIENT,
            CaseState.NOT_REPRODUCED,
            CaseState.GENERATING,
            CaseState.ABSTAINED,
            CaseState.REJECTED,
        }
    ),
    CaseState.GENERATING: frozenset(
        {CaseState.OPEN, CaseState.VALIDATING, CaseState.ABSTAINED, CaseState.REJECTED}
    ),
    CaseState.VALIDATING: frozenset(
        {
            CaseState.OPEN,
            CaseState.ABSTAINED,
            CaseState.AWAITING_APPROVAL,
            CaseState.SUBMITTED,
            CaseState.REJECTED,
        }
    ),
    CaseState.AWAITING_APPROVAL: frozenset({CaseState.SUBMITTED, CaseState.REJECTED}),
    CaseState.SUBMITTED: frozenset({CaseState.MONITORING, CaseState.ROLLED_BACK}),
    CaseState.MONITORING: frozenset({CaseState.PROMOTED, CaseState.ROLLED_BACK}),
    # A person may take an abstained case up again, or release what it held.
    CaseState.ABSTAINED: frozenset({CaseState.OPEN, CaseState.REJECTED}),
    CaseState.TRANSIENT: frozenset(),
    CaseState.NOT_REPRODUCED: frozenset(),
    CaseState.PROMOTED: frozenset(),
    CaseState.ROLLED_BACK: frozenset(),
    CaseState.REJECTED: frozenset(),
}

_CLOSED = frozenset(
    {
        CaseState.TRANSIENT,
        CaseState.NOT_REPRODUCED,
        CaseState.ABSTAINED,
        CaseState.PROMOTED,
        CaseState.ROLLED_BACK,
        CaseState.REJECTED,
    }
)


class Step(StrEnum):
    """The steps of a heal, in order; each is idempotent and leaves its result in the store."""

    REPRODUCE = "reproduce"
    CLASSIFY = "classify"
    CANDIDATES = "candidates"
    TRIAL = "trial"
    VALIDATE = "validate"
    REPORT = "report"
    SUBMIT = "submit"


@dataclass(frozen=True, slots=True, kw_only=True)
class HealCase:
    """One healing of one failure."""

    case_id: str
    connector_id: str
    dlt_resource: str | None
    fingerprint: str
    failure_id: str  #: The latest occurrence.
    run_id: str | None  #: The failed run of the latest occurrence.
    version_id: str  #: The version that failed.
    state: CaseState
    mode: HealMode
    opened_at: datetime
    updated_at: datetime
    occurrences: int = 1
    due_at: datetime | None = None  #: When it may be worked on; None: now.
    reason: str = ""  #: Why it stands where it stands, as one sentence.
    winner: int | None = None  #: The number of the candidate that was chosen.
    submitted_version: str | None = None
    monitored_runs: int = 0  #: Good runs since the heal.
    epoch: int = 0  #: The lease epoch of the last worker that wrote.
    parameters: Mapping[str, str] = field(
        default_factory=dict
    )  #: Of the launch: sample, live or cassette.

    @property
    def shown_state(self) -> str:
        """The state as a person or a script is told it: see `shown_state`."""
        return shown_state(self.state, self.reason)


def shown_state(state: CaseState, reason: str) -> str:
    """The word for a state, which for a release is its own: the store keeps it as rejected.

    Args:
        state: Of a case, or in its history.
        reason: Why it stands, or stood, there.
    """
    released = state is CaseState.REJECTED and reason.startswith(RELEASED)
    return "released" if released else state.value


class TrialState(StrEnum):
    """How a candidate's trial ended."""

    PASSED = "passed"  #: It ran, and every hard check passed.
    REFUSED = "refused"  #: It ran, and a hard check failed.
    FAILED = "failed"  #: It did not run to its end.
    SKIPPED = "skipped"  #: Not needed (a smaller one passed) or not affordable.


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What came of one candidate."""

    case_id: str
    number: int  #: The candidate's.
    state: TrialState
    reason: str
    checks: tuple[CheckResult, ...] = ()
    has_history: bool = False
    live_requests: int = 0
    replayed_requests: int = 0
    duration: timedelta = timedelta(0)
    rows: Mapping[str, int] = field(default_factory=dict)  #: Rows loaded in the sandbox, by table.


@dataclass(frozen=True, slots=True, kw_only=True)
class Healed:
    """A proven version was submitted, or waits for approval."""

    case_id: str
    version_id: str
    active: bool  #: False while a person has to approve it.
    summary: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotHealed:
    """No change was made, and why."""

    case_id: str
    reason: str
    refused_by: tuple[str, ...] = ()  #: Names of the checks that refused a candidate.


@dataclass(frozen=True, slots=True, kw_only=True)
class NotReproduced:
    """The failure did not show again."""

    case_id: str
    reason: str
    transient: bool


HealOutcome = Healed | NotHealed | NotReproduced
