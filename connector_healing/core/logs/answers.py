"""An answer that a text speaks of, judged by the same tables as a live one."""

from dataclasses import replace

from connector_healing.core.failure import Failure, HttpExchange
from connector_healing.core.logs.http_text import status_in
from connector_healing.core.logs.matching import Hit
from connector_healing.core.logs.reading import exceptions_in
from connector_healing.core.logs.reduce import LogLine, ReducedLog
from connector_healing.core.rules import body, document, http
from connector_healing.core.rules.clues import Clues, clues_of
from connector_healing.core.rules.rule import Rule
from connector_healing.core.rules.signature import Signature, Weight

_FIRST_REDIRECT = 300

#: Rules that the status alone decides: a word elsewhere in the text says more.
_BARE = frozenset(
    {
        *("http.unauthorized", "http.credential_missing", "http.forbidden", "http.not_found"),
        *("http.rejected", "http.server_error", "http.gateway_timeout", "http.redirect"),
        *("http.request_too_large", "http.request_timeout", "http.method", "http.later_page"),
        *("http.rate_limit", "http.payment", "http.gone", "body.error", "document.not_json"),
    }
)
#: Rules that hardly know: an exception's own name says more.
_WEAK = frozenset({"http.rejected", "body.error", "http.not_found", "http.redirect"})
_JSON_ERROR = ".JSONDecodeError"


def answer_hit(failure: Failure, log: ReducedLog) -> Hit | None:
    """What the tables of answers say, as a hit on the line that names the status."""
    if failure.http is None:
        return None
    clues = _clues(failure, failure.http, log)
    rule = next((r for r in _tables(clues) if r.matches(clues)), None)
    if rule is None:
        return None
    named = status_in(log.lines)
    line = log.lines[named[1]] if named else (log.lines[0] if log.lines else LogLine(0, ""))
    signature = Signature(
        name=rule.name,
        subcategory=rule.subcategory,
        weight=_weight(rule),
        patterns=(),
        cause=_cause(rule, clues),
        also=rule.also,
        confidence=rule.confidence,
    )
    return Hit(signature, line, 0, len(line.text))


def _weight(rule: Rule) -> Weight:
    if rule.name in _WEAK:
        return Weight.WORDS
    return Weight.STATUS if rule.name in _BARE else Weight.ANSWER


def _clues(failure: Failure, exchange: HttpExchange, log: ReducedLog) -> Clues:
    links = tuple(link for link, _ in exceptions_in(log))
    if links and links[0].type.endswith("JSONDecodeError"):
        mro = (*links[0].mro, "json.decoder.JSONDecodeError")
        links = (replace(links[0], mro=mro), *links[1:])
    named = [link for link in links[:1] if link.type.endswith("JSONDecodeError")]
    return clues_of(replace(failure, chain=tuple(named), root=0, http=exchange))


def _tables(clues: Clues) -> tuple[Rule, ...]:
    status = clues.status
    if status is not None and status >= _FIRST_REDIRECT:
        return http.RULES
    if _JSON_ERROR in clues.root:
        return document.RULES
    return body.RULES


def _cause(rule: Rule, clues: Clues) -> str:
    """The rule's sentence; what comes from the text is no template any more."""
    return rule.cause.format(**clues.fields()).replace("{line}", "(line)")
