"""Everything that a triage reads from a case, read once."""

from collections.abc import Mapping
from dataclasses import dataclass

from connector_healing.core.kusto import identifiers
from connector_healing.core.kusto.case import KustoCase
from connector_healing.core.kusto.codes import TELLING, FailureCode, code_of
from connector_healing.core.kusto.commands import checked
from connector_healing.core.kusto.failing import failing_part, thrown_part
from connector_healing.core.kusto.foreign import of_other_system
from connector_healing.core.kusto.lint import LintFinding
from connector_healing.core.kusto.marks import shows_kusto_connector
from connector_healing.core.kusto.saying import normalised
from connector_healing.core.kusto.service_rows import ServiceRows, cell, rows_in
from connector_healing.core.kusto.vocabulary import Ask, Mode, Operation, Surface

_HEADS = ("parsed write options for sink", "finished serializing parameters for reading")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """A masked case and what was read from it."""

    case: KustoCase
    text: str  #: The evidence.
    lower: str  #: The evidence in lower case.
    failing: str  #: The same without exceptions that the connector ignored or retried.
    thrown: str  #: Of `failing`, where the connector failed, from the driver's exception on.
    segment: str  #: The part of `failing` from the last read or write that the log begins.
    said: str  #: What the user says, lower case.
    options: Mapping[str, str]  #: Names in lower case.
    findings: tuple[LintFinding, ...]
    rows: ServiceRows
    failure_code: str
    failure: FailureCode | None
    parameters: Mapping[str, str]  #: For commands, checked.
    operation: Operation = Operation.UNKNOWN
    mode: Mode = Mode.UNKNOWN
    surface: Surface = Surface.USER_REPORT
    kusto: bool = False  #: Whether options or evidence show the connector.
    foreign: bool = False  #: Whether another system failed, and nothing shows the connector.

    def option(self, name: str) -> str:
        """An option's value, or an empty text."""
        return self.options.get(name.lower(), "")


def facts_of(case: KustoCase, findings: tuple[LintFinding, ...]) -> Facts:
    """Read a case; what it is (operation, mode, surface) is settled afterwards.

    Args:
        case: With its secrets masked.
        findings: What is wrong with its options.
    """
    text = case.evidence
    lower = text.lower()
    failing = failing_part(text)
    rows = rows_in(text, lower)
    code = rows.failure_code or _telling_code(text, lower, rows)
    ingesting = bool(code) and (rows.shows_failures or "ingestion" in lower or code in TELLING)
    options = {name.lower(): value or "" for name, value in case.options.items()}
    thrown = thrown_part(failing)
    shown = shows_kusto_connector(text)
    exports = "kustoquery" in options and options.get("readmode") != "ForceSingleMode"
    foreign = not shown and of_other_system(thrown, reads_export=exports)
    return Facts(
        case=case,
        text=text,
        lower=lower,
        failing=failing,
        thrown=thrown,
        segment=_last_segment(failing),
        said=normalised(case.user_text),
        options=options,
        findings=findings,
        rows=rows,
        failure_code=code if ingesting else "",
        failure=code_of(code, rows.failure_kind, from_update_policy=rows.from_update_policy)
        if ingesting
        else _without_code(rows),
        parameters=_parameters(case, options, rows),
        kusto=shown or (_named(case, options) and not foreign),
        foreign=foreign,
    )


def _named(case: KustoCase, options: Mapping[str, str]) -> bool:
    """The context tells of the connector: its options, or its version."""
    return bool(options.keys() & _CONNECTOR_OPTIONS) or bool(case.connector_version)


_CONNECTOR_OPTIONS = {
    "kustocluster",
    "kustodatabase",
    "kustotable",
    "kustoquery",
    "writemode",
    "readmode",
}


def _without_code(rows: ServiceRows) -> FailureCode | None:
    if rows.shows_failures and (rows.failure_kind or rows.from_update_policy):
        return code_of("", rows.failure_kind, from_update_policy=rows.from_update_policy)
    return None


def _telling_code(text: str, lower: str, rows: ServiceRows) -> str:
    """A code outside its column; in an exception of the SDK it is the engine's, of a command."""
    told = rows.shows_failures or any(mark in lower for mark in _OF_INGESTION)
    if not told and any(mark in lower for mark in _OF_COMMANDS):
        return ""
    return next((code for code in TELLING if code in text), "")


_OF_INGESTION = ("ingestion to kusto", "ingestion info", "ingestion failures")
_OF_COMMANDS = ("dataserviceexception", "datawebexception", "@type", "ingestionserviceexception")


def _last_segment(failing: str) -> str:
    """From the last head of a write, or of a read where no write began."""
    for head in _HEADS:
        at = failing.rfind(head)
        if at >= 0:
            return failing[at:]
    return failing


def _parameters(case: KustoCase, options: Mapping[str, str], rows: ServiceRows) -> dict[str, str]:
    stated = case.answers.get(Ask.REQUEST_ID, "").strip() or options.get("requestid", "")
    ids = [stated] if stated else []
    text = case.evidence
    ids += identifiers.request_ids(text)
    ids += identifiers.request_ids(case.user_text)
    request = next((i for i in ids if checked({"request_id": i})), "")
    temps = identifiers.temp_tables(text) or identifiers.temp_tables(case.user_text)
    table = options.get("kustotable") or next(identifiers.tables(text), "")
    underscored = request.replace("-", "_")
    ingest_id, operation_id = _operations(text, rows)
    operation_id = operation_id or next(identifiers.operation_ids(case.user_text), None)
    operation_id = case.answers.get(Ask.OPERATION_ID, "").strip() or operation_id
    return checked(
        {
            "request_id": request,
            "request_id_": underscored,
            "operation_id": operation_id,
            "ingest_operation_id": ingest_id,
            "database": options.get("kustodatabase") or next(identifiers.databases(text), ""),
            "table": table,
            "plain_table": table,
            "normalised_table": table.replace("-", "_"),
            "temp_table": temps[-1] if temps else "",
            "user_temp_table": options.get("temptablename", ""),
        }
    )


def _operations(text: str, rows: ServiceRows) -> tuple[str | None, str | None]:
    """The id of an ingestion and that of an asynchronous operation."""
    asynchronous = next(identifiers.operation_ids(text), None)
    column = next(identifiers.column_operation_ids(text), None)
    if column is None and rows.shows_failures:
        column = cell(text, "OperationId") or None
    if rows.shows_operations:
        return None, asynchronous or column or identifiers.first_guid(text)
    if rows.shows_failures or "ngestion info" in text or "ingestionSourcePath" in text:
        return column, asynchronous if asynchronous != column else None
    return None, asynchronous or column
