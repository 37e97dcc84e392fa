"""An asynchronous operation of Kusto that failed: an export of a read, or a part of a write."""

import pytest

from connector_healing.core.classify import classify
from connector_healing.core.failure import Diagnosis
from connector_healing.core.logs.reading import failure_of_text
from connector_healing.core.taxonomy import FailureSubcategory as Sub
from connector_healing_tests.benchmarks.kusto import DATA, load

_FAILED = (
    "com.microsoft.kusto.spark.exceptions.FailedOperationException: Failed to execute Kusto "
    "operation with OperationId 'b152f9da-616a-40a7-8cde-f2390cfc8064', State: 'Failed', "
    "Status: '{status}'\n"
    "\tat com.microsoft.kusto.spark.datasource.KustoReader.exportPartitionToBlob(K.scala:572)\n"
)
_READS = "Py4JJavaError: An error occurred while calling o454.collectToPython.\n: "
_WRITES = "26/11/21 11:54:26 ERROR KustoConnector: FinalizeHelper$: caught exception in it\n"


def _diagnosed(before: str, status: str = "It went wrong") -> Diagnosis:
    return classify(failure_of_text(before + _FAILED.format(status=status)))


def test_an_export_is_no_ingestion() -> None:
    found = _diagnosed(_READS)
    assert found.subcategory is Sub.KUSTO_QUERY
    assert Sub.KUSTO_INGESTION not in found.also_possible
    assert "ingestion failures" not in found.remedy


def test_an_operation_of_a_write_is_of_the_ingestion() -> None:
    assert _diagnosed(_WRITES).subcategory is Sub.KUSTO_INGESTION
    assert _diagnosed(_WRITES + _READS).subcategory is Sub.KUSTO_INGESTION


@pytest.mark.parametrize(
    "line",
    [
        "26/11/21 11:54:26 ERROR KustoConnector: KustoReader$: caught exception",
        "26/11/21 11:54:26 WARN KustoConnector: KustoReader$: in Distributed mode, retrying",
        "Py4JJavaError: An error occurred while calling o91.count.",
    ],
)
def test_what_shows_a_read(line: str) -> None:
    assert _diagnosed(f"{line}\n").rule == "kusto.operation_of_read"


def test_what_shows_neither_is_less_sure() -> None:
    found = _diagnosed("")
    assert found.confidence <= 0.5 < _diagnosed(_READS).confidence < _diagnosed(_WRITES).confidence
    assert Sub.KUSTO_INGESTION in found.also_possible


@pytest.mark.parametrize(
    ("status", "subcategory"),
    [
        ("Semantic error: SEM0100: no column", Sub.KUSTO_QUERY),
        (
            "Access to the callout is denied by the cluster's callout policy.",
            Sub.KUSTO_CONFIGURATION,
        ),
        ("Access to URI 'a' was denied due to callout policy", Sub.KUSTO_CONFIGURATION),
        ("Query execution lacks resources (80DA0007): Low memory", Sub.KUSTO_QUERY),
        ("Partial query failure: Low memory condition", Sub.KUSTO_UNAVAILABLE),
    ],
)
@pytest.mark.parametrize("before", ["", _READS])
def test_the_words_of_the_status_come_first(before: str, status: str, subcategory: Sub) -> None:
    assert _diagnosed(before, status).subcategory is subcategory


def test_a_row_of_an_export_is_of_a_read() -> None:
    row = '{"OperationId": "e2", "Operation": "DataExport", "State": "Failed", "Status": "odd"}'
    assert classify(failure_of_text(row)).subcategory is Sub.KUSTO_QUERY


def test_no_recorded_read_is_taken_for_an_ingestion() -> None:
    cases = [
        case
        for case in load(DATA / "recorded_cases.jsonl")
        if "FailedOperationException" in case["evidence"]
        and case["expected"]["operation"] == "read"
    ]
    assert cases
    taken = {classify(failure_of_text(case["evidence"])).subcategory for case in cases}
    assert Sub.KUSTO_INGESTION not in taken
