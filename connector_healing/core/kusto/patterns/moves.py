"""The last step of a transactional write: polling, moving the extents, cleaning up."""

from connector_healing.core.kusto.commands import Command
from connector_healing.core.kusto.facts import Facts
from connector_healing.core.kusto.pattern import Pattern, Place, Written, any_of, sig
from connector_healing.core.kusto.patterns.conditions import (
    FAILURES,
    OPERATION,
    TEMP,
    is_read,
    is_write,
    opposite,
)
from connector_healing.core.kusto.vocabulary import Ask, Mode, Operation, Surface

_TIMED_OUT = "timed out polling on ingestion status"
_DROP = ("deleting temporary table", "cleanupingestionbyproducts")


def _never_polled(facts: Facts) -> bool:
    """The write is in the log from its start, and no poll was ever logged."""
    segment = facts.segment
    began = "parsed write options for sink" in segment or "processing partition" in segment
    return (
        began
        and "polling on ingestion results" not in segment
        and "sleeping for:" not in segment
        and "final ingestion step" not in segment
    )


def _once(facts: Facts) -> bool:
    """The line of an empty move stands once: the job's end decides."""
    text = "some extents were not processed"
    return facts.failing.count(text) == 1 and "…" not in facts.text


def _no_code(facts: Facts) -> bool:
    return not facts.failure_code


MOVES = (
    Pattern(
        id="write.cleanup_failed_after_success",
        cause="The data were moved to the target; then the temporary table could not be dropped, "
        "and that failed the job.",
        fix=(
            "The data is there: do not re-run, a second run duplicates it.",
            "Drop the temporary table sparkTempTable_... by hand (.drop table).",
            "Grant the principal table admin, so that the drop succeeds.",
        ),
        retryable=False,
        written=Written.ALREADY,
        signatures=(sig("finished successfully", some=_DROP, place=Place.SEGMENT),),
        commands=(
            *TEMP,
            Command.COMMANDS,
            Command.TEMP_ROWS,
            Command.TABLE_EXTENTS,
            Command.DATABASE_PRINCIPALS,
            Command.TABLE_PRINCIPALS,
        ),
        surface=Surface.DRIVER_EXCEPTION,
        operation=Operation.WRITE,
        mode=Mode.TRANSACTIONAL,
    ),
    Pattern(
        id="write.starved_after_sleep",
        cause="Earlier writes of this driver sleep for 24 hours after a failed move and use up its "
        "thread pool: this write was never polled.",
        fix=(
            "Restart the driver: the pool is used up by moves in the 24-h sleep.",
            (
                "Then see why the earlier moves failed ('Sleeping for: 86400000' in the driver log);"
                " use Queued or set maxRetriesOnMoveExtents=0 meanwhile."
            ),
        ),
        retryable=True,
        written=Written.BY_MODE,
        signatures=(sig(_TIMED_OUT, when=_never_polled, place=Place.SEGMENT),),
        ask=(Ask.DRIVER_LOG,),
        commands=(*TEMP, Command.COMMANDS),
        surface=Surface.DRIVER_EXCEPTION,
        operation=Operation.WRITE,
        mode=Mode.TRANSACTIONAL,
        versions="5.3.4 to 7.1.1",
    ),
    Pattern(
        id="write.move_extents.partial",
        cause="Some extents were moved to the target, the others were not: the write is no longer "
        "all or nothing.",
        fix=(
            (
                "Partial data are in the target, atomicity broken: do not re-run, or there are"
                " duplicates."
            ),
            (
                "If the temporary table sparkTempTable_... still stands, move remaining extents from"
                " it with .move extents."
            ),
        ),
        retryable=False,
        written=Written.ALREADY,
        signatures=(
            sig("failed to move extents after", "were moved"),
            any_of("triesand"),
        ),
        ask=(Ask.TEMP_TABLE_DROPPED,),
        commands=(Command.MOVES, Command.COMMANDS, *TEMP, Command.TEMP_ROWS, Command.TABLE_EXTENTS),
        surface=Surface.DRIVER_EXCEPTION,
        operation=Operation.WRITE,
        mode=Mode.TRANSACTIONAL,
    ),
    Pattern(
        id="write.move_extents.materialized_view",
        cause="The target is the source of a materialized view, into which extents cannot be moved.",
        fix=(
            "Upgrade to 2.9.x or later, which sets SetNewIngestionTime=true, or write with Queued.",
            "A materialized view over the target blocks the move of extents.",
        ),
        retryable=False,
        written=Written.BY_MODE,
        signatures=(
            sig("materialized view", some=("move", "extent"), when=is_write),
            sig("materialized view", some=("cannot move", "tablemoveextents", "moving extents")),
            any_of("cannot drop/move extents", "will not process these extents"),
            sig("materialized-view", some=("cannot move", "tablemoveextents", "moving extents")),
        ),
        commands=(*OPERATION, Command.COMMANDS, *TEMP, Command.MOVES),
        surface=Surface.DRIVER_LOG,
        operation=Operation.WRITE,
        mode=Mode.TRANSACTIONAL,
        versions="text in an operation's Status only in 7.1.1",
    ),
    Pattern(
        id="write.move_extents.sleep_one_day",
        cause="The first failed move of extents is followed by a sleep of 24 hours "
        "(DefaultPeriodicSamplePeriod is one day since 5.3.4): it looks like a hang, or like a "
        "time-out.",
        fix=(
            "Cancel the job and restart the driver: the thread sleeps on.",
            "Drop the temporary table sparkTempTable_... that is left.",
            (
                "Write with Queued, downgrade or patch the connector (DefaultPeriodicSamplePeriod), or"
                " set maxRetriesOnMoveExtents=0 to fail at once."
            ),
        ),
        retryable=True,
        written=Written.BY_MODE,
        signatures=(any_of("sleeping for: 86400000", "defaultperiodicsampleperiod"),),
        commands=(Command.MOVES, Command.COMMANDS, *TEMP, Command.TEMP_ROWS, Command.CAPACITY),
        surface=Surface.DRIVER_LOG,
        operation=Operation.WRITE,
        mode=Mode.TRANSACTIONAL,
        versions="5.3.4, 5.3.5, 7.0.x, 7.1.x",
    ),
    Pattern(
        id="write.move_extents.retries_exhausted",
        cause="The extents could not be moved to the target in the tries that are allowed; the "
        "reason stands only in the operation's Status.",
        fix=(
            "Read the operation's Status for the reason (400, 429, materialized view).",
            (
                "Raise maxRetriesOnMoveExtents, lower maximalExtentsCountForSplitMergePerNode, or write"
                " with Queued."
            ),
            "Drop the temporary table sparkTempTable_... if it is left.",
        ),
        retryable=True,
        written=Written.BY_MODE,
        signatures=(
            any_of("failed to move extents after"),
            sig("retriesexhaustedexception", "extents"),
            sig("moving extents to '", "failed,", "retry number"),
        ),
        commands=(
            Command.COMMANDS,
            *TEMP,
            Command.TEMP_LIST,
            Command.CAPACITY,
            Command.MOVES,
        ),
        surface=Surface.DRIVER_EXCEPTION,
        operation=Operation.WRITE,
        mode=Mode.TRANSACTIONAL,
    ),
    Pattern(
        id="write.move_extents.empty_result",
        cause="A move of extents gave an empty result. Once, a recount decides; again and again it "
        "is an endless loop without a pause.",
        fix=(
            "Verify row count of target and temporary table.",
            (
                "If the line repeats, end the job: the loop never ends, and maxRetriesOnMoveExtents"
                " does not stop it."
            ),
            "It is a matter of capacity: write with Queued.",
        ),
        retryable=None,
        written=Written.BY_MODE,
        signatures=(any_of("some extents were not processed", "got an empty move result"),),
        ask=(Ask.ROW_COUNTS,),
        ask_when=((Ask.JOB_OUTCOME, _once),),
        commands=(Command.COMMANDS, *TEMP, Command.COUNT, Command.CAPACITY),
        surface=Surface.DRIVER_LOG,
        operation=Operation.WRITE,
        mode=Mode.TRANSACTIONAL,
    ),
    Pattern(
        id="write.move_extents.timeout",
        cause="The time limit ran out while the extents were moved; the service may still finish "
        "the move.",
        fix=(
            (
                "Wait for the operation's end before anything else: the move extents command is still"
                " running on the service, and a re-run may duplicate."
            ),
            "Then compare the row counts of the target and of sparkTempTable_...",
            "Raise timeoutLimit, or write with Queued.",
        ),
        retryable=True,
        written=Written.ALREADY,
        signatures=(
            sig(_TIMED_OUT, "final ingestion step", place=Place.SEGMENT),
            sig("none.get", some=("final ingestion step", "moveextents"), when=is_write),
            sig("timeoutawaitingpendingoperation", "final ingestion step"),
        ),
        commands=(Command.COMMANDS, *TEMP, Command.TEMP_ROWS, *OPERATION, Command.MOVES),
        surface=Surface.DRIVER_EXCEPTION,
        operation=Operation.WRITE,
        mode=Mode.TRANSACTIONAL,
    ),
    Pattern(
        id="write.timeout.poll_pending",
        cause="The ingestion was still pending at the time limit.",
        fix=(
            "Raise timeoutLimit above the batching time of the table.",
            "Lower MaximumBatchingTimeSpan of the table's batching policy.",
        ),
        retryable=True,
        written=Written.BY_MODE,
        signatures=(
            any_of("ingestion to kusto failed on timeout failure"),
            sig(
                _TIMED_OUT,
                some=("status 'pending'", "is pending", 'status" : "pending', "status: pending"),
            ),
        ),
        commands=(Command.COMMANDS, Command.BATCHING, *FAILURES, *TEMP),
        surface=Surface.DRIVER_EXCEPTION,
        operation=Operation.WRITE,
        mode=Mode.TRANSACTIONAL,
    ),
    Pattern(
        id="write.timeout.await",
        cause="The write was not ingested within the time limit; nothing else is known.",
        fix=(
            (
                "Raise timeoutLimit above the batching time of the table, or lower"
                " MaximumBatchingTimeSpan."
            ),
            (
                "Look for the left-over table sparkTempTable_...; look into the driver log for the last"
                " step before the time-out."
            ),
        ),
        retryable=True,
        written=Written.BY_MODE,
        # What the service itself said of the ingestion says more than that nobody waited for it.
        signatures=(
            sig(_TIMED_OUT, when=_no_code),
            # Before 2.x the wait itself told of the time-out.
            sig("futures timed out after", some=("finalizeingestion", "kustowriter")),
        ),
        commands=(Command.COMMANDS, Command.BATCHING, *FAILURES, *TEMP),
        surface=Surface.DRIVER_EXCEPTION,
        operation=Operation.WRITE,
        mode=Mode.TRANSACTIONAL,
    ),
    Pattern(
        id="write.poll.no_status",
        cause="The status of the ingestion could not be read from the service's status table.",
        fix=(
            (
                "Look into the driver log for 'Failed to fetch operation status': the status table"
                " answered 404 or 403 (storage firewall, private endpoint)."
            ),
            "With creationTime set, compare it with the retention of the table.",
            "Upgrade an old connector. The data may be ingested: look before you run again.",
        ),
        retryable=True,
        written=Written.BY_MODE,
        signatures=(
            any_of("failed to poll on ingestion status", "failed to fetch operation status"),
        ),
        commands=(Command.COMMANDS, *FAILURES, Command.RETENTION, *TEMP),
        surface=Surface.DRIVER_EXCEPTION,
        operation=Operation.WRITE,
        mode=Mode.TRANSACTIONAL,
    ),
    Pattern(
        id="ingest.failed_primary",
        cause="The ingestion failed first; then the temporary table could not be dropped either.",
        fix=(
            "The first exception is the root: find the ingestion's error code.",
            "What follows it is a consequence: a refused drop, token expiry secondary.",
            "Drop the temporary table sparkTempTable_... by hand.",
        ),
        retryable=False,
        written=Written.BY_MODE,
        signatures=(sig("ingestion to kusto failed with status", some=_DROP),),
        ask_when=((Ask.ERROR_CODE, _no_code),),
        commands=(*FAILURES, *TEMP, Command.COMMANDS),
        surface=Surface.DRIVER_EXCEPTION,
        operation=Operation.WRITE,
        mode=Mode.TRANSACTIONAL,
    ),
)

CLEANUP = (
    Pattern(
        id="write.cleanup_masks_root_cause",
        cause="Only the failed drop of the temporary table is shown; what failed before it stands "
        "earlier in the driver log.",
        fix=(
            (
                "Look for the earlier exception in driver log: the earliest ERROR of KustoConnector is"
                " the root."
            ),
            "The drop table of sparkTempTable_... failed too: grant table admin, drop it by hand.",
        ),
        retryable=None,
        written=Written.BY_MODE,
        signatures=(
            any_of(*_DROP),
            sig("drop table", some=("not authorized", "forbidden"), when=opposite(is_read)),
        ),
        ask=(Ask.DRIVER_LOG,),
        commands=(*TEMP, Command.TEMP_ROWS, Command.COMMANDS),
        surface=Surface.DRIVER_EXCEPTION,
        operation=Operation.WRITE,
        mode=Mode.TRANSACTIONAL,
    ),
)
