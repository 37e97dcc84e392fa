"""Reads what the service says of an operation or an ingestion, from rows and from exceptions."""

import re
from dataclasses import dataclass

_CODE = re.compile(
    r"\"?\b[eE]rrorCode(?:String)?\"?\s{0,3}[:=|]\s{0,3}\"?([A-Z][A-Za-z0-9]{1,60}(?:_\w{1,80})?)",
    re.ASCII,
)
_KIND = re.compile(
    r"\"?(?:FailureKind|failureStatus)\"?\s{0,3}[:=|]\s{0,3}\"?(Permanent|Transient|Exhausted|Unknown)",
    re.ASCII,
)
_POLICY = re.compile(
    r"[oO]riginatesFromUpdatePolicy\"?\s{0,3}[:=]\s{0,3}\"?(?:1|true)\b", re.ASCII | re.IGNORECASE
)
_STATE = re.compile(
    r"\bState[\"']?\s{0,3}[:=|]\s{0,3}[\"']?(InProgress|Completed|Failed|PartiallySucceeded"
    r"|Abandoned|BadInput|Scheduled|Throttled|Canceled|Skipped)\b",
    re.ASCII | re.IGNORECASE,
)
_BARE_STATE = re.compile(
    r"(?<=[\t|,])\s{0,8}(InProgress|Completed|Failed|PartiallySucceeded|Abandoned|BadInput"
    r"|Scheduled|Throttled|Canceled|Skipped)\s{0,8}(?=[\t|,])",
    re.ASCII,
)
_STATUS = re.compile(r"\bStatus(?:\"\s{0,3}:\s{0,3}\"|: ')([^\n]{0,2000})", re.ASCII)
#: The column of `.show commands`; the word alone also stands in a Status.
_COMMAND_COLUMN = re.compile(r"\"commandtype\"|commandtype\s{0,8}[|\t,]|[|\t,]\s{0,8}commandtype")
_NO_CODE = frozenset({"Misc", "Null", "None"})
_FAILURE_COLUMNS = (
    "failedon",
    "lastfailureon",
    "failurekind",
    "ingestionsourcepath",
    "operationkind",
)
_OPERATION_COLUMNS = ("startedon", "lastupdatedon", "state")
_MIN_FAILURE_COLUMNS = 2
_MIN_COLUMNS = 3
_TABLE_PART = 8_000  #: Characters of a pasted table that are read for its first row.


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRows:
    """What rows and exceptions tell of the service's own verdict."""

    failure_code: str = ""  #: Of an ingestion.
    failure_kind: str = ""  #: Permanent, Transient, Exhausted, Unknown.
    from_update_policy: bool = False
    state: str = ""  #: Of an operation.
    status: str = ""  #: Of an operation, lower case.
    shows_failures: bool = False  #: Rows of `.show ingestion failures` are there.
    shows_operations: bool = False
    shows_commands: bool = False


def rows_in(text: str, lower: str) -> ServiceRows:
    """Read the evidence.

    Args:
        text: The evidence.
        lower: The same in lower case.
    """
    failures = sum(column in lower for column in _FAILURE_COLUMNS) >= _MIN_FAILURE_COLUMNS
    columns = all(column in lower for column in _OPERATION_COLUMNS)
    commands = (
        ("clientactivityid" in lower or _COMMAND_COLUMN.search(lower) is not None)
        and "startedon" in lower
        and "failedoperationexception" not in lower
    )
    operations = columns and "operation" in lower and not commands and ("operationid" in lower)
    code = next((c for c in _CODE.findall(text) if c not in _NO_CODE), "")
    state = _STATE.search(text) or (_BARE_STATE.search(text) if operations or commands else None)
    status = _STATUS.search(text)
    kind = _KIND.search(text)
    if failures and not code:
        code = cell(text, "ErrorCode")
    return ServiceRows(
        failure_code=code,
        failure_kind=kind.group(1) if kind else cell(text, "FailureKind") if failures else "",
        from_update_policy=_POLICY.search(text) is not None,
        state=state.group(1) if state else "",
        status=_status(status, text, lower, rows=operations or commands),
        shows_failures=failures,
        shows_operations=operations and not failures,
        shows_commands=commands and not failures,
    )


_DELIMITERS = ("\t", "|", ",")


def cell(text: str, column: str) -> str:
    """The first row's cell of a pasted table, by the column's name; empty where there is none."""
    at = text.find(column)
    if at < 0:
        return ""
    start = text.rfind("\n", 0, at) + 1
    lines = text[start : start + _TABLE_PART].splitlines()
    for delimiter in _DELIMITERS:
        names = [name.strip(' "') for name in lines[0].split(delimiter)]
        if column not in names or len(names) < _MIN_COLUMNS:
            continue
        rows = (line.split(delimiter) for line in lines[1:])
        cells = next(
            (r for r in rows if len(r) == len(names) and any(c.strip(" -|") for c in r)), []
        )
        return cells[names.index(column)].strip(' "\r') if cells else ""
    return ""


def _status(status: re.Match[str] | None, text: str, lower: str, *, rows: bool) -> str:
    if rows:
        return lower
    if status is None or "state" not in lower:
        return ""
    del text
    return status.group(1).lower()
