"""Writes in the mode KustoStreaming."""

from connector_healing.core.kusto.commands import Command
from connector_healing.core.kusto.pattern import (
    Pattern,
    Written,
    any_of,
    sig,
)
from connector_healing.core.kusto.patterns.conditions import (
    FAILURES,
    is_streaming,
)
from connector_healing.core.kusto.vocabulary import Mode, Operation, Surface

STREAMING = (
    Pattern(
        id="streaming.fallback_then_queue_failed",
        cause="Streaming failed, the connector fell back to the queue, and the queue refused the "
        "message too.",
        fix=(
            (
                "Open the way to the queue: DNS, firewall or private endpoint of"
                " *.queue.core.windows.net."
            ),
            (
                "Check the streaming ingestion policy of table and cluster, so that no fall-back is"
                " needed."
            ),
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
            (
                "Enable the streaming policy on table (or database) and cluster, or correct what the"
                " message says."
            ),
            "A part of the partitions may be in: a re-run duplicates them.",
        ),
        retryable=False,
        written=Written.BY_MODE,
        signatures=(
            sig("streaming ingestion in partition", some=("failed.", "exception")),
            sig(
                "streamingingestclient", some=("ingestionserviceexception", "dataserviceexception")
            ),
            any_of(
                "streamingingestionpolicynotenabled", "streaming ingestion policy is not enabled"
            ),
            sig("ingestionserviceexception", when=is_streaming),
        ),
        commands=(
            Command.STREAMING_FAILURES,
            Command.STREAMING_POLICY,
            Command.COMMANDS,
            Command.SCHEMA,
        ),
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
