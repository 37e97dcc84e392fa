"""The closed lists of failure categories and subcategories.

The same list keys the classifier's rules, the candidate templates and the reports.
"""

from dataclasses import dataclass
from enum import StrEnum


class FailureCategory(StrEnum):
    """The root cause that a healer must act on."""

    AUTHENTICATION = "authentication"
    AUTHORIZATION = "authorization"
    RATE_LIMIT = "rate_limit"
    QUOTA = "quota"
    API_CHANGE = "api_change"
    DATA_FORMAT = "data_format"
    NETWORK = "network"
    TIMEOUT = "timeout"
    SERVER_ERROR = "server_error"
    PAGINATION = "pagination"
    CONFIGURATION = "configuration"
    RESOURCE = "resource"
    DESTINATION = "destination"
    UNKNOWN = "unknown"


class FailureSubcategory(StrEnum):
    """What exactly went wrong, finely enough to choose a patch."""

    CREDENTIALS_REJECTED = "credentials_rejected"
    CREDENTIALS_MISSING = "credentials_missing"
    TOKEN_EXPIRED = "token_expired"  # noqa: S105  # the name of a failure, not a secret
    PERMISSION_MISSING = "permission_missing"
    RATE_LIMITED = "rate_limited"
    QUOTA_EXHAUSTED = "quota_exhausted"
    FIELD_CHANGED = "field_changed"  #: Renamed, moved or removed: not known yet which.
    FIELD_RENAMED = "field_renamed"
    FIELD_MOVED = "field_moved"
    FIELD_REMOVED = "field_removed"
    ENVELOPE_CHANGED = "envelope_changed"
    ENDPOINT_GONE = "endpoint_gone"
    VERSION_RETIRED = "version_retired"
    METHOD_REFUSED = "method_refused"
    TYPE_CHANGED = "type_changed"
    NOT_JSON = "not_json"
    EMPTY_BODY = "empty_body"
    SCHEMA_CONTRACT = "schema_contract"
    ROWS_LOST = "rows_lost"  #: A load that would empty or halve a table.
    COLUMN_GONE_NULL = "column_gone_null"
    CHILD_TABLE_LOST = "child_table_lost"
    CONNECTION_REFUSED = "connection_refused"
    CONNECTION_RESET = "connection_reset"
    NAME_RESOLUTION = "name_resolution"
    TLS_FAILURE = "tls_failure"
    BODY_CUT_SHORT = "body_cut_short"
    READ_TIMEOUT = "read_timeout"
    CONNECT_TIMEOUT = "connect_timeout"
    SERVER_UNAVAILABLE = "server_unavailable"
    CURSOR_MISSING = "cursor_missing"
    CONFIGURATION_MISSING = "configuration_missing"
    REQUEST_REJECTED = "request_rejected"
    OUT_OF_MEMORY = "out_of_memory"
    DESTINATION_UNREACHABLE = "destination_unreachable"
    DESTINATION_BUSY = "destination_busy"
    LOAD_JOB_FAILED = "load_job_failed"
    NOT_IN_CONNECTOR = (
        "not_in_connector"  #: Raised outside the connector's code, for no cause we know.
    )
    CONNECTOR_BUG = "connector_bug"
    UNCLASSIFIED = "unclassified"


@dataclass(frozen=True, slots=True, kw_only=True)
class SubcategoryFacts:
    """What is known of a subcategory whatever the case."""

    category: FailureCategory
    retryable: bool  #: The same request may succeed later, unchanged.
    human_needed: bool  #: A credential, permission, quota, machine or contract decision is needed.
    remedy: str  #: What to do, as a sentence to a person.
