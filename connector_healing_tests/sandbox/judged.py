"""Two states of a small shop for the data judge's tests, as DuckDB files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from connector_healing.core.checks import CheckLevel, CheckResult
from connector_healing.core.connector import Connector, ResourceExpectations
from connector_healing.core.profile import Baseline, Churn, PackageProfile, TableProfile
from connector_healing.core.reproduction import (
    ConnectorRuntime,
    EndpointObservation,
    SandboxOutcome,
    SandboxStatus,
)
from connector_healing.sandbox.data_judge import DuckDbDataJudge

NOW = datetime(2013, 1, 20, tzinfo=UTC)
ENDED = EndpointObservation(
    endpoint="GET /orders",
    requests=4,
    items=400,
    declared_total=400,
    last_page_items=100,
    page_size=100,
    ended=True,
)
#: 400 orders, one an hour; every third is in another status than it will be.
ORDERS = (
    "SELECT id, 'c' || id % 90 AS customer, id / 4 AS price, ['open', 'paid', 'sent'][id % 3 + 1] AS status, "
    "TIMESTAMPTZ '2013-01-01' + id * INTERVAL 1 HOUR AS seen, 'load1' AS _dlt_load_id, 'row' || id AS _dlt_id "
    "FROM range(400) r(id)"
)
#: Two items an order, known by their order's `_dlt_id` alone.
ITEMS = (
    "SELECT 'row' || id AS _dlt_parent_id, n AS _dlt_list_idx, 'item' || id || n AS _dlt_id, "
    "'sku' || (id + n) % 50 AS sku, n + 1 AS pieces FROM range(400) r(id), range(2) i(n)"
)


class Clock:
    def now(self) -> datetime:
        return NOW


def runtime(folder: Path, expected: ResourceExpectations | None) -> ConnectorRuntime:
    return ConnectorRuntime(
        connector=Connector(
            id="shop", entry_point="shop:source", resources={"orders": expected} if expected else {}
        ),
        pipeline_name="shop",
        dataset_name="shop_data",
        destination_type="dlt.destinations.duckdb",
        destination_name="duckdb",
        destination_path=str(folder / "warehouse.duckdb"),
        project_dir=str(folder),
        import_paths=(),
        dlt_source_name="shop",
        dlt_resources=("orders",),
    )


@dataclass(slots=True)
class Shop:
    """What was there, what was healed, and what is known of both; the tests change it."""

    folder: Path
    before: dict[str, str] = field(default_factory=lambda: {"orders": ORDERS})
    after: dict[str, str] = field(default_factory=lambda: {"orders": ORDERS})
    disposition: str = "replace"
    expected: ResourceExpectations | None = field(
        default_factory=lambda: ResourceExpectations(primary_key=("id",))
    )
    churn: Churn | None = None
    loads: int = 6
    endpoints: Sequence[EndpointObservation] = (ENDED,)
    state_before: Mapping[str, object] | None = None

    def with_items(self) -> "Shop":
        """Give every order two items, on both sides."""
        self.before["orders__items"] = ITEMS
        # A load makes new ids for all rows.
        self.after["orders"] = f"SELECT * REPLACE (_dlt_id || 'x' AS _dlt_id) FROM ({ORDERS})"
        self.after["orders__items"] = (
            f"SELECT * REPLACE (_dlt_parent_id || 'x' AS _dlt_parent_id, _dlt_id || 'x' AS _dlt_id, "
            f"1 - _dlt_list_idx AS _dlt_list_idx) FROM ({ITEMS})"
        )
        return self

    def edit(self, sql: str, table: str = "orders") -> "Shop":
        """Change the healed side: ``{}`` stands for what it was."""
        self.after[table] = sql.format(f"({self.after[table]})")
        return self

    def write(self, path: Path, schema: str, tables: Mapping[str, str]) -> Path:
        path.unlink(missing_ok=True)
        with duckdb.connect(str(path)) as connection:
            connection.execute(f"CREATE SCHEMA {schema}")
            for name, query in tables.items():
                connection.execute(f"CREATE TABLE {schema}.{name} AS {query}")
        return path

    def tables(self, names: Mapping[str, str]) -> tuple[TableProfile, ...]:
        return tuple(
            TableProfile(
                table=name,
                rows=400,
                parent="orders" if "__" in name else None,
                dlt_resource=name.partition("__")[0],
                write_disposition=self.disposition,
            )
            for name in names
        )

    def judged(self) -> tuple[CheckResult, ...]:
        before = self.write(self.folder / "previous.duckdb", "before", self.before)
        after = self.write(self.folder / "after.duckdb", "healed", self.after)
        profile = {t.table: t for t in self.tables(self.after) or self.tables({"orders": ""})}
        ran = SandboxOutcome(
            status=SandboxStatus.COMPLETED,
            failure=None,
            database=str(after),
            dataset="healed",
            profile=PackageProfile(tables=profile),
            live_requests=0,
            replayed_requests=4,
            endpoints=tuple(self.endpoints),
            source_state_before=self.state_before,
        )
        past = [
            Baseline(
                connector_id="shop",
                dlt_resource="orders",
                recorded_at=NOW - timedelta(days=day),
                run_id=None,
                version_id="v",
                tables=self.tables(self.before),
                churn=self.churn,
            )
            for day in range(1, self.loads + 1)
        ]
        judge = DuckDbDataJudge(clock=Clock())
        return judge.compare(
            str(before), ran, {"orders": past}, runtime(self.folder, self.expected)
        )

    def refused(self) -> set[tuple[str, str | None]]:
        """The hard checks that failed, by code and column."""
        return failed(self.judged(), CheckLevel.HARD)

    def doubted(self) -> set[tuple[str, str | None]]:
        """The soft checks that failed."""
        return failed(self.judged(), CheckLevel.SOFT)


def failed(results: Sequence[CheckResult], level: CheckLevel) -> set[tuple[str, str | None]]:
    return {(r.code, r.column) for r in results if r.level is level and not r.passed}


def names(results: Sequence[CheckResult]) -> set[str]:
    return {r.name for r in results}


def rows_of(path: Path, sql: str) -> list[Any]:
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(sql).fetchall()
