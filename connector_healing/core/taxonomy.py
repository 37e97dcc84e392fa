"""The closed lists of failure categories and subcategories, and what holds of each.

The same list keys the classifier's rules, the candidate templates and the reports.
"""

from collections.abc import Mapping

from connector_healing.core.categories import FailureCategory, FailureSubcategory
from connector_healing.core.job_facts import JOB_FACTS
from connector_healing.core.subcategory_facts import SubcategoryFacts, facts

__all__ = ["SUBCATEGORY_FACTS", "FailureCategory", "FailureSubcategory", "SubcategoryFacts"]

_C = FailureCategory
_S = FailureSubcategory

#: What holds of each subcategory, whatever the case.
SUBCATEGORY_FACTS: Mapping[FailureSubcategory, SubcategoryFacts] = {
    _S.CREDENTIALS_REJECTED: facts(
        _C.AUTHENTICATION,
        "Check the API's credential: make a new one if it was revoked, and set it where the connector reads it.",
        human=True,
    ),
    _S.CREDENTIALS_MISSING: facts(
        _C.AUTHENTICATION,
        "Set the missing credential in .dlt/secrets.toml or in the environment.",
        human=True,
    ),
    _S.TOKEN_EXPIRED: facts(
        _C.AUTHENTICATION,
        "Renew the token; if the API gives refresh tokens, configure them so that it renews by itself.",
        human=True,
    ),
    _S.PERMISSION_MISSING: facts(
        _C.AUTHORIZATION,
        "Grant the connector's account the right or scope that the API asks for.",
        human=True,
    ),
    _S.RATE_LIMITED: facts(
        _C.RATE_LIMIT,
        "Send fewer requests a window: pace them by the API's headers and wait as long as it asks.",
        retryable=True,
    ),
    _S.QUOTA_EXHAUSTED: facts(
        _C.QUOTA,
        "Wait until the quota is renewed; if it happens again, spread the requests or ask for more quota.",
        retryable=True,
        human=True,
    ),
    _S.PLAN_LIMIT: facts(_C.QUOTA, "Renew or enlarge the plan at the API's vendor.", human=True),
    _S.FIELD_CHANGED: facts(
        _C.API_CHANGE, "Find out what became of the field and read it from its new place."
    ),
    _S.FIELD_RENAMED: facts(_C.API_CHANGE, "Read the field by its new name."),
    _S.FIELD_MOVED: facts(_C.API_CHANGE, "Read the field from its new place."),
    _S.FIELD_REMOVED: facts(
        _C.API_CHANGE,
        "Decide whether the column may be empty from now on; nothing in the API holds its values.",
        human=True,
    ),
    _S.ENVELOPE_CHANGED: facts(
        _C.API_CHANGE, "Read the records from their new place in the answer."
    ),
    _S.ENDPOINT_GONE: facts(
        _C.API_CHANGE, "Find the endpoint's successor in the API's documentation and call it."
    ),
    _S.ENDPOINT_MOVED: facts(_C.API_CHANGE, "Call the address that the API names."),
    _S.VERSION_RETIRED: facts(
        _C.API_CHANGE, "Move this resource to a version that the API serves."
    ),
    _S.METHOD_REFUSED: facts(_C.API_CHANGE, "Call the endpoint with a method that it allows."),
    _S.TYPE_CHANGED: facts(
        _C.DATA_FORMAT, "Parse the value in its new form, without losing any of it."
    ),
    _S.NOT_JSON: facts(
        _C.DATA_FORMAT,
        "Look at what the API answers in place of JSON, and ask for or parse that form.",
    ),
    _S.EMPTY_BODY: facts(
        _C.DATA_FORMAT,
        "Find out when the API answers with nothing; treat that as no rows only if it means so.",
    ),
    _S.SCHEMA_CONTRACT: facts(
        _C.DATA_FORMAT,
        "Decide whether the schema contract should allow what the API now sends.",
        human=True,
    ),
    _S.ROWS_LOST: facts(
        _C.DATA_FORMAT,
        "Ask the API's owner whether the rows are really gone; release the package only if they are.",
        human=True,
    ),
    _S.COLUMN_GONE_NULL: facts(
        _C.API_CHANGE,
        "Find out what became of the field; release the package only if its values are really gone.",
        human=True,
    ),
    _S.CHILD_TABLE_LOST: facts(
        _C.API_CHANGE,
        "Find out what became of the nested list; release the package only if it is really empty.",
        human=True,
    ),
    _S.KEY_REPEATED: facts(
        _C.DATA_FORMAT,
        "Find out whether pages overlap or the API repeats its records; release the package only "
        "if the key may really come twice.",
        human=True,
    ),
    _S.CONNECTION_REFUSED: facts(
        _C.NETWORK, "Try again later; if it goes on, check host, port and firewall.", retryable=True
    ),
    _S.CONNECTION_RESET: facts(_C.NETWORK, "Try again with growing pauses.", retryable=True),
    _S.NAME_RESOLUTION: facts(
        _C.NETWORK, "Check the host's name in the configuration, and the network's DNS.", human=True
    ),
    _S.NAME_SERVER_FAILED: facts(
        _C.NETWORK, "Try again later: the name server did not answer.", retryable=True
    ),
    _S.PROXY_FAILURE: facts(_C.NETWORK, "Check the proxy's address and credential.", human=True),
    _S.TLS_FAILURE: facts(
        _C.NETWORK,
        "Have the certificate or the TLS port put right; never turn the verification off.",
        human=True,
    ),
    _S.BODY_CUT_SHORT: facts(
        _C.NETWORK, "Try again; if it goes on, ask for smaller pages.", retryable=True
    ),
    _S.READ_TIMEOUT: facts(
        _C.TIMEOUT, "Ask for smaller pages or wait longer for an answer.", retryable=True
    ),
    _S.CONNECT_TIMEOUT: facts(
        _C.TIMEOUT, "Try again later; if it goes on, check host, port and firewall.", retryable=True
    ),
    _S.SERVER_UNAVAILABLE: facts(
        _C.SERVER_ERROR, "Try again with growing pauses until the API is back.", retryable=True
    ),
    _S.CURSOR_MISSING: facts(
        _C.API_CHANGE, "Find out what became of the field that incremental loading follows."
    ),
    _S.PAGINATION_BROKEN: facts(
        _C.PAGINATION, "Follow the pages as the API now declares them, from a fresh first page."
    ),
    _S.RESULT_TOO_LARGE: facts(_C.PAGINATION, "Ask for smaller pages or shorter periods."),
    _S.CONFIGURATION_MISSING: facts(
        _C.CONFIGURATION,
        "Set the missing value in .dlt/config.toml or in the environment.",
        human=True,
    ),
    _S.CONFIGURATION_INVALID: facts(
        _C.CONFIGURATION, "Correct the value that the message names.", human=True
    ),
    _S.DECLARATION_INVALID: facts(
        _C.CONFIGURATION,
        "Correct the file or the name in the connector's own project, at the named place.",
    ),
    _S.TARGET_UNKNOWN: facts(
        _C.CONFIGURATION,
        "Correct the name in the connector's configuration, or create what it names.",
        human=True,
    ),
    _S.REQUEST_REJECTED: facts(
        _C.API_CHANGE, "Send the request as the API's documentation now describes it."
    ),
    _S.OUT_OF_MEMORY: facts(
        _C.RESOURCE,
        "Yield smaller pages, or give the process more memory.",
        retryable=True,
        human=True,
    ),
    _S.DISK_FULL: facts(
        _C.RESOURCE,
        "Free space on the disk, or put the working directory on a larger one.",
        human=True,
    ),
    _S.DESTINATION_UNREACHABLE: facts(
        _C.DESTINATION,
        "Try again later; if it goes on, check that the destination runs, and its address.",
        retryable=True,
    ),
    _S.DESTINATION_BUSY: facts(
        _C.DESTINATION, "Try again when the other writer has finished.", retryable=True
    ),
    _S.LOAD_JOB_FAILED: facts(
        _C.DESTINATION, "Look at the destination's message, and make data or table fit each other."
    ),
    _S.NOT_IN_CONNECTOR: facts(
        _C.UNKNOWN,
        "Look at the library that raised it: its version and its open issues; the connector's code is not changed.",
    ),
    _S.CONNECTOR_BUG: facts(
        _C.UNKNOWN,
        "Correct the connector's code at the named place; no change of the API explains it.",
    ),
    _S.UNCLASSIFIED: facts(_C.UNKNOWN, "Read the evidence: no rule knows this failure."),
    _S.SESSION_EXPIRED: facts(
        _C.AUTHENTICATION,
        "Log in again: the connector can do that by itself with what it is configured with.",
        retryable=True,
    ),
    _S.SCOPE_MISSING: facts(
        _C.AUTHORIZATION,
        "Grant the connector's application or token the scope that the API names.",
        human=True,
    ),
    _S.ADDRESS_REFUSED: facts(
        _C.AUTHORIZATION,
        "Have the address from which the connector runs allowed by the API or its firewall.",
        human=True,
    ),
    _S.ACCESS_SUSPENDED: facts(
        _C.AUTHORIZATION,
        "Ask the API's vendor why the account or its content is blocked, and have it released.",
        human=True,
    ),
    _S.CONCURRENCY_LIMIT: facts(
        _C.QUOTA,
        "Wait until what runs at the same time has ended, or start less at once.",
        retryable=True,
    ),
    _S.KEY_MISSING: facts(
        _C.DATA_FORMAT,
        "Compare the data with what the code reads: read the key from where it is now, or treat it as optional.",
    ),
    _S.DOCUMENT_UNREADABLE: facts(
        _C.DATA_FORMAT, "Look at the document itself, and parse it as what it really is."
    ),
    _S.DEADLINE_EXCEEDED: facts(
        _C.TIMEOUT, "Do less in one step, or allow it more time.", retryable=True
    ),
    _S.CONFLICT: facts(
        _C.SERVER_ERROR, "Try again when the other operation has ended.", retryable=True
    ),
    _S.CURSOR_EXPIRED: facts(
        _C.PAGINATION, "Begin again at the first page: the place has expired.", retryable=True
    ),
    _S.DRIVER_MISSING: facts(
        _C.CONFIGURATION, "Install the driver or package that the message names.", human=True
    ),
    _S.CLOCK_SKEW: facts(_C.CONFIGURATION, "Put the machine's clock right (NTP).", human=True),
    _S.PROCESS_LIMIT: facts(
        _C.RESOURCE,
        "Start fewer threads or close what is open, or raise the machine's limit.",
        retryable=True,
        human=True,
    ),
    _S.FILE_ACCESS: facts(
        _C.RESOURCE, "Give the process the right to the file or folder that is named.", human=True
    ),
    _S.CONSTRAINT_VIOLATED: facts(
        _C.DESTINATION,
        "Find the rows that break the constraint; remove duplicates or load what they refer to first.",
    ),
    _S.VALUE_REFUSED: facts(
        _C.DESTINATION, "Convert the value to what the column takes, or widen the column."
    ),
    _S.TABLE_MISMATCH: facts(
        _C.DESTINATION, "Bring the destination's table and what is loaded to the same columns."
    ),
    _S.DESTINATION_REFUSED: facts(
        _C.DESTINATION,
        "Check the destination's settings, and the rights of the account that loads.",
        human=True,
    ),
    _S.INTERMITTENT: facts(
        _C.UNKNOWN, "Try again: the same request passes at other times.", retryable=True
    ),
    **JOB_FACTS,
}
