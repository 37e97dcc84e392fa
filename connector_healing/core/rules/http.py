"""Rules for answers that carry an error status, and for their false friends."""

from connector_healing.core.rules import limits, words
from connector_healing.core.rules.clues import Clues
from connector_healing.core.rules.rule import Rule
from connector_healing.core.taxonomy import FailureSubcategory as Sub

_CLIENT_ERRORS = range(400, 500)
_SERVER_ERRORS = range(500, 600)
#: What an endpoint that is not served any more answers; not a refusal of this request.
_NOT_SERVED = (404, 406, 410, 426)
#: Where an API may say that a version, an endpoint or a field is gone. 426: RFC 9110.
_GONE = (400, 403, 404, 406, 410, 422, 426)


def _names_successor(clues: Clues) -> bool:
    return clues.signals.successor is not None


def _says_deprecated(clues: Clues) -> bool:
    return clues.signals.deprecated or clues.signals.sunset_at is not None


def _lacks_scope(clues: Clues) -> bool:
    """GitHub names the scopes that it accepts, and answers 404 to hide what they protect."""
    accepted = _scopes(clues.headers.get("x-accepted-oauth-scopes", ""))
    granted = _scopes(clues.headers.get("x-oauth-scopes", ""))
    return bool(accepted) and accepted.isdisjoint(granted)


def _scopes(text: str) -> set[str]:
    return {scope.strip() for scope in text.split(",") if scope.strip()}


IDENTITY = (
    Rule(
        name="http.scope",
        subcategory=Sub.PERMISSION_MISSING,
        cause="{endpoint} answered {status}: the credential is good but lacks a scope.",
        confidence=0.85,
        statuses=(401, 403, 404),
        when=_lacks_scope,
        also=(Sub.TARGET_UNKNOWN,),
    ),
    Rule(
        name="http.revoked",
        subcategory=Sub.CREDENTIALS_REJECTED,
        cause="{endpoint} answered {status}: the credential was revoked.",
        confidence=0.9,
        statuses=(400, 401, 403),
        says=words.REVOKED,
        unless=words.EXPIRED,
        also=(Sub.TOKEN_EXPIRED,),
    ),
    Rule(
        name="http.token_expired",
        subcategory=Sub.TOKEN_EXPIRED,
        cause="{endpoint} answered {status}: the token or session has expired.",
        confidence=0.9,
        statuses=(400, 401, 403, 419, 440, 498),  # 419, 440, 498: Laravel, IIS, Esri
        says=words.TOKEN_EXPIRED,
        also=(Sub.CREDENTIALS_REJECTED,),
    ),
    Rule(
        name="http.scope_words",
        subcategory=Sub.PERMISSION_MISSING,
        cause="{endpoint} answered {status}: the credential lacks a scope.",
        confidence=0.8,
        statuses=(401,),
        says=words.SCOPE,
        also=(Sub.CREDENTIALS_REJECTED,),
    ),
    Rule(
        name="http.credential_missing",
        subcategory=Sub.CREDENTIALS_MISSING,
        cause="{endpoint} answered 401, and the request held no credential.",
        confidence=0.75,
        statuses=(401,),
        unless=words.BAD,
        when=lambda clues: clues.sent_credential is False,
        also=(Sub.CREDENTIALS_REJECTED,),
    ),
    Rule(
        name="http.unauthorized",
        subcategory=Sub.CREDENTIALS_REJECTED,
        cause="{endpoint} answered 401: the credential is not accepted.",
        confidence=0.85,
        statuses=(401,),
        also=(Sub.TOKEN_EXPIRED,),
    ),
    Rule(
        name="http.not_enabled",
        subcategory=Sub.CONFIGURATION_INVALID,
        cause="{endpoint} answered {status}: the API is not enabled for this project.",
        confidence=0.85,
        statuses=(403,),
        says=words.NOT_ENABLED,
        also=(Sub.PERMISSION_MISSING,),
    ),
    Rule(
        name="http.credential_words",
        subcategory=Sub.CREDENTIALS_REJECTED,
        cause="{endpoint} answered {status}, but its text says that the credential is not accepted.",
        confidence=0.8,
        statuses=(400, 403),
        says=words.CREDENTIAL,
        also=(Sub.PERMISSION_MISSING, Sub.TOKEN_EXPIRED),
    ),
    Rule(
        name="http.proxy",
        subcategory=Sub.PROXY_FAILURE,
        cause="A proxy or network gate answered {status}.",
        confidence=0.9,
        statuses=(407, 511),
    ),
)

CHANGES = (
    Rule(
        name="http.version_moved",
        subcategory=Sub.VERSION_RETIRED,
        cause="{endpoint} answered {status}: this version of the API is no longer served, and {successor} takes its place.",
        confidence=0.9,
        statuses=_NOT_SERVED,
        says=words.VERSION,
        when=_names_successor,
        also=(Sub.ENDPOINT_MOVED, Sub.ENDPOINT_GONE),
    ),
    Rule(
        name="http.moved",
        subcategory=Sub.ENDPOINT_MOVED,
        cause="{endpoint} answered {status} and names its successor: {successor}.",
        confidence=0.9,
        statuses=(*range(300, 309), *_NOT_SERVED),
        when=_names_successor,
        also=(Sub.ENDPOINT_GONE, Sub.VERSION_RETIRED),
    ),
    Rule(
        name="http.moved_words",
        subcategory=Sub.ENDPOINT_MOVED,
        cause="{endpoint} answered {status} and says where it has moved to: {moved_to}.",
        confidence=0.85,
        statuses=_GONE,
        says=words.MOVED_TO,
        also=(Sub.ENDPOINT_GONE, Sub.VERSION_RETIRED),
    ),
    Rule(
        name="http.redirect",
        subcategory=Sub.ENDPOINT_MOVED,
        cause="{endpoint} answered {status} and was not followed.",
        confidence=0.8,
        statuses=range(300, 309),
    ),
    Rule(
        name="http.version",
        subcategory=Sub.VERSION_RETIRED,
        cause="{endpoint} answered {status}: this version of the API is no longer served.",
        confidence=0.85,
        statuses=_GONE,
        says=words.VERSION,
        also=(Sub.ENDPOINT_GONE,),
    ),
    Rule(
        name="http.field",
        subcategory=Sub.REQUEST_REJECTED,
        cause="{endpoint} answered {status}: it does not know a field or parameter that was asked for.",
        confidence=0.75,
        statuses=(400, 404, 422),
        says=words.FIELD,
        also=(Sub.FIELD_RENAMED, Sub.FIELD_REMOVED, Sub.PERMISSION_MISSING),
    ),
    Rule(
        name="http.gone_words",
        subcategory=Sub.ENDPOINT_GONE,
        cause="{endpoint} answered {status} and says that it was removed.",
        confidence=0.85,
        statuses=_GONE,
        says=words.GONE,
        also=(Sub.VERSION_RETIRED,),
    ),
    Rule(
        name="http.gone_headers",
        subcategory=Sub.ENDPOINT_GONE,
        cause="{endpoint} answered {status}, and its headers say that it was deprecated.",
        confidence=0.85,
        statuses=_NOT_SERVED,
        when=_says_deprecated,
        also=(Sub.VERSION_RETIRED,),
    ),
    Rule(
        name="http.gone",
        subcategory=Sub.ENDPOINT_GONE,
        cause="{endpoint} answered 410: it was there and is gone.",
        confidence=0.9,
        statuses=(410,),
        also=(Sub.VERSION_RETIRED,),
    ),
    Rule(
        name="http.method",
        subcategory=Sub.METHOD_REFUSED,
        cause="{endpoint} answered {status}: it no longer accepts this method.",
        confidence=0.85,
        statuses=(405, 501),
        also=(Sub.ENDPOINT_GONE,),
    ),
)

MISSING = (
    Rule(
        name="http.later_page",
        subcategory=Sub.PAGINATION_BROKEN,
        cause="{endpoint} answered 404 to a later page, though the first was there.",
        confidence=0.65,
        statuses=(404,),
        when=lambda clues: clues.is_later_page,
        also=(Sub.ENDPOINT_GONE,),
    ),
    Rule(
        name="http.hidden",
        subcategory=Sub.PERMISSION_MISSING,
        cause="{endpoint} answered 404, but its text speaks of missing rights.",
        confidence=0.7,
        statuses=(404,),
        says=words.PERMISSION,
        also=(Sub.TARGET_UNKNOWN, Sub.ENDPOINT_GONE),
    ),
    Rule(
        name="http.target",
        subcategory=Sub.TARGET_UNKNOWN,
        cause="{endpoint} answered {status}: something that the connector names does not exist.",
        confidence=0.7,
        statuses=(400, 404, 422),
        says=words.NAME,
        also=(Sub.ENDPOINT_GONE, Sub.PERMISSION_MISSING),
    ),
    Rule(
        name="http.not_found",
        subcategory=Sub.ENDPOINT_GONE,
        cause="{endpoint} answered 404: nothing is there any more.",
        confidence=0.55,
        statuses=(404,),
        also=(Sub.TARGET_UNKNOWN, Sub.PERMISSION_MISSING, Sub.ENDPOINT_MOVED),
    ),
)

SERVER = (
    Rule(
        name="http.request_timeout",
        subcategory=Sub.READ_TIMEOUT,
        cause="{endpoint} answered 408: the API waited too long for the request.",
        confidence=0.85,
        statuses=(408,),
    ),
    Rule(
        name="http.busy",
        subcategory=Sub.SERVER_UNAVAILABLE,
        cause="{endpoint} answered {status}: it asks to come back later.",
        confidence=0.8,
        statuses=(409, 423, 425),
        says=words.LATER,
    ),
    Rule(
        name="http.gateway_timeout",
        subcategory=Sub.SERVER_UNAVAILABLE,
        cause="{endpoint} answered {status}: the server behind it did not answer in time.",
        confidence=0.85,
        statuses=(504, 522, 524, 598, 599),
        also=(Sub.READ_TIMEOUT,),
    ),
    Rule(
        name="http.server_error",
        subcategory=Sub.SERVER_UNAVAILABLE,
        cause="{endpoint} answered {status}: the server failed.",
        confidence=0.9,
        statuses=_SERVER_ERRORS,
    ),
)

OTHERS = (
    Rule(
        name="http.challenge",
        subcategory=Sub.PERMISSION_MISSING,
        cause="{endpoint} answered {status} with a page that keeps programs out.",
        confidence=0.65,
        statuses=(403,),
        says=words.CHALLENGE,
        when=lambda clues: clues.is_html,
        also=(Sub.RATE_LIMITED,),
    ),
    Rule(
        name="http.forbidden",
        subcategory=Sub.PERMISSION_MISSING,
        cause="{endpoint} answered {status}: the credential lacks the right.",
        confidence=0.8,
        statuses=(403, 451),
        also=(Sub.CREDENTIALS_REJECTED, Sub.RATE_LIMITED),
    ),
    Rule(
        name="http.rejected",
        subcategory=Sub.REQUEST_REJECTED,
        cause="{endpoint} answered {status}: it does not accept the request as it is sent.",
        confidence=0.6,
        statuses=_CLIENT_ERRORS,
        also=(Sub.CONFIGURATION_INVALID, Sub.VERSION_RETIRED),
    ),
)

RULES = (*limits.RULES, *IDENTITY, *CHANGES, *MISSING, *SERVER, *OTHERS)
