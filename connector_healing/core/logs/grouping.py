"""Which failures are the same, and the single failures that one log holds."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from connector_healing.core.failure import Diagnosis
from connector_healing.core.fingerprint import normalised
from connector_healing.core.logs.reduce import reduce_log
from connector_healing.core.logs.shown import without_prefix

_DIGITS = 20  #: Hexadecimal digits of SHA-256.
_NOTHING = "none"  #: The rule of what no rule knows.


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureGroup:
    """Failures that are the same but for ids, times, hosts and values."""

    fingerprint: str
    diagnosis: Diagnosis  #: Of the first.
    ids: tuple[str, ...]

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.ids)


def text_fingerprint(diagnosis: Diagnosis) -> str:
    """The name of a failure that was read from a text: 20 hexadecimal digits.

    It is made of what was found and of the line that shows it, without ids, times, numbers,
    hosts, addresses and the prefixes of logs.
    """
    line = diagnosis.evidence[0].text if diagnosis.evidence else diagnosis.cause
    shape = normalised(without_prefix(line), quotes_values=True)
    name = f"{diagnosis.subcategory.value}\n{diagnosis.rule}\n{shape}"
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]


def grouped(found: Sequence[tuple[str, Diagnosis]]) -> list[FailureGroup]:
    """The groups of diagnoses, the largest first.

    Args:
        found: An id and a diagnosis each.
    """
    ids: dict[str, list[str]] = {}
    first: dict[str, Diagnosis] = {}
    for name, diagnosis in found:
        fingerprint = text_fingerprint(diagnosis)
        ids.setdefault(fingerprint, []).append(name)
        first.setdefault(fingerprint, diagnosis)
    groups = [
        FailureGroup(fingerprint=f, diagnosis=first[f], ids=tuple(names))
        for f, names in ids.items()
    ]
    return sorted(groups, key=lambda group: (-group.count, group.fingerprint))


def records_of(text: str) -> Iterator[tuple[str, str]]:
    """The records of a log, each with the number of its first line as id."""
    log = reduce_log(text, keep_all=True)
    record: list[str] = []
    number, event = 1, None
    for line in log.lines:
        if event is not None and line.event != event:
            yield f"line {number}", "\n".join(record)
            record = []
        if not record:
            number = line.number
        event = line.event
        record.append(line.text)
    if record:
        yield f"line {number}", "\n".join(record)


def is_known(diagnosis: Diagnosis) -> bool:
    """Whether any rule knew the text."""
    return diagnosis.rule != _NOTHING
