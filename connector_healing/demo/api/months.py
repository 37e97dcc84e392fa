"""The months that the data set has."""

from datetime import date, timedelta

from connector_healing.errors import UsageError

YEAR = 2013


def parse_month(text: str) -> date:
    """The first day of a month such as ``2013-01``.

    Raises:
        UsageError: If it is no month of 2013.
    """
    try:
        first = date.fromisoformat(f"{text}-01")
    except ValueError:
        first = date.min
    if first.year != YEAR:
        raise UsageError("month", text, f"The data are of {YEAR}: {YEAR}-01 to {YEAR}-12.")
    return first


def last_day(month: date) -> date:
    """The last day of the month that begins on this day."""
    return (month + timedelta(days=31)).replace(day=1) - timedelta(days=1)
