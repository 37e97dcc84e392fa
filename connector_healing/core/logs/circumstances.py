"""What is known beside the text changes what it means: where it ran, what worked before."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from connector_healing.core.failure import Failure, Stage
from connector_healing.core.logs.reduce import ReducedLog
from connector_healing.core.taxonomy import FailureSubcategory as Sub

_MISSING = frozenset(
    {
        Sub.ENDPOINT_GONE,
        Sub.TARGET_UNKNOWN,
        Sub.REQUEST_REJECTED,
        Sub.PAGINATION_BROKEN,
        Sub.UNCLASSIFIED,
    }
)
_MISSING_STATUS = (404, 410)
_UNAUTHORIZED = 401
#: A whole address where one part of a path belongs.
_NESTED_URL = re.compile(r"^https?://[^?#]{1,400}/https?:", re.IGNORECASE)
#: Log-ins that a connector repeats by itself.
_RENEWS = re.compile(
    r"refresh|jwt_bearer|username_password|password_login|client_credentials|assume|role|instance"
    r"|managed|session|auto|login|service_account"
)
_ENDED = (Sub.TOKEN_EXPIRED, Sub.CREDENTIALS_REJECTED)
#: A refresh that was itself refused needs a person all the same.
_REFUSED_REFRESH = re.compile(
    r"invalid_grant|refresh.?token|revoked(?!, malformed)|invalid_client", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class _Known:
    """A fact that was declared, and what a missing thing then means."""

    name: re.Pattern[str]
    subcategory: Sub
    when: Callable[[str], bool] = bool


_DECLARED = (
    _Known(
        re.compile(r"same_request|minutes_(?:before|after)|intermittent|retry_(?:status|result)"),
        Sub.INTERMITTENT,
        lambda value: "200" in value or value == "true",
    ),
    _Known(
        re.compile(r"page_\d+|last_page|total_pages|previous_page|pages?_ok"), Sub.PAGINATION_BROKEN
    ),
    _Known(
        re.compile(r"exists_for|visible_to|owner_sees|exists_in_ui|exists_for_(?:owner|admin)"),
        Sub.PERMISSION_MISSING,
        lambda value: value == "true",
    ),
    _Known(re.compile(r"first_run|never_(?:ran|worked)|new_connector"), Sub.TARGET_UNKNOWN),
    _Known(
        re.compile(
            r"last_success|worked|sibling|successor|changelog|deprecat|v\d_(?:status|exists)|other_path"
        ),
        Sub.ENDPOINT_GONE,
    ),
)

#: The same trouble at the load side, and at a database that is read.
_AT_LOAD: Mapping[Sub, Sub] = {
    Sub.CONNECTION_REFUSED: Sub.DESTINATION_UNREACHABLE,
    Sub.CONNECT_TIMEOUT: Sub.DESTINATION_UNREACHABLE,
    Sub.CONNECTION_RESET: Sub.DESTINATION_BUSY,
    Sub.READ_TIMEOUT: Sub.DESTINATION_BUSY,
    Sub.DEADLINE_EXCEEDED: Sub.DESTINATION_BUSY,
    Sub.SERVER_UNAVAILABLE: Sub.DESTINATION_BUSY,
    Sub.CONFLICT: Sub.DESTINATION_BUSY,
    Sub.PERMISSION_MISSING: Sub.DESTINATION_REFUSED,
    Sub.TARGET_UNKNOWN: Sub.DESTINATION_REFUSED,
    Sub.TYPE_CHANGED: Sub.VALUE_REFUSED,
    Sub.REQUEST_REJECTED: Sub.TABLE_MISMATCH,
    Sub.KEY_MISSING: Sub.TABLE_MISMATCH,
    Sub.UNCLASSIFIED: Sub.LOAD_JOB_FAILED,
}
#: What a warehouse that is itself Spark says of a load.
_SPARK_AT_LOAD: Mapping[Sub, Sub] = {
    Sub.STORAGE_ACCESS: Sub.DESTINATION_REFUSED,
    Sub.TABLE_UNRESOLVED: Sub.TABLE_MISMATCH,
    Sub.COLUMN_UNRESOLVED: Sub.TABLE_MISMATCH,
    Sub.TYPES_MISMATCHED: Sub.TABLE_MISMATCH,
    Sub.SQL_INVALID: Sub.TABLE_MISMATCH,
}
_AT_EXTRACT: Mapping[Sub, Sub] = {
    Sub.DESTINATION_BUSY: Sub.SERVER_UNAVAILABLE,
    Sub.DESTINATION_UNREACHABLE: Sub.CONNECTION_REFUSED,
    Sub.DESTINATION_REFUSED: Sub.PERMISSION_MISSING,
    Sub.TABLE_MISMATCH: Sub.REQUEST_REJECTED,
    Sub.VALUE_REFUSED: Sub.TYPE_CHANGED,
    Sub.CONSTRAINT_VIOLATED: Sub.TYPE_CHANGED,
    Sub.LOAD_JOB_FAILED: Sub.SERVER_UNAVAILABLE,
}
_UNWELL = (Sub.DESTINATION_BUSY, Sub.DESTINATION_UNREACHABLE)
#: What a source's database says more exactly than a destination's, whose trouble is all one.
_OF_SOURCES = (
    (_UNWELL, re.compile(r"translate host name|name or service not known"), Sub.NAME_RESOLUTION),
    (_UNWELL, re.compile(r"time ?out|timed out"), Sub.DEADLINE_EXCEEDED),
    (
        _UNWELL,
        re.compile(
            r"connection (?:was )?(?:closed|lost|reset)|closed the connection|gone away|lost connection"
        ),
        Sub.CONNECTION_RESET,
    ),
    (
        (Sub.DESTINATION_REFUSED,),
        re.compile(r"(?:database|schema|catalog) \S+ does not exist|unknown database"),
        Sub.TARGET_UNKNOWN,
    ),
)
_LOOKED_AT = 20_000  #: Characters.
#: What validates a setting, not data.
_AT_BUILD: Mapping[Sub, Sub] = dict.fromkeys(
    (
        Sub.TYPE_CHANGED,
        Sub.KEY_MISSING,
        Sub.NOT_JSON,
        Sub.DOCUMENT_UNREADABLE,
        Sub.REQUEST_REJECTED,
        Sub.UNCLASSIFIED,
    ),
    Sub.CONFIGURATION_INVALID,
)
_CONFIGURES = re.compile(r"connector config|config(?:uration)? (?:file|object)|settings file")
_BY_STAGE: Mapping[Stage, Mapping[Sub, Sub]] = {
    Stage.LOAD: _AT_LOAD,
    Stage.SYNC: _AT_LOAD,
    Stage.EXTRACT: _AT_EXTRACT,
}


def in_circumstances(subcategory: Sub, failure: Failure, log: ReducedLog) -> Sub:
    """What the subcategory becomes with what else is known of the failure."""
    status = failure.http.status if failure.http else None
    if status in _MISSING_STATUS and failure.http and _NESTED_URL.search(failure.http.url):
        return Sub.CONFIGURATION_INVALID
    if subcategory in _MISSING and status in _MISSING_STATUS:
        subcategory = _by_history(failure.declared) or subcategory
    if subcategory in (Sub.REQUEST_REJECTED, Sub.UNCLASSIFIED) and failure.declared:
        found = _by_history(failure.declared)
        subcategory = Sub.INTERMITTENT if found is Sub.INTERMITTENT else subcategory
    if subcategory in _ENDED and _renews(failure.declared):
        said = "\n".join(line.text for line in log.lines)
        status = failure.http.status if failure.http else None
        ended = (
            subcategory is Sub.TOKEN_EXPIRED or status == _UNAUTHORIZED or "expire" in said.lower()
        )
        if ended and not _REFUSED_REFRESH.search(said):
            return Sub.SESSION_EXPIRED
    if failure.stage is Stage.EXTRACT:
        subcategory = _at_source(subcategory, log)
    if (
        subcategory is Sub.SESSION_EXPIRED
        and failure.declared.get("auth")
        and not _renews(failure.declared)
    ):
        return Sub.TOKEN_EXPIRED
    return _where(failure).get(subcategory, subcategory)


def _at_source(subcategory: Sub, log: ReducedLog) -> Sub:
    """What a database that is read means by what it says of itself."""
    for of, words, meant in _OF_SOURCES:
        if subcategory in of and words.search(log.text[:_LOOKED_AT].lower()):
            return meant
    return subcategory


def _where(failure: Failure) -> Mapping[Sub, Sub]:
    """What the same trouble is called where the failure showed."""
    if failure.stage is Stage.BUILD or _CONFIGURES.search(str(dict(failure.declared)).lower()):
        return _AT_BUILD
    if (
        "databricks" in str(failure.load_state.get("destination", ""))
        and failure.stage is Stage.LOAD
    ):
        return {**_AT_LOAD, **_SPARK_AT_LOAD}
    return _BY_STAGE.get(failure.stage, {})


def _by_history(declared: Mapping[str, object]) -> Sub | None:
    """What a missing thing means by what is known of it; the first row that fits decides."""
    for known in _DECLARED:
        for name, value in declared.items():
            if known.name.search(str(name).lower()) and known.when(str(value).lower()):
                return known.subcategory
    return None


def _renews(declared: Mapping[str, object]) -> bool:
    return bool(_RENEWS.search(str(declared.get("auth", "")).lower()))
