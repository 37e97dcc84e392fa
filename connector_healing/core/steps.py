"""What each step of a heal leaves in the store for the next, and for the report."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from connector_healing.core.drift.mapping import FieldMapping
from connector_healing.core.failure import Diagnosis
from connector_healing.core.patch import FieldAccess
from connector_healing.core.policy import HealMode


class ReproductionVerdict(StrEnum):
    """Whether the failure shows again in the sandbox."""

    REPRODUCED = "reproduced"
    TRANSIENT = "transient"  #: It passes now, live, each time that it was tried.
    NOT_REPRODUCED = "not_reproduced"  #: It fails otherwise.


@dataclass(frozen=True, slots=True, kw_only=True)
class Reproduction:
    """Result of the step `reproduce`."""

    verdict: ReproductionVerdict
    reason: str
    fingerprint: str  #: Of what the sandbox saw; empty where it passed.
    from_cassette: bool  #: Whether recorded answers alone showed it.
    live_requests: int = 0
    replayed_requests: int = 0
    warnings: tuple[str, ...] = ()  #: Protections that this machine could not give.
    accesses: tuple[FieldAccess, ...] = ()  #: Reads of the failing code, misses included.
    duration: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Result of the step `classify`."""

    diagnosis: Diagnosis
    mappings: tuple[FieldMapping, ...] = ()
    accesses: tuple[FieldAccess, ...] = ()  #: Reads of the failing code on the last good answers.
    probe: str | None = None  #: Cassette of the requests that went live for new records.
    live_requests: int = 0
    duration: timedelta = timedelta(0)


class Verdict(StrEnum):
    """What the step `validate` decided."""

    APPLY = "apply"
    PROPOSE = "propose"
    ABSTAIN = "abstain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Result of the step `validate`."""

    verdict: Verdict
    mode: HealMode
    winner: int | None
    reason: str
    refused_by: tuple[str, ...] = ()
    live_requests: int = 0
    duration: timedelta = timedelta(0)  #: Of the whole heal so far.
    rows: Mapping[str, int] = field(default_factory=dict)
