"""A failure that shows the connector brings its triage along."""

from datetime import UTC, datetime

from connector_healing.core.capture import capture_failure
from connector_healing.core.exception_chain import MAX_MESSAGE
from connector_healing.core.failure import Failure
from connector_healing.core.kusto import triage_of
from connector_healing.core.redaction import Redactor

NOW = datetime(2026, 3, 1, tzinfo=UTC)
QUERY_ID = "ce49d4f0-7c12-4b02-9938-af14506fe0ed"
RAISED = (
    "An error occurred while calling o1195.collectToPython.\n"
    ": com.microsoft.kusto.spark.exceptions.FailedOperationException: Failed to execute Kusto "
    f"operation with OperationId '{QUERY_ID}', State: 'BadInput', "
    "Status: 'Semantic error: SEM0100: no such column'"
)
FRAME = (
    "\n\tat com.microsoft.kusto.spark.datasource.KustoReader.exportToStorage(KustoReader.scala:1)"
)


class Py4JJavaError(Exception):
    """Raised by a Spark session's Python side, with the JVM's stack trace as its text."""


def failure_of(error: BaseException) -> Failure:
    return capture_failure(
        error,
        failure_id="f1",
        connector_id="c",
        run_id=None,
        version_id=None,
        occurred_at=NOW,
        code_modules={__name__},
        redactor=Redactor(),
    )


def test_the_connectors_failure_is_triaged() -> None:
    found = triage_of(failure_of(Py4JJavaError(RAISED + FRAME)))
    assert found is not None
    assert (found.id, found.pattern, found.operation) == ("f1", "query.semantic", "read")
    assert any(QUERY_ID in command.text for command in found.follow_up_commands)


def test_a_wrapped_one_is_triaged_too() -> None:
    outer = RuntimeError("the step failed")
    outer.__cause__ = Py4JJavaError(RAISED + FRAME)
    found = triage_of(failure_of(outer))
    assert found is not None
    assert found.pattern == "query.semantic"


def test_the_cause_at_the_end_of_a_long_stack_trace_is_kept() -> None:
    trace = "An error occurred while calling o7.count.\n: org.apache.spark.SparkException: aborted"
    long = trace + FRAME * 200 + "\nCaused by: " + RAISED.partition("\n: ")[2] + FRAME * 50
    failure = failure_of(Py4JJavaError(long))
    assert failure.root_link is not None
    assert len(failure.root_link.message) <= MAX_MESSAGE
    found = triage_of(failure)
    assert found is not None
    assert found.pattern == "query.semantic"


def test_other_failures_are_not_triaged() -> None:
    assert triage_of(failure_of(KeyError("kusto_cluster"))) is None
    assert triage_of(failure_of(RuntimeError("com.microsoft.azure.kusto.kafka failed"))) is None
