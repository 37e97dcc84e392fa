"""Baselines: what good runs looked like."""

from collections.abc import Sequence

from sqlalchemy import insert, select

from connector_healing.core.codec import to_json
from connector_healing.core.profile import Baseline
from connector_healing.store.part import StorePart
from connector_healing.store.rows import decoded
from connector_healing.store.schema import baselines


class BaselineTable(StorePart):
    """The baselines of the port `HealStore`."""

    def record_baseline(self, baseline: Baseline) -> None:
        """Append what a good run looked like."""
        row = {
            "connector_id": baseline.connector_id,
            "dlt_resource": baseline.dlt_resource,
            "recorded_at": baseline.recorded_at,
            "run_id": baseline.run_id,
            "body": to_json(baseline),
        }
        with self._database.writing() as connection:
            connection.execute(insert(baselines).values(**row))

    def baselines(self, connector_id: str, dlt_resource: str, limit: int) -> Sequence[Baseline]:
        """The resource's latest baselines, newest first."""
        query = (
            select(baselines.c.body)
            .where(baselines.c.connector_id == connector_id)
            .where(baselines.c.dlt_resource == dlt_resource)
            .order_by(baselines.c.recorded_at.desc(), baselines.c.seq.desc())
            .limit(limit)
        )
        with self._database.reading() as connection:
            return decoded(connection.scalars(query), Baseline)
