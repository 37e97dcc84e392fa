"""How far a share may stray by chance: the bounds that the data checks hold data to."""

import math
from collections.abc import Sequence

#: Standard deviations of every upper bound: one false alarm in about two thousand draws.
Z = 3.3

#: Rows that an imagined history would have held before the first real one, and how many of them
#: had changed: Beta(1, 200). Half a percent a load, until real loads say otherwise.
PRIOR_CHANGED = 1.0
PRIOR_ROWS = 201.0


def upper_bound(share: float, n: int, z: float = Z) -> float:
    """The largest share that `n` draws may show where the true share is `share` (Wilson type).

    Args:
        share: The true share, from 0 to 1.
        n: How many rows are looked at; none of them bounds nothing.
        z: Standard deviations.

    Returns:
        A share between `share` and 1.
    """
    if n <= 0:
        return 1.0
    spread = math.sqrt(max(share * (1 - share), 1 / n) / n)
    return min(1.0, share + z * spread + z * z / (2 * n))


def wilson_lower(hits: int, n: int, z: float = Z) -> float:
    """The least true share under which `hits` of `n` draws are not surprising (Wilson's score)."""
    if n <= 0:
        return 0.0
    share = hits / n
    middle = share + z * z / (2 * n)
    spread = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(0.0, (middle - spread) / (1 + z * z / n))


def over_periods(share: float, periods: float) -> float:
    """The share that has changed at least once after so many periods of change `share` each."""
    if share >= 1.0:
        return 1.0 if periods > 0 else 0.0
    return -math.expm1(periods * math.log1p(-share))


def binomial_tail(n: int, at_most: int, share: float) -> float:
    """The probability of at most `at_most` hits in `n` draws that each hit with `share`."""
    if at_most >= n or share <= 0.0:
        return 1.0
    if at_most < 0 or share >= 1.0:
        return 0.0
    log_hit, log_miss = math.log(share), math.log1p(-share)
    whole = math.lgamma(n + 1)
    terms = (
        whole - math.lgamma(k + 1) - math.lgamma(n - k + 1) + k * log_hit + (n - k) * log_miss
        for k in range(at_most + 1)
    )
    return min(1.0, math.fsum(math.exp(term) for term in terms))


def learned_share(shares: Sequence[tuple[float, int]]) -> float:
    """The share to expect of the next load, learned from loads before it.

    It is the mean under the prior of a cold start, or the largest share that any load showed,
    whichever is greater: some days change more than others, and those are good days too.

    Args:
        shares: The share seen in each load, and of how many rows.
    """
    seen = [(share, n) for share, n in shares if n > 0]
    rows = sum(n for _, n in seen)
    changed = sum(share * n for share, n in seen)
    mean = (PRIOR_CHANGED + changed) / (PRIOR_ROWS + rows)
    return max([mean, *(share for share, n in seen if n >= PRIOR_ROWS)])
