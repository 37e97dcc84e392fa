"""Times and delays as HTTP headers write them."""

import math
import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

#: A smaller number of a reset header is a delay in seconds; from here on it is a Unix time
#: (1e9 s is September 2001, and no limit resets only in 31 years).
FIRST_EPOCH_SECONDS = 1e9
#: From here on the Unix time is in milliseconds.
FIRST_EPOCH_MILLISECONDS = 1e12

_LONGEST = timedelta(days=3650)
_UNITS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_SPAN = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|[dhms]))+")
_SPAN_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|[dhms])")


def parse_number(text: str) -> float | None:
    """A finite decimal number, or None."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def parse_instant(text: str) -> datetime | None:
    """An HTTP-date, an ISO 8601 time, or ``@`` and a Unix time (RFC 9651 dates), as aware UTC."""
    text = text.strip().strip('"')
    if text.startswith("@"):
        number = parse_number(text[1:])
        return _from_epoch(number) if number is not None else None
    if not text or parse_number(text) is not None:
        return None
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        try:
            found = datetime.fromisoformat(text)
        except ValueError:
            return None
    try:
        aware = found if found.tzinfo else found.replace(tzinfo=UTC)
        return aware.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def parse_delay(text: str, now: datetime) -> timedelta | None:
    """A delay from `now`: seconds, a Unix time in seconds or milliseconds, a date, or ``6m0.5s``.

    Never negative: a time that has passed is no delay; never more than ten years.
    """
    text = text.strip().strip('"')
    number = parse_number(text)
    if number is not None:
        return _delay_of_number(number, now)
    if _SPAN.fullmatch(text):
        seconds = sum(float(n) * _UNITS[unit] for n, unit in _SPAN_PART.findall(text))
        return _bounded(seconds)
    instant = parse_instant(text)
    return _bounded((instant - now).total_seconds()) if instant else None


def _delay_of_number(number: float, now: datetime) -> timedelta | None:
    if number < 0:
        return None
    if number < FIRST_EPOCH_SECONDS:
        return _bounded(number)
    instant = _from_epoch(number)
    return _bounded((instant - now).total_seconds()) if instant else None


def _from_epoch(number: float) -> datetime | None:
    seconds = number / 1000 if number >= FIRST_EPOCH_MILLISECONDS else number
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _bounded(seconds: float) -> timedelta:
    return timedelta(seconds=min(max(seconds, 0.0), _LONGEST.total_seconds()))
