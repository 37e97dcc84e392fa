"""Cases without an exception: ignored options, missing, doubled or displaced data."""

import re

from connector_healing.core.kusto.commands import Command
from connector_healing.core.kusto.facts import Facts
from connector_healing.core.kusto.lint import BATCH_LIMIT_OVERFLOW, Finding
from connector_healing.core.kusto.pattern import Pattern, Place, Written, any_of, sig
from connector_healing.core.kusto.patterns.conditions import (
    FAILURES,
    TEMP,
    both,
    either,
    is_queued,
    is_read,
    is_streaming,
    is_transactional,
    is_write,
    no_failure,
    opposite,
    told,
    unknown_table,
)
from connector_healing.core.kusto.saying import Saying, says
from connector_healing.core.kusto.vocabulary import Ask, Mode, Operation, Surface

#: The default time of a table's batching policy, in minutes (Azure Data Explorer's documents).
BATCHING_MINUTES = 5


def _missing(facts: Facts) -> bool:
    said = facts.said
    return says(said, Saying.MISSING) and not says(said, Saying.STUCK) and no_failure(facts)


def _zone(facts: Facts) -> bool:
    """Times that are read differ by hours, or a time zone is spoken of."""
    said = facts.said
    if is_write(facts) or says(said, Saying.STUCK) or not no_failure(facts):
        return False
    if not says(said, Saying.TIME):
        return "timezone" in said or "time zone" in said
    return says(said, Saying.ZONE) or says(said, Saying.HOURS, Saying.OFF)


def _late(facts: Facts) -> bool:
    return says(facts.said, Saying.LATE, Saying.DATA) and no_failure(facts)


def _quiet(facts: Facts) -> bool:
    """Only the user speaks, of data and of nothing that went wrong loudly."""
    said = facts.said
    return not facts.lower.strip() and says(said, Saying.DATA) and not says(said, Saying.TROUBLE)


def _green(facts: Facts) -> bool:
    """The user says that a write went well, and yet something is wrong with its data."""
    return is_write(facts) and _quiet(facts) and says(facts.said, Saying.SUCCESS)


def _just_ended(facts: Facts) -> bool:
    """The write ended within the default batching time, as the user says or answers."""
    minutes = re.match(r"\d{1,6}", facts.case.answers.get(Ask.MINUTES_SINCE_END, "").strip())
    if minutes is not None:
        return int(minutes.group()) <= BATCHING_MINUTES
    return says(facts.said, Saying.JUST)


def _skips(facts: Facts) -> bool:
    return "ingestifnotexists" in facts.option("sparkIngestionPropertiesJson").lower() or (
        "ingestifnotexists" in facts.said
    )


def _overflow(facts: Facts) -> bool:
    if any(
        f.finding is Finding.OVERFLOW and f.meant == "clientBatchingLimit" for f in facts.findings
    ):
        return True
    found = re.search(r"'batchlimit': (\d{4,12})", facts.lower)
    return found is not None and int(found.group(1)) >= BATCH_LIMIT_OVERFLOW


def _constant_only(facts: Facts) -> bool:
    return any(f.finding is Finding.CONSTANT for f in facts.findings) and no_failure(facts)


def _unknown_only(facts: Facts) -> bool:
    return any(f.finding is Finding.UNKNOWN for f in facts.findings) and no_failure(facts)


SILENT = (
    Pattern(
        id="config.batch_limit_overflow",
        cause="clientBatchingLimit times 1 MB overflows a 32-bit integer: every row becomes a blob "
        "of its own.",
        fix=("Set clientBatchingLimit <= 2047; 1024 at most is wise, 300 the default.",),
        retryable=False,
        written=Written.BY_MODE,
        signatures=(sig(when=both(_overflow, no_failure)),),
        commands=FAILURES,
        surface=Surface.EXECUTOR_LOG,
        operation=Operation.WRITE,
    ),
    Pattern(
        id="write.ingest_if_not_exists_ignored",
        cause="ingestIfNotExists has no effect in this version: the connector empties it before "
        "it looks at it.",
        fix=(
            (
                "Do not rely on ingestIfNotExists (5.2.5 to 7.1.1): deduplicate before the write, or"
                " in the query by ingest-by tags."
            ),
        ),
        retryable=False,
        written=Written.ALREADY,
        signatures=(sig(when=both(_skips, no_failure)),),
        commands=(Command.TAGS, *FAILURES),
        surface=Surface.DRIVER_LOG,
        operation=Operation.WRITE,
        versions="5.2.5 to 7.1.1",
    ),
    Pattern(
        id="write.duplicates_on_task_retry",
        cause="A task was tried again after it had queued a part of its rows: they are there twice.",
        fix=(
            (
                "Use deterministic partitions (repartition by a key, cache or checkpoint before the"
                " write) with ensureNoDuplicatedBlobs, or write with Transactional."
            ),
        ),
        retryable=False,
        written=Written.ALREADY,
        signatures=(sig(when=both(both(told(Saying.TWICE), no_failure), opposite(is_read))),),
        ask=(Ask.RETRIED_TASKS,),
        commands=(*FAILURES,),
        operation=Operation.WRITE,
    ),
    Pattern(
        id="schema.positional_shift",
        cause="The connector writes CSV by position: columns in another order than the table's "
        "land in the wrong place, without an error.",
        fix=(
            (
                "Set adjustSchema to GenerateDynamicCsvMapping (by name) or FailIfNotMatch: without it"
                " the data are positional CSV."
            ),
            "Correct the rows that were written.",
        ),
        retryable=False,
        written=Written.ALREADY,
        signatures=(sig(when=both(both(told(Saying.SHIFTED), no_failure), opposite(is_read))),),
        ask=(Ask.DATAFRAME_SCHEMA,),
        commands=(Command.SCHEMA,),
        operation=Operation.WRITE,
        surface=Surface.DATA_MISSING,
    ),
    Pattern(
        id="read.timezone",
        cause="Kusto's datetimes are UTC; Spark shows them in the session's time zone.",
        fix=("Set spark.sql.session.timeZone to UTC, or convert the column; the data are right.",),
        retryable=False,
        written=Written.NOTHING,
        signatures=(sig(when=_zone),),
        ask=(Ask.SESSION_TIME_ZONE,),
        surface=Surface.DATA_MISSING,
        operation=Operation.READ,
        asks_standing=False,
    ),
    Pattern(
        id="write.empty_dataframe",
        cause="The DataFrame had no rows: nothing was written.",
        fix=("Upstream produced no rows: look at the filter and the source; not a Kusto failure.",),
        retryable=False,
        written=Written.NOTHING,
        signatures=(any_of("finished with no data written", place=Place.WHOLE, when=no_failure),),
        commands=(Command.COMMANDS,),
        surface=Surface.DRIVER_LOG,
        operation=Operation.WRITE,
    ),
    Pattern(
        id="config.option_key_literal",
        cause="The name of a Scala constant was passed as an option's key; it is ignored.",
        fix=(
            "Pass the option's own name ({meant}): readMode with ForceSingleMode, for instance.",
            "Log Analytics has no export/ingest endpoint: only a single read works there.",
        ),
        retryable=False,
        written=Written.NOTHING,
        signatures=(sig(when=_constant_only),),
        surface=Surface.DRIVER_LOG,
    ),
    Pattern(
        id="config.unknown_option_ignored",
        cause="An option that the connector does not know was set; it is ignored silently.",
        fix=("{option} is ignored: use {meant}.",),
        retryable=False,
        written=Written.NOTHING,
        signatures=(sig(when=both(_unknown_only, opposite(_missing))),),
        surface=Surface.DRIVER_LOG,
    ),
    Pattern(
        id="queued.pending_batching",
        cause="The data are queued and wait for the batching policy (5 minutes by default).",
        fix=(
            (
                "Wait for the batching time (MaximumBatchingTimeSpan, 5 minutes by default), then count"
                " again; .show ingestion failures if they do not come."
            ),
        ),
        retryable=False,
        written=Written.ALREADY,
        signatures=(sig(when=both(is_queued, both(_just_ended, no_failure))),),
        commands=(Command.BATCHING, *FAILURES, Command.FAILURES_OF_TABLE, Command.COUNT_NEW),
        surface=Surface.DATA_MISSING,
        operation=Operation.WRITE,
    ),
    Pattern(
        id="queued.silent",
        cause="A queued write ends before the service ingests: failures show only on the service.",
        fix=(
            (
                "Run .show ingestion failures first; then wait for the batching time and count rows by"
                " ingestion_time(); then look at the FailedIngestion diagnostic log."
            ),
            "An empty answer is no success: other stages are only in the diagnostic log.",
        ),
        retryable=None,
        written=Written.ALREADY,
        signatures=(sig(when=both(is_queued, either(_missing, _quiet))),),
        ask=(Ask.MINUTES_SINCE_END, Ask.ROW_COUNTS),
        ask_when=((Ask.DATABASE_AND_TABLE, unknown_table),),
        commands=(*FAILURES, Command.FAILURES_OF_TABLE, Command.BATCHING, Command.COUNT_NEW),
        surface=Surface.DATA_MISSING,
        operation=Operation.WRITE,
    ),
    Pattern(
        id="streaming.fallback_to_queued",
        cause="Streamed data that do not show may have been queued in silence.",
        fix=(
            (
                "Look for IngestionStatus 'Queued' in the executor log; wait for the batching time;"
                " check the streamingingestion policy."
            ),
        ),
        retryable=False,
        written=Written.ALREADY,
        signatures=(sig(when=both(is_streaming, either(_missing, _late))),),
        ask=(Ask.EXECUTOR_LOG,),
        commands=(
            Command.STREAMING_POLICY,
            Command.BATCHING,
            *FAILURES,
            Command.STREAMING_FAILURES,
        ),
        surface=Surface.DATA_MISSING,
        operation=Operation.WRITE,
    ),
    Pattern(
        id="write.async_hidden_failure",
        cause="With writeEnableAsync the write may have failed behind the driver's back.",
        fix=("Set writeEnableAsync=false, and look into the executor log.",),
        retryable=None,
        written=Written.BY_MODE,
        signatures=(
            sig(when=both(_missing, lambda f: f.option("writeEnableAsync").lower() == "true")),
        ),
        ask=(Ask.EXECUTOR_LOG,),
        commands=(Command.COMMANDS, *TEMP, *FAILURES),
        surface=Surface.DATA_MISSING,
        operation=Operation.WRITE,
    ),
    Pattern(
        id="write.async_hidden_failure",
        cause="A transactional write loses no rows in silence unless writeEnableAsync hides its "
        "failure; whether that is set is not known.",
        fix=("Set writeEnableAsync=false, and look into driver and executor log.",),
        retryable=None,
        written=Written.BY_MODE,
        signatures=(
            sig(
                when=both(
                    both(_missing, is_transactional),
                    lambda f: not f.case.options_complete and not f.lower.strip(),
                )
            ),
        ),
        ask=(Ask.WRITE_ENABLE_ASYNC, Ask.EXECUTOR_LOG),
        commands=(Command.COMMANDS, *TEMP, *FAILURES),
        surface=Surface.DATA_MISSING,
        operation=Operation.WRITE,
    ),
    Pattern(
        id="unknown.need_mode",
        cause="Rows are missing without an error; what that means depends on the write mode.",
        fix=(
            (
                "Ask for the write mode first: Queued needs .show ingestion failures, Transactional the"
                " driver log."
            ),
        ),
        retryable=None,
        written=Written.UNDECIDED,
        signatures=(
            sig(
                when=both(
                    either(_missing, _green),
                    lambda f: f.mode is Mode.UNKNOWN and not is_read(f),
                )
            ),
        ),
        ask_when=((Ask.DATABASE_AND_TABLE, unknown_table),),
        commands=(*FAILURES, Command.COMMANDS),
        surface=Surface.DATA_MISSING,
        operation=Operation.WRITE,
    ),
)
