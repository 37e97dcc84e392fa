"""Rules that a user adds in YAML, validated: each outranks all rules of the package."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connector_healing.core.failure import Failure
from connector_healing.core.logs.matching import Hit
from connector_healing.core.logs.reduce import LogLine, ReducedLog
from connector_healing.core.rules.signature import Signature, Weight
from connector_healing.core.taxonomy import FailureSubcategory
from connector_healing.errors import UsageError

MAX_RULES = 500
MAX_PATTERN = 1_000  #: Characters.
_KEYS = ("name", "match", "status", "subcategory", "cause", "confidence", "also")
_NAME = re.compile(r"[A-Za-z][\w.-]{0,79}")
_FIRST_STATUS, _LAST_STATUS = 100, 599
#: A repetition inside a repeated group: the time of such a pattern may explode.
_NESTED = re.compile(r"\((?:[^()\\]|\\.)*[+*](?:[^()\\]|\\.)*\)(?:[+*]|\{\d+,\})")


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRule:
    """One rule of a user: a pattern over a line, a status, or both."""

    signature: Signature
    pattern: re.Pattern[str] | None
    statuses: frozenset[int]

    def hits(self, failure: Failure, log: ReducedLog) -> Iterator[Hit]:
        """The first line that the rule matches."""
        status = failure.http.status if failure.http else None
        if self.statuses and status not in self.statuses:
            return
        if self.pattern is None:
            line = log.lines[0] if log.lines else LogLine(0, "")
            yield Hit(self.signature, line, 0, 0, -1)
            return
        for line in log.lines:
            found = self.pattern.search(line.text)
            if found is not None:
                yield Hit(self.signature, line, found.start(), found.end(), -1)
                return


def read_rules(value: Any, where: str) -> tuple[UserRule, ...]:  # YAML has no narrower type
    """The rules of a list, or of a mapping with the list under `rules`.

    Args:
        value: As YAML gives it.
        where: The file or setting it comes from, for messages.

    Raises:
        UsageError: If a rule is wrong; it names the rule, the key and what is allowed.
    """
    rows = value.get("rules") if isinstance(value, Mapping) else value
    if not isinstance(rows, Sequence) or isinstance(rows, str):
        raise UsageError(where, _short(value), "It is a list of rules, or a mapping with `rules`.")
    if len(rows) > MAX_RULES:
        raise UsageError(where, len(rows), f"At most {MAX_RULES} rules are allowed.")
    rules = tuple(_rule(row, f"{where}: rules[{place}]") for place, row in enumerate(rows))
    names = [rule.signature.name for rule in rules]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"{where}: name", name, "Each rule has a name of its own.")
    return rules


def _rule(row: Any, where: str) -> UserRule:  # YAML has no narrower type
    if not isinstance(row, Mapping):
        raise UsageError(where, _short(row), f"A rule is a mapping with {', '.join(_KEYS)}.")
    for key in row:
        if key not in _KEYS:
            raise UsageError(f"{where}.{key}", _short(row[key]), f"Known keys: {', '.join(_KEYS)}.")
    name = row.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise UsageError(
            f"{where}.name", name, "A name has a letter first, then letters, digits, . _ -."
        )
    pattern, statuses = _pattern(row, where), _statuses(row, where)
    if pattern is None and not statuses:
        raise UsageError(f"{where}.match", None, "A rule has `match`, `status`, or both.")
    signature = Signature(
        name=f"user.{name}",
        subcategory=_subcategory(row.get("subcategory"), f"{where}.subcategory"),
        weight=Weight.USER,
        patterns=(),
        cause=_cause(row.get("cause", "{line}"), where),
        also=_also(row.get("also", []), where),
        confidence=_confidence(row.get("confidence", 0.95), where),
    )
    return UserRule(signature=signature, pattern=pattern, statuses=statuses)


def _pattern(row: Mapping[str, Any], where: str) -> re.Pattern[str] | None:
    text = row.get("match")
    if text is None:
        return None
    allowed = f"A regular expression of 1 to {MAX_PATTERN} characters over one line."
    if not isinstance(text, str) or not 0 < len(text) <= MAX_PATTERN:
        raise UsageError(f"{where}.match", _short(text), allowed)
    if _NESTED.search(text):
        raise UsageError(
            f"{where}.match", text, "A repetition within a repeated group may run for ever."
        )
    try:
        return re.compile(text, re.IGNORECASE)
    except re.error as error:
        raise UsageError(f"{where}.match", text, f"{allowed} {error}.") from error


def _statuses(row: Mapping[str, Any], where: str) -> frozenset[int]:
    given = row.get("status", [])
    listed = given if isinstance(given, list) else [given]
    for status in listed:
        if isinstance(status, bool) or not isinstance(status, int):
            raise UsageError(f"{where}.status", _short(status), "A number, or a list of numbers.")
        if not _FIRST_STATUS <= status <= _LAST_STATUS:
            raise UsageError(f"{where}.status", status, "An HTTP status is from 100 to 599.")
    return frozenset(listed)


def _subcategory(value: Any, where: str) -> FailureSubcategory:
    try:
        return FailureSubcategory(value)
    except ValueError as error:
        allowed = "`connector-healing classify --list` shows the subcategories."
        raise UsageError(where, _short(value), allowed) from error


def _also(value: Any, where: str) -> tuple[FailureSubcategory, ...]:
    if not isinstance(value, list):
        raise UsageError(f"{where}.also", _short(value), "A list of subcategories.")
    return tuple(_subcategory(one, f"{where}.also") for one in value)


def _cause(value: Any, where: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise UsageError(f"{where}.cause", _short(value), "A sentence; {line} stands for the line.")
    return value


def _confidence(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1:
        raise UsageError(f"{where}.confidence", _short(value), "A number above 0, at most 1.")
    return float(value)


def _short(value: object) -> str:
    return str(value)[:100]
