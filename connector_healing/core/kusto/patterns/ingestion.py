"""Ingestion failures by code, and ingestion through blobs, queues and streams."""

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
    coded,
    is_streaming,
    is_write,
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
        signatures.append(any_of(*extra))
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


def _in_rows(facts: Facts) -> bool:
    return facts.rows.shows_failures


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
            "Else give the write other ingest-by tags; with ensureNoDuplicatedBlobs a retried task"
            " is skipped so as well.",
        ),
        commands=(Command.TAGS,),
        extra=("ingestion to kusto skipped", "ingestion skipped: provided ingest-by tags"),
        ask_when=((Ask.DEDUPLICATION_INTENDED, lambda f: "ingestion skipped:" in f.lower),),
    ),
    _coded(
        "ingest.schema_mismatch",
        "The records have another number of fields than the table or its mapping.",
        (
            "Set adjustSchema to GenerateDynamicCsvMapping, or select the columns of the table in"
            " its order.",
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
            "Look for the quote or control character in the data; malformed CSV from the connector"
            " is a bug: report connector bug with the row.",
        ),
        extra=("malformed csv", "closing quote"),
    ),
    _coded(
        "ingest.mapping",
        "The ingestion mapping is missing, wrong, or does not fit.",
        (
            "Create the csv mapping on the table, or correct csvMappingNameReference in"
            " sparkIngestionPropertiesJson.",
            "Check the mapping with .show table ... ingestion csv mappings; in Transactional mode"
            " the temporary table has no mapping of its own.",
        ),
        commands=(Command.MAPPINGS, Command.SCHEMA),
        extra=("mapping reference wasn't found", "mapping reference was not found"),
    ),
    _coded(
        "ingest.download_forbidden",
        "The service may not read the blob: the SAS expired, or a storage firewall is in the way.",
        (
            "Check that the SAS expired not before the service read the blob, and the firewall of"
            " the storage account.",
            "With own storage give the cluster access (kustoIngestionStorageContainer); with"
            " Kusto's own storage open a ticket.",
        ),
        commands=TEMP,
        ask_when=((Ask.INGESTION_STORAGE_OWNER, _in_rows),),
    ),
    _coded(
        "ingest.source_missing",
        "The blob was gone when the service came for it.",
        (
            "Find who had the blob deleted: a lifecycle policy of the storage account, or a"
            " clean-up job. Then write again.",
        ),
        commands=TEMP,
    ),
    _coded(
        "ingest.entity_not_found",
        "The table or database did not exist any more when the service ingested.",
        (
            "Create the table or database, or correct the name; in Transactional mode the temporary"
            " table was dropped (sparkTempTable_...) under the ingestion: by a clean-up, or by"
            " another write with the same requestId.",
        ),
        commands=(Command.TABLE_EXISTS, *TEMP, Command.DATABASES),
    ),
    _coded(
        "ingest.creation_time",
        "creationTime lies before the table's retention: the data would be deleted at once.",
        (
            "Correct creationTime in sparkIngestionPropertiesJson, or raise the retention"
            " (SoftDeletePeriod) of the table.",
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
            "The service retries it with backoff; wait, then write less at once or scale out the"
            " cluster (ingestion capacity).",
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
            "Grant the principal ingestor on the database or table (and table admin for"
            " Transactional); a restricted view or row-level security needs its own grant.",
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
            "Read the Details and the error code; correct data or configuration, then write again:"
            " a retry of the same blob fails the same way.",
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

STREAMING = (
    Pattern(
        id="streaming.fallback_then_queue_failed",
        cause="Streaming failed, the connector fell back to the queue, and the queue refused the "
        "message too.",
        fix=(
            "Open the way to the queue: DNS, firewall or private endpoint of"
            " *.queue.core.windows.net.",
            "Check the streaming ingestion policy of table and cluster, so that no fall-back is"
            " needed.",
        ),
        retryable=True,
        written=Written.BY_MODE,
        signatures=(
            sig("streaming ingestion in partition", some=("posttoqueue", "retries failed")),
            sig("posttoqueue", when=is_streaming),
            sig("retries failed with last error", when=is_streaming),
        ),
        commands=(
            Command.INGESTION_RESOURCES,
            Command.STREAMING_POLICY,
            Command.STREAMING_FAILURES,
            *FAILURES,
        ),
        operation=Operation.WRITE,
        mode=Mode.STREAMING,
        surface=Surface.EXECUTOR_LOG,
    ),
    Pattern(
        id="streaming.permanent_error",
        cause="The engine refused the streamed data for good; nothing is queued then.",
        fix=(
            "Enable the streaming policy on table (or database) and cluster, or correct what the"
            " message says.",
            "A part of the partitions may be in: a re-run duplicates them.",
        ),
        retryable=False,
        written=Written.BY_MODE,
        signatures=(
            sig("streaming ingestion in partition", some=("failed.", "exception")),
            sig("streamingingestclient", some=("ingestionserviceexception", "dataserviceexception")),
            any_of("streamingingestionpolicynotenabled", "streaming ingestion policy is not enabled"),
            sig("ingestionserviceexception", when=is_streaming),
        ),
        commands=(Command.STREAMING_FAILURES, Command.STREAMING_POLICY, Command.COMMANDS, Command.SCHEMA),
        operation=Operation.WRITE,
        mode=Mode.STREAMING,
        surface=Surface.EXECUTOR_LOG,
    ),
    Pattern(
        id="streaming.fallback_to_queued",
        cause="The connector could not stream the data (a transient error, a 401 with an empty "
        "body, or too large a chunk) and queued them: they come with the batching delay.",
        fix=(
            "Wait for the batching policy's time; then look at .show ingestion failures.",
            "Check the streamingingestion policy of table and cluster, and the principal's rights.",
            "Keep streamingIngestSizeInMB at 4 MB or below.",
        ),
        retryable=False,
        written=Written.ALREADY,
        signatures=(
            any_of(
                "ingestionstatus { status: 'queued'",
                "ingestionstatus{status: 'queued'",
                "falling back to queued ingestion",
            ),
        ),
        commands=(
            Command.STREAMING_POLICY,
            Command.BATCHING,
            *FAILURES,
            Command.STREAMING_FAILURES,
        ),
        operation=Operation.WRITE,
        mode=Mode.STREAMING,
        surface=Surface.EXECUTOR_LOG,
    ),
    Pattern(
        id="streaming.too_large_total",
        cause="A partition was larger than 100 MB, which streaming is not made for; the data were "
        "ingested.",
        fix=("Write with Queued, or keep below 100 MB per partition (repartition).",),
        retryable=False,
        written=Written.NOTHING,
        signatures=(any_of("please consider 'queued' writemode"),),
        commands=(Command.STREAMING_POLICY, Command.STREAMING_FAILURES),
        operation=Operation.WRITE,
        mode=Mode.STREAMING,
        surface=Surface.EXECUTOR_LOG,
    ),
    Pattern(
        id="streaming.chunked",
        cause="A batch was larger than streamingIngestSizeInMB and was cut into chunks. That is no "
        "failure.",
        fix=(
            "Benign: the batch is auto-chunked; the number is bytes not MB in that line.",
            "For large partitions write with Queued.",
        ),
        retryable=False,
        written=Written.NOTHING,
        signatures=(any_of("exceeds the max streaming size"),),
        commands=(Command.STREAMING_POLICY,),
        operation=Operation.WRITE,
        mode=Mode.STREAMING,
        surface=Surface.EXECUTOR_LOG,
    ),
)

_RESOURCES = "unable to get ingestion resources"


def _blob_host(facts: Facts) -> bool:
    return ".blob." in facts.failing or "blob.core" in facts.failing


STORAGE = (
    Pattern(
        id="auth.ingest.forbidden",
        cause="The ingest endpoint itself answered that the principal is not allowed.",
        fix=(
            "Grant the principal ingestor on the database: the ingest endpoint refused it.",
        ),
        retryable=False,
        written=Written.BY_MODE,
        signatures=(
            sig(_RESOURCES, "show ingestion resources", some=("403", "forbidden", "not authorized")),
            sig("show ingestion resources", some=("403", "forbidden", "not authorized"), when=is_write),
        ),
        commands=(Command.INGESTION_RESOURCES, Command.DATABASE_PRINCIPALS),
        surface=Surface.EXECUTOR_LOG,
    ),
    Pattern(
        id="storage.identity_token_unavailable",
        cause="The ingest endpoint gave no identity token; the code of its answer is not visible.",
        fix=(
            "Grant the principal ingestor on the database.",
            "Ask the ingest- endpoint itself: its HTTP code tells 401, 403, 429 and 5xx apart.",
        ),
        retryable=True,
        written=Written.BY_MODE,
        signatures=(
            any_of("unable to get identity token", "getidentitytoken", "get kusto identity token"),
        ),
        ask=(Ask.INGEST_ENDPOINT_ANSWER,),
        commands=(Command.INGESTION_RESOURCES, Command.DATABASE_PRINCIPALS),
        operation=Operation.WRITE,
        surface=Surface.EXECUTOR_LOG,
    ),
    Pattern(
        id="storage.no_containers",
        cause="The ingest endpoint lists no temporary storage, or nothing at all.",
        fix=(
            "Check the cluster's managed storage; open a support ticket.",
            "Meanwhile give own storage: kustoIngestionStorageContainer.",
        ),
        retryable=False,
        written=Written.BY_MODE,
        signatures=(
            sig(_RESOURCES, "temp_storage"),
            sig("nostoragecontainersexception", when=lambda f: is_write(f) and "export" not in f.failing),
            sig("failed to allocate temporary storage", when=lambda f: is_write(f) and "export" not in f.failing),
        ),
        commands=(Command.INGESTION_RESOURCES, *TEMP),
        operation=Operation.WRITE,
        surface=Surface.EXECUTOR_LOG,
    ),
    Pattern(
        id="storage.ingestion_resources_unavailable",
        cause="The ingest endpoint never gave its resources: it answered 401, 403, 429 or 5xx, or "
        "not at all. The connector cannot tell these apart.",
        fix=(
            "Ask the ingest- endpoint itself (.show ingestion resources) as the job's principal.",
            "403: grant ingestor. No answer: network, DNS, firewall to the ingest- endpoint.",
        ),
        retryable=True,
        written=Written.BY_MODE,
        signatures=(
            any_of(_RESOURCES),
            sig("thread checking refresh job timed out"),
        ),
        ask=(Ask.INGEST_ENDPOINT_ANSWER,),
        commands=(Command.INGESTION_RESOURCES, Command.DATABASE_PRINCIPALS, *TEMP),
        operation=Operation.WRITE,
        surface=Surface.EXECUTOR_LOG,
    ),
    Pattern(
        id="storage.queue_post_failed",
        cause="The message for the service could not be put into its queue.",
        fix=(
            "Open the way to *.queue.core.windows.net from the executors: DNS, firewall, private"
            " endpoint.",
            "What was queued before stays: look for it before a second run.",
        ),
        retryable=True,
        written=Written.BY_MODE,
        signatures=(
            any_of("posttoqueuewithretries", "posttoqueue"),
            sig("retries failed with last error"),
            sig("queue.core.windows.net", some=("unknownhost", "forbidden", "connection", "refused")),
        ),
        commands=(Command.INGESTION_RESOURCES, *FAILURES),
        operation=Operation.WRITE,
        surface=Surface.EXECUTOR_LOG,
    ),
    Pattern(
        id="storage.status_table_insert_failed",
        cause="The first row of the status table could not be written: a transactional write needs "
        "it.",
        fix=(
            "Open the way to the status table (*.table.core.windows.net): firewall, private"
            " endpoint, SAS.",
        ),
        retryable=True,
        written=Written.BY_MODE,
        signatures=(any_of("failed to ingest from blob"),),
        commands=(Command.INGESTION_RESOURCES, *TEMP),
        operation=Operation.WRITE,
        surface=Surface.EXECUTOR_LOG,
    ),
    Pattern(
        id="network.blob.dns",
        cause="The name of the Kusto-managed storage account does not resolve.",
        fix=(
            "Let the executors resolve and reach *.blob.core.windows.net: DNS zone of the private"
            " endpoint, firewall.",
            "Or use own storage: kustoIngestionStorageContainer for writes, transientStorage for"
            " reads.",
        ),
        retryable=True,
        written=Written.BY_MODE,
        signatures=(
            sig("unknownhostexception", some=(".blob.core.", ".blob.storage.", ".dfs.core.", ".blob.")),
            sig("failed to resolve", when=_blob_host),
            sig("name or service not known", when=_blob_host),
        ),
        commands=(
            Command.INGESTION_RESOURCES,
            Command.EXPORT_CONTAINERS,
        ),
        surface=Surface.EXECUTOR_LOG,
    ),
    Pattern(
        id="storage.blob_put_forbidden",
        cause="The storage refused the upload of the blob (403).",
        fix=(
            "Open the storage firewall for the executors: *.blob.core.windows.net.",
            "Check that the SAS allows writing; or use own storage:"
            " kustoIngestionStorageContainer.",
        ),
        retryable=True,
        written=Written.BY_MODE,
        signatures=(
            sig("forbidden please see the cause"),
            sig(
                "storageexception",
                some=("forbidden", "status code 403", "authorizationfailure", "not authorized"),
                when=is_write,
            ),
            sig("bloboutputstream", some=("forbidden", "403"), when=opposite(lambda f: f.operation is Operation.READ)),
        ),
        commands=(Command.INGESTION_RESOURCES,),
        operation=Operation.WRITE,
        surface=Surface.EXECUTOR_LOG,
    ),
)
