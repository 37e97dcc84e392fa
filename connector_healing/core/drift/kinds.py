"""What a scalar looks like: its kind, and the moment or the number that it may stand for."""

import re
from datetime import UTC, datetime
from enum import StrEnum

from connector_healing.core.drift.flatten import EMPTY_OBJECT, Scalar


class Kind(StrEnum):
    """The look of one value."""

    BOOL = "bool"
    INT = "int"
    NUMBER = "number"
    EPOCH = "epoch"  #: An integer that would be a time of this age in seconds or milliseconds.
    NUMERAL = "numeral"  #: A string of digits, perhaps with a point.
    DATETIME = "datetime"
    DATE = "date"
    DURATION = "duration"
    UUID = "uuid"
    TOKEN = "token"  # noqa: S105  # the look of a long opaque string, not a secret
    URL = "url"
    EMAIL = "email"
    ADDRESS = "address"  #: Of a network host: IP or MAC.
    PATH = "path"  #: ``projects/7/topics/x``.
    CODE = "code"  #: Two or three capitals: a country, a currency, an airport.
    CONSTANT = "constant"  #: ``IN_PROGRESS``.
    WORD = "word"
    TEXT = "text"
    EMPTY = "empty"
    OBJECT = "object"


#: Text longer than this is not looked at by pattern.
_LONGEST = 400

_PATTERNS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    (Kind.NUMERAL, re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?")),
    (
        Kind.DATETIME,
        re.compile(r"\d{4}-\d\d?-\d\d?[T ]\d\d?:\d\d(:\d\d([.,]\d+)?)?\s*(Z|z|[+-]\d\d:?\d\d)?"),
    ),
    (Kind.DATETIME, re.compile(r"\d\d?/\d\d?/\d{2,4} \d\d?:\d\d(:\d\d)?( ?[AP]M)?")),
    (Kind.DATE, re.compile(r"\d{4}-\d\d-\d\d|\d\d?/\d\d?/\d{4}")),
    (
        Kind.DURATION,
        re.compile(r"\d+(\.\d+)?s|P(\d+[YMWD])*(T(\d+(\.\d+)?[HMS])+)?|\d\d:\d\d:\d\d"),
    ),
    (Kind.UUID, re.compile(r"[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}")),
    (Kind.EMAIL, re.compile(r"[^@\s/]+@[^@\s/]+\.[^@\s/]+")),
    (Kind.URL, re.compile(r"[a-z][a-z0-9+.-]*://\S+|www\.\S+")),
    (
        Kind.ADDRESS,
        re.compile(r"(\d{1,3}\.){3}\d{1,3}(/\d+)?|([0-9a-fA-F]{2}[:-]){5}[0-9a-fA-F]{2}"),
    ),
    (Kind.CODE, re.compile(r"[A-Z]{2,3}")),
    (Kind.CONSTANT, re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*")),
    (Kind.TOKEN, re.compile(r"(?=.*\d)[0-9A-Za-z_+=-]{12,}")),
    (Kind.PATH, re.compile(r"/?[^\s/]+(/[^\s/]+)+/?")),
    (Kind.WORD, re.compile(r"[^\s]+")),
)

#: Seconds: 1990 to 2100; milliseconds the same. Other integers are no times.
_EPOCH_SECONDS = (631_152_000, 4_102_444_800)


def kind_of(value: Scalar) -> Kind | None:  # noqa: PLR0911  # one return a type
    """The kind of a value; None for null."""
    if value is None:
        return None
    if isinstance(value, bool):
        return Kind.BOOL
    if isinstance(value, int):
        return Kind.EPOCH if epoch_scale(value) else Kind.INT
    if isinstance(value, float):
        return Kind.INT if value.is_integer() and abs(value) < 1e15 else Kind.NUMBER  # noqa: PLR2004  # floats are exact below
    if not value.strip():
        return Kind.EMPTY
    if value == EMPTY_OBJECT:
        return Kind.OBJECT
    if len(value) > _LONGEST:
        return Kind.TEXT
    return next((kind for kind, pattern in _PATTERNS if pattern.fullmatch(value)), Kind.TEXT)


def epoch_scale(value: float) -> int:
    """1 for plausible epoch seconds, 1000 for milliseconds, 0 for neither."""
    low, high = _EPOCH_SECONDS
    if low <= value < high:
        return 1
    return 1000 if low * 1000 <= value < high * 1000 else 0


def number_of(value: Scalar) -> float | None:
    """The number that a value is or spells."""
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, str):
        text = value.strip()
        if len(text) > _LONGEST or not _PATTERNS[0][1].fullmatch(text):
            return None
        return float(text)
    try:
        return float(value)
    except OverflowError:
        return None


def moment_of(value: Scalar) -> float | None:
    """The seconds since 1970 that a date, time or epoch number stands for (UTC if unsaid)."""
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, str):
        text = value.strip()
        if len(text) <= _LONGEST and kind_of(text) in {Kind.DATETIME, Kind.DATE}:
            return _parsed(text)
    number = number_of(value)
    scale = epoch_scale(number) if number is not None else 0
    return number / scale if number is not None and scale else None


def _parsed(text: str) -> float | None:
    for candidate in (text, text.replace(" ", "T", 1).replace(",", "."), text.replace(" ", "")):
        try:
            moment = datetime.fromisoformat(candidate)
        except ValueError:
            continue
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    for pattern in ("%m/%d/%Y %H:%M", "%m/%d/%y %H:%M", "%m/%d/%Y", "%m/%d/%Y %H:%M:%S"):
        try:
            return datetime.strptime(text, pattern).replace(tzinfo=UTC).timestamp()
        except ValueError:
            continue
    return None
