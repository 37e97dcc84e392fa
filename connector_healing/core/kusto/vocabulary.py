"""The closed words that the Kusto triage answers with."""

from collections.abc import Mapping
from enum import StrEnum


class Operation(StrEnum):
    """What the Spark job did with Kusto."""

    READ = "read"
    WRITE = "write"
    UNKNOWN = "unknown"


class Mode(StrEnum):
    """How it did it: what was really used, never a guess."""

    TRANSACTIONAL = "Transactional"
    QUEUED = "Queued"
    STREAMING = "KustoStreaming"
    SINGLE = "Single"
    DISTRIBUTED = "Distributed"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "n/a"


WRITE_MODES = (Mode.TRANSACTIONAL, Mode.QUEUED, Mode.STREAMING)
READ_MODES = (Mode.SINGLE, Mode.DISTRIBUTED)


class Surface(StrEnum):
    """The first place where the evidence shows the failure."""

    DRIVER_EXCEPTION = "driver_exception"
    DRIVER_LOG = "driver_log"
    EXECUTOR_LOG = "executor_log"
    INGESTION_FAILURES = "show_ingestion_failures"
    OPERATIONS = "show_operations"
    COMMANDS = "show_commands"
    DATA_MISSING = "no_error_data_missing"
    USER_REPORT = "user_report"


class Ask(StrEnum):
    """A fact without which cause or fix cannot be decided."""

    OPERATION = "operation"
    WRITE_MODE = "write_mode"
    READ_MODE = "read_mode"
    INTENDED_MODE = "intended_mode"
    REQUEST_ID = "request_id"
    REQUEST_ID_CONSTANT = "request_id_constant"
    OPERATION_ID = "operation_id"
    SHOW_OPERATIONS_RESULT = "show_operations_result"
    CONNECTOR_VERSION = "connector_version"
    SPARK_VERSION = "spark_version"
    JAVA_VERSION = "java_version"
    PLATFORM = "platform"
    INSTALLED_LIBRARIES = "installed_libraries"
    CLUSTER_URI = "cluster_uri"
    DATABASE_AND_TABLE = "database_and_table"
    ENDPOINT = "endpoint"
    AUTH_METHOD = "auth_method"
    TLS_PROXY = "tls_proxy"
    EXCEPTION_TEXT = "exception_text"
    FULL_CAUSE_CHAIN = "full_cause_chain"
    DRIVER_LOG = "driver_log"
    DRIVER_DEBUG_LOG = "driver_debug_log"
    EXECUTOR_LOG = "executor_log"
    ERROR_CODE = "error_code"
    DETAILS_TEXT = "details_text"
    STATUS_TEXT = "status_text"
    INGEST_ENDPOINT_ANSWER = "ingest_endpoint_answer"
    JOB_OUTCOME = "job_outcome"
    ROW_COUNTS = "row_counts"
    MINUTES_SINCE_END = "minutes_since_end"
    SESSION_AGE = "session_age"
    SESSION_TIME_ZONE = "session_time_zone"
    DATAFRAME_SCHEMA = "dataframe_schema"
    TRANSIENT_STORAGE_SHAPE = "transient_storage_shape"
    INGESTION_STORAGE_OWNER = "ingestion_storage_owner"
    DEDUPLICATION_INTENDED = "deduplication_intended"
    WRITE_ENABLE_ASYNC = "write_enable_async"
    DRIVER_ALIVE = "driver_alive"
    RUN_ACTIVE = "run_active"
    RETRIED_TASKS = "retried_tasks"
    TEMP_TABLE_DROPPED = "temp_table_dropped"
    QUERY_STOPPED_ON_PURPOSE = "query_stopped_on_purpose"
    STREAMING_QUERY_RUNNING = "streaming_query_running"


#: Each question as a person reads it, and where its answer is found.
QUESTIONS: Mapping[Ask, tuple[str, str]] = {
    Ask.OPERATION: (
        "Was it a read or a write?",
        "The job's code: spark.read.format(...) or df.write.format(...).",
    ),
    Ask.WRITE_MODE: (
        "Which writeMode was set: Transactional, Queued or KustoStreaming?",
        "The option map of the write, or the log line 'Parsed write options for sink'.",
    ),
    Ask.READ_MODE: (
        "Which readMode was set: ForceSingleMode, ForceDistributedMode or none?",
        "The option map of the read, or the log line 'Finished serializing parameters for reading'.",
    ),
    Ask.INTENDED_MODE: ("Which mode was meant?", "Ask whoever wrote the job."),
    Ask.REQUEST_ID: (
        "What is the requestId?",
        "The option requestId, or 'requestId:' in the driver log (logger KustoConnector, INFO).",
    ),
    Ask.REQUEST_ID_CONSTANT: (
        "Is one requestId used for several writes?",
        "The job's code: is the option requestId a constant?",
    ),
    Ask.OPERATION_ID: (
        "What is the operation's id?",
        "The driver log at DEBUG, or the OperationId column of .show commands.",
    ),
    Ask.SHOW_OPERATIONS_RESULT: (
        "What do State and Status of the operation say?",
        ".show operations <id>; after six hours only the filter form still finds it.",
    ),
    Ask.CONNECTOR_VERSION: (
        "Which version of the connector is it?",
        "The jar's name (kusto-spark_4.0_2.13-7.1.1.jar), or x-ms-app in .show commands.",
    ),
    Ask.SPARK_VERSION: ("Which Spark version is it?", "spark.version in the session."),
    Ask.JAVA_VERSION: ("Which Java version is it?", "The Environment tab of the Spark UI."),
    Ask.PLATFORM: (
        "Where does Spark run: Databricks, Fabric, Synapse or your own?",
        "Whoever runs the cluster knows it.",
    ),
    Ask.INSTALLED_LIBRARIES: (
        "Which other Kusto, Azure or Netty jars are on the cluster?",
        "The cluster's libraries, and the Classpath entries of the Spark UI's Environment tab.",
    ),
    Ask.CLUSTER_URI: ("Which URI has the cluster?", "The option kustoCluster."),
    Ask.DATABASE_AND_TABLE: (
        "Which database and table?",
        "The options kustoDatabase and kustoTable.",
    ),
    Ask.ENDPOINT: (
        "Did the engine or the ingest- endpoint answer?",
        "The host in the message, or the frames above it at DEBUG.",
    ),
    Ask.AUTH_METHOD: (
        "Which of the connector's authentication options is used?",
        "The names (not the values) of the options kustoAad..., accessToken, managedIdentityAuth.",
    ),
    Ask.TLS_PROXY: (
        "Does a TLS-inspecting proxy stand in the path?",
        "The issuer of the certificate that the host shows from the driver.",
    ),
    Ask.EXCEPTION_TEXT: ("What does the exception say?", "The last lines of the job's output."),
    Ask.FULL_CAUSE_CHAIN: (
        "What is the whole stack trace, down to the last 'Caused by'?",
        "The driver log; the notebook often shows only its head.",
    ),
    Ask.DRIVER_LOG: (
        "What does the driver log say, at INFO, from the start of the read or write?",
        "The driver's log4j output; the lines of the logger KustoConnector.",
    ),
    Ask.DRIVER_DEBUG_LOG: (
        "What does the driver log say at DEBUG?",
        "Set log4j.logger.KustoConnector=DEBUG, or setLoggingLevel('debug'), and run again.",
    ),
    Ask.EXECUTOR_LOG: (
        "What does the executor log of the failed stage say?",
        "The Spark UI: Stages, the failed stage, stderr of the failed task.",
    ),
    Ask.ERROR_CODE: (
        "What is the errorCode of the ingestion info?",
        "The JSON after 'Ingestion info:', or ErrorCode of .show ingestion failures.",
    ),
    Ask.DETAILS_TEXT: (
        "What is the whole Details text of the ingestion failure?",
        "The Details column of .show ingestion failures.",
    ),
    Ask.STATUS_TEXT: (
        "What is the whole Status text of the operation?",
        "The Status column of .show operations.",
    ),
    Ask.INGEST_ENDPOINT_ANSWER: (
        "Which HTTP code and body does the ingest endpoint answer?",
        ".show ingestion resources on https://ingest-<cluster>, as the job's principal.",
    ),
    Ask.JOB_OUTCOME: ("Did the Spark job end with success?", "The Spark UI or the scheduler."),
    Ask.ROW_COUNTS: (
        "How many rows were expected, and how many are there?",
        "df.count() before the write, and <table> | count.",
    ),
    Ask.MINUTES_SINCE_END: (
        "How many minutes ago did the job end?",
        "The scheduler; queued data wait for the batching policy, 5 minutes by default.",
    ),
    Ask.SESSION_AGE: (
        "Is it the same Spark session for more than two hours?",
        "The Spark UI's uptime; SAS keys of the export containers are kept for the session.",
    ),
    Ask.SESSION_TIME_ZONE: ("Which session time zone is set?", "spark.sql.session.timeZone."),
    Ask.DATAFRAME_SCHEMA: ("What is the DataFrame's schema?", "df.printSchema()."),
    Ask.TRANSIENT_STORAGE_SHAPE: (
        "What does transientStorage look like, secrets removed?",
        "The option transientStorage: which keys it has, container or account, SAS or key.",
    ),
    Ask.INGESTION_STORAGE_OWNER: (
        "Is the ingestion storage your own or managed by Kusto?",
        "The option kustoIngestionStorageContainer, and the account in IngestionSourcePath.",
    ),
    Ask.DEDUPLICATION_INTENDED: (
        "Is deduplication by ingest-by tags intended?",
        "ingestByTags and ingestIfNotExists in sparkIngestionPropertiesJson.",
    ),
    Ask.WRITE_ENABLE_ASYNC: ("Is writeEnableAsync set?", "The option map of the write."),
    Ask.DRIVER_ALIVE: ("Did the driver die?", "The cluster's event log."),
    Ask.RUN_ACTIVE: ("Is a run of this job still active?", "The scheduler."),
    Ask.RETRIED_TASKS: (
        "Were there retried or speculative tasks?",
        "The Spark UI: Stages, attempts above 0; spark.speculation.",
    ),
    Ask.TEMP_TABLE_DROPPED: (
        "Was the temporary table dropped by the clean-up?",
        "'Temporary table ... deleted successfully' in the driver log, or .show tables.",
    ),
    Ask.QUERY_STOPPED_ON_PURPOSE: (
        "Was the query stopped on purpose?",
        "Whoever runs the job; the Spark UI's 'cancelled' reason.",
    ),
    Ask.STREAMING_QUERY_RUNNING: (
        "Is the streaming query still running?",
        "The Structured Streaming tab of the Spark UI.",
    ),
}
