"""Options that the connector refuses, and jars that do not fit."""

import re

from connector_healing.core.kusto.commands import Command
from connector_healing.core.kusto.facts import Facts
from connector_healing.core.kusto.lint import Finding
from connector_healing.core.kusto.pattern import Detail, Pattern, Place, Written, any_of, sig
from connector_healing.core.kusto.patterns.conditions import (
    both,
    is_write,
    of_connector,
)
from connector_healing.core.kusto.vocabulary import Ask, Mode, Operation, Surface

_COLUMNS = Detail(re.compile(r"not present in the target: ([^\n]{1,300}?)\.?(?:\n|$)"), "the extra columns")
_OPTION = Detail(
    re.compile(r"KUSTO_([A-Z_]{2,40}) parameter is missing"), "kustoCluster, kustoDatabase, kustoTable"
)
_FIELD = Detail(re.compile(r"Unrecognized field \"(\w{1,80})\""), "an unknown field")
_KNOWN = Detail(
    re.compile(r"known properties: ([^\])\n]{1,500})"), "flushImmediately, csvMapping, ingestByTags"
)
_VALUE = Detail(re.compile(r"For input string: \"?([^\"\n]{1,60})"), "a value")
_BAD_MODES = {"writemode", "readmode"}


def _bad_mode(facts: Facts) -> bool:
    """A mode's own value is wrong, so that which one was meant is not known."""
    if "no such writemode" in facts.lower:
        return True
    return any(
        f.finding is Finding.VALUE and f.meant.lower() in _BAD_MODES for f in facts.findings
    )


def _typed(facts: Facts) -> bool:
    """A text that does not parse is an option's value, or the connector's frames stand there."""
    frames = ("parsesinkparameters", "parsesourceparameters", "getreadparameters", "kusto.spark")
    wrong = any(f.finding is Finding.TYPE for f in facts.findings)
    return wrong or any(frame in facts.failing for frame in frames)


def _custom_schema(facts: Facts) -> bool:
    return bool(facts.option("customSchema")) or "kustorelation" in facts.failing or (
        "customschema" in facts.lower
    )


def _hyphen(facts: Facts) -> bool:
    return "-" in facts.option("kustoTable") and "kustoquery" not in facts.options


def _normalised(facts: Facts) -> bool:
    table = facts.option("kustoTable").lower()
    return _hyphen(facts) and table.replace("-", "_") in facts.lower + facts.said


def _old_version(facts: Facts) -> bool:
    numbers = re.findall(r"\d+", facts.case.connector_version[:20])
    return tuple(int(n) for n in numbers[:3]) < (2, 5, 1) if numbers else False


def _reused(facts: Facts) -> bool:
    """One request id stands at the head of two writes of one log."""
    ids = re.findall(r"'requestid': '([^'\n]{1,128})'", facts.lower)
    return len(ids) != len(set(ids))


CONFIGURATION = (
    Pattern(
        id="config.request_id_reused",
        cause="Two writes used one requestId: they share one temporary table, and one deletes it "
        "under the other.",
        fix=(
            "Give every write a unique requestId, or leave the option out.",
            "The temp table shared by both is named after the requestId: look for lost or doubled"
            " rows.",
        ),
        retryable=None,
        written=Written.BY_MODE,
        signatures=(
            sig(when=_reused),
            any_of(
                "same requestid", "same request id", "constant requestid", "constant request id",
                place=Place.SAID,
            ),
        ),
        ask=(Ask.REQUEST_ID_CONSTANT,),
        commands=(Command.COMMANDS, Command.TEMP_BY_REQUEST, Command.TEMP_ANY),
        operation=Operation.WRITE,
        surface=Surface.DRIVER_LOG,
    ),
    Pattern(
        id="config.result_limit_after_write",
        cause="writeResultLimit does not parse; the connector sees it only after the data were "
        "written.",
        fix=(
            "The data was already written: do not re-run.",
            "Set writeResultLimit to 'none' or a number.",
        ),
        retryable=False,
        written=Written.ALREADY,
        signatures=(any_of("kusto_write_result_limit", "writeresultlimit"),),
        commands=(Command.COMMANDS, Command.FAILURES_BY_PATH),
        operation=Operation.WRITE,
    ),
    Pattern(
        id="config.save_mode",
        cause="The connector knows the save mode Append only.",
        fix=("Use mode Append; to replace data, clear table first (.clear table ... data).",),
        retryable=False,
        written=Written.NOTHING,
        signatures=(
            sig("supports only 'append' mode"),
            sig("kusto", "directive is invalid", "append"),
            sig("errorifexists", "kusto"),
        ),
        operation=Operation.WRITE,
    ),
    Pattern(
        id="config.multiple_auth",
        cause="Options of more than one authentication method are set.",
        fix=("Keep one auth method: remove accessToken, or the kustoAad... options.",),
        retryable=False,
        written=Written.NOTHING,
        signatures=(any_of("more than one authentication methods"),),
    ),
    Pattern(
        id="config.temp_table_missing",
        cause="The temporary table that tempTableName names does not exist.",
        fix=("Create the table beforehand, or drop the option tempTableName.",),
        retryable=False,
        written=Written.NOTHING,
        signatures=(any_of("temp table name provided but the table does not exist"),),
        commands=(Command.TEMP_EXISTS,),
        operation=Operation.WRITE,
        mode=Mode.TRANSACTIONAL,
    ),
    Pattern(
        id="config.invalid_combination",
        cause="Options exclude one another.",
        fix=(
            "tempTableName goes only with writeMode Transactional and FailIfNotExist.",
            "KustoStreaming goes without adjustSchema=GenerateDynamicCsvMapping, csvMapping, tags"
            " and creationTime: use Queued for these.",
            "GenerateDynamicCsvMapping excludes csvMappingNameReference.",
        ),
        retryable=False,
        written=Written.NOTHING,
        signatures=(
            any_of(
                "temptablename can only be used",
                "temptablename can't be used",
                "cannot be used with spark streaming ingestion",
                "cannot be used with streaming",
                "not supported for streaming ingestion",
                "is not supported in streaming",
            ),
            sig("csvmapping", some=("cannot be used", "can't be used", "are not supported", "not allowed", "are set")),
            sig("generatedynamiccsvmapping", some=("cannot", "can't", "csvmappingnamereference")),
            sig("illegalargumentexception", "streaming", some=("tags", "csvmapping", "creationtime", "ingestifnotexists")),
            sig("illegalargument", "creationtime", "ingest"),
        ),
        operation=Operation.WRITE,
    ),
    Pattern(
        id="schema.extra_source_columns",
        cause="The DataFrame has columns that the target table has not.",
        fix=(
            "Drop columns that the table has not ({columns}), or add them: .alter-merge table.",
        ),
        retryable=False,
        written=Written.NOTHING,
        signatures=(
            any_of("source schema has columns that are not present in the target"),
        ),
        commands=(Command.SCHEMA,),
        details={"columns": _COLUMNS},
        operation=Operation.WRITE,
    ),
    Pattern(
        id="schema.order_mismatch",
        cause="The DataFrame's columns differ from the target's in names or order.",
        fix=(
            "Select columns in target order, or set adjustSchema to GenerateDynamicCsvMapping.",
        ),
        retryable=False,
        written=Written.NOTHING,
        signatures=(
            any_of("target table schema does not match", "schemamatchexception"),
        ),
        commands=(Command.SCHEMA,),
        operation=Operation.WRITE,
    ),
    Pattern(
        id="config.table_name_hyphen",
        cause="The connector turns '-' in a table's name into '_': it writes to another table.",
        fix=(
            "Rename the table without a hyphen, or look for the data in the table with an"
            " underscore (normalizeTableName).",
        ),
        retryable=False,
        written=Written.NOTHING,
        signatures=(
            sig(when=_normalised),
            sig("doesn't exist", when=_hyphen),
            any_of("missing", "empty", "no rows", "not there", "no data", place=Place.SAID, when=lambda f: _hyphen(f) and not f.lower.strip()),
        ),
        commands=(Command.TABLE_EXISTS, Command.SCHEMA),
        operation=Operation.WRITE,
    ),
    Pattern(
        id="config.table_missing",
        cause="The target table does not exist and is not to be created.",
        fix=(
            "Set tableCreateOptions to CreateIfNotExist, or create table beforehand; check"
            " kustoDatabase and kustoTable.",
        ),
        retryable=False,
        written=Written.NOTHING,
        signatures=(
            any_of("tablecreateoptions is set to failifnotexist"),
            sig("table '", "doesn't exist in database"),
        ),
        commands=(Command.TABLE_EXISTS,),
        operation=Operation.WRITE,
    ),
    Pattern(
        id="config.command_as_query",
        cause="A control command stands in kustoQuery; the connector runs queries only.",
        fix=("Put a query into kustoQuery, not a command; run .show commands with the SDK.",),
        retryable=False,
        written=Written.NOTHING,
        signatures=(any_of("connector cannot run kusto commands"),),
        operation=Operation.READ,
    ),
    Pattern(
        id="config.required_option_missing",
        cause="A required option is missing.",
        fix=("Set {option}: kustoCluster, kustoDatabase and kustoTable or kustoQuery are required.",),
        retryable=False,
        written=Written.NOTHING,
        signatures=(
            sig("kusto_", "parameter is missing"),
            any_of("must provide a destination", "query is empty", "must provide a query"),
        ),
        details={"option": _OPTION},
    ),
    Pattern(
        id="config.bad_enum",
        cause="An option of a closed list has a value that is not in it; the case counts.",
        fix=(
            "writeMode: Transactional, Queued, KustoStreaming. readMode: ForceSingleMode,"
            " ForceDistributedMode. tableCreateOptions: CreateIfNotExist, FailIfNotExist."
            " adjustSchema: NoAdjustment, FailIfNotMatch, GenerateDynamicCsvMapping."
            " storageProtocol: wasbs, abfs, abfss.",
        ),
        retryable=False,
        written=Written.NOTHING,
        signatures=(
            any_of(
                "no such writemode option",
                "no such sinktablecreationmode option",
                "invalid value for storageprotocol",
            ),
            sig("no value found for '", when=of_connector),
        ),
        ask_when=((Ask.INTENDED_MODE, _bad_mode),),
    ),
    Pattern(
        id="config.abfs_account_key",
        cause="An account key cannot be used with abfs or abfss.",
        fix=(
            "Use a SAS in transientStorage, or storageProtocol wasbs with the account key.",
        ),
        retryable=False,
        written=Written.NOTHING,
        signatures=(
            sig("account key", some=("abfs", "storageprotocol")),
            sig("storage account key", "protocol"),
            sig("abfs", "invalidparameterexception"),
            sig("storageaccountkey", "abfs"),
        ),
        operation=Operation.READ,
        mode=Mode.DISTRIBUTED,
    ),
    Pattern(
        id="config.bad_json",
        cause="A JSON option does not parse, or has a field that the connector does not know.",
        fix=(
            "Correct the JSON of transientStorage, kustoExportOptionsJson,"
            " clientRequestPropertiesJson or sparkIngestionPropertiesJson ({field}).",
            "Known fields: {known}.",
        ),
        retryable=False,
        written=Written.NOTHING,
        signatures=(
            sig("jsonparseexception", none=("dataserviceexception",)),
            any_of("unrecognizedpropertyexception", "that cannot be parsed as map"),
            sig("mismatchedinputexception", "kusto"),
            sig("jsonmappingexception", "kusto"),
        ),
        details={"field": _FIELD, "known": _KNOWN},
    ),
    Pattern(
        id="config.wrong_type",
        cause="The value of a number or boolean option does not parse.",
        fix=(
            "{value} does not parse: timeoutLimit and stagingResourcesAutoCleanupTimeout are"
            " seconds, clientBatchingLimit and streamingIngestSizeInMB are MB, flags are true or"
            " false.",
        ),
        retryable=False,
        written=Written.NOTHING,
        signatures=(sig("for input string", when=both(of_connector, _typed)),),
        details={"value": _VALUE},
    ),
    Pattern(
        id="config.bad_custom_schema",
        cause="customSchema does not parse as a Spark schema.",
        fix=("Correct customSchema: a DDL text as 'id INT, name STRING'.",),
        retryable=False,
        written=Written.NOTHING,
        signatures=(
            sig("parseexception", when=_custom_schema, none=("jsonparseexception",)),
            sig("unsupported_datatype", when=_custom_schema),
            sig("parse_syntax_error", when=_custom_schema),
        ),
    ),
    Pattern(
        id="config.untrusted_host",
        cause="The SDK does not trust the cluster's host name.",
        fix=(
            "Use a host of the trusted endpoints (kustoCluster as a full URL), or upgrade the"
            " connector to one that knows the suffix.",
        ),
        retryable=False,
        written=Written.NOTHING,
        signatures=(
            any_of(
                "validatehostnameistrusted",
                "hostname is currently not trusted",
                "kustotrustedendpoints",
                "aka.ms/kustotrustedendpoints",
            ),
        ),
        surface=Surface.DRIVER_EXCEPTION,
    ),
    Pattern(
        id="config.ingest_prefix_twice",
        cause="kustoCluster holds the ingest- URL, and the connector puts ingest- in front of it "
        "again.",
        fix=("Put the engine's URL into kustoCluster, without ingest-; or upgrade.",),
        retryable=False,
        written=Written.NOTHING,
        signatures=(any_of("ingest-ingest-"),),
        surface=Surface.DRIVER_EXCEPTION,
        versions="seen with 2.5.1; 7.1.1 corrects the URL",
    ),
    Pattern(
        id="version.too_old",
        cause="This version of the connector is too old to write to an existing table.",
        fix=("Upgrade the connector: 2.5.1 is the oldest that ingests into existing tables.",),
        retryable=False,
        written=Written.NOTHING,
        signatures=(
            sig("hidden", some=("syntax error", "syn0", "recognition error", "syntaxerror")),
            sig("syntax error", when=both(_old_version, is_write)),
            sig("syntaxexception", when=both(_old_version, is_write)),
        ),
        ask=(Ask.CONNECTOR_VERSION,),
        surface=Surface.DRIVER_EXCEPTION,
        asks_standing=False,
        versions="2.3.0 and older",
    ),
    Pattern(
        id="write.temp_table_create_failed",
        cause="The engine refused the command that creates the temporary (or the new) table: "
        "nothing was written.",
        fix=(
            "Look at the create table command's answer: column names or types that Kusto refuses,"
            " or a missing right.",
        ),
        retryable=False,
        written=Written.NOTHING,
        signatures=(
            sig("initializetablesbyschema", "dataserviceexception"),
            any_of(".create table sparktemptable", "create-merge table sparktemptable", ".create table ['sparktemp"),
            sig(
                "dataserviceexception",
                some=("syntax error", "syn00", "badrequest_", "semantic error"),
                when=lambda f: is_write(f) and "processing partition" not in f.segment and "not found" not in f.segment,
            ),
        ),
        commands=(Command.COMMANDS, Command.SCHEMA),
        operation=Operation.WRITE,
        surface=Surface.DRIVER_EXCEPTION,
    ),
)


JARS = (
    Pattern(
        id="jar.shading_bug_commons_io",
        cause="The connector's jar names a class of commons-io that it does not hold.",
        fix=("Upgrade to 7.0.7 or later: the jar was shaded wrongly (commons-io IOUtils).",),
        retryable=False,
        written=Written.NOTHING,
        signatures=(
            sig("kusto_connector_shaded", "commons", "io", some=("noclassdeffounderror", "classnotfoundexception"), when=lambda f: "commons/io" in f.lower or "commons.io" in f.lower),
        ),
        surface=Surface.DRIVER_EXCEPTION,
        asks_standing=False,
        versions="7.0.3 to 7.0.6",
    ),
    Pattern(
        id="jar.scala_version",
        cause="The connector's jar was built for another Scala version than Spark's.",
        fix=(
            "Use the artifact of Spark's Scala: kusto-spark_4.0_2.13 on Spark 4 (Scala 2.13),"
            " kusto-spark_3.0_2.12 on Spark 3.",
        ),
        retryable=False,
        written=Written.NOTHING,
        signatures=(
            any_of(
                "refarrayops",
                "scala.predef$.",
                "scala/serializable",
                "scala.serializable",
                "scala/product$class",
                "scala.collection.mutable.arrayops",
                "scala/collection/gentraversableonce",
                "scala.collection.immutable.seq",
                when=lambda f: any(e in f.lower for e in ("nosuchmethod", "noclassdef", "classnotfound", "abstractmethod", "incompatibleclasschange")),
            ),
        ),
        surface=Surface.DRIVER_EXCEPTION,
        asks_standing=False,
    ),
    Pattern(
        id="jar.conflict_kusto_sdk",
        cause="Another version of the Kusto SDK stands in front of the connector's on the class "
        "path.",
        fix=(
            "Remove kusto-data and kusto-ingest from the cluster's libraries: use the uber jar of"
            " the connector alone.",
            "If the platform ships them itself, use its own connector or another runtime.",
        ),
        retryable=False,
        written=Written.NOTHING,
        signatures=(
            sig(
                some=("com.microsoft.azure.kusto", "com/microsoft/azure/kusto", "kusto_connector_shaded"),
                when=lambda f: any(
                    e in f.lower
                    for e in ("nosuchmethoderror", "nosuchfielderror", "abstractmethoderror", "incompatibleclasschange", "illegalaccesserror", "verifyerror")
                ),
            ),
            sig("noclassdeffounderror", some=("com/microsoft/azure/kusto", "com.microsoft.azure.kusto")),
            sig("nosuchmethoderror", some=("io.netty", "reactor.", "com.azure.core"), when=of_connector),
        ),
        ask_when=((Ask.INSTALLED_LIBRARIES, lambda f: not f.case.libraries and not f.options),),
        surface=Surface.DRIVER_EXCEPTION,
        asks_standing=False,
    ),
    Pattern(
        id="jar.missing_dependency",
        cause="A class that the connector needs is not on the class path: its jar is not the one "
        "with its dependencies inside, or the platform's build misses one.",
        fix=(
            "Use the uber jar 5.2 or later, which holds its dependencies; with an older one add"
            " azure-identity and msal4j.",
            "On Synapse use its own build (synapse datasource).",
        ),
        retryable=False,
        written=Written.NOTHING,
        signatures=(
            sig(
                some=("noclassdeffounderror", "classnotfoundexception"),
                when=lambda f: (f.kusto or "msal4j" in f.lower)
                and any(
                    name in f.lower
                    for name in ("msal4j", "com/azure/", "com.azure.", "twitter/util", "twitter.util", "resilience4j", "vavr", "adal4j", "univocity", "azure/storage", "com.microsoft.kusto.spark", "com/microsoft/kusto/spark", "kusto.datasource", "httpclient", "jackson")
                ),
            ),
            sig("failed to find data source: com.microsoft.kusto"),
            sig("failed to find data source: kusto"),
        ),
        ask_when=((Ask.PLATFORM, lambda f: not f.case.platform),),
        surface=Surface.DRIVER_EXCEPTION,
        asks_standing=False,
        versions="before 5.2",
    ),
)
