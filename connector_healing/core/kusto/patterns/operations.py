"""Asynchronous operations on the service: exports and moves, by state and by status."""

import re
from dataclasses import replace

from connector_healing.core.kusto.commands import Command
from connector_healing.core.kusto.facts import Facts
from connector_healing.core.kusto.pattern import Pattern, Place, Written, any_of, sig
from connector_healing.core.kusto.patterns.conditions import (
    OPERATION,
    TEMP,
    both,
    is_read,
    is_write,
    opposite,
    state,
    status_says,
    unknown_operation,
)
from connector_healing.core.kusto.vocabulary import Ask, Mode, Operation, Surface

_CALLOUT = ("callout",)
_STORAGE = (
    "publicaccessnotpermitted",
    "public access is not permitted",
    "authorizationfailure",
    "authenticationfailed",
    "server failed to authenticate",
    "not authorized to perform this operation",
    "rest(403)",
    "rest(409)",
    "rest(401)",
    "authorizationpermissionmismatch",
    "failed to access storage",
    "invalid sas",
    "signature did not match",
)
_RESOURCES = (
    "memory",
    "80da0007",
    "80da0001",
    "e_low_memory",
    "e_runaway",
    "resources",
    "low memory",
    "timed out",
    "timeout",
    "e_query_result_set_too_large",
)
_RATE = ("requestratelimitpolicy", "workload group", "workload_group", "request rate limit")
_EMPTY_STATUS = re.compile(r"\"status\"\s{0,3}:\s{0,3}(?:\"\s{0,8}\"|null)")
_FAILED = ("failed", "partiallysucceeded", "canceled", "skipped")


def _exports(facts: Facts) -> bool:
    """The operation is an export: of a read."""
    return not is_write(facts) or "dataexport" in facts.lower or "export" in facts.rows.status


def _no_status(facts: Facts) -> bool:
    empty = _EMPTY_STATUS.search(facts.lower) is not None or not facts.rows.status.strip(" '\"},")
    return bool(facts.rows.state) and empty


def _no_request(facts: Facts) -> bool:
    stated = facts.case.options.get("requestId", "")
    return stated is None and "request_id" not in facts.parameters


def _completed(facts: Facts) -> bool:
    return facts.rows.state.lower() == "completed"


_ANSWER = (*OPERATION, Command.COMMANDS)

_PATTERNS = (
    Pattern(
        id="async_op.completed_after_timeout",
        cause="The driver gave up waiting, but the operation completed on the service.",
        fix=(
            (
                "The operation is Completed: raise timeoutLimit (never below 30 s) and run the read"
                " again."
            ),
        ),
        retryable=True,
        written=Written.UNDECIDED,
        signatures=(any_of("none.get", "timeoutawaitingpendingoperation", when=_completed),),
        commands=(*_ANSWER, Command.OPERATION_DETAILS),
        surface=Surface.DRIVER_EXCEPTION,
    ),
    Pattern(
        id="async_op.operation_row_missing",
        cause="`.show operations` gave no row: the operation is older than six hours or not "
        "visible. The NullPointerException is the connector's, not a bug of Spark.",
        fix=(
            (
                "Look the operation up with the filter form of .show operations (two weeks); give the"
                " principal the right to see it (database monitor)."
            ),
            "It is not a Spark bug: the row was missing or not visible.",
        ),
        retryable=None,
        written=Written.UNDECIDED,
        signatures=(
            sig("this.currentrow", "null"),
            sig("nullpointerexception", "verifyasynccommandcompletion"),
            sig("currentrow", "nullpointerexception"),
        ),
        commands=(*_ANSWER, Command.EXPORTS),
        surface=Surface.DRIVER_EXCEPTION,
    ),
    Pattern(
        id="async_op.scheduled_is_final",
        cause="The operation was only queued on the service; the connector takes State 'Scheduled' "
        "for a final one.",
        fix=("Wait and look again: the operation is Scheduled, and may still complete.",),
        retryable=True,
        written=Written.UNDECIDED,
        signatures=(sig(when=state("scheduled")),),
        commands=(*_ANSWER, Command.CAPACITY),
        surface=Surface.DRIVER_EXCEPTION,
    ),
    Pattern(
        id="async_op.abandoned",
        cause="The service abandoned the operation: a cluster restart or its own timeout.",
        fix=("Re-run it: a cluster restart or a timeout on the service ended the operation.",),
        retryable=True,
        written=Written.BY_MODE,
        signatures=(sig(when=state("abandoned")),),
        commands=(*_ANSWER, *TEMP),
        surface=Surface.DRIVER_EXCEPTION,
    ),
    Pattern(
        id="throttle.workload_group",
        cause="The workload group's request rate limit policy refused the command.",
        fix=(
            "Run again with backoff; run fewer requests at once.",
            (
                "Raise the request rate limit policy of the workload group, or use another workload"
                " group."
            ),
        ),
        retryable=True,
        written=Written.BY_MODE,
        signatures=(
            any_of("requestratelimitpolicy", "request rate limit"),
            sig("workload group", some=("throttl", "limit")),
            sig(when=both(state("throttled"), status_says(*_RATE))),
        ),
        commands=(Command.WORKLOAD_GROUPS, Command.CAPACITY, *_ANSWER),
        surface=Surface.DRIVER_EXCEPTION,
    ),
    Pattern(
        id="throttle.capacity",
        cause="The cluster's capacity for such commands was used up: it throttled the operation.",
        fix=(
            "Run again with backoff; reduce parallel reads and exports.",
            "Raise the capacity policy (ExportCapacity for exports), or scale out the cluster.",
        ),
        retryable=True,
        written=Written.BY_MODE,
        signatures=(
            sig(when=state("throttled")),
            any_of(
                "aborted due to throttling", "capacitypolicy/", when=lambda f: not f.failure_code
            ),
        ),
        commands=(*_ANSWER, Command.CAPACITY, *TEMP),
        surface=Surface.DRIVER_EXCEPTION,
    ),
    Pattern(
        id="query.semantic",
        cause="The service refused the command as bad input.",
        fix=("Correct the query in kustoQuery: run it alone on the cluster first.",),
        retryable=False,
        written=Written.NOTHING,
        signatures=(sig(when=both(state("badinput"), opposite(is_write))),),
        commands=(*OPERATION, Command.COMMANDS),
        surface=Surface.DRIVER_EXCEPTION,
    ),
    Pattern(
        id="read.export_failed.callout",
        cause="The cluster's callout policy forbids the export to this storage account.",
        fix=(
            "Allow the storage account in the callout policy: type external_data.",
            "Or let the read use Kusto's own storage: leave transientStorage out.",
        ),
        retryable=False,
        written=Written.NOTHING,
        signatures=(any_of(*_CALLOUT, when=lambda f: bool(f.rows.state) or "policy" in f.failing),),
        commands=(*OPERATION, Command.CALLOUT, Command.COMMANDS),
        surface=Surface.DRIVER_EXCEPTION,
        operation=Operation.READ,
        mode=Mode.DISTRIBUTED,
    ),
    Pattern(
        id="read.export_failed.storage_auth",
        cause="The service could not write the export to the storage: a SAS that is absent, "
        "malformed or expired (409 PublicAccessNotPermitted), or a firewall (403).",
        fix=(
            (
                "Check the SAS in transientStorage: it must be there, begin with '?', and allow write"
                " and list."
            ),
            (
                "For 403 AuthorizationFailure open the storage firewall for the cluster (private"
                " endpoint)."
            ),
        ),
        retryable=False,
        written=Written.NOTHING,
        signatures=(
            sig(when=both(state(*_FAILED), status_says(*_STORAGE))),
            any_of("publicaccessnotpermitted"),
        ),
        ask=(Ask.TRANSIENT_STORAGE_SHAPE,),
        commands=(*_ANSWER, Command.EXPORT_CONTAINERS),
        surface=Surface.DRIVER_EXCEPTION,
        operation=Operation.READ,
        mode=Mode.DISTRIBUTED,
    ),
    Pattern(
        id="read.export_failed.resources",
        cause="The export ran out of memory or of another resource of the cluster.",
        fix=(
            "Reduce query: fewer columns, a smaller time range, several reads.",
            "Set distribution per_node off in kustoExportOptionsJson, or scale the cluster.",
        ),
        retryable=True,
        written=Written.NOTHING,
        signatures=(sig(when=both(both(state(*_FAILED), _exports), status_says(*_RESOURCES))),),
        commands=(*_ANSWER, Command.CAPACITY),
        surface=Surface.DRIVER_EXCEPTION,
        operation=Operation.READ,
        mode=Mode.DISTRIBUTED,
    ),
    Pattern(
        id="async_op.failed",
        cause="An asynchronous operation failed on the service; its Status says why.",
        fix=("Read State and Status with .show operations <id>, and act on what they say.",),
        retryable=None,
        written=Written.BY_MODE,
        signatures=(
            any_of("failedoperationexception", "failed to execute kusto operation"),
            sig(when=both(state(*_FAILED, "badinput"), lambda f: f.rows.shows_operations)),
            sig(when=both(state(*_FAILED), lambda f: f.rows.shows_commands)),
        ),
        ask_when=((Ask.STATUS_TEXT, _no_status), (Ask.REQUEST_ID, _no_request)),
        commands=(*_ANSWER, Command.OPERATION_DETAILS),
        surface=Surface.DRIVER_EXCEPTION,
    ),
    Pattern(
        id="async_op.monitor_failed",
        cause="The connector could not watch the operation: a permanent error or a lost "
        "connection while polling. The operation itself may have gone on.",
        fix=(
            "Look at the operation with .show operations.",
            "Check that the principal has permission to see it, and that its token is valid.",
        ),
        retryable=None,
        written=Written.UNDECIDED,
        signatures=(any_of("couldn't monitor the progress of"),),
        ask=(Ask.SHOW_OPERATIONS_RESULT,),
        commands=(*_ANSWER, Command.EXPORTS),
        surface=Surface.DRIVER_EXCEPTION,
    ),
    Pattern(
        id="async_op.monitor_transient",
        cause="The state of the operation could not be read until the limit ran out: the engine "
        "answered with transient errors.",
        fix=(
            "Look at the operation with .show operations: it may have completed.",
            "Raise timeoutLimit and run again.",
        ),
        retryable=True,
        written=Written.UNDECIDED,
        signatures=(
            sig("none.get", "failed to retrieve export status", place=Place.WHOLE),
            sig("none.get", "failed transiently to retrieve export status", place=Place.WHOLE),
        ),
        ask_when=((Ask.OPERATION_ID, unknown_operation),),
        commands=(*_ANSWER, Command.EXPORTS),
        surface=Surface.DRIVER_EXCEPTION,
    ),
    Pattern(
        id="async_op.timeout.masked_none_get",
        cause="The export timed out; the connector then fails on the missing answer, so that "
        "None.get hides the time-out.",
        fix=(
            "Raise timeoutLimit (never below 30 s).",
            "Find the operation with .show commands and .show operations; it may have completed.",
            "Upgrade the connector when a version without this bug is out.",
        ),
        retryable=True,
        written=Written.UNDECIDED,
        signatures=(
            sig("none.get", "verifyasynccommandcompletion"),
            sig("none.get", "kusto", when=opposite(is_write)),
            sig("none.get", when=is_read),
        ),
        ask=(Ask.DRIVER_DEBUG_LOG,),
        ask_when=((Ask.OPERATION_ID, unknown_operation),),
        commands=(*_ANSWER, Command.EXPORTS),
        surface=Surface.DRIVER_EXCEPTION,
        operation=Operation.READ,
        mode=Mode.DISTRIBUTED,
        versions="5.0.0 to 7.1.1",
    ),
    Pattern(
        id="async_op.timeout",
        cause="An asynchronous operation did not end within timeoutLimit.",
        fix=("Raise timeoutLimit; look at the operation with .show operations.",),
        retryable=True,
        written=Written.UNDECIDED,
        signatures=(
            any_of(
                "timeoutawaitingpendingoperation",
                "timed out while waiting for operation with operationid",
            ),
        ),
        ask=(Ask.CONNECTOR_VERSION,),
        commands=(*_ANSWER,),
        surface=Surface.DRIVER_EXCEPTION,
        versions="any; in 7.1.1 only in a race",
    ),
)

#: Of a read only the export is an asynchronous operation. A rate limit meets queries too.
OPERATIONS = tuple(
    p if p.id == "throttle.workload_group" else replace(p, mode_of_read=Mode.DISTRIBUTED)
    for p in _PATTERNS
)
