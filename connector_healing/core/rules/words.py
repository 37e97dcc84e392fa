"""The words by which APIs say what is wrong, as patterns over message and body.

Collected from the error texts of GitHub, Google, Meta, Salesforce, Stripe, HubSpot, Slack,
Shopify, AWS, Azure and OAuth 2.0 (RFC 6749 §5.2, RFC 6750 §3.1).
"""

import re


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


RATE_LIMIT = _any(
    r"rate.?limit",
    r"too many (?:api )?(?:requests|calls)",
    r"throttl",
    r"slow.?down",
    r"request_limit_exceeded",
    r"(?:requests|calls|queries) per (?:\d+ )?(?:second|minute)",
    r"concurrent\w* (?:api )?requests",
    r"abuse detection",
)
#: A quota that is renewed once a day or more seldom.
QUOTA = _any(
    r"quota",
    r"daily(?: request)?.?limit",
    r"(?:per|a|each) (?:day|month)\b",
    r"\bmonthly\b",
    r"totalrequests",
    r"over_query_limit",
)
SHORT_WINDOW = _any(
    r"per (?:\d+ )?(?:second|minute|user per)", r"secondly", r"user.?rate", r"per_minute"
)
PLAN = _any(
    r"insufficient_quota",
    r"billing (?:\w+ )?(?:limit|disabled|inactive|not enabled|details)|check your billing",
    r"credits? (?:have been |are )?(?:used|exhausted|exceeded)",
    r"out of credits",
    r"upgrade (?:your )?(?:plan|account|subscription)",
    r"payment.?required",
    r"subscription (?:has )?(?:expired|ended|is inactive)",
)

TOKEN_EXPIRED = _any(
    r"(?:token|session|credentials?|signature|api.?key|access key|jwt)(?![a-z]).{0,60}"
    r"(?:expire|no longer valid|revoked|invalidated)",
    r"expired?[_ ]?(?:access|auth\w*|security|session|api)?[_ ]?(?:token|session|key|credentials?)",
    r"(?:expired|invalid)[_ ]?(?:session|authentication)",
    r"invalid_grant",
    r"session.{0,20}(?:invalid|not found)",
    r"unable to find session",
)
REVOKED = _any(
    r"(?:token|credentials?|api.?key|access key|certificate)(?![a-z]).{0,60}(?:revoked|withdrawn)"
)
#: What OAuth servers say of either: "expired or revoked".
EXPIRED = _any(r"expire")
#: A credential was looked at.
BAD = _any(r"\bbad\b|invalid|incorrect|expired|revoked|not valid")
CREDENTIAL = _any(
    r"invalid.{0,14}(?:api.?key|token|credentials?|client\b|signature|access.?key|login|password)",
    r"(?:api.?key|token|credentials?|password|signature)\b.{0,24}"
    r"(?:invalid|incorrect|not valid|malformed|missing|required|does ?n.t match)",
    r"bad credentials|bad_auth|invalid_auth\b|not_authed",
    r"authentication (?:failed|required|error)|authenticationfailed|unauthenticated",
    r"signaturedoesnotmatch|invalidaccesskeyid",
    r"must (?:log|sign) in|login required|(?:unable|failed) to authenticate",
)
SCOPE = _any(r"\bscopes?\b|insufficient.?(?:scope|privilege)")
PERMISSION = _any(
    r"permission|access.?denied|not (?:been )?(?:allowed|authorized|granted)|forbidden",
    r"\bscopes?\b|insufficient.?(?:scope|privilege|access)|privilege",
    r"\bsso\b|\bsaml\b|not have access|lacks? .{0,20}(?:role|right|access)",
)

TOO_LARGE = _any(
    r"reduce the amount|too (?:large|many (?:results|rows|records))",
    r"(?:page.?size|per.?page|limit)\b.{0,40}(?:maximum|exceed|between|less than|at most|too (?:big|high))",
    r"(?:maximum|max) (?:page.?size|per.?page|limit)",
)
PAGE = _any(
    r"(?:page|next|continuation|pagination|sync)[ _-]?token",
    r"cursor\b.{0,40}(?:invalid|malformed|expired|not (?:a )?valid|not found)|invalid.{0,10}cursor",
    r"invalid.?query.?locator|paginat|starting_after",
    r"(?:offset|page)\b.{0,40}(?:invalid|out of range|does ?n.t exist|not found|too (?:large|high)|exceeds)",
)
VERSION = _any(
    r"\bversion\b.{0,80}(?:deprecated|retired|no longer|sunset|not supported|unsupported|removed|invalid|discontinued)",
    r"(?:deprecated|unsupported|invalid|unknown|retired|outdated)[ _](?:\w+[ _])?version",
    r"(?:update|upgrade|migrate) to (?:the )?(?:latest|new(?:er|est)?|v\d|version)",
    r"\bv\d+\b.{0,40}(?:deprecated|retired|no longer|removed|discontinued|sunset|has ended)",
)
MOVED_TO = _any(r"moved (?:permanently )?to|(?:now|has moved) (?:lives )?(?:at|to) (?:/|http)")
#: The address in such a text.
NEW_PLACE = re.compile(
    r"(?:moved|now|use)\b[^/\n]{0,40}?((?:https?:/)?/[^\s\"'<>,;]+)", re.IGNORECASE
)
GONE = _any(
    r"(?:endpoint|api|resource|method|operation|route|service)\b.{0,60}"
    r"(?:removed|deprecated|retired|no longer|gone\b|discontinued|decommissioned|shut down)",
    r"no longer (?:exists|available|supported|served)",
    r"please (?:use|migrate)",
)
FIELD = _any(
    r"(?:unknown|invalid|unrecogni[sz]ed|undefined|unexpected|no such|unsupported)[ _]?"
    r"(?:field|column|property|attribute|metric|dimension|select)",
    r"(?:field|column|property|attribute|metric)\b.{0,80}"
    r"(?:not exist|n.t exist|unknown|not found|deprecated|removed|no longer)",
    r"undefinedfield|cannot query field",
)
NAME = _any(
    r"(?:account|project|dataset|table|database|repo\w*|workspace|bucket|user|organi[sz]ation|sheet|"
    r"spreadsheet|report|board|site|property|tenant|customer|group|channel|file|index|stream)\b.{0,60}"
    r"(?:not (?:be )?found|does ?n.t exist|does not exist|unknown|no such)",
    r"(?:no such|unknown) (?:account|project|dataset|table|database|user|bucket|workspace|group)",
    r"(?<!resource)(?<!route)(?<!endpoint)(?<!page)_not_found\b",
)
NOT_ENABLED = _any(r"has not been (?:used|enabled)|api is not enabled|accessnotconfigured")
LATER = _any(
    r"try again|retry|later|still running|already running|in progress|not (?:yet )?ready|locked"
)
DOWN = _any(
    r"maintenance|temporarily|service unavailable|bad gateway|gateway time-?out|overloaded|be back"
)
LOGIN_PAGE = _any(
    r"type=.?password", r"<title>[^<]{0,100}(?:(?:sign|log)[ -]?(?:in|on)\b|\bsso\b|single sign)"
)
CHALLENGE = _any(
    r"just a moment|captcha|cf-chl|checking your browser|access denied|attention required"
)
