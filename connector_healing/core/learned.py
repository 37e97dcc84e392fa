"""What a connector's good loads teach about its next one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from connector_healing.core.bounds import PRIOR_CHANGED, PRIOR_ROWS, learned_share, over_periods
from connector_healing.core.profile import Baseline

#: Intervals after which a prior that no load has confirmed widens no further: a long outage must
#: not make a column that nobody ever saw change free to change.
PRIOR_PERIODS = 7.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnedChurn:
    """How much of a resource's data changes from load to load, as its good loads showed it."""

    loads: int  #: Good loads whose change was measured.
    periods: float  #: Usual intervals between loads that have passed since the last good one.
    changed: Mapping[str, float] = field(default_factory=dict)  #: Share a load, by column.
    lost: float | None = (
        None  #: Share of the keys that a load no longer holds; None: never measured.
    )

    def changed_by_now(self, column: str) -> float:
        """The share of a column's values that may have changed since the last good load."""
        if column in self.changed:
            return over_periods(self.changed[column], self.periods)
        return over_periods(PRIOR_CHANGED / PRIOR_ROWS, min(self.periods, PRIOR_PERIODS))

    def lost_by_now(self) -> float:
        """The share of the keys that may be gone since the last good load."""
        if self.lost is not None:
            return over_periods(self.lost, self.periods)
        return over_periods(PRIOR_CHANGED / PRIOR_ROWS, min(self.periods, PRIOR_PERIODS))


def learn(baselines: Sequence[Baseline], now: datetime) -> LearnedChurn:
    """What the good loads teach, newest first; none of them leaves the prior.

    Args:
        baselines: Of one dlt resource, newest first.
        now: When the new data were taken.
    """
    measured = [b.churn for b in baselines if b.churn is not None and b.churn.shared_keys > 0]
    columns = sorted({name for churn in measured for name in churn.changed_share})
    changed = {
        name: learned_share(
            [(c.changed_share[name], c.shared_keys) for c in measured if name in c.changed_share]
        )
        for name in columns
    }
    # A load that lost keys still shares most of them: their number stands for the keys before.
    lost = [(c.lost_share, c.shared_keys) for c in measured if c.lost_share is not None]
    return LearnedChurn(
        loads=len(measured),
        periods=periods_since([b.recorded_at for b in baselines], now),
        changed=changed,
        lost=learned_share(lost) if lost else None,
    )


def periods_since(loads: Sequence[datetime], now: datetime) -> float:
    """How many usual intervals have passed since the newest load, at least one.

    Args:
        loads: When the loads were, newest first.
        now: The end of the last interval.
    """
    gaps = [a - b for a, b in pairwise(loads) if a > b]
    if not gaps:
        return 1.0
    usual = timedelta(seconds=median(gap.total_seconds() for gap in gaps))
    return max(1.0, (now - loads[0]) / usual)
