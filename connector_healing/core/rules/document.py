"""Rules for answers that could not be parsed."""

import re

from connector_healing.core.rules import words
from connector_healing.core.rules.clues import Clues
from connector_healing.core.rules.rule import Rule
from connector_healing.core.taxonomy import FailureSubcategory as Sub

_JSON = (".JSONDecodeError",)
_UNTERMINATED = re.compile(r"unterminated string|unexpected end", re.IGNORECASE)
#: An object or a list, and not the bracket that a log begins with.
_BEGINS = re.compile(r"\s*(?:\{\s*[\"}]|\[\s*[\[\"{\]]|\[\s*\d+\s*[,\]]|[{\[]\s*$)")
_NEAR_END = 2  #: Characters: a parser that stops here ran out of text.


def _is_empty(clues: Clues) -> bool:
    return clues.failure.http is not None and not clues.body.strip()


def _is_cut(clues: Clues) -> bool:
    """Whether the parser ran out of a text that began as JSON."""
    if not _BEGINS.match(clues.body):
        return False
    try:
        left = int(clues.attribute_below("doc_length")) - int(clues.attribute_below("pos"))
    except ValueError:
        left = len(clues.body)
    return left <= _NEAR_END or _UNTERMINATED.search(clues.message) is not None


def _is_html(clues: Clues) -> bool:
    return clues.is_html


RULES = (
    Rule(
        name="document.empty",
        subcategory=Sub.EMPTY_BODY,
        cause="The API answered without an error, and with nothing.",
        confidence=0.9,
        root=_JSON,
        when=_is_empty,
        also=(Sub.SERVER_UNAVAILABLE,),
    ),
    Rule(
        name="document.cut",
        subcategory=Sub.BODY_CUT_SHORT,
        cause="The answer began as JSON and ended in the middle: {message}",
        confidence=0.75,
        root=_JSON,
        when=_is_cut,
        also=(Sub.NOT_JSON,),
    ),
    Rule(
        name="document.down",
        subcategory=Sub.SERVER_UNAVAILABLE,
        cause="The API answered without an error, with a page that says it is down.",
        confidence=0.75,
        root=_JSON,
        says=words.DOWN,
        when=_is_html,
        also=(Sub.NOT_JSON,),
    ),
    Rule(
        name="document.challenge",
        subcategory=Sub.PERMISSION_MISSING,
        cause="The API answered without an error, with a page that keeps programs out.",
        confidence=0.65,
        root=_JSON,
        says=words.CHALLENGE,
        when=_is_html,
        also=(Sub.RATE_LIMITED, Sub.NOT_JSON),
    ),
    Rule(
        name="document.login_page",
        subcategory=Sub.CREDENTIALS_REJECTED,
        cause="The API answered without an error, with its log-in page: the session is not accepted.",
        confidence=0.8,
        root=_JSON,
        says=words.LOGIN_PAGE,
        when=_is_html,
        also=(Sub.TOKEN_EXPIRED, Sub.ENDPOINT_MOVED),
    ),
    Rule(
        name="document.html",
        subcategory=Sub.NOT_JSON,
        cause="The API answered with an HTML page where JSON was expected.",
        confidence=0.85,
        root=_JSON,
        when=_is_html,
        also=(Sub.CREDENTIALS_REJECTED, Sub.SERVER_UNAVAILABLE, Sub.ENDPOINT_MOVED),
    ),
    Rule(
        name="document.rate_limit",
        subcategory=Sub.RATE_LIMITED,
        cause="The API answered with a text that speaks of too many requests.",
        confidence=0.75,
        root=_JSON,
        says=words.RATE_LIMIT,
        also=(Sub.NOT_JSON,),
    ),
    Rule(
        name="document.token_expired",
        subcategory=Sub.TOKEN_EXPIRED,
        cause="The API answered with a text that says that the token has expired.",
        confidence=0.7,
        root=_JSON,
        says=words.TOKEN_EXPIRED,
        also=(Sub.NOT_JSON,),
    ),
    Rule(
        name="document.not_json",
        subcategory=Sub.NOT_JSON,
        cause="The answer is not JSON: {message}",
        confidence=0.85,
        root=_JSON,
    ),
    Rule(
        name="document.not_parsable",
        subcategory=Sub.NOT_JSON,
        cause="The answer has not the form that the connector parses: {message}",
        confidence=0.75,
        root=(
            *("UnicodeDecodeError", "_csv.Error", "xml.etree.ElementTree.ParseError"),
            *(".ParserError", "zipfile.BadZipFile", "gzip.BadGzipFile", "zlib.error"),
            *(".ArrowInvalid", ".XMLSyntaxError", ".ExpatError"),
        ),
        also=(Sub.BODY_CUT_SHORT, Sub.TYPE_CHANGED),
    ),
)
