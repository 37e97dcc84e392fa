"""Failures of other software that stand near the connector's lines."""

import re

from connector_healing.core.kusto.facts import Facts
from connector_healing.core.kusto.pattern import Detail, Pattern, Written, any_of, sig
from connector_healing.core.kusto.patterns.conditions import (
    FAILURES,
    either,
    is_write,
    not_of_connector,
)
from connector_healing.core.kusto.vocabulary import Ask, Surface

_EXCEPTION = Detail(
    re.compile(
        r"^\s{0,8}(?!Py4J)([A-Z]\w{1,80}(?:Error|Exception|Exit|Warning))(?::|$)", re.MULTILINE
    ),
    "PythonException",
)
_FUNCTION = Detail(
    re.compile(r"File \"[^\"\n]{1,300}\", line \d{1,7}, in (\w{1,100})"), "the job's own function"
)
_CONNECTOR_FAILED = (
    "kusto.ingest.exceptions",
    "kusto.data.exceptions",
    "kusto.spark.exceptions",
)

#: Packages whose frames are no job's own code.
_FOREIGN_FRAMES = (
    *("com.microsoft.", "com.azure.", "kusto_connector_shaded", "org.apache.", "java.", "javax."),
    *("java.base/", "scala.", "io.netty.", "reactor.", "sun.", "jdk.", "py4j.", "com.fasterxml."),
    *("io.github.resilience4j", "io.vavr.", "shaded.", "hadoop_azure_shaded", "com.databricks."),
    *("net.razorvine", "io.delta.", "okhttp3.", "com.google.", "org.codehaus.", "io.grpc."),
)


def _own_frame(facts: Facts) -> bool:
    """The innermost cause was thrown by code of no known library, under Spark or the connector."""
    cause = facts.failing.rpartition("caused by:")[2]
    frame = re.search(r"\n\s{0,8}at ([\w.$/]{3,300})\(", cause)
    if frame is None or not any(p in facts.failing for p in ("org.apache.spark", "kusto.spark")):
        return False
    return "." in frame.group(1) and not frame.group(1).startswith(_FOREIGN_FRAMES)


LOOKALIKES = (
    Pattern(
        id="not_connector.kafka_sink",
        cause="The Kafka Connect sink for Kusto failed: another product, not the Spark connector.",
        fix=("The Kafka connect sink is another product: look at its own task log and settings.",),
        retryable=None,
        written=Written.BY_MODE,
        signatures=(
            any_of(
                "azure.kusto.kafka.connect",
                "kustosinktask",
                "kustosinkconnector",
                "kafka.connect.sink.kusto",
            ),
            sig("org.apache.kafka.connect", some=("kusto", "adx")),
        ),
        connector=False,
        surface=Surface.DRIVER_EXCEPTION,
    ),
    Pattern(
        id="not_connector.kusto_rest",
        cause="A program talked to Kusto's REST API or SDK itself; the Spark connector had no part.",
        fix=(
            (
                "Not the Spark connector: look at the REST source or the SDK call that failed, its URL,"
                " token and query."
            ),
        ),
        retryable=None,
        written=Written.BY_MODE,
        signatures=(
            any_of(
                "/v1/rest/query",
                "/v2/rest/query",
                "/v1/rest/mgmt",
                "azure.kusto.data.exceptions.kusto",
                "site-packages/azure/kusto",
                "kustoserviceerror",
                "azure-kusto-data",
                when=lambda f: (
                    "com.microsoft.kusto" not in f.lower
                    and "kustoconnector" not in f.lower
                    and "com.microsoft.azure.kusto" not in f.lower
                ),
            ),
            sig(
                some=("requests.exceptions", "httpx.", "dlt.", "urllib3", "aiohttp", "restclient"),
                when=lambda f: (
                    any(word in f.lower + f.said for word in ("kusto", "adx"))
                    and "com.microsoft" not in f.lower
                    and "kustoconnector" not in f.lower
                    and "py4j" not in f.lower
                ),
            ),
        ),
        connector=False,
        surface=Surface.DRIVER_EXCEPTION,
    ),
    Pattern(
        id="not_kusto.cosmos",
        cause="The Cosmos DB connector failed.",
        fix=("The Cosmos connector failed: look at its jar and version, not at Kusto's.",),
        retryable=None,
        written=Written.BY_MODE,
        signatures=(any_of("com.azure.cosmos", "cosmosclient", "azure.cosmos.spark"),),
        connector=False,
    ),
    Pattern(
        id="not_kusto.delta",
        cause="A Delta table was changed by another writer at the same time.",
        fix=("Delta conflict: serialise the writers or partition them, then run again.",),
        retryable=True,
        written=Written.BY_MODE,
        signatures=(
            any_of(
                "concurrentappendexception",
                "concurrentdeletereadexception",
                "concurrentdeletedeleteexception",
                "concurrentwriteexception",
                "metadatachangedexception",
                "concurrenttransactionexception",
                "io.delta.exceptions",
                "deltaanalysisexception",
                "delta_concurrent",
            ),
        ),
        commands=FAILURES,
        connector=False,
        surface=Surface.DRIVER_EXCEPTION,
    ),
    Pattern(
        id="not_kusto.sql_connector",
        cause="A SQL database connector failed.",
        fix=("The SQL connector failed: check its token, user and JDBC settings, not Kusto's.",),
        retryable=None,
        written=Written.BY_MODE,
        signatures=(
            any_of(
                "com.microsoft.sqlserver",
                "sqlserverexception",
                "com.microsoft.azure.sqldb",
                "com.microsoft.sqlserver.jdbc.spark",
                "synapsesql",
                "sqlanalyticsconnector",
            ),
        ),
        connector=False,
        surface=Surface.DRIVER_EXCEPTION,
    ),
    Pattern(
        id="not_kusto.eventhubs",
        cause="The Event Hubs connector failed.",
        fix=("The Event Hubs connector failed: check its connection string or AAD application.",),
        retryable=None,
        written=Written.BY_MODE,
        signatures=(
            any_of(
                "com.microsoft.azure.eventhubs",
                "org.apache.spark.eventhubs",
                "spark.sql.eventhubs",
                "com.azure.messaging.eventhubs",
                "eventhubexception",
                "servicebus.windows.net",
                "eventhubs.net",
            ),
        ),
        connector=False,
        surface=Surface.DRIVER_EXCEPTION,
    ),
    Pattern(
        id="not_kusto.broadcast_timeout",
        cause="A broadcast join of Spark timed out.",
        fix=(
            (
                "Spark's broadcast timed out: raise spark.sql.broadcastTimeout or set"
                " spark.sql.autoBroadcastJoinThreshold=-1."
            ),
        ),
        retryable=True,
        written=Written.BY_MODE,
        signatures=(
            any_of(
                "could not execute broadcast",
                "broadcastexchangeexec",
                "spark.sql.broadcasttimeout",
                "broadcastexchange",
                "broadcasthashjoin",
            ),
            sig("futures timed out after", none=("kusto.spark.utils", "finalizehelper")),
        ),
        connector=False,
        surface=Surface.DRIVER_EXCEPTION,
    ),
    Pattern(
        id="not_kusto.spark_oom",
        cause="An executor was lost or ran out of memory.",
        fix=(
            (
                "Executor lost: give the executors more memory (spark.executor.memory,"
                " memoryOverhead) or use smaller partitions (repartition)."
            ),
        ),
        retryable=True,
        written=Written.BY_MODE,
        signatures=(
            any_of(
                "executorlostfailure",
                "java.lang.outofmemoryerror",
                "container killed by yarn",
                "oomkilled",
                "exit code 137",
                "gc overhead limit",
                "exceeding memory limits",
                "exceeding physical memory",
                "executor heartbeat timed out",
                "lost executor",
                "exit status: 137",
            ),
        ),
        commands=FAILURES,
        connector=False,
        surface=Surface.DRIVER_EXCEPTION,
    ),
    Pattern(
        id="not_failure.cancelled",
        cause="The query or the job was stopped; nothing failed.",
        fix=(
            (
                "Nothing to repair if it was stopped on purpose: start the query again where it"
                " should run."
            ),
        ),
        retryable=None,
        written=Written.BY_MODE,
        signatures=(
            any_of(
                "cancelled part of cancelled job group",
                "cancelled because sparkcontext was shut down",
                "cancelled as part of cancellation of all jobs",
                "query was stopped",
                "was cancelled by user",
                "cancelled by user",
                "job cancelled",
                "] was stopped",
                "keyboardinterrupt",
                "stage cancelled",
                "stage was cancelled",
                "was stopped by user",
                "stopped by the user",
                "query terminated by",
                "operation_canceled",
                "streaming query was stopped",
                "uninterruptibly stopped",
                "query has been stopped",
            ),
            sig(
                some=("java.lang.interruptedexception", "closedbyinterruptexception"),
                none=(*_CONNECTOR_FAILED, "polling on ingestion status"),
            ),
            sig(
                "job", "cancelled", some=("job group", "stop()", "shutdown"), none=_CONNECTOR_FAILED
            ),
        ),
        ask=(Ask.QUERY_STOPPED_ON_PURPOSE,),
        connector=False,
        asks_standing=False,
    ),
    Pattern(
        id="not_kusto.user_code",
        cause="The job's own code failed; the connector only pulled its rows.",
        fix=("Fix job code: {exception} in {function}.",),
        retryable=False,
        written=Written.BY_MODE,
        signatures=(
            any_of(
                "api.python.pythonexception",
                "pythonexception: ",
                "captured.pythonexception",
                "an exception was thrown from the python worker",
                "failed to execute user defined function",
                "failed_execute_udf",
                "scalaudf.",
                "udfrunner",
            ),
            sig("caused by:", when=_own_frame),
        ),
        details={"exception": _EXCEPTION, "function": _FUNCTION},
        connector=False,
        surface=Surface.DRIVER_EXCEPTION,
    ),
    Pattern(
        id="not_kusto.hadoop_azure",
        cause="Spark cannot read Azure storage; the connector had no part.",
        fix=("Add hadoop-azure and azure-storage of the Hadoop version: Kusto is not involved.",),
        retryable=False,
        written=Written.BY_MODE,
        signatures=(
            any_of(
                "nativeazurefilesystem",
                "secureazureblobfilesystem",
                "azureblobfilesystem",
                'no filesystem for scheme "wasbs"',
                'no filesystem for scheme "abfss"',
                "no filesystem for scheme: wasbs",
                "no filesystem for scheme: abfss",
                when=either(not_of_connector, is_write),
            ),
        ),
        connector=False,
        surface=Surface.DRIVER_EXCEPTION,
    ),
    Pattern(
        id="not_kusto.user_code",
        cause="A program failed in its own code; nothing shows the connector.",
        fix=("Fix job code: {exception} in {function}.",),
        retryable=False,
        written=Written.BY_MODE,
        signatures=(sig("traceback (most recent call last)", none=("py4j", "kusto", "pyspark")),),
        details={"exception": _EXCEPTION, "function": _FUNCTION},
        connector=False,
        surface=Surface.DRIVER_EXCEPTION,
    ),
)
