"""Rules for requests that got no whole answer."""

import re

from connector_healing.core.rules.rule import Rule
from connector_healing.core.taxonomy import FailureSubcategory as Sub

#: What a transport failure is, by its class (of requests, urllib3, httpx, aiohttp, sockets).
TRANSPORT = frozenset(
    {
        *("ConnectionError", "TimeoutError", "socket.gaierror", "ssl.SSLError"),
        *("requests.exceptions.ConnectionError", "requests.exceptions.Timeout"),
        *("requests.exceptions.ChunkedEncodingError", "requests.exceptions.RetryError"),
        *("requests.exceptions.ContentDecodingError", "requests.exceptions.TooManyRedirects"),
        *("urllib3.exceptions.HTTPError", "urllib.error.URLError", "http.client.HTTPException"),
        *("httpx.TransportError", "aiohttp.client_exceptions.ClientConnectionError"),
        "aiohttp.client_exceptions.ClientPayloadError",
    }
)

_EAI_AGAIN, _EAI_FAIL = -3, -4  # <netdb.h> of Linux: the name server failed, not the name
_REFUSED = (111, 61, 10061)  # ECONNREFUSED of Linux, macOS, Windows
_UNREACHABLE = (101, 113, 51, 65, 10051, 10065)  # ENETUNREACH, EHOSTUNREACH
_TLS_CUT = re.compile(
    r"unexpected_eof|eof occurred|bad_record_mac|decryption failed|connection (?:was )?closed",
    re.IGNORECASE,
)
_PAST_LIMIT = re.compile(r"too many 429", re.IGNORECASE)
_PAST_ERRORS = re.compile(r"too many (?:5\d\d|error responses)", re.IGNORECASE)
_NAME_SERVER = re.compile(r"temporary failure in name resolution|errno -3|try again", re.IGNORECASE)

#: What reports that a client's own retries are used up.
_RETRIED = (
    *("requests.exceptions.RetryError", "requests.exceptions.ConnectionError"),
    *("urllib3.exceptions.ResponseError", "urllib3.exceptions.MaxRetryError"),
)

RULES = (
    Rule(
        name="network.url_invalid",
        subcategory=Sub.CONFIGURATION_INVALID,
        cause="The connector's URL cannot be used: {message}",
        confidence=0.9,
        root=(
            *(".MissingSchema", ".InvalidSchema", ".InvalidURL", ".LocationParseError"),
            *(".UnsupportedProtocol", ".LocationValueError", ".InvalidHeader"),
        ),
    ),
    Rule(
        name="network.retries_rate_limited",
        subcategory=Sub.RATE_LIMITED,
        cause="The API went on answering 429 until the connector's retries were used up.",
        confidence=0.95,
        below=_RETRIED,
        says=_PAST_LIMIT,
        also=(Sub.QUOTA_EXHAUSTED,),
    ),
    Rule(
        name="network.retries_server",
        subcategory=Sub.SERVER_UNAVAILABLE,
        cause="The API went on failing until the connector's retries were used up: {message}",
        confidence=0.9,
        below=_RETRIED,
        says=_PAST_ERRORS,
    ),
    Rule(
        name="network.redirects",
        subcategory=Sub.ENDPOINT_MOVED,
        cause="The API sent the request round in a circle.",
        confidence=0.5,
        root=(".TooManyRedirects",),
        also=(Sub.CREDENTIALS_REJECTED, Sub.CONFIGURATION_INVALID),
    ),
    Rule(
        name="network.content_encoding",
        subcategory=Sub.NOT_JSON,
        cause="The answer is not compressed as its header says.",
        confidence=0.7,
        below=(".ContentDecodingError", ".DecodeError", ".DecodingError"),
        also=(Sub.BODY_CUT_SHORT,),
    ),
    Rule(
        name="network.proxy",
        subcategory=Sub.PROXY_FAILURE,
        cause="The proxy did not let the request through: {message}",
        confidence=0.9,
        below=(".ProxyError", ".ClientHttpProxyError", ".ClientProxyConnectionError"),
    ),
    Rule(
        name="network.tls_cut",
        subcategory=Sub.CONNECTION_RESET,
        cause="The TLS connection was cut while it was used.",
        confidence=0.8,
        below=(".SSLError", "ssl.SSLEOFError", "ssl.SSLZeroReturnError"),
        says=_TLS_CUT,
    ),
    Rule(
        name="network.tls",
        subcategory=Sub.TLS_FAILURE,
        cause="The API's TLS certificate or protocol was not accepted: {message}",
        confidence=0.95,
        below=("ssl.SSLError", ".SSLError", ".ClientSSLError", ".CertificateError"),
    ),
    Rule(
        name="network.body_cut",
        subcategory=Sub.BODY_CUT_SHORT,
        cause="The answer ended before its end.",
        confidence=0.9,
        below=(
            *(".ChunkedEncodingError", ".IncompleteRead", ".InvalidChunkLength"),
            *(".ContentTooShortError", ".ClientPayloadError"),
        ),
    ),
    # urllib3's NewConnectionError and NameResolutionError are ConnectTimeoutErrors by descent.
    Rule(
        name="network.name_server",
        subcategory=Sub.NAME_SERVER_FAILED,
        cause="The name server did not answer: {message}",
        confidence=0.9,
        below=("socket.gaierror", ".NameResolutionError"),
        when=lambda clues: (
            not clues.errnos.isdisjoint((_EAI_AGAIN, _EAI_FAIL))
            or _NAME_SERVER.search(clues.message) is not None
        ),
        also=(Sub.NAME_RESOLUTION,),
    ),
    Rule(
        name="network.name",
        subcategory=Sub.NAME_RESOLUTION,
        cause="The host's name is not known: {message}",
        confidence=0.9,
        below=("socket.gaierror", ".NameResolutionError", ".ClientConnectorDNSError"),
        also=(Sub.NAME_SERVER_FAILED,),
    ),
    Rule(
        name="network.refused",
        subcategory=Sub.CONNECTION_REFUSED,
        cause="Nothing accepts connections at the API's address: {message}",
        confidence=0.95,
        below=("ConnectionRefusedError",),
    ),
    Rule(
        name="network.refused_number",
        subcategory=Sub.CONNECTION_REFUSED,
        cause="The API's address cannot be reached: {message}",
        confidence=0.85,
        below=tuple(sorted(TRANSPORT | {"OSError"})),
        errnos=(*_REFUSED, *_UNREACHABLE),
    ),
    Rule(
        name="network.connect_timeout",
        subcategory=Sub.CONNECT_TIMEOUT,
        cause="No connection came about in time: {message}",
        confidence=0.95,
        below=(
            *(".ConnectTimeout", ".ConnectTimeoutError", ".ConnectionTimeoutError"),
            ".ServerTimeoutError",
        ),
    ),
    Rule(
        name="network.read_timeout",
        subcategory=Sub.READ_TIMEOUT,
        cause="The API did not answer in time: {message}",
        confidence=0.95,
        below=(
            *(".ReadTimeout", ".ReadTimeoutError", "requests.exceptions.Timeout"),
            *("TimeoutError", ".TimeoutException", ".TimeoutError"),
        ),
    ),
    Rule(
        name="network.reset",
        subcategory=Sub.CONNECTION_RESET,
        cause="The connection was cut before an answer came.",
        confidence=0.9,
        below=(
            *("ConnectionResetError", "BrokenPipeError", "ConnectionAbortedError"),
            *(".RemoteDisconnected", ".ServerDisconnectedError", ".RemoteProtocolError"),
            *(".ReadError", ".WriteError", ".ProtocolError"),
        ),
    ),
    Rule(
        name="network.connection",
        subcategory=Sub.CONNECTION_RESET,
        cause="The connection failed: {message}",
        confidence=0.5,
        root=tuple(sorted(TRANSPORT)),
        also=(Sub.CONNECTION_REFUSED, Sub.READ_TIMEOUT),
    ),
)
