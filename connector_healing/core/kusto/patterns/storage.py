"""Blobs, queues and tables between the executors and the service."""

from connector_healing.core.kusto.commands import Command
from connector_healing.core.kusto.facts import Facts
from connector_healing.core.kusto.pattern import (
    Pattern,
    Written,
    any_of,
    sig,
)
from connector_healing.core.kusto.patterns.conditions import (
    FAILURES,
    TEMP,
    is_write,
)
from connector_healing.core.kusto.patterns.traces import went_on
from connector_healing.core.kusto.vocabulary import Ask, Mode, Operation, Surface

_RESOURCES = "unable to get ingestion resources"


def _blob_host(facts: Facts) -> bool:
    return ".blob." in facts.failing


STORAGE = (
    Pattern(
        id="write.duplicates_on_task_retry",
        cause="A task was lost after it had queued blobs, and its retry queued them again.",
        fix=(
            (
                "Use deterministic partitions (repartition by a key, cache before the write) with"
                " ensureNoDuplicatedBlobs, or write with Transactional."
            ),
        ),
        retryable=False,
        written=Written.ALREADY,
        signatures=(sig(when=went_on),),
        ask=(Ask.RETRIED_TASKS,),
        commands=FAILURES,
        operation=Operation.WRITE,
        surface=Surface.EXECUTOR_LOG,
    ),
    Pattern(
        id="auth.ingest.forbidden",
        cause="The ingest endpoint itself answered that the principal is not allowed.",
        fix=("Grant the principal ingestor on the database: the ingest endpoint refused it.",),
        retryable=False,
        written=Written.BY_MODE,
        signatures=(
            sig(
                _RESOURCES, "show ingestion resources", some=("403", "forbidden", "not authorized")
            ),
            sig(
                "show ingestion resources",
                some=("403", "forbidden", "not authorized"),
                when=is_write,
            ),
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
            sig(
                "nostoragecontainersexception",
                when=lambda f: is_write(f) and "export" not in f.failing,
            ),
            sig(
                "failed to allocate temporary storage",
                when=lambda f: is_write(f) and "export" not in f.failing,
            ),
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
            (
                "Open the way to *.queue.core.windows.net from the executors: DNS, firewall, private"
                " endpoint."
            ),
            "What was queued before stays: look for it before a second run.",
        ),
        retryable=True,
        written=Written.BY_MODE,
        signatures=(
            any_of("posttoqueuewithretries", "posttoqueue"),
            sig("retries failed with last error"),
            sig(
                "queue.core.windows.net", some=("unknownhost", "forbidden", "connection", "refused")
            ),
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
            (
                "Open the way to the status table (*.table.core.windows.net): firewall, private"
                " endpoint, SAS."
            ),
        ),
        retryable=True,
        written=Written.BY_MODE,
        signatures=(any_of("failed to ingest from blob", "tableserviceexception"),),
        commands=(Command.INGESTION_RESOURCES, *TEMP),
        operation=Operation.WRITE,
        surface=Surface.EXECUTOR_LOG,
    ),
    Pattern(
        id="network.blob.dns",
        mode_of_read=Mode.DISTRIBUTED,
        cause="The name of the Kusto-managed storage account does not resolve.",
        fix=(
            (
                "Let the executors resolve and reach *.blob.core.windows.net: DNS zone of the private"
                " endpoint, firewall."
            ),
            (
                "Or use own storage: kustoIngestionStorageContainer for writes, transientStorage for"
                " reads."
            ),
        ),
        retryable=True,
        written=Written.BY_MODE,
        signatures=(
            sig(
                "unknownhostexception",
                some=(".blob.core.", ".blob.storage.", ".dfs.core.", ".blob."),
            ),
            # The storage SDK's own wrapper, its message empty: a name that does not resolve.
            any_of("ioexception:  please see the cause"),
            sig("failed to resolve '", when=_blob_host),
            sig("name or service not known", when=_blob_host),
        ),
        commands=(
            Command.INGESTION_RESOURCES,
            Command.EXPORT_CONTAINERS,
            Command.COMMANDS,
        ),
        surface=Surface.EXECUTOR_LOG,
    ),
    Pattern(
        id="storage.blob_put_forbidden",
        cause="The storage refused the upload of the blob (403).",
        fix=(
            "Open the storage firewall for the executors: *.blob.core.windows.net.",
            (
                "Check that the SAS allows writing; or use own storage:"
                " kustoIngestionStorageContainer."
            ),
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
            sig(
                some=("bloboutputstream", "cloudblockblob.upload", "blockblobclient.upload"),
                when=lambda f: (
                    f.operation is not Operation.READ
                    and any(word in f.failing for word in ("forbidden", "403"))
                ),
            ),
        ),
        commands=(Command.INGESTION_RESOURCES,),
        operation=Operation.WRITE,
        surface=Surface.EXECUTOR_LOG,
    ),
)
