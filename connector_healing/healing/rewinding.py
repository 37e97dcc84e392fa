"""From where a trial reads, so that enough known rows come again, and no more than is affordable."""

from collections.abc import Mapping, Sequence

from connector_healing.core.judge import has_cursor
from connector_healing.core.profile import Baseline

#: Known rows that a trial should see again, so that the equality checks have power: with 1,000
#: shared keys a column that changes in 1.2 % of the rows is told from one that never changes.
OVERLAP_ROWS = 1_000

#: So many are enough for a candidate that changes how requests are sent, not what is made of the
#: answers: a limited API makes each request dear.
OVERLAP_ROWS_OF_REQUESTS = 100


def rewound_state(
    history: Mapping[str, Sequence[Baseline]], wanted: int, affordable: int
) -> Mapping[str, object] | None:
    """The dlt source state from which enough known rows are seen again.

    Of the newest good runs as many are repeated as loaded `wanted` rows of each incremental
    resource, or as `affordable` allows; resources that are loaded whole need none.

    Args:
        history: Baselines of each dlt resource, newest first.
        wanted: Rows of each resource.
        affordable: Live requests that may be sent.

    Returns:
        The state; None where nothing is known, which starts from the beginning.
    """
    starts = [
        _start(baselines, wanted, affordable) if _is_incremental(name, baselines) else baselines[0]
        for name, baselines in history.items()
        if baselines
    ]
    earliest = min(starts, key=lambda b: b.recorded_at, default=None)
    return dict(earliest.source_state_before) if earliest else None


def _is_incremental(name: str, baselines: Sequence[Baseline]) -> bool:
    return any(has_cursor(baseline, name) for baseline in baselines)


def _start(baselines: Sequence[Baseline], wanted: int, affordable: int) -> Baseline:
    """The good run from which on everything is read again."""
    chosen, rows = baselines[0], 0
    # What has come since the last good run is about as much as that one brought.
    cost = baselines[0].requests
    for baseline in baselines:
        cost += baseline.requests
        if baseline is not baselines[0] and cost > affordable:
            break
        chosen = baseline
        rows += baseline.root.rows if baseline.root else 0
        if rows >= wanted:
            break
    return chosen
