"""Texts by which the connector, and it alone, is known."""

#: Class and logger names of the connector and of the SDK inside it, lower case. Source: packages
#: and the logger's literal name in connector 7.1.1 (KustoDataSourceUtils); `synapse` is its build
#: for Azure Synapse.
CONNECTOR_MARKS = (
    "com.microsoft.kusto.spark",
    "kustoconnector:",
    "kustoconnector [",
    "kustoconnector -",
    "kustoconnector]",
    'kustoconnector"',
    "kustoconnector |",
    "kustoconnector$",
    "kusto_connector_shaded",
    "sparktemptable_",
    "kusto.spark.connector",
    "kustosinkprovider",
    "kusto-spark_",
    "spark-kusto-connector",
    "parsesinkparameters",
)

#: The SDK, which other products use too: of the connector only in a Spark job.
SDK_MARKS = (
    *('"kusto.datanode.', '"kusto.common.', '"kusto.data.exceptions.'),
    *("com.microsoft.azure.kusto.data", "com.microsoft.azure.kusto.ingest"),
)

#: What only the connector says, where the class names were cut off.
CONNECTOR_TEXTS = (
    "timed out polling on ingestion status",
    "failed to poll on ingestion status",
    "ingestion to kusto failed",
    "ingestion to kusto skipped",
    "failed to move extents after",
    "temptablename can only be used with",
    "temp table name provided but the table does not exist",
    "spark connector cannot run kusto commands",
    "kusto data source supports only 'append' mode",
    "failed to execute kusto operation with operationid",
    "more than one authentication methods were provided. failing",
    "kustooptions.kusto_",
    "generatedynamiccsvmapping cannot be used",
    "source schema has columns that are not present in the target",
    "tablecreateoptions is set to failifnotexist",
)

_OTHER_PRODUCTS = ("com.microsoft.azure.kusto.kafka", "kafka.connect.sink.kusto")


def shows_kusto_connector(text: str) -> bool:
    """Whether a log or a stack trace of a Spark job shows the Kusto connector at work.

    Args:
        text: The evidence, of any length and origin.
    """
    lower = text.lower()
    if any(mark in lower for mark in CONNECTOR_MARKS):
        return True
    if any(mark in lower for mark in CONNECTOR_TEXTS):
        return True
    if any(mark in lower for mark in _OTHER_PRODUCTS):
        return False
    return any(mark in lower for mark in SDK_MARKS)
