"""The rules that healed data must pass, and their verdict."""

from dataclasses import dataclass
from enum import StrEnum


class CheckLevel(StrEnum):
    """What a failed check means."""

    HARD = "hard"  #: The candidate is out.
    SOFT = "soft"  #: A person must approve.
    INFO = "info"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """One check on one table or column."""

    name: str  #: ``H4 overlap equality``, say: the code, then the words.
    level: CheckLevel
    passed: bool
    table: str
    column: str | None
    observed: str
    bound: str
    sql: str  #: What was run; ``before`` is the previous data, ``after`` the healed data.
    rows: int = 0  #: Rows or keys that the check looked at.

    @property
    def code(self) -> str:
        """The check's short code, as ``H4``."""
        return self.name.partition(" ")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """The verdict over one candidate's data."""

    checks: tuple[CheckResult, ...]
    has_history: bool  #: Enough good runs and a key: without them a person must approve.

    @property
    def hard_passed(self) -> bool:
        """Whether at least one hard check ran and none failed."""
        hard = [c for c in self.checks if c.level is CheckLevel.HARD]
        return bool(hard) and all(c.passed for c in hard)

    @property
    def soft_passed(self) -> bool:
        """Whether no soft check failed."""
        return all(c.passed for c in self.checks if c.level is CheckLevel.SOFT)

    @property
    def refusals(self) -> tuple[CheckResult, ...]:
        """The hard checks that failed."""
        return tuple(c for c in self.checks if c.level is CheckLevel.HARD and not c.passed)
