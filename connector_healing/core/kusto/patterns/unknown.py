"""Too little evidence: what to ask for."""

from connector_healing.core.kusto.commands import Command
from connector_healing.core.kusto.facts import Facts
from connector_healing.core.kusto.pattern import Pattern, Written, any_of, sig
from connector_healing.core.kusto.patterns.conditions import (
    FAILURES,
    of_connector,
)
from connector_healing.core.kusto.vocabulary import Ask, Surface


def _unquoted(facts: Facts) -> bool:
    """The user speaks of an error, and nothing shows its text."""
    words = ("error", "exception", "fail", "crash", "throws")
    return not facts.lower.strip() and any(word in facts.said for word in words)


def _nothing_told(facts: Facts) -> bool:
    """Of a job of the connector neither evidence nor words were given."""
    return facts.case.of_connector and not (facts.lower + facts.said).strip()


UNKNOWN = (
    Pattern(
        id="unknown.need_executor_log",
        cause="Only Spark's wrapper is shown; the cause stands in the executor log.",
        fix=("Read the executor log of the failed stage, down to the last 'Caused by'.",),
        retryable=None,
        written=Written.BY_MODE,
        signatures=(
            any_of(
                "job aborted due to stage failure",
                "lost task",
                "exception in task",
                "sparkexception",
                when=of_connector,
            ),
        ),
        ask=(Ask.EXECUTOR_LOG, Ask.FULL_CAUSE_CHAIN),
        commands=(*FAILURES, Command.COMMANDS),
        surface=Surface.DRIVER_EXCEPTION,
    ),
    Pattern(
        id="unknown.need_evidence",
        cause="Nothing in the evidence tells what failed.",
        fix=("Ask for the driver log at DEBUG (logger KustoConnector) and the exception.",),
        retryable=None,
        written=Written.UNDECIDED,
        signatures=(sig(),),
        ask=(Ask.DRIVER_DEBUG_LOG,),
        ask_when=(
            (Ask.CONNECTOR_VERSION, lambda f: not f.case.connector_version),
            (Ask.EXCEPTION_TEXT, lambda f: _unquoted(f) or _nothing_told(f)),
        ),
        commands=(Command.COMMANDS,),
    ),
)
