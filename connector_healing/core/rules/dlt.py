"""Rules for what dlt itself raises (1.31), and for what fails inside dlt and Dagster."""

import re

from connector_healing.core.failure import Stage
from connector_healing.core.rules.clues import Clues
from connector_healing.core.rules.rule import Rule
from connector_healing.core.secret_names import is_secret_name
from connector_healing.core.taxonomy import FailureSubcategory as Sub

_LOADING = (Stage.LOAD, Stage.SYNC)
_PAGINATORS = "dlt.sources.helpers.rest_client"
_LOCKED = re.compile(
    r"conflicting lock|database is locked|could not set lock|being used by another process|"
    r"file is already open|lock wait timeout|deadlock|locked by another",
    re.IGNORECASE,
)
_FULL = re.compile(r"no space left|disk (?:is )?full|quota exceeded on disk", re.IGNORECASE)

#: Exceptions of Python itself; raised inside a framework they say nothing of the API's data.
_BUILTINS = (
    *("LookupError", "TypeError", "AttributeError", "ValueError", "NameError", "AssertionError"),
    *("RuntimeError", "ArithmeticError", "ImportError"),
)


def _misses_secret(clues: Clues) -> bool:
    names = re.findall(r"[\w.]+", clues.attribute("fields") or clues.message)
    return any(is_secret_name(name) for name in names) or "credentials" in names


def _freezes_type(clues: Clues) -> bool:
    return clues.attribute("schema_entity") == "data_type"


def _misses_field(clues: Clues) -> bool:
    return "field required" in clues.message.lower() or "type=missing" in clues.message


def _in_paginator(clues: Clues) -> bool:
    return (clues.failure.raised_in or "").startswith(_PAGINATORS)


def _at_destination(clues: Clues) -> bool:
    """Whether it is about the destination: a database that is read from may be locked too."""
    ours = (".DestinationException", ".DestinationBusyError")
    return (
        clues.failure.stage in _LOADING
        or not clues.below.isdisjoint(ours)
        or (".OperationalError" in clues.below and clues.failure.stage is not Stage.EXTRACT)
    )


def _in_framework(clues: Clues) -> bool:
    return clues.in_framework and ".JSONDecodeError" not in clues.root


CONFIGURATION = (
    Rule(
        name="dlt.secret_missing",
        subcategory=Sub.CREDENTIALS_MISSING,
        cause="dlt found no value for {fields}, which the connector needs to log in.",
        confidence=0.95,
        root=(".ConfigFieldMissingException",),
        when=_misses_secret,
        also=(Sub.CONFIGURATION_MISSING,),
    ),
    Rule(
        name="dlt.configuration_missing",
        subcategory=Sub.CONFIGURATION_MISSING,
        cause="dlt found no value for {fields}, which the connector needs.",
        confidence=0.95,
        root=(".ConfigFieldMissingException", ".PipelineConfigMissing"),
    ),
    Rule(
        name="dlt.configuration_invalid",
        subcategory=Sub.CONFIGURATION_INVALID,
        cause="dlt refused the configuration: {message}",
        confidence=0.9,
        root=(
            *(".ConfigurationException", ".DictValidationException", ".PaginatorSetupError"),
            *(".ResourcesNotFoundError", ".ResourceNotFoundError", ".InvalidPipelineName"),
            *(".UnknownDestinationModule", ".InvalidDestinationReference"),
        ),
    ),
)

DATA = (
    Rule(
        name="dlt.cursor_missing",
        subcategory=Sub.CURSOR_MISSING,
        cause="The records have no {field}, which incremental loading follows.",
        confidence=0.9,
        root=(".IncrementalCursorPathMissing", ".IncrementalCursorPathHasValueNone"),
        also=(Sub.FIELD_RENAMED, Sub.FIELD_MOVED, Sub.ENVELOPE_CHANGED),
    ),
    Rule(
        name="dlt.cursor_type",
        subcategory=Sub.TYPE_CHANGED,
        cause="The field that incremental loading follows came with another type: {message}",
        confidence=0.9,
        root=(".IncrementalCursorInvalidCoercion",),
    ),
    Rule(
        name="dlt.key_missing",
        subcategory=Sub.FIELD_CHANGED,
        cause="The records have no value for a column of the primary key: {message}",
        confidence=0.75,
        root=(".UnboundColumnException", ".IncrementalPrimaryKeyMissing"),
        also=(Sub.FIELD_RENAMED, Sub.FIELD_MOVED, Sub.ENVELOPE_CHANGED),
    ),
    Rule(
        name="dlt.model_field_missing",
        subcategory=Sub.FIELD_CHANGED,
        cause="The connector's data model misses a field: {message}",
        confidence=0.8,
        root=(".DataValidationError",),
        when=_misses_field,
        also=(Sub.FIELD_RENAMED, Sub.SCHEMA_CONTRACT),
    ),
    Rule(
        name="dlt.contract_type",
        subcategory=Sub.TYPE_CHANGED,
        cause="Column {column} of table {table} came with another type, and the schema contract freezes types.",
        confidence=0.9,
        root=(".DataValidationError",),
        when=_freezes_type,
        also=(Sub.SCHEMA_CONTRACT,),
    ),
    Rule(
        name="dlt.contract",
        subcategory=Sub.SCHEMA_CONTRACT,
        cause="Table {table} got what its schema contract does not allow: {message}",
        confidence=0.9,
        root=(".DataValidationError",),
    ),
    Rule(
        name="dlt.coercion",
        subcategory=Sub.TYPE_CHANGED,
        cause="dlt could not fit a value into its column: {message}",
        confidence=0.8,
        root=(".CannotCoerceColumnException", ".CannotCoerceNullException"),
    ),
    Rule(
        name="dlt.paginator",
        subcategory=Sub.PAGINATION_BROKEN,
        cause="The answer does not say what the paginator needs to go on: {message}",
        confidence=0.85,
        root=("ValueError", "LookupError", "TypeError", ".PaginatorNotFound"),
        when=_in_paginator,
        also=(Sub.ENVELOPE_CHANGED,),
    ),
)

DESTINATION = (
    Rule(
        name="dlt.destination_busy",
        subcategory=Sub.DESTINATION_BUSY,
        cause="Another writer holds the destination: {message}",
        confidence=0.95,
        says=_LOCKED,
        when=_at_destination,
    ),
    Rule(
        name="dlt.destination_disk_full",
        subcategory=Sub.DISK_FULL,
        cause="The disk is full: {message}",
        confidence=0.95,
        says=_FULL,
        when=_at_destination,
    ),
    Rule(
        name="dlt.destination_unreachable",
        subcategory=Sub.DESTINATION_UNREACHABLE,
        cause="The destination cannot be reached: {message}",
        confidence=0.9,
        root=(".DestinationConnectionError", ".LoadClientNotConnected"),
    ),
    Rule(
        name="dlt.destination_network",
        subcategory=Sub.DESTINATION_UNREACHABLE,
        cause="The connection to the destination failed: {message}",
        confidence=0.8,
        below=(
            "ConnectionError",
            "TimeoutError",
            ".ConnectionError",
            ".Timeout",
            ".InterfaceError",
        ),
        stages=_LOADING,
    ),
    Rule(
        name="dlt.load_job",
        subcategory=Sub.LOAD_JOB_FAILED,
        cause="The destination refused what was loaded: {message}",
        confidence=0.85,
        above=(".LoadClientJobException", ".LoadPackageAborted"),
    ),
    Rule(
        name="dlt.destination",
        subcategory=Sub.LOAD_JOB_FAILED,
        cause="The destination refused what was loaded: {message}",
        confidence=0.75,
        below=(".DestinationException", ".LoadClientJobException"),
    ),
)

FRAMEWORK = (
    Rule(
        name="dlt.raised_in_framework",
        subcategory=Sub.NOT_IN_CONNECTOR,
        cause="{type} was raised inside {raised_in}, not in the connector: it says nothing of the API's data.",
        confidence=0.9,
        root=_BUILTINS,
        when=_in_framework,
    ),
    Rule(
        name="dlt.load_stage",
        subcategory=Sub.LOAD_JOB_FAILED,
        cause="The load failed: {message}",
        confidence=0.5,
        stages=(Stage.LOAD,),
        also=(Sub.DESTINATION_UNREACHABLE,),
    ),
)

RULES = (*CONFIGURATION, *DATA, *DESTINATION, *FRAMEWORK)
