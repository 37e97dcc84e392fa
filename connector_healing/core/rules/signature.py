"""One row of the tables that name a failure by its text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

from connector_healing.core.taxonomy import FailureSubcategory

_WORD_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_")
#: Words on many lines of the logs that are read: bad anchors where there is another.
_FREQUENT = frozenset(
    {
        *("executor", "driver", "apache", "failed", "access", "memory", "cannot", "java", "spark"),
        *("cluster", "error", "exception", "worker", "command", "configuration", "exited", "code"),
        *("found", "invalid", "unknown", "exist", "connection", "exceeded", "could", "request"),
        *("concurrent", "enabled", "security", "packages", "internal", "pyspark", "kafka", "table"),
    }
)
_CLASSES = frozenset("wWdDsSB")
_OPENING = frozenset("([")
_REPEATS = frozenset("?*+{")
_PLAIN = re.compile(r"[a-z0-9_ /:='@-]+")
_SHORTEST_ANCHOR = 2  #: Characters.
PREFIX = 6  #: Characters of a word that are looked up where its end is open.


class Weight(IntEnum):
    """How much a text says of the cause; the heaviest decides, and among equals the earliest."""

    USER = 100  #: A rule of the user's own.
    COMPONENT = 90  #: A system's own words for one cause.
    CODE = 80  #: An error code or sentence of one vendor.
    LIBRARY = 70  #: An exception of a client library that has one meaning.
    ANSWER = 60  #: A status with words or headers that tell which of its meanings.
    STATUS = 50  #: A status alone.
    GENERAL = 45  #: A thing and a verdict on it, in words that all systems share.
    WORDS = 40  #: Words that many systems use.
    BUILTIN = 30  #: A language's own exception: often a consequence.
    SYMPTOM = 20  #: What follows from another failure, or only says that there was one.


#: How sure a text of this weight makes us.
CONFIDENCE = {
    Weight.USER: 0.95,
    Weight.COMPONENT: 0.95,
    Weight.CODE: 0.93,
    Weight.LIBRARY: 0.9,
    Weight.ANSWER: 0.85,
    Weight.STATUS: 0.75,
    Weight.GENERAL: 0.6,
    Weight.WORDS: 0.7,
    Weight.BUILTIN: 0.65,
    Weight.SYMPTOM: 0.5,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """Texts that mean a subcategory.

    A pattern is a regular expression over one line in lower case, from a whole word to a whole
    word. Each must hold a whole literal word (`anchors_of`): a line without it is not looked at,
    which is what keeps many signatures cheap.
    """

    name: str
    subcategory: FailureSubcategory
    weight: Weight
    patterns: tuple[str, ...]
    cause: str = ""  #: A sentence; empty: the line itself says it.
    besides: str = ""  #: A pattern that must stand somewhere in the text as well.
    unless: str = ""  #: A pattern that must not stand anywhere in the text.
    also: tuple[FailureSubcategory, ...] = ()
    confidence: float | None = None  #: None: by weight.


@lru_cache(maxsize=4096)
def compiled(pattern: str) -> re.Pattern[str]:
    """The pattern between word boundaries; made when it is first needed."""
    begin = r"(?<![a-z0-9_])" if pattern[:1] in _WORD_CHARACTERS else ""
    end = r"(?![a-z0-9_])" if _ends_in_word(pattern) else ""
    return re.compile(f"{begin}(?:{pattern}){end}")


def stands_in(pattern: str, text: str) -> bool:
    """Whether a pattern stands anywhere in a text, not only as whole words."""
    literals, rest = _beside(pattern)
    return any(literal in text for literal in literals) or (
        rest is not None and rest.search(text) is not None
    )


@lru_cache(maxsize=1024)
def _beside(pattern: str) -> tuple[tuple[str, ...], re.Pattern[str] | None]:
    """The plain words of an alternation, which are found at once, and a pattern of the rest."""
    parts = _cut(pattern)
    plain = tuple(part for part in parts if part and _PLAIN.fullmatch(part))
    rest = [part for part in parts if part not in plain]
    return plain, re.compile("|".join(rest)) if rest else None


def _ends_in_word(pattern: str) -> bool:
    return pattern[-1:] in _WORD_CHARACTERS and pattern[-2:-1] != "\\"


@dataclass(frozen=True, slots=True)
class Anchor:
    """What every line that a pattern matches holds: a whole word, or how a word begins."""

    text: str
    is_prefix: bool = False
    words: frozenset[str] = frozenset()  #: All whole words that the line must hold.


def anchors_of(pattern: str) -> dict[str, Anchor]:
    """The pattern's alternatives, each with its anchor: the longest literal word that it holds.

    Raises:
        ValueError: If one has none: such a pattern would have to be tried on every line.
    """
    return {part: anchor for part in alternatives(pattern) for anchor in [_anchor(part)] if anchor}


def _anchor(part: str) -> Anchor:
    words, prefixes = _literals(part)
    long_enough = [w for w in words if len(w) >= _SHORTEST_ANCHOR]
    if long_enough:
        return Anchor(max(long_enough, key=_rarity), words=frozenset(filter(None, words)))
    starts = [w for w in prefixes if len(w) >= PREFIX]
    if not starts:
        raise ValueError(f"The pattern {part!r} holds no whole word.")
    return Anchor(max(starts, key=len)[:PREFIX], is_prefix=True)


def _rarity(word: str) -> tuple[bool, int]:
    """Longer words are rarer, but for those that all such logs are full of."""
    return word not in _FREQUENT, len(word)


def alternatives(pattern: str) -> list[str]:
    """A pattern cut at its outermost bars; what has no anchor is cut further, group by group."""
    parts = _cut(pattern)
    if len(parts) > 1:
        return [a for part in parts for a in alternatives(part)]
    try:
        _anchor(pattern)
    except ValueError:
        for expanded in _expanded(pattern):
            return [a for one in expanded for a in alternatives(one)]
        raise
    return [pattern]


def _expanded(pattern: str) -> Iterator[list[str]]:
    """The pattern without its first group, or without its first optional character."""
    at = 0
    while at < len(pattern):
        step, literal, _ = _piece(pattern, at)
        following = pattern[at + step : at + step + 1]
        if pattern.startswith("(?:", at) and following not in _REPEATS:
            inner = _cut(pattern[at + 3 : at + step - 1])
            yield [pattern[:at] + one + pattern[at + step :] for one in inner]
            return
        if following == "?" and (literal or pattern.startswith("(?:", at)):
            with_it = pattern[at : at + step]
            yield [pattern[:at] + one + pattern[at + step + 1 :] for one in (with_it, "")]
            return
        at += step


def _cut(pattern: str) -> list[str]:
    """The pattern cut at the bars that stand in no group."""
    parts, at, start = [], 0, 0
    while at < len(pattern):
        if pattern[at] == "|":
            parts.append(pattern[start:at])
            start = at + 1
        at += _piece(pattern, at)[0]
    return [*parts, pattern[start:]]


def _literals(pattern: str) -> tuple[list[str], list[str]]:
    """Whole words outside groups and classes that nothing optional touches, and beginnings."""
    words: list[str] = []
    prefixes: list[str] = []
    word, whole = "", True
    at = 0
    while at < len(pattern):
        step, literal, boundary = _piece(pattern, at)
        if literal and pattern[at + step : at + step + 1] in _REPEATS:
            # It may be missing or repeated: no literal word goes on here.
            prefixes.extend([word] if whole else [])
            word, whole = "", False
        elif literal:
            word += literal
        elif boundary and pattern[at + step : at + step + 1] not in ("?", "*", "{"):
            words.extend([word] if whole else [])
            word, whole = "", True
        else:
            prefixes.extend([word] if whole else [])
            word, whole = "", False
        at += step
    words.extend([word] if whole else [])
    return words, prefixes


def _piece(pattern: str, at: int) -> tuple[int, str, bool]:
    """Length, literal word character and whether it ends a word, of what stands at a place."""
    char = pattern[at]
    if char == "\\":
        following = pattern[at + 1 : at + 2]
        if following in _CLASSES:
            return 2, "", following in "sW"
        return 2, "", True
    if char in _OPENING:
        return _closing(pattern, at) - at + 1, "", False
    if char == "{":
        return pattern.index("}", at) - at + 1, "", False
    if char in _WORD_CHARACTERS:
        return 1, char, False
    return 1, "", char not in ".?*+"


def _closing(pattern: str, at: int) -> int:
    """The place of the bracket that closes the one at a place."""
    if pattern[at] == "[":
        start = at + 2 if pattern[at + 1] in "^]" else at + 1
        return pattern.index("]", start)
    depth = 0
    place = at
    while place < len(pattern):
        char = pattern[place]
        if char == "\\":
            place += 1
        elif char == "[":
            place = _closing(pattern, place)
        elif char == "(":
            depth += 1
        elif char == ")":
            depth -= 1
            if depth == 0:
                return place
        place += 1
    raise ValueError(f"The pattern {pattern!r} has an open bracket.")


def sign(
    name: str,
    subcategory: FailureSubcategory,
    *patterns: str,
    weight: Weight,
    cause: str = "",
    besides: str = "",
    unless: str = "",
    also: tuple[FailureSubcategory, ...] = (),
    confidence: float | None = None,
) -> Signature:
    """A `Signature` on few lines."""
    return Signature(
        name=name,
        subcategory=subcategory,
        weight=weight,
        patterns=patterns,
        cause=cause,
        besides=besides,
        unless=unless,
        also=also,
        confidence=confidence,
    )
