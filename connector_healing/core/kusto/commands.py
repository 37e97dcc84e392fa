"""The commands that a triage proposes, filled in with checked ids and names only."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Endpoint(StrEnum):
    """Which of a cluster's two endpoints a command is for."""

    ENGINE = "engine"
    INGEST = "ingest"


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUpCommand:
    """One command, as text and in parts.

    `parameters` hold only what passed its check: a GUID, a request id or a Kusto identifier.
    """

    endpoint: Endpoint
    template: str
    parameters: Mapping[str, str]
    text: str  #: As the vocabulary writes it; on the ingest endpoint it says so in front.


class Command(StrEnum):
    """A command of the vocabulary."""

    COMMANDS = "commands"
    QUERIES = "queries"
    FAILURES_BY_PATH = "failures_by_path"
    FAILURES_BY_OPERATION = "failures_by_operation"
    FAILURES_BY_TABLE = "failures_by_table"
    FAILURES_OF_TABLE = "failures_of_table"
    STREAMING_FAILURES = "streaming_failures"
    OPERATION = "operation"
    OPERATION_ROW = "operation_row"
    OPERATION_DETAILS = "operation_details"
    EXPORTS = "exports"
    MOVES = "moves"
    TEMP_BY_REQUEST = "temp_by_request"
    TEMP_ANY = "temp_any"
    TEMP_LIST = "temp_list"
    TEMP_EXACT = "temp_exact"
    TEMP_ROWS = "temp_rows"
    SCHEMA = "schema"
    BATCHING = "batching"
    STREAMING_POLICY = "streaming_policy"
    UPDATE_POLICY = "update_policy"
    RETENTION = "retention"
    MAPPINGS = "mappings"
    TABLE_PRINCIPALS = "table_principals"
    TABLE_EXTENTS = "table_extents"
    TAGS = "tags"
    TABLE_EXISTS = "table_exists"
    TEMP_EXISTS = "temp_exists"
    NORMALISED_EXISTS = "normalised_exists"
    DATABASE_PRINCIPALS = "database_principals"
    INGESTION_RESOURCES = "ingestion_resources"
    EXPORT_CONTAINERS = "export_containers"
    CAPACITY = "capacity"
    WORKLOAD_GROUPS = "workload_groups"
    CALLOUT = "callout"
    DATABASES = "databases"
    COUNT = "count"
    COUNT_NEW = "count_new"


@dataclass(frozen=True, slots=True)
class _Template:
    text: str
    unless: tuple[str, ...] = ()  #: Left out where one of these parameters is known.
    endpoint: Endpoint = Endpoint.ENGINE


#: The two counts are queries, for a person: a collector asks `.show` commands only.
_TEMPLATES: Mapping[Command, _Template] = {
    Command.COMMANDS: _Template('.show commands | where ClientActivityId has "{request_id}"'),
    Command.QUERIES: _Template('.show queries | where ClientActivityId has "{request_id}"'),
    Command.FAILURES_BY_PATH: _Template(
        '.show ingestion failures | where IngestionSourcePath contains "{request_id_}"'
    ),
    Command.FAILURES_BY_OPERATION: _Template(
        '.show ingestion failures with (OperationId="{ingest_operation_id}")'
    ),
    Command.FAILURES_BY_TABLE: _Template(
        '.show ingestion failures | where Database == "{database}" and Table == "{table}"'
        " and FailedOn > ago(1d)",
        unless=("request_id_",),
    ),
    Command.FAILURES_OF_TABLE: _Template(
        '.show ingestion failures | where Database == "{database}" and Table == "{table}"'
        " and FailedOn > ago(1d)"
    ),
    Command.STREAMING_FAILURES: _Template(
        '.show streamingingestion failures | where Database == "{database}" and Table == "{table}"'
    ),
    Command.OPERATION: _Template(".show operations {operation_id}"),
    Command.OPERATION_ROW: _Template('.show operations | where OperationId == "{operation_id}"'),
    Command.OPERATION_DETAILS: _Template(".show operation {operation_id} details"),
    Command.EXPORTS: _Template(
        '.show operations | where Operation == "DataExport" and StartedOn > ago(6h)',
        unless=("operation_id",),
    ),
    Command.MOVES: _Template(
        '.show operations | where Operation == "TableMoveExtents" and StartedOn > ago(1d)',
        unless=("operation_id",),
    ),
    Command.TEMP_BY_REQUEST: _Template(
        '.show tables with (IncludeHiddenTables=true) | where TableName endswith "{request_id_}"'
        " | project TableName"
    ),
    Command.TEMP_ANY: _Template(
        '.show tables with (IncludeHiddenTables=true) | where TableName startswith "sparkTempTable_"'
        " | project TableName",
        unless=("request_id_",),
    ),
    Command.TEMP_LIST: _Template(
        '.show tables with (IncludeHiddenTables=true) | where TableName startswith "sparkTempTable_"'
        " | project TableName"
    ),
    Command.TEMP_EXACT: _Template(
        '.show tables with (IncludeHiddenTables=true) | where TableName == "{temp_table}"'
    ),
    Command.TEMP_ROWS: _Template(
        ".show table {temp_table} extents | summarize Extents=count(), Rows=sum(RowCount)"
    ),
    Command.SCHEMA: _Template(".show table ['{table}'] schema as json"),
    Command.BATCHING: _Template(".show table ['{table}'] policy ingestionbatching"),
    Command.STREAMING_POLICY: _Template(".show table ['{table}'] policy streamingingestion"),
    Command.UPDATE_POLICY: _Template(".show table ['{table}'] policy update"),
    Command.RETENTION: _Template(".show table ['{table}'] policy retention"),
    Command.MAPPINGS: _Template(".show table ['{table}'] ingestion csv mappings"),
    Command.TABLE_PRINCIPALS: _Template(".show table ['{table}'] principals"),
    Command.TABLE_EXTENTS: _Template(
        ".show table ['{table}'] extents | where MinCreatedOn > ago(1d)"
    ),
    Command.TAGS: _Template(
        '.show table {plain_table} extents | where Tags has "ingest-by:"'
        " | project ExtentId, Tags, MaxCreatedOn"
    ),
    Command.TABLE_EXISTS: _Template('.show tables | where TableName == "{table}"'),
    Command.TEMP_EXISTS: _Template('.show tables | where TableName == "{user_temp_table}"'),
    Command.NORMALISED_EXISTS: _Template('.show tables | where TableName == "{normalised_table}"'),
    Command.DATABASE_PRINCIPALS: _Template(".show database ['{database}'] principals"),
    Command.INGESTION_RESOURCES: _Template(".show ingestion resources", endpoint=Endpoint.INGEST),
    Command.EXPORT_CONTAINERS: _Template(".show export containers", endpoint=Endpoint.INGEST),
    Command.CAPACITY: _Template(".show capacity"),
    Command.WORKLOAD_GROUPS: _Template(".show workload_groups"),
    Command.CALLOUT: _Template(".show cluster policy callout"),
    Command.DATABASES: _Template(".show databases"),
    Command.COUNT: _Template("{plain_table} | count"),
    Command.COUNT_NEW: _Template(
        "{plain_table} | where ingestion_time() > ago(1d) | summarize count()"
    ),
}

_GUID = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z", re.IGNORECASE | re.ASCII
)
_REQUEST_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z_\-]{3,127}\Z")
_SIMPLE_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z_]{3,127}\Z")
_IDENTIFIER = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_ .\-]{0,253}[A-Za-z0-9_])?\Z")
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,254}\Z")

_CHECKS: Mapping[str, re.Pattern[str]] = {
    "request_id": _REQUEST_ID,
    "request_id_": _SIMPLE_ID,
    "operation_id": _GUID,
    "ingest_operation_id": _GUID,
    "database": _IDENTIFIER,
    "table": _IDENTIFIER,
    "plain_table": _PLAIN,
    "normalised_table": _IDENTIFIER,
    "temp_table": _PLAIN,
    "user_temp_table": _IDENTIFIER,
}
_NAMES = re.compile(r"\{(\w+)\}")
_NIL = "00000000-0000-0000-0000-000000000000"

#: In front of a command for the ingest endpoint.
ON_INGEST = "[on ingest endpoint] "


def is_guid(text: str) -> bool:
    """Whether a text is a GUID, and not the one of zeros alone."""
    return _GUID.match(text) is not None and text != _NIL


def checked(parameters: Mapping[str, str | None]) -> dict[str, str]:
    """The parameters that are what they should be; the others are left out."""
    return {
        name: value
        for name, value in parameters.items()
        if value and value != _NIL and _CHECKS[name].match(value)
    }


def filled_in(commands: Iterable[Command], known: Mapping[str, str]) -> tuple[FollowUpCommand, ...]:
    """The commands whose parameters are known.

    Args:
        commands: Which, in order; one that is named twice is given once.
        known: Parameters that `checked` let through.
    """
    found: dict[str, FollowUpCommand] = {}
    for command in commands:
        template = _TEMPLATES[command]
        needed = tuple(_NAMES.findall(template.text))
        if any(name in known for name in template.unless):
            continue
        if any(name not in known for name in needed):
            continue
        parameters = {name: known[name] for name in needed}
        body = template.text.format_map(parameters)
        text = f"{ON_INGEST}{body}" if template.endpoint is Endpoint.INGEST else body
        found.setdefault(
            text,
            FollowUpCommand(
                endpoint=template.endpoint,
                template=template.text,
                parameters=parameters,
                text=text,
            ),
        )
    return tuple(found.values())
