"""Finds which signatures a reduced log holds: a line is tried only where its words call for it."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from connector_healing.core.logs.reduce import LogLine, ReducedLog
from connector_healing.core.rules.signature import (
    PREFIX,
    Signature,
    anchors_of,
    compiled,
    stands_in,
)

_WORD = re.compile(r"[a-z0-9_]+")
_MAX_TRIES = 400  #: Lines that one pattern is tried on.
_ADDRESS = re.compile(r"https?://(?P<host>[^\s/?#:\"'<>)\]},]{0,250})[^\s\"'<>)\]}]{0,2000}")
_PUBLIC_DOTS = 2  #: In the name of a host that anybody may have.
_CLOUDS = (
    *(".windows.net", ".amazonaws.com", ".googleapis.com", ".snowflakecomputing.com"),
    *(".databricks.com", ".azuredatabricks.net", ".confluent.cloud", ".github.com"),
    *(".fabric.microsoft.com", ".salesforce.com", ".atlassian.net"),
)
MAX_BESIDES = 200_000  #: Characters that are searched for what must stand beside.


@dataclass(frozen=True, slots=True)
class Hit:
    """A signature and the line that shows it."""

    signature: Signature
    line: LogLine
    start: int  #: Of the match in the line.
    end: int
    order: int = 0  #: Of the signature in its tables.

    @property
    def rank(self) -> tuple[int, int, int, int, int]:
        """What decides among hits, smallest first: weight, record, depth, table, line."""
        line = self.line
        return (-self.signature.weight, line.event, -line.depth, self.order, line.number)


@dataclass(frozen=True, slots=True)
class _Entry:
    signature: Signature
    pattern: str
    words: frozenset[str]  #: That a line must hold to be tried.


class SignatureIndex:
    """Signatures by the words that they need.

    Args:
        signatures: In any order; among equal hits the earlier stands for both.
    """

    __slots__ = ("_by_prefix", "_by_word", "_order", "signatures")

    def __init__(self, signatures: Iterable[Signature]) -> None:
        self.signatures: Sequence[Signature] = tuple(signatures)
        self._order = {s.name: place for place, s in enumerate(self.signatures)}
        by_word: dict[str, list[_Entry]] = {}
        by_prefix: dict[str, list[_Entry]] = {}
        for signature in self.signatures:
            for pattern in signature.patterns:
                for part, anchor in anchors_of(pattern).items():
                    index = by_prefix if anchor.is_prefix else by_word
                    index.setdefault(anchor.text, []).append(_Entry(signature, part, anchor.words))
        self._by_word: Mapping[str, list[_Entry]] = by_word
        self._by_prefix: Mapping[str, list[_Entry]] = by_prefix

    def hits(self, log: ReducedLog) -> list[Hit]:
        """The first hit of each signature, best first."""
        found: dict[str, Hit] = {}
        tries: dict[str, int] = {}
        for line in log.lines:
            lower = lowered(line.text)
            for entry in self._called_for(lower):
                signature, pattern = entry.signature, entry.pattern
                before = found.get(signature.name)
                if (before and before.line is not line) or tries.get(pattern, 0) >= _MAX_TRIES:
                    continue
                tries[pattern] = tries.get(pattern, 0) + 1
                match = compiled(pattern).search(lower)
                # Words come in no order: of a signature's patterns the leftmost match is shown.
                if match is not None and (
                    before is None or match.span() < (before.start, before.end)
                ):
                    found[signature.name] = Hit(
                        signature, line, match.start(), match.end(), self._order[signature.name]
                    )
        return sorted(self._confirmed(found.values(), log), key=lambda hit: hit.rank)

    def _called_for(self, lower: str) -> Iterator["_Entry"]:
        """What the words of a line call for."""
        words = set(_WORD.findall(lower))
        for word in self._by_word.keys() & words:
            for entry in self._by_word[word]:
                if entry.words <= words:
                    yield entry
        for prefix in self._by_prefix.keys() & {word[:PREFIX] for word in words}:
            yield from self._by_prefix[prefix]

    def _confirmed(self, hits: Iterable[Hit], log: ReducedLog) -> Iterator[Hit]:
        """Those whose other conditions hold too."""
        whole = ""
        bare = ""
        for hit in hits:
            signature = hit.signature
            if not bare and (signature.besides or signature.unless):
                whole = lowered(log.text[:MAX_BESIDES])
                bare = without_addresses(whole)
            besides, unless = signature.besides, signature.unless
            if besides and not stands_in(besides, whole if "https?://" in besides else bare):
                continue
            if unless and stands_in(unless, bare):
                continue
            yield hit


def without_addresses(text: str) -> str:
    """The text in lower case without the addresses in it, whose words may be anybody's.

    Of an address the host stays where it says what answers: a cloud's service, or a name within
    the own network.
    """
    return _ADDRESS.sub(_host_that_tells, text)


def _host_that_tells(address: re.Match[str]) -> str:
    host = address["host"]
    tells = host.endswith(_CLOUDS) or host.count(".") < _PUBLIC_DOTS
    return f"https://{host}" if tells else "https://"


def lowered(text: str) -> str:
    """The text in lower case, of the same length."""
    lower = text.lower()
    if len(lower) == len(text):
        return lower
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
