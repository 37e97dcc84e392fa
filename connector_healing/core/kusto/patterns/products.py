"""Other products that talk to Kusto: their failures are none of the Spark connector."""

from connector_healing.core.kusto.facts import Facts
from connector_healing.core.kusto.pattern import Pattern, Place, Written, any_of, sig
from connector_healing.core.kusto.patterns.conditions import not_of_connector
from connector_healing.core.kusto.patterns.traces import own_program
from connector_healing.core.kusto.vocabulary import Surface

#: Texts of other clients, services and tools.
_CLIENTS = (
    *("/v1/rest/query", "/v2/rest/query", "/v1/rest/mgmt", "/v1/rest/ingest"),
    *("azure.kusto.data.exceptions.kusto", "site-packages/azure/kusto", "azure/kusto/ingest/"),
    *("azure.kusto.ingest.", "azure.kusto.data.", "kustoserviceerror"),
    *("at kusto.data.", "at kusto.ingest.", "kusto.cloud.platform", "microsoft.datatransfer"),
    *("operation on target", "errorcode=userkusto", "errorcode=kusto", "datafactory"),
    *("data factory", "logstash", "telegraf", "out_azure_kusto", "[output:azure_kusto"),
    *("azure.data.explorer", "azuredataexplorer", "loganalytics", "log analytics"),
    *("azure.monitor", "connector-kusto", "azure.flink", "grafana", "power bi", "mashup"),
    *("azure-kusto-data", "azure-kusto-ingest", "azure-kusto-python", "azure-kusto-go"),
    *("kusto.explorer", "kusto.cli", "logic app", "node_modules"),
)
#: Products that carry the same SDK; their names tell them from Spark.
_TOOLS = (
    *("logstash.", "org.apache.nifi", "org.apache.flink", "azure.flink", "org.apache.camel"),
    *("io.debezium", "org.apache.beam", "telegraf", "streamsets", "fluentd", "org.springframework"),
)
_SPARK = (
    *("com.microsoft.kusto", "kustoconnector:", "kusto_connector_shaded", "sparktemptable_"),
    *("dataserviceexception", "dataclientexception", "ingestionserviceexception"),
    *("throttleexception", "ingestionclientexception", "kusto-spark"),
)
_SDK = ("com.microsoft.azure.kusto", "py4j", "org.apache.spark", "pyspark")
_HTTP = (
    *("httperror", "client error:", "server error:", "rest_api", "http error"),
    *("requests.exceptions", "httpx.", "dlt.", "urllib3", "aiohttp", "restclient", "http.client"),
)
_KUSTO = ("kusto", "adx", "data explorer")
_SAID_CLIENTS = (
    *("data factory", "adf ", "adf-", "logic app", "power bi", "powerbi", "grafana", "logstash"),
    *("kusto explorer", "kusto.explorer", "web ui query", "azure-kusto", "python sdk", ".net sdk"),
    *("java sdk", "node sdk", "go sdk", "rest api", "log analytics", "sentinel", "telegraf"),
    *("fluent", "flink", "event grid", "one-click ingestion", "kusto.cli", "excel", "nifi"),
)


def _elsewhere(facts: Facts) -> bool:
    """Nothing of the connector or of Spark stands in the evidence."""
    return not any(mark in facts.lower for mark in (*_SPARK, *_SDK))


def _without_spark(facts: Facts) -> bool:
    spark = ("com.microsoft.kusto.spark", "kustoconnector", "org.apache.spark", "py4j", "pyspark")
    return not any(mark in facts.lower for mark in spark)


def _plain_http(facts: Facts) -> bool:
    return _elsewhere(facts) and any(word in facts.lower + facts.said for word in _KUSTO)


def _only_said(facts: Facts) -> bool:
    """The user names another tool, and neither Spark nor an option of the connector."""
    spark = ("spark", "databricks", "synapse", "dataframe", "notebook", "connector")
    told = any(word in facts.said for word in spark)
    return not_of_connector(facts) and _elsewhere(facts) and not told


def _names_kusto(facts: Facts) -> bool:
    return any(word in facts.lower for word in _KUSTO)


PRODUCTS = (
    Pattern(
        id="not_connector.kafka_sink",
        cause="The Kafka Connect sink for Kusto failed: another product, not the Spark connector.",
        fix=("The Kafka connect sink is another product: look at its own task log and settings.",),
        retryable=None,
        written=Written.BY_MODE,
        signatures=(
            any_of(
                "azure.kusto.kafka.connect",
                "kustosinktask",
                "kustosinkconnector",
                "kafka.connect.sink.kusto",
                "kafka-sink-azure-kusto",
            ),
            sig(some=("org.apache.kafka.connect", "workersinktask"), when=_names_kusto),
            sig("kafka", "sink", place=Place.SAID, when=_only_said),
            sig("kafka connect", place=Place.SAID, when=not_of_connector),
        ),
        connector=False,
        surface=Surface.DRIVER_EXCEPTION,
    ),
    Pattern(
        id="not_connector.kusto_rest",
        cause="A program talked to Kusto's REST API or SDK itself; the Spark connector had no part.",
        fix=(
            (
                "Not the Spark connector: look at the REST source or the SDK call that failed, its URL,"
                " token and query."
            ),
        ),
        retryable=None,
        written=Written.BY_MODE,
        signatures=(
            any_of(*_CLIENTS, when=_elsewhere),
            any_of(*_TOOLS, when=_without_spark),
            sig(some=_HTTP, when=_plain_http),
            sig(when=own_program),
            any_of(*_SAID_CLIENTS, place=Place.SAID, when=_only_said),
        ),
        connector=False,
        surface=Surface.DRIVER_EXCEPTION,
    ),
)
