"""Conditions and groups of commands that several pattern tables share."""

from connector_healing.core.kusto.commands import Command
from connector_healing.core.kusto.facts import Facts
from connector_healing.core.kusto.pattern import Condition
from connector_healing.core.kusto.saying import Saying, says
from connector_healing.core.kusto.vocabulary import Mode, Operation

#: What the service says of an ingestion, by whatever is known.
FAILURES = (
    Command.FAILURES_BY_PATH,
    Command.FAILURES_BY_OPERATION,
    Command.FAILURES_BY_TABLE,
)

#: The temporary table, by whatever is known.
TEMP = (Command.TEMP_BY_REQUEST, Command.TEMP_ANY)

#: An asynchronous operation, both forms: the first fails once the row is gone.
OPERATION = (Command.OPERATION, Command.OPERATION_ROW)


def is_write(facts: Facts) -> bool:
    """Whether it was a write."""
    return facts.operation is Operation.WRITE


def is_read(facts: Facts) -> bool:
    """Whether it was a read."""
    return facts.operation is Operation.READ


def is_distributed(facts: Facts) -> bool:
    """Whether the read went through an export."""
    return facts.mode is Mode.DISTRIBUTED


def is_single(facts: Facts) -> bool:
    """Whether the read was one query."""
    return facts.mode is Mode.SINGLE


def is_queued(facts: Facts) -> bool:
    """Whether the write was queued."""
    return facts.mode is Mode.QUEUED


def is_transactional(facts: Facts) -> bool:
    """Whether the write was transactional."""
    return facts.mode is Mode.TRANSACTIONAL


def is_streaming(facts: Facts) -> bool:
    """Whether the write was streaming."""
    return facts.mode is Mode.STREAMING


def of_connector(facts: Facts) -> bool:
    """Whether options or evidence show the connector."""
    return facts.kusto


def not_of_connector(facts: Facts) -> bool:
    """Whether nothing shows the connector."""
    return not facts.kusto


def no_failure(facts: Facts) -> bool:
    """Whether nothing in the evidence failed: no exception, no ERROR line."""
    return not any(
        word in facts.failing for word in ("exception", " error ", "error:", "fatal", "failedon")
    )


def unknown_operation(facts: Facts) -> bool:
    """Whether no operation's id was found."""
    return "operation_id" not in facts.parameters


def unknown_table(facts: Facts) -> bool:
    """Whether neither a table nor a request id is known to ask the service by."""
    return "table" not in facts.parameters and "request_id" not in facts.parameters


def both(first: Condition, second: Condition) -> Condition:
    """Both conditions."""
    return lambda facts: first(facts) and second(facts)


def either(first: Condition, second: Condition) -> Condition:
    """One of two conditions."""
    return lambda facts: first(facts) or second(facts)


def opposite(condition: Condition) -> Condition:
    """The condition does not hold."""
    return lambda facts: not condition(facts)


def coded(pattern: str) -> Condition:
    """Whether the ingestion failure's code belongs to a pattern."""
    return lambda facts: facts.failure is not None and facts.failure.pattern == pattern


def state(*names: str) -> Condition:
    """Whether the operation's state is one of these, lower case."""
    return lambda facts: facts.rows.state.lower() in names


def status_says(*words: str) -> Condition:
    """Whether the operation's status holds one of these, lower case."""
    return lambda facts: any(word in facts.rows.status for word in words)


def ingest_side(facts: Facts) -> bool:
    """Whether the ingest endpoint (data management) was asked."""
    return any(mark in facts.failing for mark in _INGEST) or grows(facts)


def grows(facts: Facts) -> bool:
    """Small reads work and larger ones fail: above 5,000 rows the ingest endpoint is needed."""
    return is_read(facts) and says(facts.said, Saying.SMALL_WORKS, Saying.LARGE_FAILS)


def told(*sayings: Saying) -> Condition:
    """Whether the user says all of these."""
    return lambda facts: says(facts.said, *sayings)


_INGEST = (
    "ingest-",
    "containerprovider",
    "gettempblobsforexport",
    "getexportcontainers",
    "export containers",
    "show ingestion resources",
    "resourcemanager",
    "queuedingestclient",
)
