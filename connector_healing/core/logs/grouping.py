"""Which failures are the same, and the single failures that one log holds."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from connector_healing.core.failure import Diagnosis
from connector_healing.core.fingerprint import VALUES, without_numbers
from connector_healing.core.logs.reduce import reduce_log
from connector_healing.core.logs.shown import without_prefix
from connector_healing.core.path_template import path_template

_DIGITS = 20  #: Hexadecimal digits of SHA-256.
_NOTHING = "none"  #: The rule of what no rule knows.

_URL = re.compile(r"\b(?P<scheme>[a-z][a-z0-9+.-]{0,30})://(?P<rest>[^\s'\"<>)\]},`]{1,2000})")
#: Addresses of stored files: what stands for a host is the name of a bucket or container.
_STORES = ("s3", "s3a", "s3n", "gs", "abfs", "abfss", "wasb", "wasbs", "file", "dbfs")
_LAST = (
    "com|net|org|io|dev|app|cloud|internal|local|lan|corp|intra|svc|example|test|invalid|edu|gov"
    "|eu|de|uk|fr|ai|co"
)
_NOT_BEFORE = r"(?<![\w.$/@`-])"
#: What stands before a line's number, and not before a port.
_NO_CODE = (
    r"(?!\S{1,200}\.(?:py|scala|java|kt|sql|[jt]s|go|rs|sh|ya?ml|json|csv|txt|log|xml|toml):)"
)
#: Hosts, most certain first: by address, by what follows or comes before, by their last part.
_HOSTS = (
    (re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.]*\w)(?::\d{1,5}\b)?"), "<host>"),
    (re.compile(r"\[(?=[\da-f]*:)[\da-fA-F:.]{2,45}\](?::\d{1,5}\b)?"), "<host>"),
    (
        re.compile(
            r"\b((?:host(?:[ _]?name)?|server(?: at)?)(?:=|: | | = )[\"'])[^\"']{1,253}(?=[\"'])"
        ),
        r"\1<host>",
    ),
    (re.compile(r"\b(host(?:name)?=)[\w.-]{1,253}"), r"\1<host>"),
    (
        re.compile(
            r"\b((?:to|at|on|from|via|by|broker|host|server|node) (?:\w{1,20}://)?)"
            + _NO_CODE
            + r"[A-Za-z][\w-]{0,62}(?:\.[\w-]{1,62}){0,8}:\d{2,5}\b"
        ),
        r"\1<host>",
    ),
    (re.compile(_NOT_BEFORE + r"ip(?:-\d{1,3}){4}(?:\.[\w-]{1,62}){0,8}(?::\d{1,5}\b)?"), "<host>"),
    (re.compile(_NOT_BEFORE + r"localhost\b(?::\d{1,5}\b)?"), "<host>"),
    (
        re.compile(
            _NOT_BEFORE
            + rf"[A-Za-z\d](?:[\w-]{{0,62}}\.){{1,8}}(?:{_LAST})\b(?![\w.-]*\w|\()(?::\d{{1,5}}\b)?"
        ),
        "<host>",
    ),
)
_PATH = re.compile(r"(?<![\w<}/:>])/[A-Za-z][^\s'\"`:,;()\]]{0,1000}")
_TEMPORARY = re.compile(r"/(?:tmp|var/folders|private/var|local_disk\d)/[^\s'\"`:,;]{1,1000}")
_QUOTED = re.compile(r"(['\"`])([^'\"`\n]*)\1")
#: Names of keys, columns, tables, topics, files: words joined by what joins names, no text.
_NAME = re.compile(r"[\w$<][\w$.@\[\]<>{}/\\:#*-]*|/[\w$.@<>{}/:#*=-]+")
_MIXED = re.compile(r"\d[a-z]+\d", re.IGNORECASE)
#: Failures whose message quotes a value of the data.
_OF_VALUES = re.compile(
    r"\b(?:ValueError|ArithmeticError|Unicode(?:De|En)codeError|NumberFormat|InvalidOperation"
    r"|DateTime(?:Parse)?Exception|CAST_INVALID_INPUT|CANNOT_PARSE|could not convert|[Vv]alue ['\"`]"
    r"|invalid (?:literal|input syntax)|[Dd]uplicate entry)"
)
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureGroup:
    """Failures that are the same but for ids, times, hosts and values."""

    fingerprint: str
    diagnosis: Diagnosis  #: Of the first.
    ids: tuple[str, ...]

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.ids)


def text_fingerprint(diagnosis: Diagnosis) -> str:
    """The name of a failure that was read from a text: 20 hexadecimal digits.

    It is made of what was found and of the line that shows it, without ids, times, numbers,
    hosts, values and the prefixes of logs. The names of keys, columns, tables, topics, files and
    paths count.
    """
    line = diagnosis.evidence[0].text if diagnosis.evidence else diagnosis.cause
    shape = _shape(without_prefix(line))
    name = f"{diagnosis.subcategory.value}\n{diagnosis.rule}\n{shape}"
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]


def _shape(line: str) -> str:
    text = _URL.sub(_address, line)
    text = _TEMPORARY.sub("<file>", text)
    text = _PATH.sub(lambda match: path_template(match.group()), text)
    for pattern, put in (*_HOSTS, *VALUES):
        text = pattern.sub(put, text)
    names = _OF_VALUES.search(line) is None
    text = _QUOTED.sub(lambda match: _quoted(match, names=names), text)
    return _SPACE.sub(" ", without_numbers(text)).strip()


def _address(match: re.Match[str]) -> str:
    """A URL without its host, query and ids; where files are stored, with the bucket."""
    if match["scheme"] in _STORES:
        bucket, slash, path = match["rest"].partition("/")
        return f"{match['scheme']}://{bucket.partition('.')[0]}{path_template(slash + path)}"
    _, slash, path = match["rest"].partition("/")
    return f"<host>{path_template(slash + path)}"


def _quoted(match: re.Match[str], *, names: bool) -> str:
    """What is quoted: a name stays, an id or a value does not, of a text its words."""
    mark, inner = match.groups()
    if " " in inner and names:
        return match.group()
    kept = names and _NAME.fullmatch(inner) and not _is_id(inner)
    return f"{mark}{inner if kept else '?'}{mark}"


def _is_id(name: str) -> bool:
    """Whether it is a number, or letters and digits mixed; in a path only those parts go."""
    if "." in name or "/" in name:
        return False
    return name.isdecimal() or re.search(r"\d{3}", name) is not None or bool(_MIXED.search(name))


def grouped(found: Sequence[tuple[str, Diagnosis]]) -> list[FailureGroup]:
    """The groups of diagnoses, the largest first.

    Args:
        found: An id and a diagnosis each.
    """
    ids: dict[str, list[str]] = {}
    first: dict[str, Diagnosis] = {}
    for name, diagnosis in found:
        fingerprint = text_fingerprint(diagnosis)
        ids.setdefault(fingerprint, []).append(name)
        first.setdefault(fingerprint, diagnosis)
    groups = [
        FailureGroup(fingerprint=f, diagnosis=first[f], ids=tuple(names))
        for f, names in ids.items()
    ]
    return sorted(groups, key=lambda group: (-group.count, group.fingerprint))


def records_of(text: str) -> Iterator[tuple[str, str]]:
    """The records of a log, each with the number of its first line as id."""
    log = reduce_log(text, keep_all=True)
    record: list[str] = []
    number, event = 1, None
    for line in log.lines:
        if event is not None and line.event != event:
            yield f"line {number}", "\n".join(record)
            record = []
        if not record:
            number = line.number
        event = line.event
        record.append(line.text)
    if record:
        yield f"line {number}", "\n".join(record)


def is_known(diagnosis: Diagnosis) -> bool:
    """Whether any rule knew the text."""
    return diagnosis.rule != _NOTHING
