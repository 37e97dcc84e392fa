"""The triage of one case: what failed, why, what to do, what to run, what to ask."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from connector_healing.core.kusto.case import KustoCase
from connector_healing.core.kusto.commands import FollowUpCommand, filled_in
from connector_healing.core.kusto.condensing import condensed
from connector_healing.core.kusto.facts import Facts, facts_of
from connector_healing.core.kusto.lint import Finding, LintFinding, lint
from connector_healing.core.kusto.masking import masked, masked_text, secret_values
from connector_healing.core.kusto.pattern import Pattern, Written
from connector_healing.core.kusto.patterns import PATTERNS
from connector_healing.core.kusto.standing import settled
from connector_healing.core.kusto.vocabulary import WRITE_MODES, Ask, Mode, Operation, Surface
from connector_healing.core.kusto.words import evidence_line, filled_words
from connector_healing.core.redaction import Redactor


@dataclass(frozen=True, slots=True, kw_only=True)
class KustoTriage:
    """The answer of a triage; no secret of the case is in it."""

    id: str
    is_kusto_connector_failure: bool
    operation: Operation
    mode: Mode
    surface: Surface
    pattern: str
    retryable: bool | None
    rerun_may_duplicate: bool | None
    cause: str
    fix: tuple[str, ...]
    must_ask: tuple[Ask, ...]
    follow_up_commands: tuple[FollowUpCommand, ...]
    warnings: tuple[str, ...]
    evidence: str = ""  #: The line that shows the pattern best, at most 300 characters.
    versions: str = ""  #: Of the connector that the pattern's texts belong to.

    def to_json(self) -> dict[str, object]:
        """The answer as the command prints it."""
        return {
            "id": self.id,
            "is_kusto_connector_failure": self.is_kusto_connector_failure,
            "operation": self.operation.value,
            "mode": self.mode.value,
            "surface": self.surface.value,
            "pattern": self.pattern,
            "retryable": self.retryable,
            "rerun_may_duplicate": self.rerun_may_duplicate,
            "cause": self.cause,
            "fix": list(self.fix),
            "must_ask": [ask.value for ask in self.must_ask],
            "follow_up_commands": [command.text for command in self.follow_up_commands],
            "warnings": list(self.warnings),
        }


#: What an ignored read mode leads into, where a single query was meant.
_AVOIDABLE = (
    "storage.no_export_containers",
    "network.ingest.",
    "network.engine.cloudinfo",
    "auth.ingest.forbidden",
    "read.export_failed.",
    "read.blob_auth",
    "read.hadoop_azure_missing",
    "read.fallback_to_distributed",
)
_WRITE_MODES = frozenset(WRITE_MODES)
_REQUIRED = {"kustoCluster", "kustoDatabase", "kustoTable", "kustoQuery"}
_ADX = re.compile(r"\badx\b")
#: A trace, a message or a row in what the user says, where there is no evidence.
_PASTED = re.compile(
    r"[\w$]{3,80}(?:Exception|Error)\b|AADSTS\d{5}|KustoConnector:|StatusCode='|\"?ErrorCode\W"
    r"|State: '|polling on ingestion status|Failed to (?:move|execute|poll)",
    re.ASCII,
)
_BY_ID = {pattern.id: pattern for pattern in PATTERNS}


def triage(case: KustoCase) -> KustoTriage:
    """Answer a case.

    Args:
        case: Of foreign origin and with whatever secrets; none of them comes back.
    """
    short = replace(case, evidence=condensed(case.evidence), user_text=condensed(case.user_text))
    facts, pattern = _matched(masked(short), _linted(short))
    facts = _proven(pattern, facts)
    failure = pattern.connector and _is_kusto(pattern, facts)
    if not failure and facts.mode is Mode.UNKNOWN:
        facts = replace(facts, mode=Mode.NOT_APPLICABLE)
    asks = tuple(_asks(pattern, facts)) if failure or not pattern.connector else ()
    return KustoTriage(
        id=facts.case.id,
        is_kusto_connector_failure=failure,
        operation=facts.operation,
        mode=facts.mode,
        surface=facts.surface,
        pattern=pattern.id,
        retryable=_retryable(pattern, facts),
        rerun_may_duplicate=_duplicates(pattern, facts),
        cause=pattern.cause,
        fix=filled_words(pattern, facts),
        must_ask=asks,
        follow_up_commands=filled_in(pattern.commands, facts.parameters),
        warnings=tuple(_warnings(pattern, facts)),
        evidence=evidence_line(pattern, facts),
        versions=pattern.versions,
    )


def _linted(case: KustoCase) -> tuple[LintFinding, ...]:
    """What is wrong with the options, judged by their values and told without secrets."""
    redactor = Redactor(secret_values(case))
    return lint(case.options, lambda text: masked_text(text, redactor))


def _matched(case: KustoCase, findings: tuple[LintFinding, ...]) -> tuple[Facts, Pattern]:
    """The facts of a masked case and its pattern; a trace in the user's words is evidence too."""
    if not case.evidence.strip() and _PASTED.search(case.user_text):
        facts, pattern = _matched(replace(case, evidence=case.user_text), findings)
        if not pattern.id.startswith("unknown."):
            return facts, pattern
    facts = settled(facts_of(case, findings))
    return facts, _overridden(next(p for p in PATTERNS if p.matches(facts)), facts)


def _overridden(pattern: Pattern, facts: Facts) -> Pattern:
    """An option that was ignored is the cause of what it would have avoided."""
    ignored = [f for f in facts.findings if f.finding in {Finding.CONSTANT, Finding.UNKNOWN}]
    constant = any(f.finding is Finding.CONSTANT for f in ignored)
    identity = "config.option_key_literal" if constant else "config.unknown_option_ignored"
    if pattern.id.startswith(_AVOIDABLE) and any(f.meant == "readMode" for f in ignored):
        return replace(_BY_ID[identity], operation=Operation.READ, mode=Mode.DISTRIBUTED)
    if pattern.id == "config.required_option_missing" and any(
        f.meant in _REQUIRED for f in ignored
    ):
        return _BY_ID[identity]
    return pattern


def _is_kusto(pattern: Pattern, facts: Facts) -> bool:
    """A pattern that any text fits says nothing of the connector by itself."""
    if not pattern.id.startswith("unknown."):
        return True
    if facts.foreign:
        return False
    if facts.case.of_connector:
        return True
    # Three letters stand in any noise: of a log they prove nothing.
    told = any(word in facts.lower or word in facts.said for word in ("kusto", "data explorer"))
    return facts.kusto or told or _ADX.search(facts.said) is not None


def _proven(pattern: Pattern, facts: Facts) -> Facts:
    """The facts with what the pattern itself proves."""
    operation, mode = facts.operation, facts.mode
    if operation is Operation.READ and mode is Mode.UNKNOWN and pattern.mode_of_read is not None:
        mode = pattern.mode_of_read
    if (
        operation is Operation.UNKNOWN
        and pattern.operation is not None
        and pattern.proves_operation
    ):
        operation = pattern.operation
        mode = mode if pattern.mode is None else pattern.mode
    if mode is Mode.UNKNOWN and pattern.mode is not None and operation is pattern.operation:
        mode = pattern.mode
    if not pattern.connector and mode is Mode.UNKNOWN:
        mode = Mode.NOT_APPLICABLE
        operation = Operation.WRITE if operation is Operation.UNKNOWN else operation
    return replace(facts, operation=operation, mode=mode, surface=_surface(pattern, facts))


def _surface(pattern: Pattern, facts: Facts) -> Surface:
    """The surface, where the pattern knows it better than the look of the evidence."""
    surface, own = facts.surface, pattern.surface
    if not facts.lower.strip():
        if pattern.id.startswith("diag.") or not pattern.connector:
            return Surface.USER_REPORT
        return Surface.DATA_MISSING if own is Surface.DATA_MISSING else surface
    if own is None:
        return surface
    if surface in {Surface.DRIVER_LOG, Surface.EXECUTOR_LOG, Surface.USER_REPORT}:
        return own
    # A cause without what it reached the driver in, of work that only executors do.
    alone = surface is Surface.DRIVER_EXCEPTION and facts.failing.startswith("caused by")
    return own if alone and own is Surface.EXECUTOR_LOG else surface


def _retryable(pattern: Pattern, facts: Facts) -> bool | None:
    if pattern.id == "ingest.update_policy" and facts.failure is not None:
        return facts.failure.permanent is False
    return pattern.retryable


def _duplicates(pattern: Pattern, facts: Facts) -> bool | None:
    if facts.operation is not Operation.WRITE or pattern.written is Written.UNDECIDED:
        return None
    if pattern.written is Written.NOTHING:
        return False
    if pattern.written is Written.ALREADY:
        return True
    if facts.mode in {Mode.UNKNOWN, Mode.NOT_APPLICABLE}:
        return None
    return facts.mode is not Mode.TRANSACTIONAL


def _asks(pattern: Pattern, facts: Facts) -> Iterator[Ask]:
    wanted = [*_standing(pattern, facts), *pattern.ask]
    wanted += [ask for ask, condition in pattern.ask_when if condition(facts)]
    for ask in dict.fromkeys(wanted):
        if ask not in facts.case.answers and not _known(ask, facts):
            yield ask


def _standing(pattern: Pattern, facts: Facts) -> Iterable[Ask]:
    """What must be asked of operation and mode."""
    if not pattern.connector or not pattern.asks_standing:
        return ()
    if facts.operation is Operation.UNKNOWN:
        modes = () if facts.option("writeMode") else (Ask.WRITE_MODE, Ask.READ_MODE)
        return (Ask.OPERATION, *modes)
    if facts.mode is not Mode.UNKNOWN or any(a is Ask.INTENDED_MODE for a, _ in pattern.ask_when):
        wrong = any(
            f.finding is Finding.VALUE and f.meant in {"writeMode", "readMode"}
            for f in facts.findings
        )
        if facts.mode is not Mode.UNKNOWN or wrong or "no such writemode" in facts.lower:
            return ()
    if facts.operation is Operation.WRITE:
        return (Ask.WRITE_MODE,)
    return () if facts.case.options_complete else (Ask.READ_MODE,)


def _known(ask: Ask, facts: Facts) -> bool:
    case = facts.case
    return {
        Ask.CONNECTOR_VERSION: bool(case.connector_version),
        Ask.SPARK_VERSION: bool(case.spark_version),
        Ask.JAVA_VERSION: bool(case.java_version),
        Ask.PLATFORM: bool(case.platform),
        Ask.INSTALLED_LIBRARIES: bool(case.libraries),
    }.get(ask, False)


def _warnings(pattern: Pattern, facts: Facts) -> Iterator[str]:
    yield from (finding.message for finding in facts.findings)
    stated = facts.option("writeMode")
    if stated in _WRITE_MODES - {facts.mode} and facts.mode in _WRITE_MODES:
        yield (
            f"The options say writeMode {stated}, the evidence shows {facts.mode.value}: "
            "are they of the same job?"
        )
    if facts.failure is not None and facts.failure_code:
        word = {True: "permanent", False: "transient", None: "of unknown permanence"}
        yield (
            f"{facts.failure_code} is {word[facts.failure.permanent]}: "
            f"{facts.failure.action.value}."
        )
    if pattern.versions != "7.1.1":
        yield f"This pattern's texts: connector {pattern.versions}."
