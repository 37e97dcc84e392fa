"""Rules that a user adds in YAML, validated: each outranks all rules of the package."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf, log2
from re import _parser  # type: ignore[attr-defined]  # what re compiles from; no stubs hold it
from typing import Any
from warnings import catch_warnings

from connector_healing.core.failure import Failure
from connector_healing.core.logs.matching import Hit
from connector_healing.core.logs.reduce import LogLine, ReducedLog, well_formed
from connector_healing.core.redaction import Redactor
from connector_healing.core.rules.signature import Signature, Weight
from connector_healing.core.taxonomy import FailureSubcategory
from connector_healing.errors import UsageError

MAX_RULES = 500
MAX_PATTERN = 1_000  #: Characters.
_KEYS = ("name", "match", "status", "subcategory", "cause", "confidence", "also")
_NAME = re.compile(r"[A-Za-z][\w.-]{0,79}")
_FIRST_STATUS, _LAST_STATUS = 100, 599
#: Characters of a line that a pattern sees: fewer where it may be tried in more ways.
_SEEN = (2_000, 500)
_MAX_BITS = 29  #: Of the number of ways in which a pattern may be tried on one line.
_PLACEHOLDER = re.compile(r"\{\w*\}")
_SHOWN = 100  #: Characters of a rejected value.
_REDACTOR = Redactor()

_BEYOND = 256  #: Stands for all characters after the first 256.
_ALL = frozenset(range(_BEYOND + 1))
_NOT_ASCII = frozenset(range(128, _BEYOND + 1))
#: Letters whose other case lies beyond.
_FAR_CASES = frozenset("ksi\u00e5\u00b5\u00df\u00ff")
_CATEGORIES = {
    "CATEGORY_DIGIT": r"\d",
    "CATEGORY_NOT_DIGIT": r"\D",
    "CATEGORY_SPACE": r"\s",
    "CATEGORY_NOT_SPACE": r"\S",
    "CATEGORY_WORD": r"\w",
    "CATEGORY_NOT_WORD": r"\W",
}
_SINGLE = ("LITERAL", "NOT_LITERAL", "ANY", "IN")
_REPEATS = ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT")


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRule:
    """One rule of a user: a pattern over a line, a status, or both."""

    signature: Signature
    pattern: re.Pattern[str] | None
    statuses: frozenset[int]
    seen: int = _SEEN[0]  #: Characters of a line that the pattern is tried on.

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
            found = self.pattern.search(line.text, 0, self.seen)
            if found is not None:
                yield Hit(self.signature, line, found.start(), found.end(), -1)
                return


def read_rules(value: Any, where: str) -> tuple[UserRule, ...]:  # YAML has no narrower type
    """The rules of a list, or of a mapping with the list under `rules` and nothing else.

    A pattern sees the first 2,000 characters of a line, or the first 500 where it holds two
    repetitions that may share what they match; one with more of them is refused.

    Args:
        value: As YAML gives it.
        where: The file or setting it comes from, for messages.

    Raises:
        UsageError: If a rule is wrong; it names the rule, the key and what is allowed.
    """
    if isinstance(value, Mapping):
        for key in value:
            if key != "rules":
                raise UsageError(where, _short(key), "The only key beside the rules is `rules`.")
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
            raise UsageError(
                f"{where}.{_short(key)}", _short(row[key]), f"Known keys: {', '.join(_KEYS)}."
            )
    name = row.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise UsageError(
            f"{where}.name", _short(name), "A name has a letter first, then letters, digits, . _ -."
        )
    (pattern, seen), statuses = _pattern(row, where), _statuses(row, where)
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
    return UserRule(signature=signature, pattern=pattern, statuses=statuses, seen=seen)


def _pattern(row: Mapping[str, Any], where: str) -> tuple[re.Pattern[str] | None, int]:
    """The pattern, and how much of a line it may see."""
    text = row.get("match")
    if text is None:
        return None, _SEEN[0]
    allowed = f"A regular expression of 1 to {MAX_PATTERN} characters over one line."
    if not isinstance(text, str) or not 0 < len(text) <= MAX_PATTERN:
        raise UsageError(f"{where}.match", _short(text), allowed)
    try:
        with catch_warnings(action="ignore"):  # Of what a later Python may read differently.
            pattern = re.compile(text, re.IGNORECASE)
            parsed = list(_parser.parse(text, re.IGNORECASE))
        fitting = [seen for seen in _SEEN if _ways(parsed, seen) <= _MAX_BITS]
    except re.error as error:
        raise UsageError(f"{where}.match", _short(text), f"{allowed} {error}."[:300]) from error
    except (OverflowError, RecursionError) as error:
        reason = "It repeats too often or nests too deep."
        raise UsageError(f"{where}.match", _short(text), f"{allowed} {reason}") from error
    if not fitting:
        raise UsageError(
            f"{where}.match",
            _short(text),
            f"The pattern of rule {row['name']!r} may run for ever: no repetition within a "
            "repeated group, and at most two in a row that may share what they match.",
        )
    return pattern, fitting[0]


def _ways(parsed: list[Any], seen: int) -> float:
    """How many steps a pattern may take on that many characters, in bits, at most."""
    anchored = bool(parsed) and str(parsed[0][1]).startswith("AT_BEGINNING")
    return max(_bits(parsed, None, seen)) + (0 if anchored else log2(seen))


def _bits(items: Any, after: frozenset[int] | None, seen: int) -> tuple[float, float]:
    """In how many ways a sequence may be tried, and the steps that one reading adds, in bits.

    After it comes None where nothing does: then nothing is tried again.
    """
    items = list(items)
    total = peak = 0.0
    before = _ALL
    for place, (op, value) in enumerate(items):
        follow, passes = _begins(items[place + 1 :])
        rest = follow if not passes else None if after is None else follow | after
        bits, steps = _bits_of(str(op), value, rest, seen, before)
        peak = max(peak, total + steps)
        total += bits
        chars, passes = _item_begins(str(op), value)
        single = str(op) in _SINGLE or (str(op) in _REPEATS and _is_single(value[2]))
        before = chars if single and not passes else _ALL
    return total, max(total, peak)


def _is_single(body: Any) -> bool:  # re's own classes
    return len(body) == 1 and str(body[0][0]) in _SINGLE


def _bits_of(
    op: str, value: Any, follow: frozenset[int] | None, seen: int, before: frozenset[int]
) -> tuple[float, float]:
    if op in _REPEATS:
        least, most, body = value
        bits, steps = _bits_repeated(least, most, body, follow, seen)
        # What is read here anew from each place within one run of its characters.
        again = follow is not None and bool(_begins(body)[0] & before)
        return bits, max(bits, steps, log2(max(1, min(most, seen))) if again else 0)
    if op == "SUBPATTERN":
        return _bits(value[-1], follow, seen)
    if op == "ATOMIC_GROUP" or op.startswith("ASSERT"):
        return _bits(value if op == "ATOMIC_GROUP" else value[1], _ALL, seen)
    if op == "BRANCH":
        each = [_bits(one, follow, seen) for one in value[1]]
        more = 0 if _apart(value[1]) else log2(len(each))
        return max(bits for bits, _ in each) + more, max(steps for _, steps in each) + more
    if op == "GROUPREF_EXISTS":
        yes, no = (_bits(one or [], follow, seen) for one in value[1:])
        return 1 + yes[0] + no[0], 1 + yes[1] + no[1]
    return 0, 0


def _apart(alternatives: Any) -> bool:  # re's own classes
    """Whether at most one of them can match at any place."""
    texts = [tuple(v for o, v in one if str(o) == "LITERAL") for one in alternatives]
    if all(len(text) == len(one) for text, one in zip(texts, alternatives, strict=True)):
        words = ["".join(map(chr, text)).casefold() for text in texts]
        return not any(
            other.startswith(word)
            for place, word in enumerate(words)
            for other in (*words[:place], *words[place + 1 :])
        )
    seen: frozenset[int] = frozenset()
    for one in alternatives:
        chars, passes = _begins(one)
        if passes or chars & seen:
            return False
        seen |= chars
    return True


def _bits_repeated(
    least: int, most: int, body: Any, follow: frozenset[int] | None, seen: int
) -> tuple[float, float]:
    first, _ = _begins(body)
    clear = follow is None or not first & follow
    rounds = 0 if clear else log2(max(1, min(most, seen) - least + 1))
    if most <= 1:
        bits, steps = _bits(body, follow, seen)
        return rounds + bits, rounds + steps
    if body.getwidth()[0] == 0:
        return inf, inf  # A round that takes nothing may be repeated without end.
    bits, steps = _bits(body, first | (follow or frozenset()), seen)
    total = rounds + bits * min(most, seen)
    return total, total + steps if bits else max(total, steps)


def _begins(items: Any) -> tuple[frozenset[int], bool]:  # re's own classes
    """With which characters a sequence may begin, and whether it may take none."""
    found: frozenset[int] = frozenset()
    for op, value in items:
        chars, passes = _item_begins(str(op), value)
        found |= chars
        if not passes:
            return found, False
    return found, True


def _item_begins(op: str, value: Any) -> tuple[frozenset[int], bool]:
    if op in _SINGLE:
        return _characters(op, value), False
    if op in _REPEATS:
        chars, passes = _begins(value[2])
        return chars, passes or value[0] == 0
    if op == "SUBPATTERN":
        return _begins(value[-1])
    if op == "BRANCH":
        each = [_begins(one) for one in value[1]]
        return frozenset().union(*(chars for chars, _ in each)), any(passes for _, passes in each)
    return _ALL, False


def _characters(op: str, value: Any) -> frozenset[int]:
    """The characters that an item of one character matches; rather too many than too few."""
    if op == "LITERAL":
        char = chr(value)
        near = {min(ord(c), _BEYOND) for form in (char, char.lower(), char.upper()) for c in form}
        return frozenset(near | ({_BEYOND} if char.lower() in _FAR_CASES else set()))
    if op == "NOT_LITERAL":
        return (_ALL - _characters("LITERAL", value)) | _NOT_ASCII
    if op == "RANGE":
        return frozenset().union(
            *(_characters("LITERAL", code) for code in range(value[0], min(value[1], 255) + 1)),
            {_BEYOND} if value[1] >= _BEYOND else (),
        )
    if op == "CATEGORY":
        is_in = re.compile(_CATEGORIES[str(value)])
        return frozenset(c for c in range(128) if is_in.fullmatch(chr(c))) | _NOT_ASCII
    if op == "IN":
        negated = str(value[0][0]) == "NEGATE"
        parts = (_characters(str(o), v) for o, v in value[1 if negated else 0 :])
        chars = frozenset().union(*parts)
        return (_ALL - chars) | _NOT_ASCII if negated else chars
    return _ALL


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
    allowed = "A sentence; {line} stands for the line, and no other name in braces is filled."
    if not isinstance(value, str) or not value.strip():
        raise UsageError(f"{where}.cause", _short(value), allowed)
    if set(_PLACEHOLDER.findall(value)) - {"{line}"}:
        raise UsageError(f"{where}.cause", _short(value), allowed)
    return well_formed(value)


def _confidence(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1:
        raise UsageError(f"{where}.confidence", _short(value), "A number above 0, at most 1.")
    return float(value)


def _short(value: object) -> str:
    """What was given, free of secrets, and short however large it is."""
    match value:
        case str():
            return _REDACTOR.excerpt(well_formed(value[: 4 * _SHOWN]), _SHOWN)
        case Mapping():
            return f"a mapping with {len(value)} keys"
        case list() | tuple() | set() | bytes():
            return f"a {type(value).__name__} with {len(value)} items"
        case int() if abs(value) >= 10**_SHOWN:
            return "a very large number"
    return str(value)[:_SHOWN]
