"""A pasted text, with what is known of it, as a `Failure`."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from connector_healing.core.failure import ExceptionLink, Failure, Stage
from connector_healing.core.logs.http_text import exchange_in
from connector_healing.core.logs.prose import reads_like_prose
from connector_healing.core.logs.reduce import LogLine, ReducedLog, reduce_log, well_formed
from connector_healing.core.redaction import Redactor
from connector_healing.errors import UsageError

MAX_LINKS = 12
MAX_MESSAGE = 1_000  #: Characters.
#: Before anything is known of the time, no instant lies ahead of it.
_END_OF_TIME = datetime(9000, 1, 1, tzinfo=UTC)
_STAGES = {stage.value: stage for stage in Stage} | {
    **dict.fromkeys(("configure", "config", "configuration", "init", "setup"), Stage.BUILD),
    **dict.fromkeys(("source", "read"), Stage.EXTRACT),
    **dict.fromkeys(("destination", "write", "sink"), Stage.LOAD),
}
#: An exception as Python, Java and most log formats write it.
_HEAD = re.compile(
    r"(?:^|[\s>\[(\"'])(?P<type>(?:[A-Za-z_$][\w$]{0,80}\.){0,12}[A-Z]\w{0,80}"
    r"(?:Error|Exception|Timeout|Fault|Interrupt|Exit|Violation|Failure|Disconnected|Expired"
    r"|Refused|Denied|NotFound|Missing|Invalid\w{0,40}|KeyboardInterrupt))(?=[:\s(\"'}\],;]|$)(?:: ?(?P<message>.*))?"
)
_WRAPPER = re.compile(
    r"PipelineStepFailed|ResourceExtractionError|NormalizeJobFailed|LoadClientJob|RetryError"
    r"|Dagster(?:UserCode)?ExecutionStep|DagsterExecution|Py4JJavaError|ExecutionException"
    r"|CompletionException|UndeclaredThrowable|InvocationTarget|SparkException|ReactiveException"
)
_FRAMES = "frames: "
#: What a context says in words, and what it says in names and values.
_WORDS = ("url", "method", "stage", "destination")
_NAMED = ("headers", "declared")
_STATUS = re.compile(r"\s*[0-9]{3}\s*")
_EXCERPT = 60  #: Characters of a rejected value.


def context_of(given: Mapping[str, object], where: str) -> dict[str, object]:
    """What is known besides a text, as `failure_of_text` reads it: what is null is left out.

    Args:
        given: As JSON gives it. A status may be text, and a body of any type; keys that nothing
            reads are kept.
        where: The line that it comes from, for messages.

    Raises:
        UsageError: If a field is of a type that it cannot be read from.
    """
    known = {name: value for name, value in given.items() if value is not None}
    if "status" in known:
        known["status"] = _status(known["status"], f"{where}.status")
    for name in _WORDS:
        if not isinstance(known.get(name, ""), str):
            raise UsageError(f"{where}.{name}", _excerpt(known[name]), "It is a string.")
    for name in _NAMED:
        if not isinstance(known.get(name, {}), Mapping):
            raise UsageError(f"{where}.{name}", _excerpt(known[name]), "It is an object.")
    return known


def _status(given: object, where: str) -> int:
    if isinstance(given, str) and _STATUS.fullmatch(given):
        return int(given)
    if isinstance(given, float) and given.is_integer():
        return int(given)
    if isinstance(given, bool) or not isinstance(given, int):
        raise UsageError(where, _excerpt(given), "It is a number, such as 429.")
    return given


def _excerpt(value: object) -> str:
    return Redactor().excerpt(str(value), _EXCERPT)


def failure_of_text(
    text: str,
    context: Mapping[str, object] | None = None,
    *,
    failure_id: str = "text",
    occurred_at: datetime | None = None,
) -> Failure:
    """What a text is evidence of: linear in its length, it never raises.

    Args:
        text: A log, a traceback, a message, in any mixture.
        context: What is known besides: status, headers, url, method, body, body_start, stage,
            destination, and under declared what is known of the request's history.
        failure_id: The id to give it.
        occurred_at: Aware; None: the end of time, so that no instant in a header
            counts as a long wait.
    """
    known = context or {}
    log = reduce_log(well_formed(text))
    declared = known.get("declared")
    destination = known.get("destination")
    packages = f"{_FRAMES}{' '.join(sorted(log.frames))}"
    return Failure(
        failure_id=failure_id,
        connector_id="text",
        dlt_resource=None,
        run_id=None,
        version_id=None,
        occurred_at=occurred_at or _END_OF_TIME,
        stage=_STAGES.get(str(known.get("stage", "")), Stage.UNKNOWN),
        http=exchange_in(() if reads_like_prose(log) else log.lines, known),
        load_state={"destination": str(destination)} if destination else {},
        log_excerpt=(*(line.text for line in log.lines), *([packages] if log.frames else [])),
        log_numbers=tuple(line.number for line in log.lines),
        declared=dict(declared) if isinstance(declared, Mapping) else {},
    )


def log_of(failure: Failure) -> ReducedLog:
    """The lines of a failure that was read from a text, or of its exceptions and their answer."""
    if failure.chain:
        return reduce_log("\n".join(_said(failure)))
    lines = failure.log_excerpt
    frames: frozenset[str] = frozenset()
    if lines and lines[-1].startswith(_FRAMES):
        frames = frozenset(lines[-1].removeprefix(_FRAMES).split())
        lines = lines[:-1]
    numbers = failure.log_numbers or tuple(range(1, len(lines) + 1))
    return ReducedLog(tuple(_placed(lines, numbers)), frames)


def _said(failure: Failure) -> Iterator[str]:
    for link in reversed(failure.chain[failure.root :]):
        yield f"{link.type}: {link.message}"
    if failure.http is not None and failure.http.body_excerpt:
        yield failure.http.body_excerpt


def _placed(lines: tuple[str, ...], numbers: tuple[int, ...]) -> Iterator[LogLine]:
    """The lines with their records and depths, found once more: they are not stored."""
    if not lines:
        return
    again = reduce_log("\n".join(lines), keep_all=True)
    for line in again.lines:
        number = numbers[line.number - 1] if line.number <= len(numbers) else line.number
        yield LogLine(number, line.text, line.event, line.depth)


def exceptions_in(log: ReducedLog) -> list[tuple[ExceptionLink, LogLine]]:
    """The exceptions that a log names, each with its line: wrappers last, causes first."""
    found: list[tuple[bool, int, int, int, ExceptionLink, LogLine]] = []
    for line in log.lines:
        match = _HEAD.search(line.text)
        if match is None:
            continue
        kind = match["type"]
        link = ExceptionLink(type=kind, message=(match["message"] or "")[:MAX_MESSAGE], mro=(kind,))
        wraps = _WRAPPER.search(kind) is not None
        found.append((wraps, line.event, -line.depth, len(found), link, line))
        if len(found) >= MAX_LINKS:
            break
    return [(link, line) for *_, link, line in sorted(found, key=lambda row: row[:4])]
