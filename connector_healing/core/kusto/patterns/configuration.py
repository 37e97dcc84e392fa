"""Options that the connector refuses or misreads."""

import re

from connector_healing.core.kusto.commands import Command
from connector_healing.core.kusto.facts import Facts
from connector_healing.core.kusto.lint import Finding
from connector_healing.core.kusto.option_reference import OPTIONS, Kind
from connector_healing.core.kusto.pattern import Detail, Pattern, Written, any_of, sig
from connector_healing.core.kusto.patterns.conditions import (
    both,
    is_write,
    no_failure,
    told,
)
from connector_healing.core.kusto.saying import Saying
from connector_healing.core.kusto.vocabulary import Ask, Mode, Operation, Surface

_OPTION = Detail(
    re.compile(r"KUSTO_([A-Z_]{2,40}) parameter is missing"),
    "kustoCluster, kustoDatabase, kustoTable",
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
    return any(f.finding is Finding.VALUE and f.meant.lower() in _BAD_MODES for f in facts.findings)


def _typed(facts: Facts) -> bool:
    """A text that does not parse is an option's value, or the connector's frames stand there."""
    frames = ("parsesinkparameters", "parsesourceparameters", "getreadparameters", "kusto.spark")
    # Outside of tasks only options are parsed; pyspark then names the exception itself.
    if "captured.numberformatexception" in facts.failing:
        return True
    wrong = any(f.finding is Finding.TYPE for f in facts.findings)
    return wrong or any(frame in facts.failing for frame in frames)


def _broken_json(facts: Facts) -> bool:
    """An option's JSON does not parse, and nothing shows how the job failed."""
    wrong = {f.meant.lower() for f in facts.findings if f.finding is Finding.TYPE}
    return no_failure(facts) and any(OPTIONS[name].kind is Kind.JSON for name in wrong)


def _custom_schema(facts: Facts) -> bool:
    return (
        bool(facts.option("customSchema"))
        or "kustorelation" in facts.failing
        or ("customschema" in facts.lower)
    )


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
            (
                "The temp table shared by both is named after the requestId: look for lost or doubled"
                " rows."
            ),
        ),
        retryable=None,
        written=Written.BY_MODE,
        signatures=(
            sig(when=_reused),
            sig(when=both(told(Saying.REQUEST_ID, Saying.SHARED), no_failure)),
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
        id="config.invalid_combination",
        cause="Options exclude one another.",
        fix=(
            "tempTableName goes only with writeMode Transactional and FailIfNotExist.",
            (
                "KustoStreaming goes without adjustSchema=GenerateDynamicCsvMapping, csvMapping, tags"
                " and creationTime: use Queued for these."
            ),
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
            sig(
                "csvmapping",
                some=(
                    "cannot be used",
                    "can't be used",
                    "are not supported",
                    "not allowed",
                    "are set",
                ),
            ),
            sig(
                "generatedynamiccsvmapping",
                some=(
                    "cannot",
                    "can't",
                    "csvmappingnamereference",
                    "not possible",
                    "not compatible",
                ),
            ),
            sig("illegalargument", "generatedynamiccsvmapping"),
            sig("invalidparameter", "generatedynamiccsvmapping"),
            sig(
                "illegalargumentexception",
                "streaming",
                some=("tags", "csvmapping", "creationtime", "ingestifnotexists"),
            ),
            sig("illegalargument", "creationtime", "ingest"),
        ),
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
        fix=(
            "Set {option}: kustoCluster, kustoDatabase and kustoTable or kustoQuery are required.",
        ),
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
            (
                "writeMode: Transactional, Queued, KustoStreaming. readMode: ForceSingleMode,"
                " ForceDistributedMode. tableCreateOptions: CreateIfNotExist, FailIfNotExist."
                " adjustSchema: NoAdjustment, FailIfNotMatch, GenerateDynamicCsvMapping."
                " storageProtocol: wasbs, abfs, abfss."
            ),
        ),
        retryable=False,
        written=Written.NOTHING,
        signatures=(
            any_of(
                "no such writemode option",
                "no such sinktablecreationmode option",
                "invalid value for storageprotocol",
            ),
            sig("no value found for '"),
        ),
        ask_when=((Ask.INTENDED_MODE, _bad_mode),),
    ),
    Pattern(
        id="config.abfs_account_key",
        cause="An account key cannot be used with abfs or abfss.",
        fix=("Use a SAS in transientStorage, or storageProtocol wasbs with the account key.",),
        retryable=False,
        written=Written.NOTHING,
        signatures=(
            sig("account key", some=("abfs", "storageprotocol")),
            sig("storage account key", "protocol"),
            sig("abfs", "invalidparameterexception"),
            sig("abfs", "illegalargumentexception", "key"),
            sig("storageaccountkey", "abfs"),
        ),
        operation=Operation.READ,
        mode=Mode.DISTRIBUTED,
    ),
    Pattern(
        id="config.bad_json",
        cause="A JSON option does not parse, or has a field that the connector does not know.",
        fix=(
            (
                "Correct the JSON of transientStorage, kustoExportOptionsJson,"
                " clientRequestPropertiesJson or sparkIngestionPropertiesJson ({field})."
            ),
            "Known fields: {known}.",
        ),
        retryable=False,
        written=Written.NOTHING,
        signatures=(
            sig("jsonparseexception", none=("dataserviceexception",)),
            sig(when=_broken_json),
            any_of(
                "sas url couldn't be parsed",
                "sasurl is null or empty",
                "storageaccount name is null or empty",
                "storageaccount key is null or empty",
                "blob container name is null or empty",
            ),
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
            (
                "{value} does not parse: timeoutLimit and stagingResourcesAutoCleanupTimeout are"
                " seconds, clientBatchingLimit and streamingIngestSizeInMB are MB, flags are true or"
                " false."
            ),
        ),
        retryable=False,
        written=Written.NOTHING,
        signatures=(
            sig("for input string", when=_typed),
            any_of("is expecting either 'true' or 'false'"),
        ),
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
            (
                "Use a host of the trusted endpoints (kustoCluster as a full URL), or upgrade the"
                " connector to one that knows the suffix."
            ),
        ),
        retryable=False,
        written=Written.NOTHING,
        signatures=(
            any_of(
                "kusto_cluster parameter accepts either",
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
        mode_of_read=Mode.DISTRIBUTED,
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
)
