"""Recorded error texts with what they mean, and a real driver's log.

`cases.jsonl` came first; `blind.jsonl` is a share of what was written and raised afterwards, each
batch before the rules were tried on it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from connector_healing.core.failure import Diagnosis
from connector_healing.core.logs.diagnose import diagnose_log
from connector_healing.core.logs.reading import failure_of_text
from connector_healing.core.logs.user_rules import UserRule

_FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    id: str
    text: str
    category: str
    retryable: bool
    human_needed: bool
    context: Mapping[str, Any] = field(default_factory=dict)
    accept: Sequence[str] = ()
    hard: bool = False


@cache
def cases() -> tuple[Case, ...]:
    files = (_FOLDER / name for name in ("cases.jsonl", "blind.jsonl"))
    lines = [line for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    return tuple(Case(**json.loads(line)) for line in lines)


def diagnose_text(
    text: str, context: Mapping[str, object] | None = None, rules: Sequence[UserRule] = ()
) -> Diagnosis:
    """What a pasted text means."""
    return diagnose_log(failure_of_text(text, context), rules)


def driver_log() -> str:
    return (_FOLDER / "driver.log").read_text(encoding="utf-8")
