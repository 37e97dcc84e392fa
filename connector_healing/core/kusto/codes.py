"""The service's ingestion failure codes: permanence, action, and the pattern each belongs to."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Action(StrEnum):
    """What an ingestion failure asks for."""

    DATA = "fix the data or its format"
    MAPPING = "fix the mapping or set adjustSchema"
    CONFIG = "fix the configuration of the write"
    ACCESS = "grant access"
    STORAGE = "fix storage or network"
    ENTITY = "create the entity"
    POLICY = "fix the update policy"
    RETRY = "run again with backoff"
    IGNORE = "nothing: no data are lost"


@dataclass(frozen=True, slots=True)
class FailureCode:
    """One ingestion failure code.

    `permanent` is None where the service's documents do not say: then the row's FailureKind counts.
    """

    pattern: str
    action: Action
    permanent: bool | None = True


_D, _M, _C, _A = Action.DATA, Action.MAPPING, Action.CONFIG, Action.ACCESS
_N, _E, _U, _R, _I = Action.STORAGE, Action.ENTITY, Action.POLICY, Action.RETRY, Action.IGNORE

_MAPPING = "ingest.mapping"
_OTHER = "ingest.unclassified_permanent"
_PASSING = "ingest.transient"
_POLICY = "ingest.update_policy"
_DENIED = "auth.table_denied"
_MISSING = "ingest.entity_not_found"
_SOURCE = "ingest.source_missing"
_CSV = "ingest.bad_csv"


def _each(
    names: str, pattern: str, action: Action, permanent: bool | None = True
) -> dict[str, FailureCode]:  # a column of the table below
    return {name: FailureCode(pattern, action, permanent) for name in names.split()}


#: Source: ingestion error codes of Azure Data Explorer's documents, and the enumeration of the
#: Java SDK 8.0.1 for those that the documents do not list.
CODES: Mapping[str, FailureCode] = {
    **_each("Stream_WrongNumberOfFields", "ingest.schema_mismatch", _M),
    **_each("Stream_ClosingQuoteMissing BadRequest_UnexpectedCharacterInInputStream", _CSV, _D),
    **_each(
        "BadRequest_InvalidMapping BadRequest_InvalidMappingReference BadRequest_InconsistentMapping"
        " BadRequest_DuplicateMapping BadRequest_EmptyMappingReference"
        " BadRequest_MissingMappingtFailure BadRequest_MissingMappingFailure"
        " BadRequest_MappingReferenceWasNotFound"
        " BadRequest_MissingJsonMappingtFailure BadRequest_InvalidCsvMapping"
        " BadRequest_InvalidJsonMapping",
        _MAPPING,
        _M,
    ),
    **_each(
        "BadRequest_InvalidBlob BadRequest_EmptyArchive BadRequest_InvalidArchive"
        " BadRequest_EmptyBlob BadRequest_NoRecordsOrWrongFormat Stream_NoDataToIngest"
        " Stream_DynamicPropertyBagTooLarge Stream_InputStreamTooLarge"
        " BadRequest_InvalidOrEmptyBlob",
        _OTHER,
        _D,
    ),
    **_each(
        "BadRequest_FormatNotSupported BadRequest_EmptyBlobUri BadRequest_InvalidOrEmptyTableName"
        " BadRequest_EmptyDatabaseName General_BadRequest BadRequest_CorruptedMessage"
        " BadRequest_SyntaxError BadRequest_ZeroRetentionPolicyWithNoUpdatePolicy"
        " BadRequest_NotSupported BadRequest_EntityNameIsNotValid"
        " BadRequest_MalformedIngestionProperty"
        " BadRequest_IngestionPropertyNotSupportedInThisContext"
        " BadRequest_NonMultiDatabaseDataConnection BadRequest_InvalidBlobUri"
        " BadRequest_FileTooLarge BadRequest_UriMissingSas Schema_PermanentUpdateFailure",
        _OTHER,
        _C,
    ),
    **_each("BadRequest_CreationTimeEarlierThanSoftDeletePeriod", "ingest.creation_time", _C),
    **_each("Download_SourceNotFound Download_AccountNotFound", _SOURCE, _N),
    **_each("Download_Forbidden", "ingest.download_forbidden", _N),
    **_each(
        "Download_BadRequest BadRequest_DataCapacityLimitReached"
        " Download_AccessConditionNotSatisfied Download_NotTransient",
        _OTHER,
        _N,
    ),
    **_each(
        "BadRequest_TableAccessDenied BadRequest_DatabaseAccessDenied"
        " BadRequest_InvalidAuthentication BadRequest_InvalidKustoIdentityToken Forbidden"
        " BadRequest_InvalidManagedIdentity",
        _DENIED,
        _A,
    ),
    **_each(
        "BadRequest_DatabaseNotExist BadRequest_TableNotExist BadRequest_EntityNotFound",
        _MISSING,
        _E,
    ),
    **_each(
        "Download_UnknownError Download_TransientNameResolutionFailure"
        " General_InternalServerError Timeout OutOfMemory Unknown",
        _PASSING,
        _R,
        permanent=False,
    ),
    **_each("General_TransientSchemaMismatch", "ingest.schema_race", _R, permanent=False),
    **_each("General_ThrottledIngestion", "ingest.throttled", _R, permanent=False),
    **_each("General_RetryAttemptsExceeded", "ingest.retry_exceeded", _R),
    **_each("BlobAlreadyReceived_BlobAlreadyFoundInBatch", "ingest.duplicate_blob", _I),
    **_each("Skipped_IngestByTagAlreadyExists", "write.dedup_skipped", _I),
    **_each(
        "UpdatePolicy_QuerySchemaDoesNotMatchTableSchema UpdatePolicy_Cyclic_Update_Not_Allowed"
        " UpdatePolicy_BadRequest"
        " UpdatePolicy_Transactional_Not_Allowed_In_Streaming_Ingestion",
        _POLICY,
        _U,
    ),
    **_each(
        "UpdatePolicy_FailedDescendantTransaction UpdatePolicy_IngestionError"
        " UpdatePolicy_UnknownError",
        _POLICY,
        _R,
        permanent=False,
    ),
    **_each(
        "Stream_LowMemoryCondition BadRequest_NoValidResponseFromEngine"
        " BadRequest_MessageExhausted General_AbandonedIngestion",
        _PASSING,
        _R,
        permanent=None,
    ),
}

#: Codes that say nothing outside a column or key `ErrorCode`.
_TOO_PLAIN = frozenset({"Timeout", "OutOfMemory", "Unknown", "Forbidden"})

#: Those that are told wherever they stand.
TELLING = tuple(sorted((c for c in CODES if c not in _TOO_PLAIN), key=len, reverse=True))


def code_of(code: str, kind: str, *, from_update_policy: bool) -> FailureCode:
    """What a code means, known or not.

    Args:
        code: As the service or the SDK names it.
        kind: The row's FailureKind, or empty.
        from_update_policy: The row's OriginatesFromUpdatePolicy.
    """
    known = CODES.get(code)
    if known is not None and known.pattern != _OTHER:
        return known
    if from_update_policy or code.startswith("UpdatePolicy_"):
        return FailureCode(_POLICY, _U, permanent=kind != "Transient")
    if known is not None:
        return known
    if kind == "Transient":
        return FailureCode(_PASSING, _R, permanent=False)
    return FailureCode(_OTHER, _C, permanent=True if kind == "Permanent" else None)
