"""What may be done to a connector without a person, and at what cost."""

from dataclasses import dataclass, field
from datetime import timedelta
from enum import IntEnum, StrEnum

from connector_healing.errors import InvalidConnectorError


class PolicyLevel(IntEnum):
    """How far a change reaches, from no code at all to what is never done."""

    A0 = 0  #: No code: retry, reschedule, skip doomed retries, pause.
    A1 = 1  #: Limiter, bounded retry, timeout, smaller pages, same-host redirects, lossless casts.
    A2 = 2  #: Field aliases, version and endpoint rewrites, data selectors, paginators.
    A3 = 3  #: Defaults, nullable relaxations, lossy coercion, dropped fields, damage repair.
    A4 = 4  #: Credentials, TLS verification, non-GET replays, disabled checks: never done.


#: The smallest sample of known rows that a launch may ask for: of fewer, the checks that compare
#: them with the previous data could tell nothing.
MIN_SAMPLE_ROWS = 30


class HealMode(StrEnum):
    """How far one launch goes."""

    DIAGNOSE = "diagnose"  #: Reproduce and classify; no patch is made.
    PROPOSE = "propose"  #: A validated patch waits for a person.
    APPLY = (
        "apply"  #: A validated patch within `HealPolicy.apply_up_to` becomes the active version.
    )


class OnSuspicion(StrEnum):
    """What happens to a load package that looks wrong."""

    HOLD = "hold"  #: It is not loaded and the run fails.
    LOAD_AND_FLAG = "load_and_flag"  #: It is loaded, and an asset check fails.


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What one heal may cost."""

    candidates: int = 10
    wall_time: timedelta = timedelta(hours=1)
    #: HTTP requests to the live API, validation and rewinding included;
    #: None: as many as one full extraction took, and ten.
    live_requests: int | None = None

    def __post_init__(self) -> None:
        _at_least("policy.budget.candidates", self.candidates, 1)
        if self.live_requests is not None:
            _at_least("policy.budget.live_requests", self.live_requests, 0)
        if not _is(self.wall_time, timedelta) or self.wall_time <= timedelta(0):
            allowed = "It is a datetime.timedelta of more than nothing."
            raise InvalidConnectorError("policy.budget.wall_time", self.wall_time, allowed)


@dataclass(frozen=True, slots=True, kw_only=True)
class HealPolicy:
    """One connector's policy.

    Raises:
        InvalidConnectorError: If a value is none of those allowed; it names the field.
    """

    apply_up_to: PolicyLevel = PolicyLevel.A0  #: Above it a person approves.
    on_suspicion: OnSuspicion = OnSuspicion.HOLD
    budget: Budget = field(default_factory=Budget)
    monitor_runs: int = 3  #: Runs after a heal that decide between promotion and roll-back.
    min_history_runs: int = 5  #: Good runs without which nothing is applied without a person.
    heal: bool = True  #: False: failures are captured and diagnosed, never healed.
    #: A submitted change also as a branch of the git repository that the connector lies in.
    git_branch: bool = True

    def __post_init__(self) -> None:
        if not _is(self.apply_up_to, PolicyLevel) or self.apply_up_to > PolicyLevel.A2:
            allowed = "It is PolicyLevel.A0, A1 or A2; what is above is a person's to approve."
            raise InvalidConnectorError("policy.apply_up_to", self.apply_up_to, allowed)
        if not _is(self.on_suspicion, OnSuspicion):
            allowed = "It is OnSuspicion.HOLD or OnSuspicion.LOAD_AND_FLAG."
            raise InvalidConnectorError("policy.on_suspicion", self.on_suspicion, allowed)
        _at_least("policy.monitor_runs", self.monitor_runs, 1)
        _at_least("policy.min_history_runs", self.min_history_runs, 1)

    @property
    def automatic_mode(self) -> HealMode:
        """The mode of a heal that no person launched."""
        if not self.heal:
            return HealMode.DIAGNOSE
        return HealMode.APPLY if self.apply_up_to > PolicyLevel.A0 else HealMode.PROPOSE


def _is(value: object, kind: type) -> bool:
    # What the annotations promise is not what a caller without a type checker gives.
    return isinstance(value, kind) and not isinstance(value, bool)


def _at_least(field_name: str, value: int, least: int) -> None:
    if not _is(value, int) or value < least:
        raise InvalidConnectorError(field_name, value, f"It is a whole number, at least {least}.")
