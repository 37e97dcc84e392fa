"""What the name of an exception's class says, where nothing else does.

Client libraries name their classes after HTTP's and OAuth's words; the parts below are common to
most of them (cloud SDKs, vendors' clients, database drivers).
"""

import re
from collections.abc import Iterator

from connector_healing.core.rules.signature import Signature, Weight, sign
from connector_healing.core.taxonomy import FailureSubcategory as Sub

#: Class name -> subcategory, the narrower first; names are matched without their package.
_PARTS: tuple[tuple[str, str, Sub], ...] = (
    (
        "quota",
        r"quota|spendinglimit|billing|paymentrequired|insufficientcredit",
        Sub.QUOTA_EXHAUSTED,
    ),
    (
        "rate",
        r"ratelimit|rateexceeded|callsexceeded|toomanyrequests|throttl|slowdown|floodwait|backoff",
        Sub.RATE_LIMITED,
    ),
    (
        "token",
        r"(?:token|session|credentials?)\w*expired|expired(?:token|session|credential)",
        Sub.TOKEN_EXPIRED,
    ),
    (
        "authentication",
        r"authenticat|unauthorized|unauthenticated|invalidcredential|badcredential|invalidtoken|invalidapikey|loginfail|loginerror|invalidpassword|autherror|authexception|notauthenticated|invalidgrant|invalidlogin",
        Sub.CREDENTIALS_REJECTED,
    ),
    (
        "credentials",
        r"nocredential|missingcredential|credentialsnotfound|missingtoken|missingapikey",
        Sub.CREDENTIALS_MISSING,
    ),
    (
        "authorization",
        r"forbidden|permissiondenied|accessdenied|notauthorized|insufficientpermission|insufficientscope|insufficientprivilege|authoriz|accesscontrol|permissionerror$|nopermission|notapproved|notallowed|notpermitted|accessmissing|restricted|missingscope|scopemissing|notgranted",
        Sub.PERMISSION_MISSING,
    ),
    ("proxy", r"proxy(?:error|exception|connection)", Sub.PROXY_FAILURE),
    (
        "certificate",
        r"certificate|sslverif|tlsverif|certverif|hostkey|sslerror|tlserror|sslexception|handshake",
        Sub.TLS_FAILURE,
    ),
    ("name", r"nameresolution|unknownhost|dnserror|dnsexception|hostnotfound", Sub.NAME_RESOLUTION),
    ("connect_timeout", r"connect(?:ion)?timeout|connecttimedout", Sub.CONNECT_TIMEOUT),
    (
        "deadline",
        r"deadline|timelimit|executiontimeout|steptimeout|jobtimeout|tasktimeout|querytimeout",
        Sub.DEADLINE_EXCEEDED,
    ),
    ("timeout", r"timeout|timedout", Sub.READ_TIMEOUT),
    (
        "maintenance",
        r"maintenance|serviceunavailable|temporarilyunavailable|badgateway|gatewaytimeout|internalserver|servererror|server5\d\d|internalerror|internalfailure|unavailable|overloaded|backenderror|serverbusy|transienterror|transientexception|retryable",
        Sub.SERVER_UNAVAILABLE,
    ),
    (
        "conflict",
        r"conflict|resourcebusy|(?:resource|record|row|table|object|file|entity|database)locked|locktimeout|concurrentmodification",
        Sub.CONFLICT,
    ),
    (
        "refused",
        r"connectionrefused|novalidconnection|hostunreachable|cannotconnect|unabletoconnect|connecterror|connectfailed|failedtoconnect",
        Sub.CONNECTION_REFUSED,
    ),
    (
        "incomplete",
        r"incomplete(?:read|body|response|download)|prematureend|truncated(?:body|response|stream)|unexpectedeof",
        Sub.BODY_CUT_SHORT,
    ),
    (
        "connection",
        r"connection(?:error|exception|closed|reset|lost|aborted|broken|dropped|terminated|failed|failure)|disconnected|networkerror|networkexception|transporterror|socketerror|remoteprotocol|brokenresource|closedresource|channelclos|streamclosed|sshexception|brokenpipe|clientoserror|protocolerror|communication(?:error|exception)",
        Sub.CONNECTION_RESET,
    ),
    (
        "page",
        r"pagination|pagetoken|invalidcursor|cursorerror|paginat|nextpage|pagenotfound|invalidpage",
        Sub.PAGINATION_BROKEN,
    ),
    (
        "large",
        r"(?:response|result|payload|page|query)toolarge|toomanyresults|limitexceeded$",
        Sub.RESULT_TOO_LARGE,
    ),
    (
        "version",
        r"(?:unsupported|deprecated|invalid|unknown)(?:api)?version|versionnotsupported|apiversion|sunset|deprecated",
        Sub.VERSION_RETIRED,
    ),
    (
        "gone",
        r"(?:^|http|resource|endpoint)gone|methodnotallowed|methodnotsupported|endpointnotfound|notimplementedbyserver",
        Sub.ENDPOINT_GONE,
    ),
    (
        "field",
        r"(?:field|column|property|parameter|metric|dimension)(?:notfound|doesnotexist|notsupported|removed|deprecated)|(?:unknown|invalid|unsupported|unrecognized|missing|undefined)(?:field|column|property|parameter|argument|attribute|metric|dimension)",
        Sub.REQUEST_REJECTED,
    ),
    (
        "configuration",
        r"config(?:uration)?(?:error|exception|missing|invalid|notfound|valueerror)|improperlyconfigured|misconfigur|settingserror|missingsetting|invalidsetting|missingconfig|environment(?:variable)?error|paramvalidation|invalidurl|urlerror|invaliddsn|missingenv|noregion",
        Sub.CONFIGURATION_INVALID,
    ),
    (
        "target",
        r"(?:account|project|dataset|database|table|worksheet|spreadsheet|sheet|file|folder|bucket|container|blob|repository|repo|workspace|channel|user|collection|index|queue|topic|base|board|profile|object|entity|key|secret|parameter|stack)(?:notfound|doesnotexist|missing|notexists?)|nosuch(?:bucket|table|database|container|collection|index|user|project|dataset)|unknown(?:account|project|dataset|table|database|user|bucket)",
        Sub.TARGET_UNKNOWN,
    ),
    (
        "json",
        r"json(?:decode|parse|syntax|processing)|malformedjson|invalidjson|notjson|incompletejson",
        Sub.NOT_JSON,
    ),
    (
        "document",
        r"xml(?:syntax|parse)|parse(?:r)?error|parseexception|unicode|encodingerror|csverror|badzip|badgzip|decompress|corrupt|invalidfile|emptydata|unsupportedformat|malformed|decod(?:e|ing)(?:error|exception)|unmarshal|deserializ|emptyfile|invalidformat",
        Sub.DOCUMENT_UNREADABLE,
    ),
    (
        "schema",
        r"schema(?:error|mismatch|validation|violation|exception|drift|changed)|validationerror|validationexception|dataerror$|coercion|typemismatch|conversionerror|conversionexception|castexception|unknowntype|datatypeerror",
        Sub.TYPE_CHANGED,
    ),
    ("request", r"invalidrequest|badrequest|unprocessable|invalidargument", Sub.REQUEST_REJECTED),
    ("memory", r"outofmemory|memoryerror|memorylimit", Sub.OUT_OF_MEMORY),
    ("disk", r"disk(?:full|quota|space)|nospace|storagefull", Sub.DISK_FULL),
)

_TABLE = tuple(
    (
        re.compile(pattern),
        sign(
            f"class.{name}",
            subcategory,
            weight=Weight.WORDS,
            confidence=0.7,
            cause="The exception's name says it: {line}",
        ),
    )
    for name, pattern, subcategory in _PARTS
)
#: Names that say no more than that something failed, or are judged by more than their name.
_NEUTRAL = frozenset(
    {
        *(
            "validationexception",
            "error",
            "exception",
            "httperror",
            "apierror",
            "clienterror",
            "operationalerror",
        ),
        *("dagsterexecutionsteptimeout", "retryerror", "httpstatuserror", "httpexception"),
        *("indexerror", "keyerror", "unicodeerror", "connectionpoolerror", "notimplementederror"),
        *("invalidsteptimeout", "programmingerror", "interfaceerror", "databaseerror"),
    }
)


#: Codes that systems print: in capitals, as one compound word, or as the value of a code's field.
_CODE = re.compile(
    r"\b(?P<capitals>[A-Z][A-Z0-9]{1,40}(?:_[A-Z0-9]{1,40}){1,8})\b"
    r"|(?<![.\w/])(?P<compound>(?:[A-Z][a-z0-9]{1,30}|\b[a-z]{2,30}(?=[A-Z]))(?:[A-Z][a-z0-9]{1,30}){1,8})(?![\w(/])"
    r"|\"(?:code|type|reason|error|status|errorCode|error_code|errorType|category|kind)\": ?"
    r"\"(?P<field>[a-zA-Z]{2,40}(?:[_-][a-zA-Z0-9]{1,40}){0,8})\""
)
MAX_CODES = 40  #: Of one text.


#: Whose exceptions they are, where neither text nor class says what happened; the least of signs.
_PACKAGES: tuple[tuple[str, str, Sub], ...] = (
    (
        "kafka",
        r"(?:ai?o?kafka|kafka|confluent_kafka)\.\w|org\.apache\.kafka\.|cimpl\.",
        Sub.BROKER_UNREACHABLE,
    ),
    (
        "spark",
        r"(?:org\.apache\.spark|pyspark|py4j|com\.databricks)\.\w",
        Sub.JOB_CODE_FAILED,
    ),
    ("kusto", r"(?:azure|com\.microsoft\.azure|com\.microsoft)\.kusto\.", Sub.KUSTO_UNAVAILABLE),
    (
        "data",
        (
            r"(?:pydantic\w*|pandas|pyarrow|polars|msgspec|orjson|ijson|openpyxl|xlrd|fastavro|jsonschema"
            r"|marshmallow|cattrs|pandera|lxml|xml|csv|_csv|simplejson|ujson|struct|binascii)\."
        ),
        Sub.TYPE_CHANGED,
    ),
    (
        "transport",
        (
            r"(?:httpx|httpcore|anyio|aiohttp|urllib3|http\.client|websockets?|h11|h2|twisted|io\.netty"
            r"|paramiko|ftplib|grpc)\."
        ),
        Sub.CONNECTION_RESET,
    ),
    (
        "database",
        (
            r"(?:redis|pymongo|motor|elasticsearch|opensearchpy|clickhouse_\w+|cassandra|trino|ibm_db\w*"
            r"|databricks\.sql|qdrant_client|weaviate|lancedb)\."
        ),
        Sub.LOAD_JOB_FAILED,
    ),
)
_OWNERS = tuple(
    (
        re.compile(pattern),
        sign(
            f"package.{name}",
            subcategory,
            weight=Weight.SYMPTOM,
            confidence=0.4,
            cause="Only the exception's package says where it comes from: {line}",
        ),
    )
    for name, pattern, subcategory in _PACKAGES
)


def by_package(qualified: str) -> Signature | None:
    """What the package of an exception's class says, or nothing.

    Args:
        qualified: With its package.
    """
    return next((signature for pattern, signature in _OWNERS if pattern.match(qualified)), None)


def codes_in(line: str) -> Iterator[Signature]:
    """What the codes on a line say by their words."""
    for found in _CODE.finditer(line):
        word = next(group for group in found.groups() if group)
        signature = by_class(word.replace("_", "").replace("-", ""))
        if signature is not None:
            yield signature


def by_class(qualified: str) -> Signature | None:
    """What the class's name says, or nothing.

    Args:
        qualified: With or without its package.
    """
    name = qualified.rpartition(".")[2].lower()
    if name in _NEUTRAL:
        return None
    return next((signature for pattern, signature in _TABLE if pattern.search(name)), None)
