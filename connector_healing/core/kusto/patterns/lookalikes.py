"""Failures of other software that stand near the connector's lines."""

import re
from dataclasses import replace

from connector_healing.core.kusto.facts import Facts
from connector_healing.core.kusto.failing import connector_failed, driver_part
from connector_healing.core.kusto.foreign import thrown
from connector_healing.core.kusto.pattern import Detail, Pattern, Place, Written, any_of, sig
from connector_healing.core.kusto.patterns.conditions import (
    FAILURES,
    either,
    is_write,
    not_of_connector,
    opposite,
    told,
)
from connector_healing.core.kusto.patterns.traces import own_cause, went_on
from connector_healing.core.kusto.saying import Saying
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


def _lost_for_good(facts: Facts) -> bool:
    """An executor was lost, and nothing else reached the driver than the end of its stage."""
    driver = driver_part(facts.failing)
    if connector_failed(facts.failing) or went_on(facts):
        return False
    return not driver or "stage failure" in driver


#: Packages of databases' drivers.
_SQL = ("java.sql.", "org.postgresql", "com.mysql", "oracle.jdbc", "org.mariadb", "psycopg2")
_TAHOE = "com.databricks.sql.transaction.tahoe"  #: Delta, as Databricks names it.

#: What Spark throws for a query that does not fit its data.
_ANALYSIS = (
    "org.apache.spark.sql.analysisexception",
    "pyspark.errors.exceptions.captured.analysisexception",
    "pyspark.errors.exceptions.connect.analysisexception",
    "pyspark.sql.utils.analysisexception",
)

#: Spark's own verdicts on a job's query, data or paths. The parser's is not one of them: the
#: connector lets it read customSchema.
_OF_QUERY = (
    *("sparkarithmeticexception", "sparkdatetimeexception", "sparknumberformatexception"),
    *("[cast_invalid_input]", "[divide_by_zero]", "[path_not_found]", "path does not exist:"),
    *("[unresolved_column", "[table_or_view_not_found]", "[cannot_parse", "[datatype_mismatch"),
    *("unresolved_column.with_suggestion", "sparkfilenotfoundexception", "[column_already_exists]"),
    *("cannot resolve '", "[missing_aggregation]", "[ambiguous_reference]"),
)

_PATTERNS = (
    Pattern(
        id="not_kusto.cosmos",
        cause="The Cosmos DB connector failed.",
        fix=("The Cosmos connector failed: look at its jar and version, not at Kusto's.",),
        retryable=None,
        written=Written.BY_MODE,
        signatures=(
            any_of("com.azure.cosmos", "cosmosclient", "azure.cosmos.spark", "cosmosdb.spark"),
        ),
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
                "protocolchangedexception",
                "[delta_",
                "delta_concurrent",
            ),
            sig(when=lambda f: thrown(f.thrown, "io.delta", "org.apache.spark.sql.delta", _TAHOE)),
            sig("delta table", some=("analysisexception", "schema mismatch detected")),
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
            sig(when=lambda f: thrown(f.thrown, *_SQL)),
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
            sig("futures timed out after", none=("kusto.spark.",)),
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
                "outofmemoryerror",
                "maxresultsize",
                "no space left on device",
                "cannot allocate memory",
                "metadatafetchfailedexception",
                "shuffle.fetchfailedexception",
                "exit code: 52",
                "exitcode: 137",
                "container killed by yarn",
                "oomkilled",
                "exit code 137",
                "gc overhead limit",
                "exceeding memory limits",
                "exceeding physical memory",
                "exit status: 137",
                when=opposite(went_on),
            ),
            sig(
                some=("lost executor", "executor heartbeat timed out"),
                none=("kusto.spark", "kusto_connector_shaded"),
                when=_lost_for_good,
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
                "cancelled due to",
                "execution was interrupted",
                "command was cancelled",
            ),
            sig(
                some=("java.lang.interruptedexception", "closedbyinterruptexception"),
                none=(*_CONNECTOR_FAILED, "polling on ingestion status"),
            ),
            sig(
                "job", "cancelled", some=("job group", "stop()", "shutdown"), none=_CONNECTOR_FAILED
            ),
        ),
        ask_when=((Ask.QUERY_STOPPED_ON_PURPOSE, opposite(told(Saying.ON_PURPOSE))),),
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
            sig("caused by:", when=own_cause),
            any_of(*_OF_QUERY),
            # A read that exported nothing has no schema to infer: that one is the connector's.
            sig(none=("unable to infer schema",), when=lambda f: thrown(f.thrown, *_ANALYSIS)),
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
            sig(
                "hadoop.fs.azure",
                some=("azureexception", "abfsrestoperationexception", "failed to authenticate"),
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

LOOKALIKES = tuple(
    replace(p, signatures=tuple(replace(s, place=Place.THROWN) for s in p.signatures))
    for p in _PATTERNS
)
