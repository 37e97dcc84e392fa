"""Every option of the connector: its name, what it belongs to, what it may hold."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Side(StrEnum):
    """For which operation an option is read."""

    BOTH = "both"
    READ = "read"
    WRITE = "write"


class Kind(StrEnum):
    """What an option's text is parsed as."""

    TEXT = "text"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    JSON = "JSON"
    LIMIT = "an integer or none"


@dataclass(frozen=True, slots=True)
class KustoOption:
    """One option of connector 7.1.1."""

    name: str
    side: Side
    kind: Kind = Kind.TEXT
    allowed: tuple[str, ...] = ()  #: Compared with their case.
    default: str = ""
    constant: str = ""  #: The name of the Scala constant, where people write it by mistake.


_BOTH, _READ, _WRITE = Side.BOTH, Side.READ, Side.WRITE

#: Source: KustoOptions, KustoSinkOptions, KustoSourceOptions and KustoDebugOptions of 7.1.1. The
#: certificate options are spelled `kuto...` there.
_ALL = (
    KustoOption("kustoCluster", _BOTH, constant="KUSTO_CLUSTER"),
    KustoOption("kustoDatabase", _BOTH, constant="KUSTO_DATABASE"),
    KustoOption("kustoAadAppId", _BOTH, constant="KUSTO_AAD_APP_ID"),
    KustoOption("kustoAadAppSecret", _BOTH, constant="KUSTO_AAD_APP_SECRET"),
    KustoOption("kustoAadAuthorityID", _BOTH, constant="KUSTO_AAD_AUTHORITY_ID"),
    KustoOption("kutoAadAppCertPath", _BOTH, constant="KUSTO_AAD_APP_CERTIFICATE_PATH"),
    KustoOption("kutoAadAppCertPassword", _BOTH, constant="KUSTO_AAD_APP_CERTIFICATE_PASSWORD"),
    KustoOption("accessToken", _BOTH, constant="KUSTO_ACCESS_TOKEN"),
    KustoOption("userPrompt", _BOTH, constant="KUSTO_USER_PROMPT"),
    KustoOption("keyVaultUri", _BOTH, constant="KEY_VAULT_URI"),
    KustoOption("keyVaultAppId", _BOTH, constant="KEY_VAULT_APP_ID"),
    KustoOption("keyVaultAppKey", _BOTH, constant="KEY_VAULT_APP_KEY"),
    KustoOption("keyVaultPemFilePath", _BOTH),
    KustoOption("keyVaultPemFileKey", _BOTH),
    KustoOption(
        "tokenProviderCallbackClasspath",
        _BOTH,
        constant="KUSTO_TOKEN_PROVIDER_CALLBACK_CLASSPATH",
    ),
    KustoOption("managedIdentityAuth", _BOTH, Kind.BOOLEAN, constant="KUSTO_MANAGED_IDENTITY_AUTH"),
    KustoOption("managedIdentityClientId", _BOTH, constant="KUSTO_MANAGED_IDENTITY_CLIENT_ID"),
    KustoOption("kustoIngestionUri", _BOTH, constant="KUSTO_INGESTION_URI"),
    KustoOption("timeoutLimit", _BOTH, Kind.INTEGER, (), "172800", "KUSTO_TIMEOUT_LIMIT"),
    KustoOption(
        "clientRequestPropertiesJson",
        _BOTH,
        Kind.JSON,
        constant="KUSTO_CLIENT_REQUEST_PROPERTIES_JSON",
    ),
    KustoOption("requestId", _BOTH, constant="KUSTO_REQUEST_ID"),
    KustoOption("customSchema", _BOTH, constant="KUSTO_CUSTOM_DATAFRAME_COLUMN_TYPES"),
    KustoOption("kustoTable", _BOTH, constant="KUSTO_TABLE"),
    KustoOption("kustoQuery", _READ, constant="KUSTO_QUERY"),
    KustoOption(
        "readMode",
        _READ,
        Kind.TEXT,
        ("ForceSingleMode", "ForceDistributedMode"),
        "chosen by size",
        "KUSTO_READ_MODE",
    ),
    KustoOption("transientStorage", _READ, Kind.JSON, constant="KUSTO_TRANSIENT_STORAGE"),
    KustoOption("blobStorageEndpointSuffix", _READ),
    KustoOption("distributedReadModeTransientCache", _READ, Kind.BOOLEAN, (), "false"),
    KustoOption("queryFilterPushDown", _READ, Kind.BOOLEAN),
    KustoOption("kustoExportOptionsJson", _READ, Kind.JSON, constant="KUSTO_EXPORT_OPTIONS_JSON"),
    KustoOption("storageProtocol", _READ, Kind.TEXT, ("wasbs", "abfs", "abfss"), "wasbs"),
    KustoOption("partitionMode", _READ),
    KustoOption("numPartitions", _READ, Kind.INTEGER),
    KustoOption("partitionColumn", _READ),
    KustoOption("dbgBlobCompressOnExport", _READ, Kind.BOOLEAN),
    KustoOption(
        "writeMode",
        _WRITE,
        Kind.TEXT,
        ("Transactional", "Queued", "KustoStreaming"),
        "Transactional",
        "KUSTO_WRITE_MODE",
    ),
    KustoOption(
        "tableCreateOptions",
        _WRITE,
        Kind.TEXT,
        ("CreateIfNotExist", "FailIfNotExist"),
        "FailIfNotExist",
        "KUSTO_TABLE_CREATE_OPTIONS",
    ),
    KustoOption(
        "adjustSchema",
        _WRITE,
        Kind.TEXT,
        ("NoAdjustment", "FailIfNotMatch", "GenerateDynamicCsvMapping"),
        "NoAdjustment",
        "KUSTO_ADJUST_SCHEMA",
    ),
    KustoOption("writeEnableAsync", _WRITE, Kind.BOOLEAN, (), "false", "KUSTO_WRITE_ENABLE_ASYNC"),
    KustoOption("pollingOnDriver", _WRITE, Kind.BOOLEAN, (), "false", "KUSTO_POLLING_ON_DRIVER"),
    KustoOption("writeResultLimit", _WRITE, Kind.LIMIT, (), "1", "KUSTO_WRITE_RESULT_LIMIT"),
    KustoOption(
        "sparkIngestionPropertiesJson",
        _WRITE,
        Kind.JSON,
        constant="KUSTO_SPARK_INGESTION_PROPERTIES_JSON",
    ),
    KustoOption(
        "clientBatchingLimit", _WRITE, Kind.INTEGER, (), "300", "KUSTO_CLIENT_BATCHING_LIMIT"
    ),
    KustoOption("streamingIngestSizeInMB", _WRITE, Kind.INTEGER, (), "4"),
    KustoOption("stagingResourcesAutoCleanupTimeout", _WRITE, Kind.INTEGER, (), "604800"),
    KustoOption("tempTableName", _WRITE, constant="KUSTO_TEMP_TABLE_NAME"),
    KustoOption("maxRetriesOnMoveExtents", _WRITE, Kind.INTEGER, (), "10"),
    KustoOption("maximalExtentsCountForSplitMergePerNode", _WRITE, Kind.INTEGER, (), "400"),
    KustoOption("disableFlushImmediately", _WRITE, Kind.BOOLEAN, (), "false"),
    KustoOption("ensureNoDuplicatedBlobs", _WRITE, Kind.BOOLEAN, (), "false"),
    KustoOption("disableQueueRequestOptionsOverride", _WRITE, Kind.BOOLEAN),
    KustoOption("addSourceLocationTransform", _WRITE, Kind.BOOLEAN, (), "false"),
    KustoOption("kustoCustomDebugWriteOptions", _WRITE, Kind.JSON),
    KustoOption("kustoIngestionStorageContainer", _WRITE),
    KustoOption("ingestionStorageParameters", _WRITE, Kind.JSON),
)

#: By name in lower case: Spark hands the connector a map that ignores the case of its keys.
OPTIONS: Mapping[str, KustoOption] = {option.name.lower(): option for option in _ALL}

#: Options of Spark itself and of other sources that may stand in the same map, lower case.
FOREIGN = frozenset(
    {"format", "path", "checkpointlocation", "timezone", "trigger", "outputmode", "queryname"}
    | {"linkedservice", "spark.synapse.linkedservice", "mergeschema", "mode"}
)

#: Scala constants that people pass as texts, with the option that each stands for.
CONSTANTS: Mapping[str, str] = {
    option.constant.lower(): option.name for option in _ALL if option.constant
}

#: Names that documents or people use for an option that is called otherwise, lower case. Source
#: of the first: the seed document; the connector has no such option.
CALLED_OTHERWISE: Mapping[str, str] = {
    "isasync": "writeEnableAsync",
    "async": "writeEnableAsync",
    "kustoaadappcertpath": "kutoAadAppCertPath",
    "kustoaadappcertpassword": "kutoAadAppCertPassword",
    "kusto_managed_client_id": "managedIdentityClientId",
    "tokenprovider": "tokenProviderCallbackClasspath",
    "createoptions": "tableCreateOptions",
    "batchlimit": "clientBatchingLimit",
    "timeout": "timeoutLimit",
    "kustoaadappkey": "kustoAadAppSecret",
    "tenantid": "kustoAadAuthorityID",
}
