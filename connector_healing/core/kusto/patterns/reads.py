"""Failures of reads: limits, exported files, types."""

import re

from connector_healing.core.kusto.commands import Command
from connector_healing.core.kusto.facts import Facts
from connector_healing.core.kusto.pattern import Detail, Pattern, Place, Written, any_of, sig
from connector_healing.core.kusto.patterns.conditions import (
    both,
    is_read,
    is_write,
    of_connector,
    opposite,
)
from connector_healing.core.kusto.saying import Saying, says
from connector_healing.core.kusto.vocabulary import Ask, Mode, Operation, Surface

_NAME = Detail(re.compile(r"named '([^'\n]{1,80})'"), "what the message names")
_HADOOP = (
    "nativeazurefilesystem",
    "secureazureblobfilesystem",
    "azureblobfilesystem",
    'no filesystem for scheme "wasbs"',
    'no filesystem for scheme "abfss"',
    'no filesystem for scheme "abfs"',
    "no filesystem for scheme: wasbs",
    "no filesystem for scheme: abfss",
)


def _no_cause(facts: Facts) -> bool:
    """The line that tells a limit from a runaway query was cut off."""
    told = ('"error":{', "80da0", "e_query_result_set", "e_runaway", 'exceptions":[')
    return not any(text in facts.failing.replace(" ", "") for text in told)


def _comment_ends(facts: Facts) -> bool:
    """The last line of the query holds a comment (not the `//` of an address)."""
    query = facts.option("kustoQuery").rstrip()
    last = query.rpartition("\n")[2]
    return re.search(r"(?<!:)//", last) is not None


def _forces_native(facts: Facts) -> bool:
    """The options ask for the native writer, whatever Spark can read."""
    given = facts.option("kustoExportOptionsJson").lower().replace("\\", "")
    return re.search(r"usenativeparquetwriter\W{1,5}true", given) is not None


def _nothing_known(facts: Facts) -> bool:
    """Nothing tells where the job runs, nor with which connector."""
    return not (facts.case.platform or facts.options or facts.case.connector_version)


def _starts_slowly(facts: Facts) -> bool:
    """A read without a mode of its own is slow before it begins: it waits for the estimate."""
    slow = is_read(facts) and says(facts.said, Saying.SLOW, Saying.START)
    return slow and "readmode" not in facts.options and not _fails(facts)


def _estimates_slowly(facts: Facts) -> bool:
    return not is_write(facts) and not _fails(facts) and says(facts.said, Saying.SLOW)


def _fails(facts: Facts) -> bool:
    return "exception" in facts.failing or "error" in facts.failing


READS = (
    Pattern(
        id="read.runaway",
        cause="The query used more memory than one operator may have (E_RUNAWAY_QUERY).",
        fix=(
            (
                "Use hint.shufflekey / hint.strategy=shuffle in summarize and join, reduce the data, or"
                " raise maxmemoryconsumptionperiterator."
            ),
        ),
        retryable=False,
        written=Written.NOTHING,
        signatures=(
            any_of(
                "e_runaway_query", "80da0001", "runaway query", "maxmemoryconsumptionperiterator"
            ),
        ),
        commands=(Command.QUERIES,),
        surface=Surface.DRIVER_EXCEPTION,
        operation=Operation.READ,
    ),
    Pattern(
        id="read.query_limits",
        cause="The result is larger than a single query may return (500,000 rows or 64 MB).",
        fix=(
            (
                "Read with ForceDistributedMode, or 'set notruncation;' in the query; the limit is"
                " 500000 rows or 64 MB."
            ),
        ),
        retryable=False,
        written=Written.NOTHING,
        signatures=(
            any_of(
                "limitsexceeded",
                "80da0003",
                "e_query_result_set_too_large",
                "exceeded the allowed limits",
            ),
        ),
        ask_when=((Ask.FULL_CAUSE_CHAIN, _no_cause),),
        commands=(Command.QUERIES,),
        surface=Surface.DRIVER_EXCEPTION,
        operation=Operation.READ,
    ),
    Pattern(
        id="read.hadoop_azure_missing",
        cause="Spark has no file system for the exported files: hadoop-azure is not on the class "
        "path.",
        fix=("Add hadoop-azure (3.4.2 or later for abfs) of Spark's Hadoop version.",),
        retryable=False,
        written=Written.NOTHING,
        signatures=(any_of(*_HADOOP, when=both(of_connector, opposite(is_write))),),
        ask_when=((Ask.PLATFORM, _nothing_known),),
        surface=Surface.DRIVER_EXCEPTION,
        operation=Operation.READ,
        mode=Mode.DISTRIBUTED,
    ),
    Pattern(
        id="storage.no_export_containers",
        cause="The ingest endpoint lists no containers for exports.",
        fix=(
            (
                "Give transientStorage of your own (and allow it in the callout policy), or read with"
                " ForceSingleMode."
            ),
        ),
        retryable=False,
        written=Written.NOTHING,
        signatures=(
            any_of(
                "nostoragecontainersexception",
                "failed to allocate temporary storage",
                "no storage containers received",
            ),
        ),
        commands=(Command.EXPORT_CONTAINERS, Command.CALLOUT),
        surface=Surface.DRIVER_EXCEPTION,
        operation=Operation.READ,
        mode=Mode.DISTRIBUTED,
    ),
    Pattern(
        id="read.parquet_encoding",
        cause="This Spark cannot read the parquet that the native writer of the export makes.",
        fix=(
            (
                "Upgrade to Spark 3.3 or later (above 3.3.0), or set useNativeParquetWriter=false in"
                " kustoExportOptionsJson; connectors from 3.1.10 do so by themselves."
            ),
        ),
        retryable=False,
        written=Written.NOTHING,
        signatures=(
            any_of(
                "unsupported encoding: delta_byte_array",
                "delta_byte_array",
                "delta_length_byte_array",
                "delta_binary_packed",
                "unsupported encoding",
            ),
        ),
        ask_when=((Ask.SPARK_VERSION, opposite(_forces_native)),),
        commands=(Command.COMMANDS,),
        surface=Surface.EXECUTOR_LOG,
        operation=Operation.READ,
        mode=Mode.DISTRIBUTED,
    ),
    Pattern(
        id="read.sas_config_missing",
        cause="The SAS of the export's storage was not found in the Hadoop configuration: the "
        "protocol does not fit the storage's endpoint.",
        fix=(
            (
                "Let storageProtocol match the endpoint (wasbs with blob, abfss with dfs), and check"
                " fs.azure.abfs.valid.endpoints."
            ),
        ),
        retryable=False,
        written=Written.NOTHING,
        signatures=(any_of("sas config key"),),
        commands=(Command.EXPORT_CONTAINERS, Command.COMMANDS),
        surface=Surface.DRIVER_LOG,
        operation=Operation.READ,
        mode=Mode.DISTRIBUTED,
    ),
    Pattern(
        id="read.blob_auth",
        cause="The storage refused to list or read the exported files: an old SAS that Hadoop "
        "keeps for the session, or a firewall.",
        fix=(
            (
                "Restart session: a cached SAS is kept in the Hadoop configuration; upgrade the"
                " connector."
            ),
            "Check the network (storage firewall); or give transientStorage of your own.",
        ),
        retryable=False,
        written=Written.NOTHING,
        signatures=(
            sig(
                some=("server failed to authenticate the request", "blobstorageexception"),
                none=("tableserviceexception",),
            ),
            sig(
                "azureexception", some=("storageexception", "authenticat", "authoriz"), when=is_read
            ),
            sig(
                some=("azureblobfilesystem", "abfsrestoperationexception", "operation failed:"),
                when=lambda f: (
                    is_read(f)
                    and any(
                        c in f.failing
                        for c in (" 403", "authenticationfailed", "authorizationfailure")
                    )
                ),
            ),
            sig(
                "storageexception", some=("403", "forbidden", "signature", "authoriz"), when=is_read
            ),
        ),
        ask=(Ask.SESSION_AGE,),
        ask_when=((Ask.CONNECTOR_VERSION, lambda f: not f.case.connector_version),),
        commands=(Command.EXPORT_CONTAINERS, Command.COMMANDS),
        surface=Surface.DRIVER_EXCEPTION,
        operation=Operation.READ,
        mode=Mode.DISTRIBUTED,
        proves_operation=False,
    ),
    Pattern(
        id="read.real_column_cast",
        cause="A column of type real came as an integer: a bug of old connectors.",
        fix=("Upgrade the connector to 3.1.7 or later, or cast the column with todouble().",),
        retryable=False,
        written=Written.NOTHING,
        signatures=(
            sig(
                "cannot be cast to",
                "double",
                some=("java.lang.integer", "java.lang.long", "java.math.bigdecimal"),
                when=of_connector,
            ),
        ),
        ask_when=((Ask.CONNECTOR_VERSION, lambda f: not f.case.connector_version),),
        commands=(Command.QUERIES,),
        surface=Surface.DRIVER_EXCEPTION,
        operation=Operation.READ,
        versions="3.1.6 and older",
    ),
    Pattern(
        id="read.estimate_unsupported",
        cause="The estimate of the row count is not supported or slow here: the read waits for it "
        "before it chooses its mode.",
        fix=("Set readMode (ForceSingleMode or ForceDistributedMode): no estimate is made then.",),
        retryable=False,
        written=Written.NOTHING,
        signatures=(
            any_of("estimate_rows_count"),
            any_of("estimat", place=Place.SAID, when=_estimates_slowly),
            sig(when=_starts_slowly),
        ),
        commands=(Command.QUERIES,),
        surface=Surface.DRIVER_LOG,
        operation=Operation.READ,
        asks_standing=False,
    ),
    Pattern(
        id="read.trailing_comment",
        cause="The query ends with a comment: what the connector appends (| count, | take 0) is "
        "part of that comment.",
        fix=("Remove trailing comment from kustoQuery, or put a newline after comment.",),
        retryable=False,
        written=Written.NOTHING,
        signatures=(
            sig(when=both(_comment_ends, opposite(_fails))),
            sig("// ", "| take 0", when=is_read),
        ),
        commands=(Command.QUERIES,),
        operation=Operation.READ,
    ),
    Pattern(
        id="query.semantic",
        cause="The service refused the query: it names something that is not there, or does not "
        "parse.",
        fix=("Correct the query in kustoQuery ({name}): run it alone on the cluster first.",),
        retryable=False,
        written=Written.NOTHING,
        signatures=(
            any_of(
                "semantic error",
                "sem0",
                "badrequest_semanticerror",
                "semanticexception",
                "syntax error",
                "syn0",
                "badrequest_syntaxerror",
                "badrequest_entitynotfound",
                "failed to resolve table or column",
                "failed to resolve scalar",
                when=of_connector,
            ),
        ),
        details={"name": _NAME},
        commands=(Command.QUERIES,),
        surface=Surface.DRIVER_EXCEPTION,
    ),
)
