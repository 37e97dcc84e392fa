"""The part of the evidence in which a failure can show: without chatter and ignored exceptions."""

import re

from connector_healing.core.kusto.marks import CONNECTOR_TEXTS

#: A line of a log begins so: its time and level, in Spark's default and in common layouts.
_LOG_LINE = re.compile(
    r"^\W{0,3}\d{2,4}[-/]\d{2}[-/]\d{2}[ T]\d{2}:\d{2}:\d{2}\S{0,12}\s{1,3}"
    r"|^\W{0,3}\d{2}:\d{2}:\d{2}[.,\d]{0,10}\W{1,3}"
    r"|^\[?(?:ERROR|WARN|INFO|DEBUG|FATAL)\b",
    re.ASCII,
)
_LEVEL = re.compile(r"\b(?:(INFO|DEBUG|TRACE)|(WARN)(?:ING)?|ERROR|FATAL)\b", re.ASCII)
_HEAD = 80  #: Characters of a line in which its level stands.

#: An exception that reached the driver begins so, lower case.
_STARTS_AGAIN = ("py4j", "pyspark.errors", "traceback (most", "exception in thread")

#: What other loggers' quiet lines may tell of a failure, lower case.
_TELLING = (
    "cancel",
    "was stopped",
    "terminated",
    "killed",
    "lost",
    "decommission",
    "exception in task",
)

#: The connector's own lines, lower case.
_OWN = ("kustoconnector", "kusto.spark", "kusto_connector_shaded", "azure.kusto")

#: Loggers whose errors are no failure of a job: they drop events of their own.
_ALWAYS_QUIET = (
    "asynceventqueue",
    "listenerbus",
    "metricssystem",
    "sparkui",
    "shutdownhookmanager",
)


def failing_part(text: str) -> str:
    """The evidence in lower case, without chatter and what the connector ignored.

    Lines of other loggers below ERROR go, unless they tell of a task, an executor or a
    cancellation; so does an exception that the connector ignored or tried again after.

    Args:
        text: The evidence.
    """
    kept: list[str] = []
    ignoring = False
    for line in text.splitlines():
        lower = line.lower()
        if _LOG_LINE.match(line):
            ignoring = _ignored(lower)
            if _chatter(line, lower):
                continue
        elif lower.startswith(_STARTS_AGAIN):
            ignoring = _ignored(lower)
        if not ignoring:
            kept.append(lower)
    return "\n".join(kept)


def _ignored(lower: str) -> bool:
    return lower.endswith("exception ignored.") or "failed to retrieve export status" in lower


def _chatter(line: str, lower: str) -> bool:
    """Another logger's line that tells of no failure."""
    if any(word in lower for word in (*_OWN, *_TELLING)):
        return False
    level = _LEVEL.search(line, 0, _HEAD)
    if level is None:
        return False
    return level.lastindex is not None or any(name in lower for name in _ALWAYS_QUIET)


#: What the connector and its SDK throw, and what only the connector says of a failure.
_OF_CONNECTOR = (
    *("kusto.ingest.exceptions", "kusto.data.exceptions", "kusto.spark.exceptions"),
    *("$: caught exception when", "error kustoconnector", "fatal kustoconnector"),
    *CONNECTOR_TEXTS,
)


def connector_failed(failing: str) -> bool:
    """Whether the connector or its SDK threw something.

    Args:
        failing: As `failing_part` gives it.
    """
    return any(text in failing for text in _OF_CONNECTOR)


def thrown_part(failing: str) -> str:
    """What was thrown in the end: other software's part in a run is looked for there.

    Where the connector failed, what the log says of other software before is no cause of what
    reached the driver. Where it did not, everything may be the cause.

    Args:
        failing: As `failing_part` gives it.
    """
    if not connector_failed(failing):
        return failing
    return driver_part(failing) or failing


def driver_part(failing: str) -> str:
    """From the first exception that reached the driver on; empty where none did.

    Args:
        failing: As `failing_part` gives it.
    """
    starts = [
        0 if failing.startswith(mark) else failing.find(f"\n{mark}") for mark in _STARTS_AGAIN
    ]
    found = [at for at in starts if at >= 0]
    return failing[min(found) :] if found else ""
