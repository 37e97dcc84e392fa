"""How alike two field names are: words, synonyms, abbreviations, typing errors."""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

from connector_healing.core.drift.vocabulary import are_synonyms, is_known, word_weight

_WORDS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+|[^\W\d_A-Za-z]+")
_LONGEST_NAME = 120
_SYNONYM, _STEM, _PREFIX, _TYPO = 0.75, 0.9, 0.8, 0.85
_PARENT_SHARE = 0.4


@lru_cache(maxsize=8192)
def words_of(name: str) -> tuple[str, ...]:
    """The words of one path segment, lower case, singular where the table knows the singular."""
    found = [word.lower() for word in _WORDS.findall(name[:_LONGEST_NAME])]
    return tuple(_singular(word) for word in found) or (name[:_LONGEST_NAME].lower(),)


def _singular(word: str) -> str:
    if len(word) > 3 and word.endswith("ies"):  # noqa: PLR2004  # shorter words are no plurals
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("sses", "xes", "ches", "shes")):  # noqa: PLR2004  # the same
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):  # noqa: PLR2004  # the same
        return word[:-1]
    return word


@lru_cache(maxsize=8192)
def _stem(word: str) -> str:
    """The word without its English ending, where enough of it is left."""
    for ending in (
        "ification",
        "ation",
        "ition",
        "ment",
        "ion",
        "ing",
        "ied",
        "ed",
        "ify",
        "er",
        "or",
        "e",
        "y",
    ):
        if word.endswith(ending) and len(word) - len(ending) >= 4:  # noqa: PLR2004  # less is no stem
            return word[: -len(ending)]
    return word


@lru_cache(maxsize=65536)
def word_likeness(one: str, other: str) -> float:
    """From 0 to 1: the same word, form of a word, synonym, abbreviation or typing error."""
    if one == other:
        return 1.0
    short, long = sorted((one, other), key=len)
    if _stem(one) == _stem(other):
        return _STEM
    if are_synonyms(one, other) or are_synonyms(_stem(one), _stem(other)):
        return _SYNONYM
    if len(short) >= 3 and long.startswith(short) and not (is_known(short) and is_known(long)):  # noqa: PLR2004  # two letters begin too many words
        return _PREFIX
    if len(short) >= 5 and SequenceMatcher(None, one, other).ratio() >= 0.84:  # noqa: PLR2004  # one letter in six
        return _TYPO
    return 0.0


@dataclass(frozen=True, slots=True)
class Name:
    """A path as words: its own name and those of its containers."""

    path: str
    leaf: tuple[str, ...]
    parents: tuple[str, ...]


@lru_cache(maxsize=8192)
def name_of(path: str) -> Name:
    """The words of a path."""
    segments = [s for s in path.replace("[]", "").split(".") if s] or [path]
    parents = tuple(word for segment in segments[:-1] for word in words_of(segment))
    return Name(path=path, leaf=words_of(segments[-1]), parents=parents)


@dataclass(frozen=True, slots=True, kw_only=True)
class NameLikeness:
    """What two paths' names have in common; each from 0 to 1."""

    leaf: float  #: The names themselves, word by word.
    path: float  #: Containers included.
    letters: float  #: The names as strings of letters.
    old_covered: float  #: How much of the old name the new path says.
    new_covered: float  #: How much of the new name the old path says.
    parents: float
    same_leaf: bool


NO_LIKENESS = NameLikeness(
    leaf=0.0,
    path=0.0,
    letters=0.0,
    old_covered=0.0,
    new_covered=0.0,
    parents=0.0,
    same_leaf=False,
)


def name_likeness(old: str, new: str) -> NameLikeness:
    """Compare two paths' names."""
    one, other = name_of(old), name_of(new)
    letters = SequenceMatcher(None, "".join(one.leaf), "".join(other.leaf), autojunk=False).ratio()
    whole, rest = one.leaf + one.parents, other.leaf + other.parents
    old_covered, new_covered = _covered(one.leaf, rest), _covered(other.leaf, whole)
    return NameLikeness(
        leaf=(_covered(one.leaf, other.leaf) + _covered(other.leaf, one.leaf)) / 2,
        path=(_path_covered(one, rest) + _path_covered(other, whole)) / 2,
        letters=letters,
        old_covered=old_covered,
        new_covered=new_covered,
        parents=_parents(one.parents, other.parents),
        same_leaf=one.leaf == other.leaf,
    )


def _covered(words: tuple[str, ...], by: tuple[str, ...]) -> float:
    """The weighted share of the words that the other words say."""
    weights = [word_weight(word) for word in words]
    said = [max((word_likeness(word, other) for other in by), default=0.0) for word in words]
    return sum(w * s for w, s in zip(weights, said, strict=True)) / sum(weights)


def _path_covered(name: Name, by: tuple[str, ...]) -> float:
    own = sum(word_weight(word) for word in name.leaf)
    outer = sum(word_weight(word) for word in name.parents) * _PARENT_SHARE
    covered = _covered(name.leaf, by) * own
    if name.parents:
        covered += _covered(name.parents, by) * outer
    return covered / (own + outer)


def _parents(one: tuple[str, ...], other: tuple[str, ...]) -> float:
    if not one and not other:
        return 1.0
    if not one or not other:
        return 0.0
    return (_covered(one, other) + _covered(other, one)) / 2
