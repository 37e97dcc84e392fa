"""Reads ids and names out of the evidence; every one is checked before it is used."""

import re
from collections.abc import Iterator, Mapping

from connector_healing.core.kusto.commands import is_guid

_GUID = r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
_GUID_ = r"[0-9a-fA-F]{8}_[0-9a-fA-F]{4}_[0-9a-fA-F]{4}_[0-9a-fA-F]{4}_[0-9a-fA-F]{12}"
_NAME = r"([A-Za-z0-9_][A-Za-z0-9_ .\-]{0,254})"
_ID = r"([0-9A-Za-z][0-9A-Za-z_\-]{3,127})"

#: The lines with which the connector begins a read or a write, both with the request id.
_HEADS = re.compile(
    rf"'requestId': '{_ID}'|requestId: Some\({_ID}\)|mode\. requestId: {_ID}", re.ASCII
)
_REQUESTS = re.compile(rf"(?i:request ?id)\b[\"']?[:=]? ?'?(?:Some\()?{_ID}", re.ASCII)
_CLIENT_ACTIVITY = re.compile(
    rf"ClientActivityId[\"']?[ :=\t|]{{1,6}}[\"']?({_GUID})(?:;|\b)", re.ASCII
)
_TEMP_REQUEST = re.compile(rf"sparkTempTable_\w{{0,200}}?({_GUID_})(?![0-9a-fA-F])", re.ASCII)
_TEMP = re.compile(r"(?<![\w/])sparkTempTable_\w{1,240}", re.ASCII)
_OPERATION = re.compile(
    rf"operation with OperationId:? '?({_GUID})"
    rf"|\.show operations '?({_GUID})|(?:async )?operation id:? '?({_GUID})",
    re.ASCII | re.IGNORECASE,
)
_OPERATION_COLUMN = re.compile(
    rf"OperationId[\"']?[ \t]{{0,3}}[:=|][ \t]{{0,3}}[\"']?({_GUID})", re.IGNORECASE
)
_ROW_GUID = re.compile(rf"(?<![\w\-])({_GUID})(?![\w\-])")
_TABLE = re.compile(
    rf"'table': '?Some\({_NAME}\)|, table: '{_NAME}'|to Kusto table '{_NAME}'"
    rf"|moving extents to '{_NAME}'|Table '{_NAME}' doesn't exist"
    rf"|destination table '{_NAME}'|\"Table\"\s{{0,3}}:\s{{0,3}}\"{_NAME}\"",
    re.ASCII,
)
_DATABASE = re.compile(
    rf"database: '{_NAME}'|in database '{_NAME}'|\"Database\"\s{{0,3}}:\s{{0,3}}\"{_NAME}\"",
    re.ASCII,
)
_MAX_SEEN = 2_000


def _groups(pattern: re.Pattern[str], text: str) -> Iterator[str]:
    for number, match in enumerate(pattern.finditer(text)):
        if number == _MAX_SEEN:
            return
        yield next((g for g in match.groups() if g), match.group())


def request_ids(text: str) -> list[str]:
    """The request ids of the reads and writes in the evidence, the likeliest first.

    The last read or write that the log begins is the one that failed; else the first id that any
    line names; else the one in a temporary table's or a blob's name.
    """
    heads = list(_groups(_HEADS, text))
    named = [i for i in _groups(_REQUESTS, text) if _is_id(i)]
    activity = list(_groups(_CLIENT_ACTIVITY, text))
    derived = [i.replace("_", "-") for i in _groups(_TEMP_REQUEST, text)]
    return [*heads[-1:], *activity, *named, *derived]


def _is_id(text: str) -> bool:
    return any(character.isdigit() for character in text) or "-" in text


def operation_ids(text: str) -> Iterator[str]:
    """Ids of asynchronous operations: exports and moves."""
    return (i for i in _groups(_OPERATION, text) if is_guid(i))


def column_operation_ids(text: str) -> Iterator[str]:
    """Ids in a column or key `OperationId`, of whatever operation."""
    return (i for i in _groups(_OPERATION_COLUMN, text) if is_guid(i))


def first_guid(text: str) -> str | None:
    """The first GUID of a text: of a pasted row of `.show operations` it is the operation's."""
    return next((i for i in _groups(_ROW_GUID, text) if is_guid(i)), None)


def temp_tables(text: str) -> list[str]:
    """Whole names of temporary tables; the one inside a blob's name is none."""
    seen: Mapping[str, None] = dict.fromkeys(_groups(_TEMP, text))
    return [name for name in seen if not name.endswith(("_spark", "_"))]


def tables(text: str) -> Iterator[str]:
    """Names of target tables."""
    return (n for n in _groups(_TABLE, text) if not n.startswith("sparkTempTable_"))


def databases(text: str) -> Iterator[str]:
    """Names of databases."""
    return _groups(_DATABASE, text)
