"""Failed Dagster runs: those that the sensor has not looked at yet."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import dagster as dg

from connector_healing.orchestration.metadata import CASE_TAG

#: Failed runs that one tick looks at, at most.
FETCH_LIMIT = 500

#: Failed runs from before the sensor was first switched on are looked at, so far back.
LOOK_BACK = timedelta(days=1)

#: How often a failed run whose events cannot be read is tried, once a tick.
ATTEMPTS = 3

#: Of an automatic retry that is still to come; name and value are Dagster's.
WILL_RETRY = "dagster/will_retry"


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorCursor:
    """Up to which failed run the sensor has looked, and which runs it has to look at again."""

    storage_id: int | None = None
    again: Mapping[str, int] = field(default_factory=dict)  #: Attempts so far, by run id.

    @staticmethod
    def read(text: str | None) -> "SensorCursor":
        """The cursor that a tick left; one that cannot be read looks back again."""
        try:
            stored = json.loads(text or "{}")
            storage_id, again = stored.get("storage_id"), stored.get("again", {})
            return SensorCursor(
                storage_id=storage_id if isinstance(storage_id, int) else None,
                again={str(run_id): int(attempts) for run_id, attempts in again.items()},
            )
        except (ValueError, TypeError, AttributeError):
            return SensorCursor()

    def written(self) -> str:
        """The cursor as text."""
        plain = {"version": 1, "storage_id": self.storage_id, "again": dict(self.again)}
        return json.dumps(plain)


def failed_runs(
    instance: dg.DagsterInstance, cursor: SensorCursor, now: datetime
) -> tuple[Sequence[dg.DagsterRun], SensorCursor]:
    """Failed runs after the cursor, oldest first, those to be looked at again before them.

    Returns:
        The runs, and the cursor behind them.
    """
    changes = instance.fetch_run_status_changes(
        dg.RunStatusChangeRecordsFilter(
            event_type=dg.DagsterEventType.RUN_FAILURE,
            after_storage_id=cursor.storage_id,
            after_timestamp=None if cursor.storage_id else (now - LOOK_BACK).timestamp(),
        ),
        limit=FETCH_LIMIT,
        ascending=True,
    ).records
    ids = [*cursor.again, *(change.event_log_entry.run_id for change in changes)]
    if not ids:
        return (), cursor
    wanted = list(dict.fromkeys(ids))
    runs = {r.run_id: r for r in instance.get_runs(dg.RunsFilter(run_ids=wanted))}
    behind = changes[-1].storage_id if changes else cursor.storage_id
    found = [runs[run_id] for run_id in wanted if run_id in runs]
    return found, SensorCursor(storage_id=behind, again=cursor.again)


def is_ours_to_heal(run: dg.DagsterRun) -> bool:
    """Whether a failed run is neither a heal itself nor about to be retried by Dagster."""
    return CASE_TAG not in run.tags and run.tags.get(WILL_RETRY) != "true"
