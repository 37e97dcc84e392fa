"""Whether a text shows the connector."""

import pytest

from connector_healing.core.kusto import shows_kusto_connector
from connector_healing_tests.benchmarks.kusto import DATA, load


@pytest.mark.parametrize(
    "text",
    [
        "26/11/21 11:42:42 INFO KustoConnector: KustoWriter$: x",
        "2024-05-01 22:16:56,580 FATAL KustoConnector [Timer-1]: ExtendedKustoClient: x",
        "\tat com.microsoft.kusto.spark.datasource.DefaultSource.createRelation(D.scala:54)",
        "java.util.concurrent.TimeoutException: Timed out polling on ingestion status",
        "com.microsoft.azure.kusto.data.exceptions.ThrottleException: x",
        "java.lang.NoClassDefFoundError: kusto_connector_shaded/org/apache/commons/io/IOUtils",
    ],
)
def test_it_shows(text: str) -> None:
    assert shows_kusto_connector(f"noise\n{text}\nmore")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "java.util.concurrent.TimeoutException: Futures timed out after [300 seconds]",
        "com.microsoft.azure.kusto.kafka.connect.sink.KustoSinkTask failed",
        "com.azure.cosmos.spark.CosmosClient",
        "we moved the kusto table by hand",
        "None.get",
    ],
)
def test_it_does_not_show(text: str) -> None:
    assert not shows_kusto_connector(text)


def test_recorded_failures_show_it() -> None:
    cases = [
        case
        for case in load(DATA / "recorded_cases.jsonl")
        if case["expected"]["is_kusto_connector_failure"] and "KustoConnector" in case["evidence"]
    ]
    assert len(cases) > 40
    assert all(shows_kusto_connector(case["evidence"]) for case in cases)
