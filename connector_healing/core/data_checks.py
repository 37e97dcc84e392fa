"""The rules behind the data checks, without the data: types, completeness, drift."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from statistics import median

from connector_healing.core.checks import CheckLevel
from connector_healing.core.reproduction import EndpointObservation

#: Shared keys below which an overlap proves nothing.
OVERLAP_NEEDED = 30
#: A column with more different values than this does not become constant by chance.
DISTINCT_NEEDED = 10
#: Rows below which the shape of a distribution is not compared.
ROWS_FOR_SHAPE = 100
#: A population stability index above this is a different distribution (Siddiqi's rule of thumb).
PSI_LIMIT = 0.25
#: Robust standard deviations of the row count's growth.
GROWTH_Z = 3.5
#: Values in categories that were never seen before.
NEW_CATEGORIES = 0.01
#: Different values a text column may have and still be one of categories.
CATEGORIES = 50
#: The ratio of distinct values to rows may change by this factor.
DISTINCT_FACTOR = 2.0


class Family(StrEnum):
    """What values of a type are, whatever the database calls it."""

    INTEGER = "integer"
    DECIMAL = "decimal"
    FLOAT = "float"
    TEXT = "text"
    BOOLEAN = "boolean"
    TIME = "time"  #: A point in time: date or timestamp.
    CLOCK = "clock"  #: A time of day.
    JSON = "json"
    OTHER = "other"

    @property
    def is_number(self) -> bool:
        """Whether values are numbers."""
        return self in {Family.INTEGER, Family.DECIMAL, Family.FLOAT}


_FAMILIES: tuple[tuple[str, Family], ...] = (
    (r"(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER)$", Family.INTEGER),
    (r"DECIMAL", Family.DECIMAL),
    (r"(DOUBLE|FLOAT|REAL)", Family.FLOAT),
    (r"(VARCHAR|TEXT|UUID|ENUM)", Family.TEXT),
    (r"BOOLEAN", Family.BOOLEAN),
    (r"(DATE|TIMESTAMP)", Family.TIME),
    (r"TIME", Family.CLOCK),
    (r"JSON", Family.JSON),
)


def family(duckdb_type: str) -> Family:
    """The family of one of DuckDB's types."""
    for pattern, found in _FAMILIES:
        if re.match(pattern, duckdb_type):
            return found
    return Family.OTHER


#: What dlt does with the new type in the old column: it takes it as it is (no entry), it would
#: need the column to be widened (soft), or it makes a variant column beside it (hard, default).
_TYPE_CHANGES: Mapping[tuple[Family, Family], CheckLevel] = {
    # A sample may show less than the whole column, and dlt coerces it without loss.
    (Family.FLOAT, Family.INTEGER): CheckLevel.INFO,
    (Family.DECIMAL, Family.INTEGER): CheckLevel.INFO,
    (Family.DECIMAL, Family.FLOAT): CheckLevel.INFO,
    (Family.FLOAT, Family.DECIMAL): CheckLevel.INFO,
    (Family.JSON, Family.TEXT): CheckLevel.INFO,  # A database without the type keeps it as text.
    (Family.TEXT, Family.JSON): CheckLevel.INFO,
    (Family.INTEGER, Family.DECIMAL): CheckLevel.SOFT,
    (Family.INTEGER, Family.FLOAT): CheckLevel.SOFT,
    (Family.TEXT, Family.INTEGER): CheckLevel.SOFT,
    (Family.TEXT, Family.DECIMAL): CheckLevel.SOFT,
    (Family.TEXT, Family.FLOAT): CheckLevel.SOFT,
    (Family.TEXT, Family.BOOLEAN): CheckLevel.SOFT,
    (Family.TEXT, Family.TIME): CheckLevel.SOFT,
    (Family.TEXT, Family.CLOCK): CheckLevel.SOFT,
}


def type_change(before: str, after: str) -> CheckLevel | None:
    """How bad it is that a column's type changed; None where it did not.

    Args:
        before: DuckDB's type of the column in the previous data.
        after: Its type in the healed data.
    """
    old, new = family(before), family(after)
    if old is new and (old is not Family.OTHER or before == after):
        return None
    level = _TYPE_CHANGES.get((old, new), CheckLevel.HARD)
    return None if level is CheckLevel.INFO else level


@dataclass(frozen=True, slots=True, kw_only=True)
class Completeness:
    """Whether one endpoint's answers were all of them."""

    passed: bool
    observed: str
    bound: str
    level: CheckLevel = CheckLevel.HARD


def completeness(seen: EndpointObservation) -> Completeness:
    """Whether an extraction read an endpoint to its end, as far as the answers tell.

    A declared total decides; without one, the sign of a further page in the last answer. A last
    page as full as the others, with neither, is where an extraction that was cut off would end;
    so would many lists of one length, so that a person has to tell.
    """
    if seen.repeated:
        return Completeness(
            passed=False,
            observed=f"one page came twice among {seen.requests} requests",
            bound="every page once",
        )
    if seen.declared_total is not None:
        return Completeness(
            passed=seen.items >= seen.declared_total,
            observed=f"{seen.items} records",
            bound=f"the {seen.declared_total} that the answers declare",
        )
    if not seen.ended:
        return Completeness(
            passed=False,
            observed="the last answer names a further page",
            bound="an answer without one",
        )
    full = 0 < seen.page_size == seen.last_page_items < seen.items
    if full and not seen.said_last:
        return Completeness(
            passed=False,
            observed=f"the last answer is a full page of {seen.page_size} records",
            bound="a shorter one, a declared total, or a word that it is the last",
            level=CheckLevel.SOFT,
        )
    return Completeness(
        passed=True,
        observed=f"{seen.items} records, no sign of a further page",
        bound="an answer without a sign of a further page",
    )


def stability_index(before: Sequence[int], after: Sequence[int]) -> float:
    """The population stability index of two histograms over the same bins.

    Half a row is imagined in every bin, so that an empty one stays finite.
    """
    old_total = sum(before) + len(before) / 2
    new_total = sum(after) + len(after) / 2
    shares = [
        ((b + 0.5) / old_total, (a + 0.5) / new_total) for b, a in zip(before, after, strict=True)
    ]
    return math.fsum((new - old) * math.log(new / old) for old, new in shares)


def stability_bound(bins: int, before: int, after: int) -> float:
    """The index that is still the same distribution, with what few rows add to it by chance."""
    if bins < 2 or not before or not after:  # noqa: PLR2004  # one bin has no shape
        return math.inf
    freedom = bins - 1
    chance = (freedom + 3 * math.sqrt(2 * freedom)) * (1 / before + 1 / after)
    return PSI_LIMIT + chance


def growth_limits(sizes: Sequence[int], periods: float, rows: int) -> tuple[float, float] | None:
    """The row counts that a full load may have, from the growth of the good loads.

    Args:
        sizes: Rows of the good loads, newest first.
        periods: Usual intervals since the newest of them.
        rows: Rows of the previous data, which the growth starts from.

    Returns:
        The least and the most; None where there is too little to learn from.
    """
    pairs = [(new, old) for new, old in pairwise(sizes) if new and old]
    if len(pairs) < 2 or not rows:  # noqa: PLR2004  # one step shows no spread
        return None
    steps = [math.log(new / old) for new, old in pairs]
    usual = median(steps)
    # 1.4826 makes the median deviation of normal steps their standard deviation.
    spread = max(1.4826 * median(abs(s - usual) for s in steps), 1 / math.sqrt(rows), 0.005)
    reach = GROWTH_Z * spread * math.sqrt(periods)
    return rows * math.exp(usual * periods - reach), rows * math.exp(usual * periods + reach)
