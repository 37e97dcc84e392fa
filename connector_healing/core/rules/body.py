"""Rules for errors that an API reported under a status of success."""

from collections.abc import Collection
from dataclasses import replace

from connector_healing.core.rules import http, words
from connector_healing.core.rules.rule import Rule
from connector_healing.core.taxonomy import FailureSubcategory as Sub

#: The rules that look at words alone.
_IN_BODY: Collection[str] = (
    *("http.plan", "http.quota", "http.rate_limit_words", "http.too_large", "http.page"),
    *("http.token_expired", "http.credential_words", "http.version", "http.field"),
    *("http.gone_words", "http.hidden", "http.target"),
)


def _in_body(rule: Rule) -> Rule:
    """The same rule for an answer of status 200 whose body reports an error."""
    return replace(
        rule,
        name=rule.name.replace("http.", "body."),
        cause="{endpoint} answered with success, but its body reports an error: "
        + rule.cause.rpartition(": ")[2],
        statuses=(),
        when=lambda clues: clues.has_error_body,
        confidence=round(rule.confidence - 0.1, 2),
    )


RULES = (
    *(_in_body(rule) for rule in http.RULES if rule.name in _IN_BODY),
    Rule(
        name="body.down",
        subcategory=Sub.SERVER_UNAVAILABLE,
        cause="{endpoint} answered with success, but its body says that it is down.",
        confidence=0.75,
        says=words.DOWN,
        when=lambda clues: clues.has_error_body,
    ),
    Rule(
        name="body.error",
        subcategory=Sub.REQUEST_REJECTED,
        cause="{endpoint} answered with success, but its body reports an error.",
        confidence=0.5,
        when=lambda clues: clues.has_error_body,
        also=(Sub.SERVER_UNAVAILABLE, Sub.CREDENTIALS_REJECTED),
    ),
)
