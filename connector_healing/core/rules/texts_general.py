"""What is left when no system's own words were found: words that systems share, by kind.

Each pattern pairs a thing (a credential, a page, a value) with a verdict on it (refused, repeated,
not parsable). They name the kind of a failure, hardly its cause: an answer is never sure.
"""

from functools import partial

from connector_healing.core.rules.signature import Weight, sign
from connector_healing.core.taxonomy import FailureSubcategory as Sub

_general = partial(sign, weight=Weight.GENERAL, confidence=0.6, cause="The text says: {line}")

IDENTITY = (
    _general(
        "general.credential",
        Sub.CREDENTIALS_REJECTED,
        r"(?:unable|failed|failing) to (?:authenticate|log ?in|sign ?in|login|verify (?:the |your )?(?:token|credentials?|signature))\b",
        r"(?:could not|couldn't|cannot|can't) (?:be authenticated|authenticate|log ?in|sign ?in)\b",
        r"(?:authentication|login|log-in|sign-in|credentials?|signature) (?:has |have |was |were |is |are |attempt )?(?:been )?(?:failed|failure|rejected|required|refused|revoked|not accepted|not recognized|unsuccessful|could not be verified)\b",
        r"(?:expired|revoked|invalid|rejected|wrong|incorrect) (?:\w+ ){0,2}(?:credentials?|api ?key|access ?key|access ?token|auth\w* token|password|client secret|login|authentication)\b",
        unless=r"next_?page_?token|page ?token|keyerror",
        also=(Sub.TOKEN_EXPIRED,),
    ),
    _general(
        "general.right",
        Sub.PERMISSION_MISSING,
        r"(?:not|isn't|aren't) (?:been )?(?:allowed|permitted|authori[sz]ed|entitled|eligible) (?:to|for|access|by|here)\b",
        r"(?:access|permission) (?:to \S+ |for \S+ )?(?:has been |is |was )?(?:denied|forbidden|restricted|refused|not granted)\b",
        r"(?:requires?|lacks?|lacking|without) (?:the |an? )?(?:\S+ ){0,3}(?:permissions?|privileges?|roles?|scopes?|consent)\b",
        r"(?:disabled|restricted|blocked|limited) (?:\w+ )?access|access (?:\w+ )?(?:disabled|blocked)\b",
        r"forbidden|not (?:been )?approved|different access level",
        also=(Sub.SCOPE_MISSING,),
    ),
)

LIMITS = (
    _general(
        "general.rate",
        Sub.RATE_LIMITED,
        r"throttl\w+|too frequent\w*|too (?:many|much) (?:\w+ )?(?:requests|calls|queries|attempts|traffic)",
        r"limit of \d+ .{0,40}(?:per|every|each|/) ?\d* ?(?:s|sec\w*|min\w*|hour)\b",
        r"(?:calls|requests|queries) (?:\w+ ){0,3}per (?:second|minute|hour)\b",
        r"\d+ per (?:second|minute)\b",
        r"spike arrest|spikearrestviolation|allowed rate|take a break for|doing that (?:a lot|too much)|ratelimit",
        r"please (?:slow down|wait (?:\w+ ){0,3}before)",
        also=(Sub.QUOTA_EXHAUSTED,),
    ),
    _general(
        "general.quota",
        Sub.QUOTA_EXHAUSTED,
        r"(?:used|consumed|exhausted|exceeded|reached) (?:\w+ ){0,4}(?:allowance|credits|quota)\b",
        r"(?:day|daily|month|monthly) (?:limit|allowance|cap|maximum)\b",
        r"(?:allowance|credits|quota) (?:\w+ ){0,3}(?:used|consumed|exhausted|exceeded|reached)\b",
        unless=r"per (?:\d+ )?(?:second|minute)",
        also=(Sub.RATE_LIMITED, Sub.PLAN_LIMIT),
    ),
)

PAGES = (
    _general(
        "general.page",
        Sub.PAGINATION_BROKEN,
        r"(?:paginator|pagination|paging|cursor|next page|next link|next_url|page \d+) .{0,60}(?:repeat\w*|the same|identical|loop\w*|stopped|invalid|beyond|not advance|did not change|aborted|exceeded|without end|not belong|not match)\b",
        r"(?:less than or equal to|at most|no more than|not exceed|cannot exceed|smaller than) \d+ .{0,60}(?:limit|page|per_page|page_size|pagesize)\b",
        r"(?:maximum page|last page|page number|starting key|start key|resume token|continuation) .{0,40}(?:is|was|must|exceeds|invalid)\b",
        r"paging cookie|cursor (?:could not|cannot|can't) be (?:decoded|parsed|found|read)\b",
        r"(?:page_?size|per_page|limit|count|offset) (?:parameter |value )?(?:must|cannot|should|may not|has to) (?:be|exceed)\b",
        unless=r"kafka|consumer",
        also=(Sub.RESULT_TOO_LARGE,),
    ),
)

CHANGES = (
    _general(
        "general.gone",
        Sub.ENDPOINT_GONE,
        r"(?:is|was|are|has been|have been) (?:now )?(?:obsolete|superseded|sunset|retired|discontinued|decommissioned|switched off|turned off|shut down|replaced)\b",
        r"end of life|successor: ",
        unless=r"token|kafka|password|credential",
        also=(Sub.VERSION_RETIRED,),
    ),
    _general(
        "general.request",
        Sub.REQUEST_REJECTED,
        r"(?:cannot|can't|can no longer) be (?:expanded|included|requested|queried|selected|filtered|sorted)\b",
        r"supported (?:dimensions|metrics|fields|versions|parameters|columns|properties|operations|methods) (?:are|is)\b",
        r"you may want to (?:try|use)\b",
        r"(?:unknown|unsupported|unrecogni[sz]ed) (?:\w+ ){0,3}(?:enum|argument|parameter|field|column|filter|property|method|operation|endpoint|route)\b",
        unless=r"nameerror|attributeerror|typeerror|importerror|unbound",
        also=(Sub.VERSION_RETIRED, Sub.ENDPOINT_GONE),
    ),
)

DATA = (
    _general(
        "general.shape",
        Sub.TYPE_CHANGED,
        r"(?:string|number|integer|boolean|null|array|object|list|dict|date|float) (?:was )?found, .{0,20}expected",
        r"expected (?:an? )?`?(?:string|number|integer|boolean|null|array|object|list|dict|int|str|float|date|datetime|timestamp)`?\b.{0,40}(?:got|found|received|but)\b",
        r"schema validation (?:errors?|failed|failure)\b|does not (?:match|conform to) (?:the )?(?:\w+ )?(?:schema|format)\b",
        r"unexpected (?:\w+ )?(?:element|tag|key|attribute|format|type|character|token|structure|value)\b",
        r"error (?:deserializing|parsing|decoding|reading|converting|interpreting) |did not match any (?:variant|schema|type)|unsupported (?:type|format|encoding)\b",
        r"expected object or value|trailing data|not json serializable|json object must be (?:str|string)",
        r"not json compliant|(?:could not|cannot|can't|failed to|unable to) (?:parse|decode|deserialize|unmarshal|convert|interpret) ",
        unless=r"assertionerror|argument|config|syntaxerror|compil",
        also=(Sub.KEY_MISSING, Sub.DOCUMENT_UNREADABLE),
    ),
)

SERVICE = (
    _general(
        "general.server",
        Sub.SERVER_UNAVAILABLE,
        r"error while (?:talking|communicating|processing)|try again later|retry later|(?:temporarily|currently) (?:unavailable|not available|down|offline)",
        r"(?:cannot|can't) be accessed right now|retry the request|error intermittently|please retry|try (?:it )?again\b",
        r"unknown reason|please contact (?:\w+ ){0,2}support\b",
        r"unexpected (?:server )?(?:condition|failure)|(?:server|service) (?:error|failure|outage|problem)\b",
        also=(Sub.READ_TIMEOUT,),
    ),
    _general(
        "general.connection",
        Sub.CONNECTION_RESET,
        r"connection (?:\w+ ){0,2}(?:failed|closed|lost|dropped|terminated|interrupted|broken)\b",
        r"(?:could not|cannot|can't|unable to|failed to) (?:connect|reach) ",
        r"network (?:error|failure|problem|issue)|(?:host|server|peer) (?:is )?unreachable",
        also=(Sub.CONNECTION_REFUSED, Sub.NAME_RESOLUTION),
    ),
    _general(
        "general.time",
        Sub.READ_TIMEOUT,
        r"timed out|timed-out|took too long|taking too long|running for too long",
        also=(Sub.DEADLINE_EXCEEDED,),
    ),
)

SETTINGS = (
    _general(
        "general.target",
        Sub.TARGET_UNKNOWN,
        r"(?:id|identifier|name|number) \S+ (?:is |was |does |could )?(?:not (?:be )?(?:exist|found|known)|malformed|unknown|invalid)\b",
        unless=r"kafka|page|cursor|schema|transaction id",
        also=(Sub.PERMISSION_MISSING,),
    ),
    _general(
        "general.setting",
        Sub.CONFIGURATION_INVALID,
        r"(?:isn't|is not|was not|has not been|not) (?:defined|configured|declared|registered)\b",
        r"(?:connection string|dsn|setting|configuration|config|environment variable) .{0,60}(?:missing|not set|invalid|required|malformed|wrong|not valid)\b",
        r"(?:not valid for|invalid|malformed|bad) .{0,30}(?:connection string|dsn|configuration|config)\b",
        r"(?:config|setting|option|configuration) \S+ .{0,60}must (?:match|be|have|start|contain)\b",
        r"please (?:set|configure|specify) ",
        unless=r"nameerror|unbound|'\w+' is not defined",
        also=(Sub.CONFIGURATION_MISSING,),
    ),
)

MACHINE = (
    _general(
        "general.memory",
        Sub.OUT_OF_MEMORY,
        r"excessive memory usage|memory (?:limit|pressure)|out of memory",
        r"terminatedworkererror|brokenprocesspool|process pool was terminated abruptly",
        r"worker process .{0,60}(?:killed|terminated)\b",
    ),
)

LOAD = (
    _general(
        "general.load",
        Sub.LOAD_JOB_FAILED,
        r"duplicate key|e11000|bulk(?:write|index)error",
        r"failed to (?:insert|upsert|index|copy|load) (?:\w+ ){0,4}(?:into|rows?|documents?|table)\b",
        also=(Sub.CONSTRAINT_VIOLATED, Sub.VALUE_REFUSED),
    ),
)

RULES = (
    *(*LIMITS, *PAGES, *IDENTITY, *MACHINE, *LOAD, *DATA, *CHANGES),
    *(*SETTINGS, *SERVICE),
)
