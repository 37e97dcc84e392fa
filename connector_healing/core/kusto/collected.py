"""What a cluster answered to the follow-up commands of a triage."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from connector_healing.core.kusto.commands import Endpoint, FollowUpCommand

#: The placeholders' prefix that names the other endpoint in a command's text.
INGEST_PREFIX = "[on ingest endpoint] "


class Outcome(StrEnum):
    """How asking ended."""

    ANSWERED = "answered"  #: At least one row, perhaps not all of them.
    EMPTY = "empty"  #: Answered with no row: see the note for what that does not prove.
    NOT_VISIBLE = "not_visible"  #: Refused to this credential: it says nothing of what happened.
    THROTTLED = "throttled"  #: Still throttled after the last retry.
    FAILED = "failed"  #: No answer, or none that could be used.
    TIMED_OUT = "timed_out"
    REFUSED = "refused"  #: Not sent: our own rules forbid the command.


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectedEvidence:
    """One command and what came of it, free of secrets."""

    command: FollowUpCommand
    outcome: Outcome
    columns: tuple[str, ...] = ()
    rows: str = ""  #: One JSON object a line, keys in the order of `columns`.
    row_count: int = 0  #: Of `rows`.
    truncated: bool = False  #: The cluster has more rows, or longer values, than are kept here.
    status: int | None = None  #: Of HTTP, where there was an answer.
    note: str = ""  #: Why it ended so, or what the answer does not prove, as sentences.

    @property
    def subject(self) -> str:
        """The command up to its first operator, as ``.show operations``."""
        return bare_text(self.command.text).partition("|")[0].strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """One round of asking a cluster, as it is kept in a case."""

    cluster: str  #: The engine's URL.
    database: str
    collected_at: datetime
    evidence: tuple[CollectedEvidence, ...]


def bare_text(text: str) -> str:
    """A command's text without the prefix that names the ingest endpoint."""
    return text.removeprefix(INGEST_PREFIX)


def evidence_text(collected: Iterable[CollectedEvidence]) -> str:
    """The answers as evidence to be triaged again: rows as JSON, a heading for each command.

    Neither the operators of a command nor the text of a refusal stands in it: a word that only
    we asked with, or the lack of rights of whoever collects, is no evidence of the failure. That
    the ingest endpoint answers nobody is: the connector logs the same for each of its errors.
    """
    return "".join(_block(one) for one in collected if _is_evidence(one))


def collection_text(collected: Sequence[CollectedEvidence]) -> str:
    """Commands, outcomes and answers, to a person."""
    return "\n".join(line for one in collected for line in _told(one))


_EVIDENCE = frozenset({Outcome.ANSWERED, Outcome.EMPTY})

_WORDS = {
    Outcome.EMPTY: "no rows",
    Outcome.NOT_VISIBLE: "not visible to this credential",
    Outcome.THROTTLED: "throttled",
    Outcome.FAILED: "no usable answer",
    Outcome.TIMED_OUT: "no answer in time",
    Outcome.REFUSED: "not sent",
}


def _is_evidence(one: CollectedEvidence) -> bool:
    if one.outcome in _EVIDENCE:
        return True
    broken = one.outcome in {Outcome.THROTTLED, Outcome.FAILED, Outcome.TIMED_OUT}
    return broken and one.command.endpoint is Endpoint.INGEST and one.status is not None


def _block(one: CollectedEvidence) -> str:
    answered = one.rows + "\n" if one.rows else ""
    status = "" if one.outcome in _EVIDENCE else f", HTTP {one.status}"
    where = f"[{one.command.endpoint.value} endpoint]"
    return f"{where} {one.subject}: {_counted(one)}{status}\n{answered}"


def _told(one: CollectedEvidence) -> Iterator[str]:
    where = INGEST_PREFIX if one.command.endpoint is Endpoint.INGEST else ""
    yield f"{where}{bare_text(one.command.text)}"
    yield f"  {_counted(one)}{'. ' + one.note if one.note else ''}"
    yield from (f"  {line}" for line in one.rows.split("\n") if line)


def _counted(one: CollectedEvidence) -> str:
    if one.outcome is not Outcome.ANSWERED:
        return _WORDS[one.outcome]
    plural = "" if one.row_count == 1 else "s"
    return f"{one.row_count} row{plural}{', cut short' if one.truncated else ''}"
