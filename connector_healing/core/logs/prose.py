"""Tells what a program printed from what a person wrote."""

import re

from connector_healing.core.logs.reduce import ReducedLog

MAX_LOOKED_AT = 20_000  #: Characters.
#: What programs print and people hardly write: names of exceptions, levels, codes, JSON, paths.
_PRINTED = re.compile(
    r"[a-z](?:Error|Exception|Timeout|Fault|Failure|Warning)\b"
    r"|\b(?:ERROR|FATAL|WARN|WARNING|CRITICAL|FAILED|FAIL|Traceback|Caused by|[Ee]rrno|[Ee]rror"
    r"|[Ff]ailed|exited|denied|refused|[Ii]nvalid|[Uu]nable|[Cc]ould not|[Cc]annot|violated|terminated)\b"
    r"|[{<\[][\"'a-zA-Z!/]|\w=\w|\b[A-Z]+_[A-Z_]+\b|^\s?HTTP[ /]\d|^\s?[45]\d\d [A-Z]|\bHTTP[ /]\d{3} (?:on|for|from)\b"
    r"|\d\d:\d\d:\d\d|\w::\w|\b[a-z]\w*\.[a-z]\w*\.\w+",
    re.MULTILINE,
)


def reads_like_prose(log: ReducedLog) -> bool:
    """Whether nothing in a text has the form of what programs print."""
    return _PRINTED.search(log.text[:MAX_LOOKED_AT]) is None
