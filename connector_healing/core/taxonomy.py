"""The closed lists of failure categories and subcategories.

The same list keys the classifier's rules, the candidate templates and the reports.
"""

from collections.abc import Mapping
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
    QUOTA_EXHAUSTED = "quota_exhausted"  #: It is renewed by itself, but not within minutes.
    PLAN_LIMIT = "plan_limit"  #: What was bought is used up.
    FIELD_CHANGED = "field_changed"  #: Renamed, moved or removed: not known yet which.
    FIELD_RENAMED = "field_renamed"
    FIELD_MOVED = "field_moved"
    FIELD_REMOVED = "field_removed"
    ENVELOPE_CHANGED = "envelope_changed"
    ENDPOINT_GONE = "endpoint_gone"
    ENDPOINT_MOVED = "endpoint_moved"  #: The API says where to.
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
    NAME_RESOLUTION = "name_resolution"  #: The name does not exist.
    NAME_SERVER_FAILED = "name_server_failed"  #: Nobody could say whether it exists.
    PROXY_FAILURE = "proxy_failure"
    TLS_FAILURE = "tls_failure"
    BODY_CUT_SHORT = "body_cut_short"
    READ_TIMEOUT = "read_timeout"
    CONNECT_TIMEOUT = "connect_timeout"
    SERVER_UNAVAILABLE = "server_unavailable"
    CURSOR_MISSING = "cursor_missing"
    PAGINATION_BROKEN = "pagination_broken"
    RESULT_TOO_LARGE = "result_too_large"
    CONFIGURATION_MISSING = "configuration_missing"
    CONFIGURATION_INVALID = "configuration_invalid"
    TARGET_UNKNOWN = "target_unknown"  #: A configured name that the API does not know.
    REQUEST_REJECTED = "request_rejected"
    OUT_OF_MEMORY = "out_of_memory"
    DISK_FULL = "disk_full"
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


def _facts(
    category: FailureCategory, remedy: str, *, retryable: bool = False, human: bool = False
) -> SubcategoryFacts:
    return SubcategoryFacts(
        category=category, retryable=retryable, human_needed=human, remedy=remedy
    )


_C = FailureCategory
_S = FailureSubcategory

#: What holds of each subcategory, whatever the case.
SUBCATEGORY_FACTS: Mapping[FailureSubcategory, SubcategoryFacts] = {
    _S.CREDENTIALS_REJECTED: _facts(
        _C.AUTHENTICATION,
        "Check the API's credential: make a new one if it was revoked, and set it where the connector reads it.",
        human=True,
    ),
    _S.CREDENTIALS_MISSING: _facts(
        _C.AUTHENTICATION,
        "Set the missing credential in .dlt/secrets.toml or in the environment.",
        human=True,
    ),
    _S.TOKEN_EXPIRED: _facts(
        _C.AUTHENTICATION,
        "Renew the token; if the API gives refresh tokens, configure them so that it renews by itself.",
        human=True,
    ),
    _S.PERMISSION_MISSING: _facts(
        _C.AUTHORIZATION,
        "Grant the connector's account the right or scope that the API asks for.",
        human=True,
    ),
    _S.RATE_LIMITED: _facts(
        _C.RATE_LIMIT,
        "Send fewer requests a window: pace them by the API's headers and wait as long as it asks.",
        retryable=True,
    ),
    _S.QUOTA_EXHAUSTED: _facts(
        _C.QUOTA,
        "Wait until the quota is renewed; if it happens again, spread the requests or ask for more quota.",
        retryable=True,
        human=True,
    ),
    _S.PLAN_LIMIT: _facts(_C.QUOTA, "Renew or enlarge the plan at the API's vendor.", human=True),
    _S.FIELD_CHANGED: _facts(
        _C.API_CHANGE, "Find out what became of the field and read it from its new place."
    ),
    _S.FIELD_RENAMED: _facts(_C.API_CHANGE, "Read the field by its new name."),
    _S.FIELD_MOVED: _facts(_C.API_CHANGE, "Read the field from its new place."),
    _S.FIELD_REMOVED: _facts(
        _C.API_CHANGE,
        "Decide whether the column may be empty from now on; nothing in the API holds its values.",
        human=True,
    ),
    _S.ENVELOPE_CHANGED: _facts(
        _C.API_CHANGE, "Read the records from their new place in the answer."
    ),
    _S.ENDPOINT_GONE: _facts(
        _C.API_CHANGE, "Find the endpoint's successor in the API's documentation and call it."
    ),
    _S.ENDPOINT_MOVED: _facts(_C.API_CHANGE, "Call the address that the API names."),
    _S.VERSION_RETIRED: _facts(
        _C.API_CHANGE, "Move this resource to a version that the API serves."
    ),
    _S.METHOD_REFUSED: _facts(_C.API_CHANGE, "Call the endpoint with a method that it allows."),
    _S.TYPE_CHANGED: _facts(
        _C.DATA_FORMAT, "Parse the value in its new form, without losing any of it."
    ),
    _S.NOT_JSON: _facts(
        _C.DATA_FORMAT,
        "Look at what the API answers in place of JSON, and ask for or parse that form.",
    ),
    _S.EMPTY_BODY: _facts(
        _C.DATA_FORMAT,
        "Find out when the API answers with nothing; treat that as no rows only if it means so.",
    ),
    _S.SCHEMA_CONTRACT: _facts(
        _C.DATA_FORMAT,
        "Decide whether the schema contract should allow what the API now sends.",
        human=True,
    ),
    _S.ROWS_LOST: _facts(
        _C.DATA_FORMAT,
        "Ask the API's owner whether the rows are really gone; release the package only if they are.",
        human=True,
    ),
    _S.COLUMN_GONE_NULL: _facts(
        _C.API_CHANGE,
        "Find out what became of the field; release the package only if its values are really gone.",
        human=True,
    ),
    _S.CHILD_TABLE_LOST: _facts(
        _C.API_CHANGE,
        "Find out what became of the nested list; release the package only if it is really empty.",
        human=True,
    ),
    _S.CONNECTION_REFUSED: _facts(
        _C.NETWORK, "Try again later; if it goes on, check host, port and firewall.", retryable=True
    ),
    _S.CONNECTION_RESET: _facts(_C.NETWORK, "Try again with growing pauses.", retryable=True),
    _S.NAME_RESOLUTION: _facts(
        _C.NETWORK, "Check the host's name in the configuration, and the network's DNS.", human=True
    ),
    _S.NAME_SERVER_FAILED: _facts(
        _C.NETWORK, "Try again later: the name server did not answer.", retryable=True
    ),
    _S.PROXY_FAILURE: _facts(_C.NETWORK, "Check the proxy's address and credential.", human=True),
    _S.TLS_FAILURE: _facts(
        _C.NETWORK,
        "Have the certificate or the TLS port put right; never turn the verification off.",
        human=True,
    ),
    _S.BODY_CUT_SHORT: _facts(
        _C.NETWORK, "Try again; if it goes on, ask for smaller pages.", retryable=True
    ),
    _S.READ_TIMEOUT: _facts(
        _C.TIMEOUT, "Ask for smaller pages or wait longer for an answer.", retryable=True
    ),
    _S.CONNECT_TIMEOUT: _facts(
        _C.TIMEOUT, "Try again later; if it goes on, check host, port and firewall.", retryable=True
    ),
    _S.SERVER_UNAVAILABLE: _facts(
        _C.SERVER_ERROR, "Try again with growing pauses until the API is back.", retryable=True
    ),
    _S.CURSOR_MISSING: _facts(
        _C.API_CHANGE, "Find out what became of the field that incremental loading follows."
    ),
    _S.PAGINATION_BROKEN: _facts(
        _C.PAGINATION, "Follow the pages as the API now declares them, from a fresh first page."
    ),
    _S.RESULT_TOO_LARGE: _facts(_C.PAGINATION, "Ask for smaller pages or shorter periods."),
    _S.CONFIGURATION_MISSING: _facts(
        _C.CONFIGURATION,
        "Set the missing value in .dlt/config.toml or in the environment.",
        human=True,
    ),
    _S.CONFIGURATION_INVALID: _facts(
        _C.CONFIGURATION, "Correct the value that the message names.", human=True
    ),
    _S.TARGET_UNKNOWN: _facts(
        _C.CONFIGURATION,
        "Correct the name in the connector's configuration, or create what it names.",
        human=True,
    ),
    _S.REQUEST_REJECTED: _facts(
        _C.API_CHANGE, "Send the request as the API's documentation now describes it."
    ),
    _S.OUT_OF_MEMORY: _facts(
        _C.RESOURCE,
        "Yield smaller pages, or give the process more memory.",
        retryable=True,
        human=True,
    ),
    _S.DISK_FULL: _facts(
        _C.RESOURCE,
        "Free space on the disk, or put the working directory on a larger one.",
        human=True,
    ),
    _S.DESTINATION_UNREACHABLE: _facts(
        _C.DESTINATION,
        "Check that the destination runs, and its address and credential.",
        retryable=True,
        human=True,
    ),
    _S.DESTINATION_BUSY: _facts(
        _C.DESTINATION, "Try again when the other writer has finished.", retryable=True
    ),
    _S.LOAD_JOB_FAILED: _facts(
        _C.DESTINATION, "Look at the destination's message, and make data or table fit each other."
    ),
    _S.NOT_IN_CONNECTOR: _facts(
        _C.UNKNOWN,
        "Look at the library that raised it: its version and its open issues; the connector's code is not changed.",
    ),
    _S.CONNECTOR_BUG: _facts(
        _C.UNKNOWN,
        "Correct the connector's code at the named place; no change of the API explains it.",
    ),
    _S.UNCLASSIFIED: _facts(_C.UNKNOWN, "Read the evidence: no rule knows this failure."),
}
