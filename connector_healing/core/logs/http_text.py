"""The HTTP answer that a text speaks of: its status, its address, its body."""

import json
import re
from collections.abc import Mapping, Sequence

from connector_healing.core.failure import HttpExchange
from connector_healing.core.logs.reduce import LogLine

MAX_BODY = 4_000  #: Characters.
_AROUND = 12  #: Lines before and after the status that count as the answer's text.

#: How clients and servers write a status; the first group is it. Each is tried on lines with a
#: number of three digits only.
_STATUS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\b([1-5]\d\d) (?:Client|Server) Error\b",
        r"\bHttpError ([1-5]\d\d)\b",
        r"\b(?:Client|Server) error '([45]\d\d)\b",
        r"indicate success: ([45]\d\d)\b",
        r"\bResponse \[([45]\d\d)\]",
        r"Error: \[([45]\d\d)\]",
        r"\bHTTP(?:/\d(?:\.\d)?)?[ _-]?(?:Error|Status|code|response code|response|status code)?[ :=]{1,3}([1-5]\d\d)\b",
        r"\bHTTP ([1-5]\d\d)\b",
        r"\bstatus[_ ]?(?:code)?[\"']?[ \t]{0,6}[:=]{0,2}[ \t]{0,6}[\"'(]?([1-5]\d\d)\b",
        r"\b(?:response_code|statusCode|status_code|httpStatusCode|code|errorCode|http_status)[\"']?[ ]?[:=][ ]?[\"']?([1-5]\d\d)\b",
        r"\(([45]\d\d)\)",
        r"\b(?:API error|request failed|failed|unexpected status|got|returned|answered|error)[ :]{1,3}(?:with )?([45]\d\d)\b",
        r"(?:Exception|Error):? ([45]\d\d)(?:[ :,]|$)",
        r"^\s?([45]\d\d) (?:on |[A-Z{\[:])",
        r"[|:>] ([45]\d\d)[: ]+(?:[A-Z{\"]|$)",
        r"Error\(([45]\d\d),",
        r"<title>\s?([45]\d\d)\b",
        r"\bresponse(?: status)?(?: code)?[ :=]{1,3}([45]\d\d)\b",
        (
            r"\b([45]\d\d)[ :-]{1,3}(?:Unauthorized|Payment Required|Forbidden|Not Found|Method Not Allowed"
            r"|Conflict|Gone|Too Many Requests|Unprocessable|Bad Request|Internal Server Error|Bad Gateway"
            r"|Service Unavailable|Gateway Time-?out)\b"
        ),
    )
)
_NUMBER = re.compile(r"\b[1-5]\d\d\b")
#: A log that is written as JSON: its own object is not the body that it speaks of.
_LOG_RECORD = re.compile(r'"(?:severity|level|levelname|loglevel|log\.level|logger)": ?"')
_LOG_MESSAGE = re.compile(r'"(?:message|msg|exc|log|exception)": ?"')
_RECORD_WITHIN = 400  #: Characters in which a log record shows that it is one.
_URL = re.compile(r"https?://[^\s\"'<>)\]},]{3,600}")


def status_in(lines: Sequence[LogLine]) -> tuple[int, int] | None:
    """The status that a text names, and the index of its line: of the first error, if any."""
    success: tuple[int, int] | None = None
    for index, line in enumerate(lines):
        if not _NUMBER.search(line.text):
            continue
        for pattern in _STATUS:
            found = pattern.search(line.text)
            if found is None:
                continue
            status = int(found[1])
            if status >= 300:  # noqa: PLR2004  # what is no success
                return status, index
            success = success or (status, index)
    return success


def exchange_in(lines: Sequence[LogLine], context: Mapping[str, object]) -> HttpExchange | None:
    """The answer that context and text speak of; None where neither names a status or a body."""
    named = status_in(lines)
    given = context.get("status")
    status = given if isinstance(given, int) and not isinstance(given, bool) else None
    body = _text(context.get("body")) or _text(context.get("body_start"))
    headers = context.get("headers")
    if status is None and named is None and not body and not headers:
        return None
    around = lines
    if named is not None and len(lines) > 2 * _AROUND:
        around = lines[max(0, named[1] - 2) : named[1] + _AROUND]
    said = "\n".join(line.text for line in around)[:MAX_BODY]
    url = _text(context.get("url"))
    if not url and (found := _URL.search(said)):
        url = found.group()
    names = headers.items() if isinstance(headers, Mapping) else ()
    return HttpExchange(
        method=_text(context.get("method")),
        url=url,
        status=status if status is not None else (named[0] if named else None),
        response_headers={str(name).lower(): str(value) for name, value in names},
        body_excerpt=(body or _json_in(said))[:MAX_BODY],
    )


def _json_in(said: str) -> str:
    """The JSON object that a text ends with, where it has one: the body that a client showed."""
    if _LOG_RECORD.search(said[:_RECORD_WITHIN]) and (message := _LOG_MESSAGE.search(said)):
        said = said[message.end() :].removesuffix('"}')
    at = said.find("{")
    if at >= 0 and said.rstrip().endswith("}"):
        return _URL.sub("", said[at:])
    return _URL.sub("", said)


def _text(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
