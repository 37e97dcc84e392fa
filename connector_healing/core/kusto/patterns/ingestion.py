"""Failures of the ingestion on the service, by code."""

from connector_healing.core.kusto.commands import Command
from connector_healing.core.kusto.facts import Facts
from connector_healing.core.kusto.pattern import (
    Condition,
    Pattern,
    Written,
    any_of,
    sig,
)
from connector_healing.core.kusto.patterns.conditions import (
    FAILURES,
    TEMP,
    both,
    coded,
    is_streaming,
    opposite,
)
from connector_healing.core.kusto.vocabulary import Ask, Mode, Operation, Surface


def _coded(
    identity: str,
    cause: str,
    fix: tuple[str, ...],
    *,
    retryable: bool | None = False,
    commands: tuple[Command, ...] = (),
    extra: tuple[str, ...] = (),
    ask_when: tuple[tuple[Ask, Condition], ...] = (),
) -> Pattern:
    """A pattern that an ingestion failure's code, or one of these texts, shows."""
    signatures = [sig(when=coded(identity))]
    if extra:
        signatures.append(any_of(*extra, when=_queued))
    return Pattern(
        id=identity,
        cause=cause,
        fix=fix,
        retryable=retryable,
        written=Written.BY_MODE,
        signatures=tuple(signatures),
        ask_when=ask_when,
        commands=(*FAILURES, *commands),
        operation=Operation.WRITE,
        surface=Surface.DRIVER_EXCEPTION,
    )


def _queued(facts: Facts) -> bool:
    """The words are those of a queued ingestion: what streaming refuses, the client throws."""
    return facts.rows.shows_failures or not is_streaming(facts)


def _in_rows(facts: Facts) -> bool:
    return facts.rows.shows_failures


def _own_storage(facts: Facts) -> bool:
    """The options name a storage of the user's own."""
    names = ("kustoIngestionStorageContainer", "ingestionStorageParameters")
    return any(facts.option(name) for name in names)


def _no_details(facts: Facts) -> bool:
    lower = facts.lower
    return '"details"' not in lower.replace(" ", "") or '"details":""' in lower.replace(" ", "")


def _no_code(facts: Facts) -> bool:
    return not facts.failure_code


INGESTION = (
    _coded(
        "write.dedup_skipped",
        "The data carry ingest-by tags that the target already has: the service skipped them.",
        (
            "Nothing is lost if the same data were meant: their ingest-by tags are in the target.",
            (
                "Else give the write other ingest-by tags; with ensureNoDuplicatedBlobs a retried task"
                " is skipped so as well."
            ),
        ),
        commands=(Command.TAGS,),
        extra=("ingestion to kusto skipped",),
    ),
    Pattern(
        id="write.dedup_skipped",
        cause="The target has extents with the tags of ingestIfNotExists: nothing was written.",
        fix=(
            "Nothing is lost if the same data were meant: their ingest-by tags are in the target.",
            "Else give the write other ingest-by tags (ingestIfNotExists).",
        ),
        retryable=False,
        written=Written.NOTHING,
        signatures=(any_of("ingestion skipped: provided ingest-by tags"),),
        ask=(Ask.DEDUPLICATION_INTENDED,),
        commands=(*FAILURES, Command.TAGS),
        operation=Operation.WRITE,
        surface=Surface.DRIVER_LOG,
        versions="up to 5.2.2",
    ),
    _coded(
        "ingest.schema_mismatch",
        "The records have another number of fields than the table or its mapping.",
        (
            (
                "Set adjustSchema to GenerateDynamicCsvMapping, or select the columns of the table in"
                " its order."
            ),
            "Compare the column count of the DataFrame with the target table's schema.",
        ),
        commands=(Command.SCHEMA, *TEMP),
        extra=("inconsistent number of fields", "wrong number of fields"),
    ),
    _coded(
        "ingest.bad_csv",
        "The service found malformed CSV: a quote that is not closed, or a character that does "
        "not belong there.",
        (
            (
                "Look for the quote or control character in the data; malformed CSV from the connector"
                " is a bug: report connector bug with the row."
            ),
        ),
        extra=("malformed csv", "closing quote"),
    ),
    _coded(
        "ingest.mapping",
        "The ingestion mapping is missing, wrong, or does not fit.",
        (
            (
                "Create the csv mapping on the table, or correct csvMappingNameReference in"
                " sparkIngestionPropertiesJson."
            ),
            (
                "Check the mapping with .show table ... ingestion csv mappings; in Transactional mode"
                " the temporary table has no mapping of its own."
            ),
        ),
        commands=(Command.MAPPINGS, Command.SCHEMA),
        extra=("mapping reference wasn't found", "mapping reference was not found"),
    ),
    _coded(
        "ingest.download_forbidden",
        "The service may not read the blob: the SAS expired, or a storage firewall is in the way.",
        (
            (
                "Check that the SAS expired not before the service read the blob, and the firewall of"
                " the storage account."
            ),
            (
                "With own storage give the cluster access (kustoIngestionStorageContainer); with"
                " Kusto's own storage open a ticket."
            ),
        ),
        commands=TEMP,
        ask_when=((Ask.INGESTION_STORAGE_OWNER, both(_in_rows, opposite(_own_storage))),),
    ),
    _coded(
        "ingest.source_missing",
        "The blob was gone when the service came for it.",
        (
            (
                "Find who had the blob deleted: a lifecycle policy of the storage account, or a"
                " clean-up job. Then write again."
            ),
        ),
        commands=TEMP,
    ),
    _coded(
        "ingest.entity_not_found",
        "The table or database did not exist any more when the service ingested.",
        (
            (
                "Create the table or database, or correct the name; in Transactional mode the temporary"
                " table was dropped (sparkTempTable_...) under the ingestion: by a clean-up, or by"
                " another write with the same requestId."
            ),
        ),
        commands=(Command.TABLE_EXISTS, *TEMP, Command.DATABASES),
    ),
    _coded(
        "ingest.creation_time",
        "creationTime lies before the table's retention: the data would be deleted at once.",
        (
            (
                "Correct creationTime in sparkIngestionPropertiesJson, or raise the retention"
                " (SoftDeletePeriod) of the table."
            ),
        ),
        commands=(Command.RETENTION,),
    ),
    _coded(
        "ingest.retry_exceeded",
        "The service gave up after its own tries.",
        ("A retry may succeed: write again once; look at the cluster's capacity and health.",),
        retryable=True,
        commands=(Command.CAPACITY,),
    ),
    _coded(
        "ingest.schema_race",
        "The table's schema changed while the data were ingested.",
        (
            "Transient: run again, and do not alter the schema while writes run.",
            "The service retries it by itself in Queued mode.",
        ),
        retryable=True,
        commands=(Command.SCHEMA,),
    ),
    _coded(
        "ingest.throttled",
        "The engine throttled the ingestion.",
        (
            (
                "The service retries it with backoff; wait, then write less at once or scale out the"
                " cluster (ingestion capacity)."
            ),
        ),
        retryable=True,
        commands=(Command.CAPACITY,),
    ),
    _coded(
        "ingest.duplicate_blob",
        "The same blob was queued twice; the service took it once.",
        ("No data loss: one copy kept. Nothing to do; look for retried tasks if it is frequent.",),
    ),
    _coded(
        "ingest.update_policy",
        "The table's update policy failed, and with it the ingestion.",
        (
            "Correct the update policy: its query schema must be that of the target table.",
            "Run the policy's query alone; a transient failure of it passes with a retry.",
        ),
        commands=(Command.UPDATE_POLICY, Command.SCHEMA),
        extra=("failed to invoke update policy",),
    ),
    _coded(
        "auth.table_denied",
        "The principal may not ingest into this table or database.",
        (
            (
                "Grant the principal ingestor on the database or table (and table admin for"
                " Transactional); a restricted view or row-level security needs its own grant."
            ),
        ),
        commands=(Command.TABLE_PRINCIPALS, Command.DATABASE_PRINCIPALS),
    ),
    _coded(
        "ingest.transient",
        "A failure of the service that passes.",
        ("The service retries a queued ingestion by itself: wait, then compare the row counts.",),
        retryable=True,
    ),
    _coded(
        "ingest.unclassified_permanent",
        "The service refused the data for good, with a code of no pattern of its own.",
        (
            (
                "Read the Details and the error code; correct data or configuration, then write again:"
                " a retry of the same blob fails the same way."
            ),
        ),
        ask_when=((Ask.DETAILS_TEXT, _no_details),),
    ),
    Pattern(
        id="ingest.failed_primary",
        cause="The ingestion failed; its error code was cut off.",
        fix=(
            "The first exception is the root: find the ingestion's error code and Details.",
            "Look for the left-over table sparkTempTable_...",
        ),
        retryable=False,
        written=Written.BY_MODE,
        signatures=(any_of("ingestion to kusto failed with status"),),
        ask_when=((Ask.ERROR_CODE, _no_code),),
        commands=(*FAILURES, *TEMP, Command.COMMANDS),
        operation=Operation.WRITE,
        mode=Mode.TRANSACTIONAL,
        surface=Surface.DRIVER_EXCEPTION,
    ),
)
