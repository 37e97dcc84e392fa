"""Settles which mode was really used.

A write mode is never guessed: it is proven by the evidence, stated by the options, or derived from
the connector's default where every option is known. Ambiguous are, and prove nothing: `Queued blob
for ingestion`, `Sealing blob`, a blob's path, errors of the containers.
"""

import re
from collections.abc import Mapping

from connector_healing.core.kusto.facts import Facts
from connector_healing.core.kusto.vocabulary import READ_MODES, WRITE_MODES, Ask, Mode, Operation

_TRANSACTIONAL = (
    "finalizehelper",
    "polling on ingestion results",
    "final ingestion step: moving extents",
    "moving extents to",
    "successfully created temporary table",
    "ingestion to kusto failed",
    "ingestion to kusto skipped",
    "ingestion to kusto succeeded",
    "finalizeingestion",
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
    "tableserviceexception",
)
_STREAMING = (
    "streaming ingestion in partition",
    "exceeds the max streaming size",
    "ingestionstatus {",
    "streaming final batch",
    "please consider 'queued' writemode",
    "streamingingestclient",
    "with spark streaming ingestion",
    "not supported for streaming ingestion",
    "streamingingestionpolicynotenabled",
    "lastfailureon",  # A column of `.show streamingingestion failures` alone.
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
    r"write ?mode\W{0,4}(?:is|was|set to)?\W{0,4}(transactional|queued|kustostreaming)\b"
    r"|\b(transactional|queued|kustostreaming) (?:write|mode|ingest|load|job)"
    r"|\b(?:with|in|use|using|used) (transactional|queued|kustostreaming)\b",
    re.IGNORECASE,
)
_SAID_READ = re.compile(r"\bforce(single|distributed)mode\b", re.IGNORECASE)
#: A sentence with one of these speaks of a mode that is not the one of the failed write.
_NOT_STATED = re.compile(
    r"\b(?:should|could|would|shall|switch|change|try|instead|rather|or|not|never|maybe|perhaps|if"
    r"|before|other|another)\b|\?",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"[^.!\n;]{1,2000}[.!\n;]?")
_TEMP_COLUMN = re.compile(r"\"table\"\s{0,3}:\s{0,3}\"sparkTempTable_", re.IGNORECASE)
_TEMP_COMMAND = re.compile(r"\btables? [\[('\"]{0,3}sparkTempTable_", re.IGNORECASE)
_TEMP_LINE = re.compile(r"^\W{0,4}sparkTempTable_\w{1,240}\W{0,4}$", re.MULTILINE)
_READ_OPTIONS: Mapping[str, Mode] = {
    "ForceSingleMode": Mode.SINGLE,
    "ForceDistributedMode": Mode.DISTRIBUTED,
}


def mode_of(facts: Facts) -> Mode:
    """The mode, or unknown where the evidence does not decide it.

    Args:
        facts: With their operation settled.
    """
    if facts.operation is Operation.WRITE:
        return _proven_write(facts) or _stated_write(facts)
    if facts.operation is Operation.READ:
        return _read_mode(facts)
    return Mode.UNKNOWN


def _proven_write(facts: Facts) -> Mode | None:
    logged = _LOGGED_MODE.findall(facts.text)
    if logged:
        return Mode(logged[-1])
    if any(proof in facts.lower for proof in _STREAMING):
        return Mode.STREAMING
    if any(proof in facts.lower for proof in _TRANSACTIONAL) or _temp_table_stands(facts):
        return Mode.TRANSACTIONAL
    return None


def _temp_table_stands(facts: Facts) -> bool:
    """A table (not a blob) of that name is made in Transactional mode only."""
    shown = (_TEMP_COLUMN, _TEMP_LINE, _TEMP_COMMAND)
    return any(pattern.search(facts.text) is not None for pattern in shown)


def _stated_write(facts: Facts) -> Mode:
    stated = facts.case.answers.get(Ask.WRITE_MODE, "") or facts.option("writeMode")
    if stated:
        return next((m for m in WRITE_MODES if m.value == stated), Mode.UNKNOWN)
    if facts.options and facts.case.options_complete:
        return Mode.TRANSACTIONAL
    said = {m for m in WRITE_MODES if m.value.lower() in _said_modes(facts, _SAID_MODE)}
    return said.pop() if len(said) == 1 else Mode.UNKNOWN


def _said_modes(facts: Facts, pattern: re.Pattern[str]) -> set[str]:
    """The modes that the user states plainly; a question or an alternative states none."""
    return {
        next(group for group in match.groups() if group).lower()
        for sentence in _SENTENCE.findall(facts.case.user_text)
        if not _NOT_STATED.search(sentence)
        for match in pattern.finditer(sentence)
    }


def _read_mode(facts: Facts) -> Mode:
    stated = facts.case.answers.get(Ask.READ_MODE, "") or facts.option("readMode")
    if stated in _READ_OPTIONS:
        return _READ_OPTIONS[stated]
    if any(proof in facts.lower for proof in _DISTRIBUTED):
        return Mode.DISTRIBUTED
    if any(proof in facts.lower for proof in _SINGLE):
        return Mode.SINGLE
    words = _said_modes(facts, _SAID_READ) if not facts.case.options_complete else set()
    said = {m for m in READ_MODES if m.value.lower() in words}
    return said.pop() if len(said) == 1 else Mode.UNKNOWN
