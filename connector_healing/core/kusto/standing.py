"""Settles what the case is: the operation, the mode that was really used, the surface.

A write mode is never guessed: it is proven by the evidence, stated by the options, or derived from
the connector's default where every option is known.
"""

import re
from collections.abc import Mapping
from dataclasses import replace

from connector_healing.core.kusto.facts import Facts
from connector_healing.core.kusto.vocabulary import (
    READ_MODES,
    WRITE_MODES,
    Mode,
    Operation,
    Surface,
)

#: What proves a write or a read, lower case; the first side with a proof decides, writes first,
#: since a write reads its own table back at its end.
_WRITES = (
    "kustowriter",
    "finalizehelper",
    "parsesinkparameters",
    "parsed write options for sink",
    "kustosinkprovider",
    "kustosink.",
    "datasink",
    "ingestion to kusto",
    "ingestionsourcepath",
    "ingestion failures",
    "ingestionserviceexception",
    "ingestionclientexception",
    "tablemoveextents",
    "failed to move extents",
    "moving extents",
    "timed out polling on ingestion",
    "failed to poll on ingestion",
    "temporary table",
    "temp table name provided",
    "temptablename can only",
    "no such writemode option",
    "no such sinktablecreationmode",
    "sparkingestionproperties",
    "must provide a destination table name",
    "kusto_write_result_limit",
    "supports only 'append' mode",
    "with spark streaming ingestion",
    "kustostreaming",
    "schemamatchexception",
    "target table schema does not match",
    "tablecreateoptions is set",
    "create tempstorage",
    "getingestionresources",
    "getshuffledcontainers",
    "ingestionresourcemanager",
    "temp_storage",
    "queuedingestclient",
    "sparktemptable_",
    "batchid  ingestionstatus",
    ".save.",
    ".save\n",
    ".saveastable",
    "dataframewriter",
)
_READS = (
    "kustoreader",
    "kustorelation",
    "parsesourceparameters",
    "finished serializing parameters for reading",
    "executing query in single mode",
    "exporttostorage",
    "exportpartitiontoblob",
    "gettempblobsforexport",
    "getexportcontainers",
    "export containers",
    "dataexport",
    "export data to",
    "retrieve export status",
    "cannot run kusto commands",
    "falling back to distributed mode",
    "storageprotocol",
    "query is empty",
    "collecttopython",
    ".load.",
    ".load\n",
    ".count.\n",
    ".showstring",
    ".topandas",
    "dataframereader",
)

_TRANSACTIONAL = (
    "finalizehelper",
    "polling on ingestion results",
    "final ingestion step: moving extents",
    "moving extents to",
    "successfully created temporary table",
    "ingestion to kusto failed",
    "ingestion to kusto skipped",
    "ingestion to kusto succeeded",
    "timed out polling on ingestion status",
    "failed to poll on ingestion status",
    "failed to move extents after",
    "some extents were not processed",
    "deleting temporary table",
    "cleanupingestionbyproducts",
    "moveextents",
    "tablemoveextents",
    "temp table name provided but the table does not exist",
    "move extents to destination table",
)
_STREAMING = (
    "streaming ingestion in partition",
    "exceeds the max streaming size",
    "ingestionstatus {",
    "streaming final batch",
    "please consider 'queued' writemode",
    "streamingingestclient",
)
_DISTRIBUTED = (
    "starting exporting data from kusto",
    "in distributed mode. requestid",
    "falling back to distributed mode",
    "exporttostorage",
    "exportpartitiontoblob",
    "gettempblobsforexport",
    "getexportcontainers",
    "show export containers",
    "create export containers",
    "dataexport",
    "export data to  blob",
    "export data to blob",
    "retrieve export status",
    ".export async",
    "setting up sas auth",
    "sas config key",
    "readmode: forcedistributedmode",
)
_SINGLE = ("executing query in single mode", "readmode: forcesinglemode")
_LOGGED_MODE = re.compile(r"'writeMode': (Transactional|Queued|KustoStreaming)\b")
_SAID_MODE = re.compile(
    r"(?:write ?mode\W{0,4}(?:is|was|set to)?\W{0,4}(transactional|queued|kustostreaming)\b"
    r"|\b(transactional|queued|kustostreaming) (?:write|mode|ingest|load|job))",
    re.IGNORECASE,
)
_SAID_READ = re.compile(r"\b(?:force)?(single|distributed) ?mode\b", re.IGNORECASE)
_TEMP_COLUMN = re.compile(r"\"table\"\s{0,3}:\s{0,3}\"sparkTempTable_", re.IGNORECASE)
_TEMP_LINE = re.compile(r"^\W{0,4}sparkTempTable_\w{1,240}\W{0,4}$", re.MULTILINE)
_READ_OPTIONS: Mapping[str, Mode] = {
    "ForceSingleMode": Mode.SINGLE,
    "ForceDistributedMode": Mode.DISTRIBUTED,
}


def settled(facts: Facts) -> Facts:
    """The facts with operation, mode and surface."""
    operation = _operation(facts)
    facts = replace(facts, operation=operation)
    return replace(facts, mode=_mode(facts), surface=surface_of(facts))


def _operation(facts: Facts) -> Operation:
    options, lower = facts.options, facts.lower
    answered = facts.said + " " + lower[:0]
    if "kustoquery" in options or "readmode" in options:
        return Operation.READ
    if options.keys() & {"kustotable", "writemode", "temptablename", "writeenableasync"}:
        return Operation.WRITE
    if options.get("format", "").endswith("KustoSinkProvider"):
        return Operation.WRITE
    if any(mark in lower for mark in _WRITES):
        return Operation.WRITE
    if any(mark in lower for mark in _READS) or lower.rstrip().endswith(".load"):
        return Operation.READ
    if _SAID_MODE.search(facts.said):
        return Operation.WRITE
    if any(word in answered for word in ("df.write", "we write", "writing to kusto", "save()")):
        return Operation.WRITE
    if any(word in answered for word in ("spark.read", "we read", "reading from kusto", "load()")):
        return Operation.READ
    return Operation.UNKNOWN


def _mode(facts: Facts) -> Mode:
    if facts.operation is Operation.WRITE:
        return _write_mode(facts)
    if facts.operation is Operation.READ:
        return _read_mode(facts)
    return Mode.UNKNOWN


def _write_mode(facts: Facts) -> Mode:
    logged = _LOGGED_MODE.findall(facts.text)
    if logged:
        return Mode(logged[-1])
    stated = facts.option("writeMode")
    if any(proof in facts.lower for proof in _STREAMING):
        return Mode.STREAMING
    if any(proof in facts.lower for proof in _TRANSACTIONAL) or _temp_table_stands(facts):
        return Mode.TRANSACTIONAL
    if stated:
        return next((m for m in WRITE_MODES if m.value == stated), Mode.UNKNOWN)
    if facts.options and facts.case.options_complete:
        return Mode.TRANSACTIONAL
    said = _SAID_MODE.search(facts.case.user_text)
    if said:
        word = (said.group(1) or said.group(2)).lower()
        return next(m for m in WRITE_MODES if m.value.lower() == word)
    return Mode.UNKNOWN


def _temp_table_stands(facts: Facts) -> bool:
    """A table (not a blob) of that name is made in Transactional mode only."""
    return (
        _TEMP_COLUMN.search(facts.text) is not None or _TEMP_LINE.search(facts.text) is not None
    )


def _read_mode(facts: Facts) -> Mode:
    stated = facts.option("readMode")
    if stated in _READ_OPTIONS:
        return _READ_OPTIONS[stated]
    if any(proof in facts.lower for proof in _DISTRIBUTED):
        return Mode.DISTRIBUTED
    if any(proof in facts.lower for proof in _SINGLE):
        return Mode.SINGLE
    if not stated and not facts.options:
        said = _SAID_READ.search(facts.said)
        if said:
            return next(m for m in READ_MODES if m.value.lower() == said.group(1))
    return Mode.UNKNOWN


_EXCEPTION_LINE = re.compile(
    r"^(?:caused by: |: |# |[\w.$]{0,80}py4jjavaerror)?[\w.$]{0,200}(?:exception|error)\b", re.MULTILINE
)
_DRIVER_SIGNS = (
    "py4j",
    "pyspark.errors",
    "exception in thread \"main\"",
    "job aborted due to stage failure",
    "streamingqueryexception",
    "traceback (most recent call last)",
    "an error occurred while calling",
)
_EXECUTOR_SIGNS = ("error executor", "tasksetmanager: lost task", "executor: exception in task")
_WORKER_REPORTERS = ("kustowriter$: caught", "create tempstorage, cluster", "in partition")


def surface_of(facts: Facts) -> Surface:
    """The first place where the evidence shows the failure."""
    if not facts.lower.strip():
        missing = any(word in facts.said for word in _MISSING_WORDS)
        return Surface.DATA_MISSING if missing else Surface.USER_REPORT
    if facts.rows.shows_failures:
        return Surface.INGESTION_FAILURES
    driver = any(sign in facts.failing for sign in _DRIVER_SIGNS)
    if not driver and facts.rows.shows_commands:
        return Surface.COMMANDS
    if not driver and facts.rows.shows_operations:
        return Surface.OPERATIONS
    logs = any(
        f" {level} " in facts.lower or facts.lower.startswith(level)
        for level in ("info", "warn", "error", "fatal", "debug")
    )
    if driver and "error executor" not in facts.lower:
        return Surface.DRIVER_EXCEPTION
    if any(sign in facts.lower for sign in _EXECUTOR_SIGNS):
        return Surface.EXECUTOR_LOG
    if not logs:
        shown = _EXCEPTION_LINE.search(facts.failing) is not None
        return Surface.DRIVER_EXCEPTION if shown else Surface.USER_REPORT
    if any(sign in facts.failing for sign in _WORKER_REPORTERS):
        return Surface.EXECUTOR_LOG
    return Surface.DRIVER_LOG


_MISSING_WORDS = (
    "missing",
    "no error",
    "not in",
    "fewer",
    "less rows",
    "lost",
    "twice",
    "duplicate",
    "wrong column",
    "nulls",
    "not there",
    "green",
    "succeeded",
    "no exception",
    "shifted",
    "ignored",
    "no rows",
    "not visible",
    "empty",
)
