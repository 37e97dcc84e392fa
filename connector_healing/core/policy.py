"""What may be done to a connector without a person, and at what cost."""

from dataclasses import dataclass, field
from datetime import timedelta
from enum import IntEnum, StrEnum


class PolicyLevel(IntEnum):
    """How far a change reaches, from no code at all to what is never done."""

    A0 = 0  #: No code: retry, reschedule, skip doomed retries, pause.
    A1 = 1  #: Limiter, bounded retry, timeout, smaller pages, same-host redirects, lossless casts.
    A2 = 2  #: Field aliases, version and endpoint rewrites, data selectors, paginators.
    A3 = 3  #: Defaults, nullable relaxations, lossy coercion, dropped fields, damage repair.
    A4 = 4  #: Credentials, TLS verification, non-GET replays, disabled checks: never done.


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


@dataclass(frozen=True, slots=True, kw_only=True)
class HealPolicy:
    """One connector's policy."""

    apply_up_to: PolicyLevel = PolicyLevel.A0  #: Above it a person approves.
    on_suspicion: OnSuspicion = OnSuspicion.HOLD
    budget: Budget = field(default_factory=Budget)
    monitor_runs: int = 3  #: Runs after a heal that decide between promotion and roll-back.
    min_history_runs: int = 5  #: Good runs without which nothing is applied without a person.
    heal: bool = True  #: False: failures are captured and diagnosed, never healed.

    @property
    def automatic_mode(self) -> HealMode:
        """The mode of a heal that no person launched."""
        if not self.heal:
            return HealMode.DIAGNOSE
        return HealMode.APPLY if self.apply_up_to > PolicyLevel.A0 else HealMode.PROPOSE
