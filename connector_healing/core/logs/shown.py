"""Lines of logs without what the log put before them."""

import re

#: Times, levels, loggers, threads and colours that stand before a message.
_PREFIX = re.compile(
    r"^(?:[\s>|:-]{1,8}"
    r"|\[?\d{2,4}[-/.]\d{2}[-/.]\d{2,4}[T ]\d{2}:\d{2}(?::\d{2})?(?:[.,]\d{1,9})?(?:Z|[+-]\d{2}:?\d{2})?\]?"
    r"|\[?\d{2}:\d{2}:\d{2}(?:[.,]\d{1,9})?\]?"
    r"|(?:stdout|stderr) [FP]\b"
    r"|\[?\b(?:ERROR|FATAL|CRITICAL|SEVERE|WARN(?:ING)?|INFO|DEBUG|TRACE)\b\]?:?"
    r"|\[[\w .:-]{1,40}\]"
    r"|dagster - [A-Z]+ - (?:[^-]{1,60} - ){1,6}"
    r"|%\d\|[\d.]+\|[A-Z]+\|[^|]{1,60}\|)"
)
_PASSES = 12


def without_prefix(line: str) -> str:
    """The message of a log line."""
    for _ in range(_PASSES):
        found = _PREFIX.match(line)
        if found is None or not found.group():
            break
        line = line[found.end() :]
    return line.strip()
