"""What holds of each kind of failure of Spark jobs, Kafka clients and Kusto."""

from collections.abc import Mapping

from connector_healing.core.categories import FailureCategory, FailureSubcategory
from connector_healing.core.subcategory_facts import SubcategoryFacts, facts

_C = FailureCategory
_S = FailureSubcategory

#: The part of the taxonomy that no connector of ours can show.
JOB_FACTS: Mapping[FailureSubcategory, SubcategoryFacts] = {
    _S.KUSTO_ACCESS: facts(
        _C.KUSTO,
        "Give the principal the role that the operation needs, or renew its credential.",
        human=True,
    ),
    _S.KUSTO_THROTTLED: facts(
        _C.KUSTO, "Try again with growing pauses, and run fewer operations at once.", retryable=True
    ),
    _S.KUSTO_UNAVAILABLE: facts(
        _C.KUSTO, "Try again later; if it goes on, look at the cluster's state.", retryable=True
    ),
    _S.KUSTO_QUERY: facts(_C.KUSTO, "Correct the query, or make it return or hold less."),
    _S.KUSTO_INGESTION: facts(
        _C.KUSTO,
        "Look at `.show ingestion failures`: data, mapping and table have to fit each other.",
    ),
    _S.KUSTO_CONFIGURATION: facts(
        _C.KUSTO, "Correct the cluster, database, table or option that is named.", human=True
    ),
    _S.DRIVER_MEMORY: facts(
        _C.SPARK_MEMORY,
        "Give the driver more memory, or bring less to it.",
        retryable=True,
        human=True,
    ),
    _S.EXECUTOR_MEMORY: facts(
        _C.SPARK_MEMORY,
        "Give executors more memory, or make partitions smaller.",
        retryable=True,
        human=True,
    ),
    _S.CONTAINER_MEMORY: facts(
        _C.SPARK_MEMORY,
        "Raise the memory overhead, or make partitions smaller.",
        retryable=True,
        human=True,
    ),
    _S.PYTHON_MEMORY: facts(
        _C.SPARK_MEMORY,
        "Give Python workers more memory, or hold less in them at once.",
        retryable=True,
        human=True,
    ),
    _S.RESULT_SIZE: facts(
        _C.SPARK_MEMORY,
        "Write the result instead of collecting it, or raise spark.driver.maxResultSize.",
    ),
    _S.EXECUTOR_LOST: facts(
        _C.SPARK_EXECUTOR_LOST,
        "Try again; if it happens again, find out what ends the executors.",
        retryable=True,
    ),
    _S.SHUFFLE_LOST: facts(
        _C.SPARK_EXECUTOR_LOST,
        "Try again; look for the executor that was lost before.",
        retryable=True,
    ),
    _S.NODE_LOST: facts(
        _C.SPARK_EXECUTOR_LOST, "Try again: the node was lost or taken away.", retryable=True
    ),
    _S.CLASS_MISSING: facts(
        _C.SPARK_DEPENDENCY,
        "Add the package that holds the class, in the version that fits this Spark and Scala.",
        human=True,
    ),
    _S.MODULE_MISSING: facts(
        _C.SPARK_DEPENDENCY,
        "Install the Python module where the driver and the executors run.",
        human=True,
    ),
    _S.DATA_SOURCE_MISSING: facts(
        _C.SPARK_DEPENDENCY, "Add the data source's package to the job.", human=True
    ),
    _S.VERSIONS_MIXED: facts(
        _C.SPARK_DEPENDENCY,
        "Use packages built for this version of Spark, Scala, Java and Python.",
        human=True,
    ),
    _S.COLUMN_UNRESOLVED: facts(
        _C.SPARK_ANALYSIS, "Correct the column's name, or add the column before it is used."
    ),
    _S.TABLE_UNRESOLVED: facts(
        _C.SPARK_ANALYSIS, "Correct the table's name, catalog or schema, or create it first."
    ),
    _S.SQL_INVALID: facts(_C.SPARK_ANALYSIS, "Correct the statement at the named place."),
    _S.TYPES_MISMATCHED: facts(
        _C.SPARK_ANALYSIS, "Cast the columns so that both sides have the same type and number."
    ),
    _S.PATH_MISSING: facts(
        _C.SPARK_STORAGE, "Check the path, and whether what writes it has run.", human=True
    ),
    _S.FILES_CHANGED: facts(
        _C.SPARK_STORAGE,
        "Try again: refresh the table, and do not write what is being read.",
        retryable=True,
    ),
    _S.STORAGE_ACCESS: facts(
        _C.SPARK_STORAGE,
        "Grant the job's identity the right on the storage, or renew its credential.",
        human=True,
    ),
    _S.STORAGE_BUSY: facts(
        _C.SPARK_STORAGE,
        "Try again with growing pauses; let fewer writers work on the same table.",
        retryable=True,
    ),
    _S.STORAGE_FULL: facts(
        _C.SPARK_STORAGE, "Free or add space where the message says.", human=True
    ),
    _S.STORAGE_CORRUPT: facts(
        _C.SPARK_STORAGE, "Find out what broke the files, and restore or rewrite them.", human=True
    ),
    _S.UDF_FAILED: facts(_C.SPARK_USER_CODE, "Correct the function at the named line."),
    _S.JOB_CODE_FAILED: facts(_C.SPARK_USER_CODE, "Correct the job's code at the named place."),
    _S.NO_CAPACITY: facts(
        _C.SPARK_CAPACITY,
        "Wait for free workers, ask for less, or add workers.",
        retryable=True,
        human=True,
    ),
    _S.CLUSTER_LIMIT: facts(
        _C.SPARK_CAPACITY,
        "Ask for what the cluster or the account's limit allows, or raise the limit.",
        human=True,
    ),
    _S.SESSION_LIMIT: facts(
        _C.SPARK_CAPACITY,
        "Wait until a session ends, and close those that are not needed.",
        retryable=True,
    ),
    _S.CLUSTER_NOT_READY: facts(
        _C.SPARK_CAPACITY, "Try again when the cluster is up again.", retryable=True
    ),
    _S.KAFKA_CREDENTIALS: facts(
        _C.KAFKA_AUTH, "Check user, password, key or ticket, and the SASL mechanism.", human=True
    ),
    _S.KAFKA_ACL: facts(
        _C.KAFKA_AUTH, "Grant the principal the ACL on the topic, group or cluster.", human=True
    ),
    _S.BROKER_UNREACHABLE: facts(
        _C.KAFKA_BROKER,
        "Try again; if it goes on, check brokers, addresses and advertised listeners.",
        retryable=True,
    ),
    _S.BROKER_BUSY: facts(
        _C.KAFKA_BROKER,
        "Try again: the brokers are electing, restarting or overloaded.",
        retryable=True,
    ),
    _S.BROKER_SETUP: facts(
        _C.KAFKA_BROKER,
        "Use the protocol, listener and versions that the broker offers.",
        human=True,
    ),
    _S.TOPIC_MISSING: facts(
        _C.KAFKA_TOPIC, "Create the topic or partition, or correct its name.", human=True
    ),
    _S.TOPIC_INVALID: facts(
        _C.KAFKA_TOPIC,
        "Choose a name and settings that the brokers and their policy allow.",
        human=True,
    ),
    _S.TOPIC_EXISTS: facts(_C.KAFKA_TOPIC, "Use the topic that is there."),
    _S.MESSAGE_TOO_LARGE: facts(
        _C.KAFKA_TOPIC,
        "Make messages smaller or compress them, or raise the limit on producer, topic and broker.",
    ),
    _S.SCHEMA_MISSING: facts(
        _C.KAFKA_SCHEMA,
        "Register the schema, or correct the subject's name or the registry's address.",
        human=True,
    ),
    _S.SCHEMA_INCOMPATIBLE: facts(
        _C.KAFKA_SCHEMA,
        "Change the schema compatibly: new fields with defaults, and no field of another type.",
    ),
    _S.SCHEMA_MISREAD: facts(
        _C.KAFKA_SCHEMA, "Read the topic with the format and schema that it was written with."
    ),
    _S.REGISTRY_ACCESS: facts(
        _C.KAFKA_SCHEMA,
        "Give the client the registry's credential and the right on the subject.",
        human=True,
    ),
    _S.REGISTRY_UNAVAILABLE: facts(
        _C.KAFKA_SCHEMA,
        "Try again later: the registry or its store does not answer.",
        retryable=True,
    ),
    _S.GROUP_REBALANCING: facts(
        _C.KAFKA_CONSUMER,
        "Try again after the rebalance; process less between two polls.",
        retryable=True,
    ),
    _S.GROUP_FENCED: facts(
        _C.KAFKA_CONSUMER,
        "Give each instance an id of its own, and stop the one that should not run.",
        human=True,
    ),
    _S.OFFSET_LOST: facts(
        _C.KAFKA_CONSUMER, "Decide where to read on; records between are gone.", human=True
    ),
    _S.CONSUMER_MISUSED: facts(
        _C.KAFKA_CONSUMER,
        "Correct how the consumer is used: subscribe, assign, seek and commit in order.",
    ),
}
