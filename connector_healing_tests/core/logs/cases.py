"""Recorded error texts with what they mean: `cases.jsonl`, and a real driver's log."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

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
    lines = (_FOLDER / "cases.jsonl").read_text(encoding="utf-8").splitlines()
    return tuple(Case(**json.loads(line)) for line in lines)


def driver_log() -> str:
    return (_FOLDER / "driver.log").read_text(encoding="utf-8")
