"""The HTTP exchange that an exception carries, whatever client raised it."""

from collections.abc import Iterator, Mapping

from connector_healing.core.exception_chain import safe_attribute, safe_text
from connector_healing.core.failure import HttpExchange
from connector_healing.core.redaction import Redactor

MAX_BODY = 4_000  #: Characters of a body's excerpt.
MAX_UNREAD = 65_536  #: Bytes of a body that is read only now.
MAX_HEADERS = 60
MAX_HEADER = 500  #: Characters of one header's value.
MAX_URL = 1_000

_STATUSES = ("status_code", "status", "http_status", "code")
_URLS = ("url", "request_url", "real_url")
_BODIES = ("content", "text", "body", "http_body", "data")
_FIRST_STATUS, _LAST_STATUS = 100, 599


def exchange_of(chain: list[BaseException], redactor: Redactor) -> HttpExchange | None:
    """The exchange of the first link that has one.

    First a link with a response (requests, httpx, botocore, googleapiclient), or that is one
    (urllib, aiohttp, vendors' clients); then one with a request that got no answer; then one
    with the document that could not be parsed: requests' JSONDecodeError has no response.
    """
    for error in chain:
        found = _answered(error, redactor)
        if found is not None:
            return found
    for error in chain:
        document = safe_attribute(error, "doc")
        if isinstance(document, str | bytes) and safe_attribute(error, "pos") is not None:
            body = redactor.excerpt(_decoded(document, None), MAX_BODY)
            return HttpExchange(method="", url="", status=None, body_excerpt=body)
    for error in chain:
        request = safe_attribute(error, "request")
        if safe_attribute(request, "url"):
            return _exchange(redactor, request=request)
    return None


def _answered(error: BaseException, redactor: Redactor) -> HttpExchange | None:
    for response in _responses(error):
        if isinstance(response, Mapping):  # botocore
            found = _of_botocore(response, redactor)
        else:
            found = _of_response(error, response, redactor)
        if found is not None:
            return found
    return None


def _responses(error: BaseException) -> Iterator[object]:
    # A requests response of status 400 and above is falsy.
    for name in ("response", "resp"):
        response = safe_attribute(error, name)
        if response is not None:
            yield response
    yield error


def _of_response(error: BaseException, response: object, redactor: Redactor) -> HttpExchange | None:
    status = _status(response)
    headers = _mapping(safe_attribute(response, "headers"))
    if status is None or (response is error and not _is_http_error(error, headers)):
        return None
    request = safe_attribute(error, "request") or safe_attribute(response, "request")
    request = request or safe_attribute(response, "request_info") or response
    body = _body(response) or (_body(error) if response is not error else "")
    return _exchange(
        redactor, request=request, response=response, status=status, headers=headers, body=body
    )


def _is_http_error(error: BaseException, headers: Mapping[str, object]) -> bool:
    """Whether an exception with a number called status or code speaks of HTTP at all."""
    return bool(headers) or any(
        safe_attribute(error, name) is not None
        for name in ("http_status", "request_info", "url", "content")
    )


def _of_botocore(response: Mapping[object, object], redactor: Redactor) -> HttpExchange | None:
    metadata = response.get("ResponseMetadata")
    if not isinstance(metadata, Mapping):
        return None
    status = metadata.get("HTTPStatusCode")
    if not isinstance(status, int):
        return None
    headers = _mapping(metadata.get("HTTPHeaders"))
    body = safe_text(response.get("Error", ""))
    return _exchange(redactor, status=status, headers=headers, body=body)


def _exchange(
    redactor: Redactor,
    *,
    request: object = None,
    response: object = None,
    status: int | None = None,
    headers: Mapping[str, object] | None = None,
    body: str = "",
) -> HttpExchange:
    url = next((u for of in (request, response) for n in _URLS if (u := safe_attribute(of, n))), "")
    sent = safe_attribute(request, "headers") if request is not response else None
    return HttpExchange(
        method=safe_text(safe_attribute(request, "method") or "GET").upper()[:10],
        url=redactor.excerpt(safe_text(url), MAX_URL),
        status=status,
        request_headers=_headers(_mapping(sent), redactor),
        response_headers=_headers(headers or {}, redactor),
        body_excerpt=redactor.excerpt(body, MAX_BODY),
    )


def _status(response: object) -> int | None:
    for name in _STATUSES:
        value = safe_attribute(response, name)
        if isinstance(value, int) and _FIRST_STATUS <= value <= _LAST_STATUS:
            return int(value)
    return None


def _body(response: object) -> str:
    if safe_attribute(response, "_content") is False and not _is_small(response):
        return ""
    encoding = safe_attribute(response, "encoding")
    for name in _BODIES:
        value = safe_attribute(response, name)
        if isinstance(value, str | bytes) and value:
            return _decoded(value, encoding if isinstance(encoding, str) else None)
    return ""


def _is_small(response: object) -> bool:
    """Whether the rest of a requests response that was not read may be read now.

    dlt's RESTClient raises in a hook, before requests reads the body as it would have done; the
    request's own timeout still holds. A stream of unknown length is left alone.
    """
    headers = {k.lower(): v for k, v in _mapping(safe_attribute(response, "headers")).items()}
    length = safe_text(headers.get("content-length", ""))
    return length.isdecimal() and int(length) <= MAX_UNREAD


def _decoded(value: str | bytes, encoding: str | None) -> str:
    if isinstance(value, str):
        return value
    head = value[: MAX_BODY * 64]
    try:
        return head.decode(encoding or "utf-8", "replace")
    except LookupError:  # an encoding that Python does not know
        return head.decode("utf-8", "replace")


def _mapping(headers: object) -> dict[str, object]:
    items = safe_attribute(headers, "items")
    if not callable(items):
        return {}
    try:
        pairs = list(items())
    except Exception:  # noqa: BLE001  # a foreign mapping may raise anything
        return {}
    return {safe_text(name): value for name, value in pairs[:MAX_HEADERS]}


def _headers(headers: Mapping[str, object], redactor: Redactor) -> dict[str, str]:
    texts = {name.lower(): safe_text(value) for name, value in headers.items()}
    return {name: value[:MAX_HEADER] for name, value in redactor.headers(texts).items()}
