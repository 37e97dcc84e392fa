"""Rules for answers that refuse because of how much or how fast was asked."""

from datetime import timedelta

from connector_healing.core.rules import words
from connector_healing.core.rules.clues import Clues
from connector_healing.core.rules.rule import Rule
from connector_healing.core.taxonomy import FailureSubcategory as Sub

#: A longer wait than this is no rate limit but a quota.
_LONG_WAIT = timedelta(hours=1)

_REJECTIONS = (400, 404, 409, 413, 414, 416, 422)


def _asks_to_wait(clues: Clues) -> bool:
    return clues.signals.is_exhausted or clues.signals.retry_after is not None


def _asks_to_wait_long(clues: Clues) -> bool:
    wait = clues.signals.wait
    return wait is not None and wait > _LONG_WAIT


LIMITS = (
    Rule(
        name="http.plan",
        subcategory=Sub.PLAN_LIMIT,
        cause="{endpoint} answered {status}: what the plan allows is used up.",
        confidence=0.9,
        statuses=(402, 403, 429),
        says=words.PLAN,
    ),
    Rule(
        name="http.payment",
        subcategory=Sub.PLAN_LIMIT,
        cause="{endpoint} answered {status}, which asks for payment.",
        confidence=0.85,
        statuses=(402,),
    ),
    Rule(
        name="http.quota",
        subcategory=Sub.QUOTA_EXHAUSTED,
        cause="{endpoint} answered {status}: a quota is used up.",
        confidence=0.9,
        statuses=(400, 403, 429, 503),
        says=words.QUOTA,
        unless=words.SHORT_WINDOW,
        also=(Sub.RATE_LIMITED,),
    ),
    Rule(
        name="http.quota_by_wait",
        subcategory=Sub.QUOTA_EXHAUSTED,
        cause="{endpoint} answered {status} and asks to wait for more than an hour.",
        confidence=0.8,
        statuses=(403, 429),
        when=_asks_to_wait_long,
        also=(Sub.RATE_LIMITED,),
    ),
    Rule(
        name="http.rate_limit",
        subcategory=Sub.RATE_LIMITED,
        cause="{endpoint} answered {status}: too many requests in the API's window.",
        confidence=0.95,
        statuses=(420, 429, 430, 509),  # 420, 430: Twitter, Shopify
        also=(Sub.QUOTA_EXHAUSTED,),
    ),
    Rule(
        name="http.rate_limit_words",
        subcategory=Sub.RATE_LIMITED,
        cause="{endpoint} answered {status}, but its text speaks of too many requests.",
        confidence=0.9,
        statuses=(400, 403, 500, 503),
        says=words.RATE_LIMIT,
        also=(Sub.PERMISSION_MISSING,),
    ),
    Rule(
        name="http.rate_limit_headers",
        subcategory=Sub.RATE_LIMITED,
        cause="{endpoint} answered {status}, but its headers say that a limit is used up.",
        confidence=0.85,
        statuses=(403,),
        when=_asks_to_wait,
        also=(Sub.PERMISSION_MISSING,),
    ),
)

PAGES = (
    Rule(
        name="http.too_large",
        subcategory=Sub.RESULT_TOO_LARGE,
        cause="{endpoint} answered {status}: it was asked for more than it gives at once.",
        confidence=0.8,
        statuses=(*_REJECTIONS, 500),
        says=words.TOO_LARGE,
        also=(Sub.REQUEST_REJECTED,),
    ),
    Rule(
        name="http.request_too_large",
        subcategory=Sub.RESULT_TOO_LARGE,
        cause="{endpoint} answered {status}: the request is too large.",
        confidence=0.7,
        statuses=(413, 414),
        also=(Sub.REQUEST_REJECTED,),
    ),
    Rule(
        name="http.page",
        subcategory=Sub.PAGINATION_BROKEN,
        cause="{endpoint} answered {status}: it does not accept the place from which to go on.",
        confidence=0.8,
        statuses=_REJECTIONS,
        says=words.PAGE,
        also=(Sub.REQUEST_REJECTED,),
    ),
)

RULES = (*LIMITS, *PAGES)
