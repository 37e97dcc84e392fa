"""Reduces a log to the lines that may name a cause: linear in its length, bounded in its result."""

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

MAX_LINE = 2_000  #: Characters; a longer line is cut into pieces.
MAX_PIECES = 12  #: Of one long line: half from its start, half from its end.
#: Lines from the start, as many from the end, and between them as many that tell of a failure.
MAX_KEPT = 3_000
_DEDUPLICATED_FROM = 200  #: Lines; a shorter text is kept as it is.
_LEVEL_WITHIN = 160  #: Characters of a line in which its level stands.
_SEEN = 50_000  #: Lines that are remembered as seen.

_ANSI = re.compile(r"\x1b\[[0-9;?]{0,20}[A-Za-z]|\x1b[()][A-Z0-9]|\[\d{1,3}(?:;\d{1,3}){0,4}m")
_LEVEL = re.compile(
    r"\b(?:(?P<bad>ERROR|FATAL|CRITICAL|SEVERE|WARN|WARNING|error|warning|FAIL)"
    r"|(?P<good>INFO|DEBUG|TRACE|info|debug|NOTICE))\b"
)
#: What an informational line must hold to be looked at.
_TELLING = (
    *("fail", "error", "exception", " lost", "exited", "exitcode", "exit code", "exit status"),
    *("kill", "denied", "reason:", "terminated", "refused", "timed out", "too many", "exceed"),
)
_PYTHON_FRAME = re.compile(r'\s*File "(?P<path>[^"\n]{1,400})", line \d+')
_JAVA_FRAME = re.compile(r"\s*at (?P<place>[A-Za-z_$][\w$.<>/@-]{2,300})\(")
_PACKAGE = re.compile(
    r"(?:site-packages|dist-packages|pyspark\.zip)/(?:[a-z]\w{0,40}\.zip/)?(\w{1,60})"
)
_MARKS = re.compile(
    r"\s*(?:[\^~-][\^~ -]*|\.\.\. \d+ (?:more|common frames omitted)|\[\d+ lines?\])\s*$"
)
#: How Spark shows the command that it starts: settings, and no failure.
_COMMAND_LINES = ("Launch Command: ", "Spark Executor Command: ", "Spark Command: ")
#: What containers' runtimes, compose, syslog, Airbyte and quoting mails put before each line.
_COLLECTED = (" stderr F ", " stdout F ", " stderr P ", "  | ", "]: ", " > ", "\n> ", "\x1e> ")
_COLLECTORS = (
    r"(?:[\d-]{10}T[\d:.]{8,20}(?:Z|[+-][\d:]{5}) (?:stdout|stderr) [FP] "
    r"|[\w.-]{1,60} {1,20}\| "
    r"|[A-Z][a-z]{2} [ \d]\d [\d:]{8} [\w.-]{1,60} [\w./-]{1,60}(?:\[\d{1,8}\])?: "
    r"|[\d-]{10} [\d:]{8} [\w-]{1,40} > "
    r"|> )"
)
_COLLECTOR = re.compile("^" + _COLLECTORS, re.MULTILINE)
#: Where an opened string has a newline: no line of the text begins there.
_OPENED = "\x1e"
_COLLECTOR_WITHIN = re.compile(_OPENED + _COLLECTORS)
_DIGITS = str.maketrans("", "", "0123456789")

_CAUSED_BY = ("Caused by: ", "Caused by ", "The above exception was caused by the following")
_LED_TO = (
    "The above exception was the direct cause of the following exception",
    "During handling of the above exception, another exception occurred",
)


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line that may name a cause."""

    number: int  #: In the text, from 1.
    text: str
    event: int = 0  #: Which record of the log it belongs to.
    depth: int = 0  #: How far down the chain of causes within the record.


@dataclass(frozen=True, slots=True)
class ReducedLog:
    """What is left of a log."""

    lines: tuple[LogLine, ...]
    frames: frozenset[str] = frozenset()  #: Packages whose code was on the stack.

    @property
    def text(self) -> str:
        """The lines, and the packages on the stack as one more."""
        said = "\n".join(line.text for line in self.lines)
        return f"{said}\nframes: {' '.join(sorted(self.frames))}" if self.frames else said


def well_formed(text: str) -> str:
    """The text with a ``?`` for each half of a surrogate pair, which no output can be made of."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text


def reduce_log(text: str, *, keep_all: bool = False) -> ReducedLog:
    """The lines of a text that may name a cause, without colours, stack frames and repetitions.

    Args:
        text: Of any length.
        keep_all: The text was reduced before: only records and depths are found again.
    """
    if "\x1b" in text or "m" in text[:2_000]:
        text = _ANSI.sub("", text)
    raw = _split(text)
    frames: set[str] = set()
    head: list[LogLine] = []
    middle: list[LogLine] = []
    tail: deque[LogLine] = deque(maxlen=MAX_KEPT)
    seen: set[str] = set()
    deduplicated = not keep_all and _lines_in(text) > _DEDUPLICATED_FROM
    for line in _placed(raw, frames):
        if deduplicated and len(seen) < _SEEN:
            key = line.text.translate(_DIGITS)
            if key in seen:
                continue
            seen.add(key)
        if len(head) < MAX_KEPT:
            head.append(line)
            continue
        if len(tail) == MAX_KEPT and len(middle) < MAX_KEPT and _tells(tail[0].text):
            middle.append(tail[0])
        tail.append(line)
    return ReducedLog((*head, *middle, *tail), frozenset(frames))


def _lines_in(text: str) -> int:
    """How many lines it holds, with those within its lines."""
    within = text.count("\r") - text.count("\r\n") + text.count("\\n")
    return text.count("\n") + within + (not text.endswith("\n"))


def _tells(line: str) -> bool:
    """Whether a line holds a word of failures."""
    lower = line.lower()
    for word in _TELLING:  # noqa: SIM110  # a generator takes twice as long, for every line of a log
        if word in lower:
            return True
    return False


def _split(text: str) -> list[str]:
    """Lines without what collectors of logs put before them, numbered as editors do: by newline.

    A line may hold several: a JSON string that was opened, what a carriage return wrote over.
    """
    if "\\n" in text or '\\"' in text:
        text = text.replace('\\"', '"').replace("\\n", _OPENED).replace("\\t", "\t")
    if any(mark in text for mark in _COLLECTED):
        text = _COLLECTOR_WITHIN.sub(_OPENED, _COLLECTOR.sub("", text))
    return text.split("\n")


def _placed(raw: list[str], frames: set[str]) -> Iterator[LogLine]:
    """The lines worth keeping, each with its record and its depth."""
    place = _Place(frames)
    for number, whole in enumerate(raw, 1):
        for line in whole.splitlines():
            if place.keeps(line):
                for piece in _pieces(line):
                    yield LogLine(number, piece, place.event, place.depth)


class _Place:
    """Where in a log the reading stands: in which record, how deep in a chain, under which frame."""

    __slots__ = ("_code_indent", "_frames", "_linked", "depth", "event")

    def __init__(self, frames: set[str]) -> None:
        self.event = 0
        self.depth = 0
        self._linked = False  # Whether the next traceback belongs to the same chain.
        self._code_indent = -1  # Of the frame whose line of code may follow.
        self._frames = frames

    def keeps(self, line: str) -> bool:
        """Whether the line may name a cause; moves on by what it says."""
        bare = line.lstrip()
        if not bare or bare.startswith(_COMMAND_LINES):
            return False
        if self._is_frame(line, bare) or self._is_chatter(line):
            return False
        return self._moved(bare)

    def _is_frame(self, line: str, bare: str) -> bool:
        """Whether it is a stack frame, a line of its code, or a mark below that."""
        indent = len(line) - len(bare)
        code_of, self._code_indent = self._code_indent, -1
        if 0 <= code_of <= indent - 2 and not bare.startswith('File "'):
            self._code_indent = code_of
            return True
        if bare.startswith('File "') and (found := _PYTHON_FRAME.match(line)):
            self._code_indent = indent
            self._frames.update(_package(found["path"]))
            return True
        if bare.startswith("at ") and (found := _JAVA_FRAME.match(line)):
            self._frames.add(".".join(found["place"].split(".")[:4]).lower())
            return True
        return bare[0] in "^~-.[" and len(bare) < MAX_LINE and _MARKS.match(bare) is not None

    def _is_chatter(self, line: str) -> bool:
        """Whether it only informs; a line with a level may begin a record."""
        level = _LEVEL.search(line[:_LEVEL_WITHIN])
        if level is None:
            return False
        if level["good"] and not _tells(line[:MAX_LINE]):
            return True
        if _begins_record(line, level.start()):
            self._begin()
        return False

    def _moved(self, bare: str) -> bool:
        """Follow the words between exceptions; they are no causes themselves."""
        if bare.startswith("Traceback (most recent call last)"):
            if not self._linked:
                self._begin()
            self._linked = False
            return False
        if bare.startswith(_LED_TO):
            self.depth -= 1
            self._linked = True
            return False
        if bare.startswith(_CAUSED_BY):
            self.depth += 1
            self._linked = bare.startswith("The above")
        return True

    def _begin(self) -> None:
        self.event += 1
        self.depth = 0


def _package(path: str) -> set[str]:
    """The package that a file belongs to: of a library, by its folder."""
    found = _PACKAGE.search(path)
    if found:
        return {found[1].lower()}
    if path.endswith(("/os.py", "<frozen os>")):
        return {"os.environ"}
    return {"pyspark"} if "/pyspark" in path else set()


def _begins_record(line: str, level_at: int) -> bool:
    """Whether a line with a level begins a record: after a time, or with the level itself."""
    return line[:1].isdigit() or line[:1] in "[{%" or level_at == 0


def _pieces(line: str) -> Iterator[str]:
    if len(line) <= MAX_LINE:
        yield line.strip()
        return
    count = -(-len(line) // MAX_LINE)
    for place in range(count):
        if place < MAX_PIECES // 2 or place >= count - MAX_PIECES // 2:
            yield line[place * MAX_LINE : (place + 1) * MAX_LINE].strip()
