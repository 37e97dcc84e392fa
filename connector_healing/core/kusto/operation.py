"""Settles whether a case is a read or a write."""

import re
from collections.abc import Callable

from connector_healing.core.kusto.facts import Facts
from connector_healing.core.kusto.vocabulary import Ask, Operation

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
    "tableserviceexception",
    "bloboutputstream",
    "cloudblockblob.upload",
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
_SAYS_WRITE = re.compile(
    r"\b(?:writ(?:e|es|ing|ten)|wrote|sav(?:e|es|ing|ed)|ingest\w{0,6}|sink)\b"
)
_SAYS_READ = re.compile(r"\b(?:reads?|reading|load(?:s|ing|ed)?|quer(?:y|ies|ying))\b")
_SAYS_MODE = re.compile(r"\b(?:transactional|queued|kustostreaming)\b")
_READ_OPTIONS = {"kustoquery", "readmode"}
_WRITE_OPTIONS = {"kustotable", "writemode", "temptablename", "writeenableasync"}
_WRITE_ONLY = _WRITE_OPTIONS - {"kustotable"}


def _has(*marks: str) -> Callable[[Facts], bool]:
    return lambda facts: any(mark in facts.lower for mark in marks)


def _says(words: re.Pattern[str]) -> Callable[[Facts], bool]:
    return lambda facts: words.search(facts.said) is not None


def _says_both(facts: Facts) -> bool:
    """What the user says names a write and a read."""
    return _says(_SAYS_WRITE)(facts) and _says(_SAYS_READ)(facts)


def _stated(wanted: set[str]) -> Callable[[Facts], bool]:
    """Options of one side alone: a map that holds those of both states nothing."""
    return lambda facts: (
        bool(facts.options.keys() & wanted)
        and not (facts.options.keys() & _READ_OPTIONS and facts.options.keys() & _WRITE_ONLY)
    )


def _contradicted(facts: Facts) -> bool:
    """A failed operation that no write lets through, under options that are not whole.

    A transactional write catches the failure of its `.move` and tries again (7.1.1), so that this
    exception speaks of an export, whatever a part of the options says.
    """
    failed = "failed to execute kusto operation" in facts.lower
    proven = any(mark in facts.lower for mark in (*_READS, "moveextents", "finalizehelper"))
    return failed and not proven and not facts.case.options_complete


#: The first that holds decides.
_RULES: tuple[tuple[Callable[[Facts], bool], Operation], ...] = (
    (_contradicted, Operation.UNKNOWN),
    (_stated(_READ_OPTIONS), Operation.READ),
    (_stated(_WRITE_OPTIONS), Operation.WRITE),
    (lambda f: f.option("format").endswith("KustoSinkProvider"), Operation.WRITE),
    (lambda f: any("kustosinkoptions" in name for name in f.options), Operation.WRITE),
    (lambda f: any("kustosourceoptions" in name for name in f.options), Operation.READ),
    (_has(*_WRITES), Operation.WRITE),
    (_has(*_READS), Operation.READ),
    (lambda f: f.lower.rstrip().endswith(".load"), Operation.READ),
    (lambda f: _SAYS_MODE.search(f.said) is not None, Operation.WRITE),
    # Who speaks of both leaves it open.
    (_says_both, Operation.UNKNOWN),
    (_says(_SAYS_WRITE), Operation.WRITE),
    (_says(_SAYS_READ), Operation.READ),
)


def operation_of(facts: Facts) -> Operation:
    """What the job did with Kusto: answered, stated by the options, proven, or said."""
    answer = facts.case.answers.get(Ask.OPERATION, "").strip().lower()
    if answer in {Operation.READ.value, Operation.WRITE.value}:
        return Operation(answer)
    return next((operation for holds, operation in _RULES if holds(facts)), Operation.UNKNOWN)
