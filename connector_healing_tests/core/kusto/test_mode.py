"""A write mode is proven, stated or derived, never guessed."""

import pytest

from connector_healing.core.kusto import KustoCase, triage
from connector_healing.core.kusto.vocabulary import Ask, Mode, Operation

_LOG = "26/11/21 11:42:42 {} KustoConnector: {}\n"
_ERROR = (
    "java.lang.IllegalStateException: x\n\tat com.microsoft.kusto.spark.datasink.KustoWriter$.w"
)


def _mode(text: str = "", **known: object) -> Mode:
    return triage(KustoCase(evidence=text + _ERROR, **known)).mode  # type: ignore[arg-type]  # plain keywords


@pytest.mark.parametrize(
    "line",
    [
        "KustoWriter$: Queued blob for ingestion in partition 0 for requestId: 'a-1",
        "KustoWriter$: Sealing blob in partition 0 for requestId: 'a-1', blob number 0",
        "ContainerProvider: caught exception when Error querying for create tempstorage",
        "KustoWriter$: caught exception when Queueing blob for ingestion, retry number '1'",
        (
            "x: https://b/c/db_sparkTempTable_a_T_7d3a1c52_90ab_4e6f_8c11_2b7d5e904fa1_0b1f1f2a-9a51"
            "-4a3a-8a0e-2f9c1d6b7e11_1_0_02-13-44-1_spark.csv.gz"
        ),
    ],
)
def test_what_every_queued_path_logs_proves_no_mode(line: str) -> None:
    found = triage(KustoCase(evidence=_LOG.format("ERROR", line) + _ERROR))
    assert found.mode is Mode.UNKNOWN
    assert Ask.WRITE_MODE in found.must_ask


@pytest.mark.parametrize(
    ("line", "mode"),
    [
        ("FinalizeHelper$: Polling on ingestion results for requestId: a-1", Mode.TRANSACTIONAL),
        ("x: Successfully created temporary table sparkTempTable_a", Mode.TRANSACTIONAL),
        ("x: Executing management command: .drop table sparkTempTable_a", Mode.TRANSACTIONAL),
        ("x: finalizeIngestionWhenWorkersSucceeded", Mode.TRANSACTIONAL),
        ("KustoWriter$: Streaming ingestion in partition 0", Mode.STREAMING),
        ("x: Parsed write options for sink: {'writeMode': Queued, 'x'", Mode.QUEUED),
    ],
)
def test_what_one_mode_alone_logs_proves_it(line: str, mode: Mode) -> None:
    assert _mode(_LOG.format("INFO", line)) is mode


def test_the_default_is_derived_only_from_a_complete_map() -> None:
    options = {"kustoCluster": "c", "kustoDatabase": "d", "kustoTable": "T"}
    assert _mode(options=options, options_complete=True) is Mode.TRANSACTIONAL
    assert _mode(options=options, options_complete=False) is Mode.UNKNOWN
    assert _mode(options={**options, "writeMode": "queued"}, options_complete=True) is Mode.UNKNOWN


@pytest.mark.parametrize(
    ("said", "mode"),
    [
        ("we write in Queued mode and rows are missing", Mode.QUEUED),
        ("writeMode is KustoStreaming", Mode.STREAMING),
        ("should we use Queued mode?", Mode.UNKNOWN),
        ("we could switch to Queued mode. The write fails.", Mode.UNKNOWN),
        ("it is either Queued mode or Transactional mode", Mode.UNKNOWN),
        ("rows are queued somewhere", Mode.UNKNOWN),
    ],
)
def test_only_a_plain_statement_counts(said: str, mode: Mode) -> None:
    assert _mode(user_text=said) is mode


def test_a_read_says_what_was_really_used() -> None:
    fallback = (
        _LOG.format("INFO", "KustoReader$: Executing query in Single mode. requestId: a-1")
        + "26/11/21 11:36:11 WARN KustoConnector: KustoRelation: caught exception when Failed with"
        " Single mode, falling back to Distributed mode,, cluster: 'c', exception ignored.\n"
    )
    found = triage(KustoCase(evidence=fallback))
    assert (found.operation, found.mode) == (Operation.READ, Mode.DISTRIBUTED)
    assert found.pattern == "read.fallback_to_distributed"


@pytest.mark.parametrize(("stated", "warned"), [("Queued", True), ("Transactional", False)])
def test_options_that_the_evidence_contradicts_are_pointed_out(stated: str, warned: bool) -> None:
    line = _LOG.format("INFO", "FinalizeHelper$: Polling on ingestion results for requestId: a-1")
    options = {"kustoCluster": "c", "kustoDatabase": "d", "kustoTable": "T", "writeMode": stated}
    found = triage(KustoCase(evidence=line + _ERROR, options=options))
    assert found.mode is Mode.TRANSACTIONAL
    assert any("of the same job?" in text for text in found.warnings) is warned


def test_an_asynchronous_operation_of_a_read_is_its_export() -> None:
    text = (
        "com.microsoft.kusto.spark.exceptions.FailedOperationException: Failed to execute Kusto"
        " operation with OperationId 'e2f0b7aa-6f0d-4b44-9d1e-0c3a55d7c9b2', State: 'Failed',"
        " Status: 'x'"
    )
    found = triage(KustoCase(evidence=text, options={"kustoQuery": "T"}, options_complete=True))
    assert (found.pattern, found.mode) == ("async_op.failed", Mode.DISTRIBUTED)
