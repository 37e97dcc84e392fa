"""What of a log counts as failing, and what is only noise near a failure."""

import pytest

from connector_healing.core.kusto import triage
from connector_healing.core.kusto.case import case_from
from connector_healing.core.kusto.failing import driver_part, failing_part, thrown_part
from connector_healing_tests.benchmarks.kusto import DATA, load

NOISE = (
    "WARN NativeCodeLoader: Unable to load native-hadoop library for your platform",
    "INFO HiveUtils: javax.jdo.option.ConnectionURL jdbc:derby:;databaseName=metastore_db",
    "INFO DeltaLog: Loading version 12 of io.delta",
    "INFO SharedState: Warehouse path is 'abfss://lake@acct.dfs.core.windows.net/kusto'.",
    "INFO AzureBlobFileSystem: Initializing AzureBlobFileSystem",
    "WARN ProcfsMetricsGetter: Exception when trying to compute pagesize",
    "INFO BroadcastExchangeExec: broadcast of 12 rows",
    "INFO EventHubsClient: telemetry.servicebus.windows.net connected",
    "INFO CosmosClientCache: com.azure.cosmos.spark client reused",
    "INFO SparkContext: Added JAR com.microsoft.sqlserver_mssql-jdbc-12.4.jar",
    "ERROR AsyncEventQueue: Dropping event from queue appStatus",
    "INFO BlockManager: java.lang.InterruptedException during the shutdown of a pool",
    "WARN Utils: Service 'SparkUI' could not bind on port 4040: Connection refused",
)


@pytest.mark.parametrize("line", NOISE, ids=lambda line: line.split()[1])
def test_a_line_of_another_logger_changes_no_answer(line: str) -> None:
    for case in load(DATA / "recorded_cases.jsonl")[::6]:
        want = case["expected"]["pattern"]
        noisy = f"26/11/21 11:30:00 {line}\n{case['evidence']}"
        found = triage(case_from({**case, "evidence": noisy}))
        assert found.pattern == want, case["id"]


def test_a_quiet_line_that_tells_of_a_stop_is_kept() -> None:
    text = "26/11/21 11:30:00 INFO MicroBatchExecution: Query x was stopped\nboth"
    assert failing_part(text) == text.lower()


def test_an_exception_behind_a_quiet_line_is_kept() -> None:
    text = "26/11/21 11:30:00 INFO A: b\njava.lang.RuntimeException: x\n\tat C.d(C.java:1)"
    assert failing_part(text) == text.lower().partition("\n")[2]


def test_where_the_connector_failed_the_driver_tells_the_end() -> None:
    log = "26/11/21 11:30:00 error kustoconnector: x\n"
    driver = "py4jjavaerror: y\n: com.microsoft.kusto.spark.exceptions.z"
    assert driver_part(log) == ""
    assert thrown_part(log) == log
    assert thrown_part(log + driver) == f"\n{driver}"
    assert thrown_part("nothing\npy4j: x") == "nothing\npy4j: x"
