"""How vendors say that too much was asked, or that a server is not well.

Sources: the error codes of Google (usageLimits), GitHub, Meta (codes 4, 17, 32, 613, 80000 to
80014), Salesforce, HubSpot (policyName), Shopify, Slack, Stripe, Jira, Notion, OpenAI, Twilio,
AWS, Azure Resource Manager, BigQuery, Snowflake.
"""

from functools import partial

from connector_healing.core.rules.signature import Weight, sign
from connector_healing.core.taxonomy import FailureSubcategory as Sub

_code = partial(sign, weight=Weight.CODE)
_library = partial(sign, weight=Weight.LIBRARY)
_words = partial(sign, weight=Weight.WORDS)
_SHORT = r"per (?:\d+ )?(?:second|minute|user per)|secondly|\bper_?(?:second|minute)|userratelimit|rate of requests|per-second|requests_per"

LIMITS = (
    _code(
        "limit.plan",
        Sub.PLAN_LIMIT,
        r"insufficient_quota|billing_not_active|billing_hard_limit_reached|billing_?(?:disabled|notenabled)|quota_?exceeded_?free_?tier",
        r"exceeded your current quota, please check your plan",
        r"check your (?:plan and )?billing",
        r"billing (?:has not been |is not |not )?(?:enabled|disabled|account)",
        r"payment[ _]required|402 client error|payment method",
        r"(?:credits?|credit balance|prepaid balance) (?:have |has |is |are |was )?(?:been )?(?:exhausted|used up|depleted|too low|exceeded|insufficient)",
        r"(?:out of|no|not enough|insufficient) (?:remaining )?(?:credits?|balance|funds|tokens left)",
        r"(?:upgrade|update) (?:your )?(?:plan|subscription|tier|account to)",
        r"(?:plan|subscription|tier|license|trial) (?:has |is |was )?(?:expired|ended|limit|does not (?:include|support|allow)|not (?:include|support))",
        r"not (?:available|included|supported) (?:on|in|for) your (?:current )?(?:plan|subscription|tier|edition)",
        r"your (?:free )?trial (?:has )?(?:expired|ended|is over)",
        r"record limit.{0,40}plan|storage_limit_exceeded|publicapi_?billing_?limit\w*",
        r"resource monitor \S+ has exceeded its quota|cannot be resumed because resource monitor",
        r"overdue (?:invoice|payment|balance)|account (?:is )?past due",
        cause="What was bought is used up or has ended: {line}",
        also=(Sub.QUOTA_EXHAUSTED,),
    ),
    _code(
        "limit.quota",
        Sub.QUOTA_EXHAUSTED,
        r"dailylimitexceeded\w*|quotaexceeded(?:exception|error)?|daily_limit\w*|monthly_limit\w*|request_limit_exceeded|totalrequests limit exceeded|over_query_limit|over_daily_limit|limitexceededexception|quota_exceeded\w*|exceeded_quota\w*",
        r"(?:daily|monthly|weekly|yearly|annual|hourly) (?:\w+ ){0,3}(?:limit|quota|allowance|cap)",
        r"(?:limit|quota|calls|requests|units|allowance)s? (?:for|per|of|in|this) ?(?:the |a |each |one )?(?:day|today|month|billing period|24 hours|calendar month|year)",
        r"reached your (?:daily|monthly|weekly|yearly)",
        r"(?:exceeded|exceeds|reached|used|over|hit|exhausted) (?:\w+ ){0,4}quota",
        r"quota (?:has been |is |was |limit )?(?:exceeded|exhausted|reached|used up|depleted)",
        r"quota error|out of quota|insufficient (?:tokens|quota)",
        r"quota exceeded|resource_exhausted.{0,40}(?:quota|day)",
        r"\"policyname\": ?\"daily\"|per_?day|perday\w*|requests_per_day|queries per day",
        r"try again (?:tomorrow|next month)|(?:will )?resets? (?:at midnight|tomorrow|on the first)",
        r"maximum (?:number of )?(?:api )?(?:calls|requests) (?:per|for) (?:the |a )?(?:day|month)",
        unless=_SHORT + r"|concurrent|fs\.quota|diskspace|file\.core|cores quota|rate of requests for user|secondary rate",
        cause="A quota is used up until it is renewed: {line}",
        also=(Sub.RATE_LIMITED, Sub.PLAN_LIMIT),
    ),
    _code(
        "limit.concurrency",
        Sub.CONCURRENCY_LIMIT,
        r"max number of \w+ reached",
        r"concurrent_?(?:request|run|job|query|queries|execution|export|session)s?_?(?:limit)?_?exceeded\w*",
        r"too many (?:concurrent|simultaneous|parallel|running|active|open) (?:\w+ ){0,2}(?:jobs|queries|exports|crawlers|runs|reports|tasks|executions|operations|imports|syncs)",
        r"maximum (?:number of )?(?:concurrent|simultaneous|parallel) (?:\w+ ){0,2}(?:jobs|queries|exports|runs|reports|tasks|executions)",
        r"(?:concurrent|simultaneous) (?:\w+ ){0,2}(?:limit|quota)",
        r"exceeded (?:rate limits|quota): too many concurrent",
        r"toomanyconcurrent\w*|maxconcurrent\w*|activejoblimit\w*",
        unless=r"concurrent ?(?:api ?)?requests|concurrentrequests|429|livy|spark|postgres",
        cause="As many run at the same time as may: {line}",
        also=(Sub.RATE_LIMITED,),
        confidence=0.85,
    ),
    _code(
        "limit.rate",
        Sub.RATE_LIMITED,
        r"secondary rate limit",
        r"abuse detection mechanism",
        r"(?:user|app|application|account|ad account|client) request limit (?:reached|exceeded)",
        r"userratelimitexceeded|ratelimitexceeded\w*|rate_?limit_?exceeded\w*|ratelimitreached|rate_limit_reached|ratelimiterror|ratelimited\w*|rate_limited\w*|ratelimit\w*exception",
        r"user rate limit exceeded",
        r"(?:rate limit|rate limits|rate-limit|ratelimit|rate limiting) (?:has been |was |is |have been )?(?:exceeded|reached|hit|for)",
        r"(?:exceed\w*|hit|reached|over|surpassed) (?:\w+ ){0,4}rate[- ]?limits?",
        r"request rate limit exceeded|rate limited|rate limiting",
        r"throttlingexception|throttlederror|throttled(?:exception)?|throttling(?:error)?|requestthrottled\w*|slowdown|provisionedthroughputexceeded\w*|toomanyrequests(?:exception|error)?|too_many_requests|priorrequestnotcomplete|bandwidthlimitexceeded|requestlimitexceeded|elevated_rate|request_throttled",
        r"exceeded (?:the |your |our )?(?:number of |api )?(?:\w+ )?(?:requests?|calls?) per (?:\d+ )?(?:second|minute|hour)",
        r"(?:requests?|calls?|queries) per (?:\d+ )?(?:second|minute|user per)",
        r"(?:ten_)?secondly(?:_rolling)?|per_second|per_minute|quota metric .{1,80}per minute",
        r"too many (?:api |http )?(?:requests|calls)",
        r"calling (?:the api |us )?too (?:often|fast|frequently|quickly)|slow down|requests too (?:fast|frequent)\w*",
        r"too many 429 error responses|429 client error|429 too many",
        r"concurrentrequests|concurrentrequests \(|concurrent (?:api )?(?:requests|calls)|concurrency_?limit\w*|concurrentrequestslimit\w*",
        r"job exceeded rate limits|exceeded rate limits|table exceeded quota for .{0,60}update",
        r"query cost .{0,40}exceeds|max cost exceeded|api call volume|quota exceeded for quota metric ",
        r"flood_?wait\w*|backoff_?required|retry_after[\"']?: ?\d+|retry after \d+",
        cause="Too many requests in the API's window: {line}",
        also=(Sub.QUOTA_EXHAUSTED,),
        unless=r"librdkafka|org\.apache\.kafka|throttling_quota",
    ),
)

SERVER = (
    _library(
        "server.conflict",
        Sub.CONFLICT,
        r"409 (?:client error|conflict).{0,80}(?:try|retry)",
        r"(?:another|previous|an?) (?:\w+ ){0,3}(?:operation|request|job|export|run|process|sync|update) (?:is |was )?(?:already |currently |still )(?:running|in progress|being processed|pending|active)",
        r"(?:is|are) (?:already|currently|still) (?:being (?:processed|updated|modified|generated)|in progress|running).{0,60}(?:try|retry|later|wait)",
        r"unable_to_lock_row|lock_timeout|lock_not_acquired|anotheroperationinprogress\w*|operationaborted|conflictingoperation\w*|resourceconflictexception|concurrentmodification\w*|operation_in_progress|resource_locked|resourcelocked",
        r"(?:lock|locked) .{0,60}(?:try|retry) (?:again|later)",
        cause="Another operation holds what is asked for: {line}",
    ),
    _code(
        "server.code",
        Sub.SERVER_UNAVAILABLE,
        r"backenderror|internalerror\b|internal_error\b|internalservererror\w*|internal_server_error\w*|unknown_exception|server_unavailable|service_unavailable\b|serviceunavailable\w*|temporarily_?unavailable|temporarilyunavailable\w*",
        r"an unexpected error has occurred\. please retry|please retry your request",
        r"there was a temporary error|the server encountered (?:a temporary|an internal|an) error",
        r"too many 5\d\d error responses|too many error responses",
        r"internal server error|bad gateway|service (?:is )?(?:temporarily |currently )?unavailable|gateway time-?out",
        r"upstream (?:connect error|request timeout|server|prematurely closed)|no healthy upstream|no server is available to handle this request",
        r"(?:under|down for|undergoing|scheduled) (?:scheduled |planned )?maintenance|maintenance mode|be right back",
        r"(?:server|system|service|we) (?:is |are |'re )?(?:currently )?(?:overloaded|over capacity|experiencing)|overloaded_error|over capacity|overloaded\b",
        r"something went wrong on our end|we('re| are) (?:sorry, )?(?:having|experiencing)",
        r"(?:5\d\d) server error|http error 5\d\d",
        r"<title>.{0,80}\b5[02]\d\b|error 52[0-7]|web server is (?:down|returning an unknown error)|origin (?:is unreachable|dns error)",
        r"statuscode\.(?:unavailable|internal|unknown|aborted)",
        r"apierror: .{0,40}5\d\d|internalfailure\b|server_is_unavailable",
        r"\(#2\) service temporarily unavailable|api unknown",
        unless=r"kusto|schema ?registry|sr code|rate limit|org\.apache\.kafka|\.dfs\.core\.windows|s3a://|job aborted|quota",
        cause="The server failed or is not available: {line}",
        also=(Sub.READ_TIMEOUT,),
        confidence=0.9,
    ),
)

#: Words of other languages for the same: looked for only in texts that are not all ASCII.
FOREIGN = (
    ("limit.rate_foreign", Sub.RATE_LIMITED, (
        "请求过于频繁", "频率限制", "访问频率", "请求次数", "超出频率", "限流", "リクエストが多すぎ", "レート制限", "アクセスが集中",
        "слишком много запросов", "превышен лимит запросов", "요청이 너무 많", "trop de requêtes", "zu viele anfragen",
        "demasiadas solicitudes", "demasiadas peticiones", "muitas solicitações", "troppe richieste", "te veel verzoeken", "zbyt wiele żądań", "çok fazla istek",
    )),
    ("server.foreign", Sub.SERVER_UNAVAILABLE, (
        "временно недоступен", "внутренняя ошибка сервера", "сервис недоступен", "服务不可用", "服务器内部错误", "系统繁忙", "服务器错误", "服务暂时不可用",
        "サーバーエラー", "メンテナンス中", "一時的に利用", "내부 서버 오류", "서비스를 사용할 수 없", "vorübergehend nicht", "nicht verfügbar", "wartungsarbeiten",
        "temporairement indisponible", "erreur interne du serveur", "no está disponible", "error interno del servidor", "indisponível", "non disponibile", "niedostępn",
    )),
    ("access.foreign", Sub.CREDENTIALS_REJECTED, (
        "неверный токен", "токен недействителен", "ошибка авторизации", "ошибка аутентификации", "неверный логин", "срок действия токена", "认证失败", "令牌无效", "令牌已过期", "无效的令牌", "签名错误", "未登录", "登录已过期", "token已过期", "密钥无效",
        "認証に失敗", "認証エラー", "トークンの有効期限", "ログインが必要", "인증 실패", "인증에 실패", "토큰이 만료", "ungültiges token", "ungültige anmeldedaten", "anmeldung fehlgeschlagen", "ungültiger api-schlüssel", "zugangsdaten",
        "jeton invalide", "jeton expiré", "authentification échouée", "échec de l'authentification", "identifiants invalides", "token inválido", "credenciales inválidas", "autenticación fallida", "credenciais inválidas", "credenziali non valide", "nieprawidłowy token",
    )),
    ("access.foreign_right", Sub.PERMISSION_MISSING, (
        "доступ запрещен", "доступ запрещён", "недостаточно прав", "нет прав", "权限不足", "没有权限", "无权限", "拒绝访问", "権限がありません", "アクセスが拒否", "권한이 없", "접근이 거부",
        "zugriff verweigert", "fehlende berechtigung", "keine berechtigung", "accès refusé", "accès interdit", "droits insuffisants", "acceso denegado", "permisos insuficientes", "acesso negado", "permissão negada", "accesso negato", "brak uprawnień", "odmowa dostępu",
    )),
    ("limit.quota_foreign", Sub.QUOTA_EXHAUSTED, (
        "дневной лимит", "суточный лимит", "месячный лимит", "配额", "额度", "今日の", "1日の上限", "利用上限", "일일 한도", "할당량", "tageslimit", "tageskontingent", "kontingent", "quota journalier", "quota dépassé", "quota mensuel", "límite diario", "cuota", "limite diário", "limite giornaliero",
    )),
)

RULES = (*LIMITS, *SERVER)
