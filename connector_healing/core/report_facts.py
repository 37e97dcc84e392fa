"""What a debug report is made of."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from connector_healing.core.case import CaseState, HealCase, HealOutcome, Trial, TrialState
from connector_healing.core.drift.mapping import FieldMapping
from connector_healing.core.failure import Diagnosis, Failure, Stage
from connector_healing.core.patch import Candidate


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFacts:
    """Everything that a report says; all texts are free of secrets already."""

    case: HealCase
    failure: Failure
    diagnosis: Diagnosis | None = None
    candidates: tuple[Candidate, ...] = ()
    trials: tuple[Trial, ...] = ()
    outcome: HealOutcome | None = None
    last_success: datetime | None = None
    duration: timedelta = timedelta(0)  #: Of the heal.
    live_requests: int = 0
    replayed_requests: int = 0
    history: tuple[tuple[datetime, CaseState, str], ...] = ()  #: The case's, oldest first.
    mappings: tuple[FieldMapping, ...] = ()
    warnings: tuple[str, ...] = ()  #: Protections that the machine could not give.

    release_waits: bool = False  #: What a person released has not been loaded yet.
    branch: str = ""  #: In the connector's git repository, with the change as one commit.

    @property
    def is_held(self) -> bool:
        """Whether a load package was held, rather than an exception raised."""
        return self.failure.stage is Stage.JUDGE

    @property
    def winner(self) -> Candidate | None:
        """The candidate that was chosen."""
        return next((c for c in self.candidates if c.number == self.case.winner), None)

    @property
    def shown_trial(self) -> Trial | None:
        """The trial that the validation speaks of: the winner's, else the one that came furthest."""
        of_winner = next((t for t in self.trials if t.number == self.case.winner), None)
        if of_winner is not None:
            return of_winner
        ran = [t for t in self.trials if t.state is not TrialState.SKIPPED]
        return max(ran, key=lambda t: (len(t.checks), -t.number), default=None)
