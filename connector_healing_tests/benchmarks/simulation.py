"""A keyed table that lives: it grows, loses rows and has rows updated, day by day."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import duckdb

from connector_healing.core.connector import Connector, ResourceExpectations
from connector_healing.core.profile import (
    Baseline,
    Churn,
    ColumnProfile,
    PackageProfile,
    TableProfile,
)
from connector_healing.core.reproduction import (
    ConnectorRuntime,
    EndpointObservation,
    SandboxOutcome,
    SandboxStatus,
)
from connector_healing.sandbox.overlap import KeyedTables, columns_of, measure
from connector_healing_tests.benchmarks.mutators import PAGE

ROWS = 6000
GROWTH = 0.012  # new rows a day, of the rows there are
DELETED = 0.0005  # rows a day
UPDATED = 0.02  # rows a day whose status moves on
DAYS = 10
FIRST_DAY = datetime(2026, 1, 1, 6, tzinfo=UTC)
TABLE = "orders"
KEY = ("id",)

_NEW_ROWS = """
INSERT INTO orders SELECT
  id,
  'customer ' || hash(id, 1, {seed}) % 2000,
  'mail' || hash(id, 2, {seed}) % 5000 || '@example.com',
  list_element(['open', 'paid', 'sent', 'done', 'void'], (hash(id, 3, {seed}) % 5 + 1)::INT),
  (hash(id, 4, {seed}) % 100000) / 100,
  (hash(id, 5, {seed}) % 40 + 1)::BIGINT,
  list_element(['de', 'us', 'fr', 'jp', 'br', 'in'], (hash(id, 6, {seed}) % 6 + 1)::INT),
  {created},
  {created} + (hash(id, 9, {seed}) % 7200 + 60) * INTERVAL 1 SECOND,
  CASE WHEN hash(id, 8, {seed}) % 10 < 7 THEN 'note ' || hash(id, 7, {seed}) % 900 END
FROM range({above} + 1, {newest} + 1) r(id)
"""
COLUMNS = (
    "id BIGINT, customer VARCHAR, email VARCHAR, status VARCHAR, amount DOUBLE, quantity BIGINT, "
    "country VARCHAR, created_at TIMESTAMPTZ, updated_at TIMESTAMPTZ, note VARCHAR"
)


@dataclass(slots=True)
class World:
    """The API's table, and what our good loads of it left.

    Args:
        seed: Of everything that is random in it.
    """

    seed: int
    day: int = 0
    newest: int = 0
    baselines: list[Baseline] = field(default_factory=list)  #: Newest first.
    connection: duckdb.DuckDBPyConnection = field(default_factory=duckdb.connect)

    def __post_init__(self) -> None:
        self.connection.execute(f"CREATE TABLE orders ({COLUMNS})")
        self._grow(
            ROWS, f"TIMESTAMPTZ '{FIRST_DAY}' - (hash(id, 11) % 31536000) * INTERVAL 1 SECOND"
        )

    @property
    def now(self) -> datetime:
        return FIRST_DAY + timedelta(days=self.day)

    @property
    def rows(self) -> int:
        return int(self.connection.execute("SELECT count(*) FROM orders").fetchall()[0][0])

    def live(self, days: int) -> None:
        """Let days pass."""
        for _ in range(days):
            self.day += 1
            chance = f"hash(id, {self.day}, {{}}, {self.seed}) % 1000000"
            self.connection.execute(
                f"DELETE FROM orders WHERE {chance.format(21)} < {DELETED * 1e6}"
            )
            self.connection.execute(
                "UPDATE orders SET "
                "status = CASE status WHEN 'open' THEN 'paid' WHEN 'paid' THEN 'sent' "
                "WHEN 'sent' THEN 'done' WHEN 'done' THEN 'void' ELSE 'open' END, "
                f"updated_at = TIMESTAMPTZ '{self.now}' - (hash(id, 12) % 80000) * INTERVAL 1 SECOND "
                f"WHERE {chance.format(22)} < {UPDATED * 1e6}"
            )
            created = f"TIMESTAMPTZ '{self.now}' - (hash(id, 11) % 86000) * INTERVAL 1 SECOND"
            self._grow(round(self.rows * GROWTH), created)

    def load(self) -> None:
        """A good load: a baseline, and the table kept as the previous data."""
        known = columns_of(self.connection, "before", TABLE)
        churn: Churn | None = None
        self.connection.execute(
            "CREATE SCHEMA IF NOT EXISTS before; CREATE SCHEMA IF NOT EXISTS after"
        )
        self.connection.execute("CREATE OR REPLACE VIEW after.orders AS FROM main.orders")
        if known:
            seen = measure(
                KeyedTables(
                    connection=self.connection, table=TABLE, key=KEY, before=known, after=known
                )
            )
            churn = Churn(
                shared_keys=seen.shared,
                changed_share={c: n / seen.shared for c, n in seen.changed.items()},
                lost_share=seen.missing / seen.keys,
            )
        self.connection.execute("CREATE OR REPLACE TABLE before.orders AS FROM main.orders")
        newest = self.connection.execute("SELECT max(created_at)::VARCHAR FROM orders").fetchall()
        created = ColumnProfile(
            name="created_at",
            type="TIMESTAMP WITH TIME ZONE",
            nulls=0,
            distinct=self.rows,
            minimum=None,
            maximum=newest[0][0],
        )
        profile = TableProfile(
            table=TABLE,
            rows=self.rows,
            columns={"created_at": created},
            dlt_resource=TABLE,
            write_disposition="replace",
        )
        self.baselines.insert(
            0,
            Baseline(
                connector_id="shop",
                dlt_resource=TABLE,
                recorded_at=self.now,
                run_id=None,
                version_id="v1",
                tables=(profile,),
                churn=churn,
            ),
        )

    def _grow(self, count: int, created: str) -> None:
        statement = _NEW_ROWS.format(
            seed=self.seed, created=created, above=self.newest, newest=self.newest + count
        )
        self.connection.execute(statement)
        self.newest += count

    def write(self, path: Path, schema: str, source: str) -> None:
        """Copy a table into a file of its own."""
        path.unlink(missing_ok=True)
        self.connection.execute(f"ATTACH '{path}' AS target")
        self.connection.execute(f"CREATE SCHEMA target.{schema}")
        self.connection.execute(f"CREATE TABLE target.{schema}.orders AS FROM {source}")
        self.connection.execute("DETACH target")


def lived(seed: int) -> World:
    """A world with ten good loads, and an outage of one to five days after them."""
    world = World(seed)
    for _ in range(DAYS):
        world.live(1)
        world.load()
    world.live(Random(seed).randint(1, 5))
    return world


def runtime() -> ConnectorRuntime:
    """How the simulated connector runs."""
    return ConnectorRuntime(
        connector=Connector(
            id="shop",
            entry_point="shop:source",
            resources={
                TABLE: ResourceExpectations(
                    primary_key=KEY, required_fields=("created_at",), cursor_field="created_at"
                )
            },
        ),
        pipeline_name="shop",
        dataset_name="shop",
        destination_type="dlt.destinations.duckdb",
        destination_name="duckdb",
        destination_path=None,
        project_dir=".",
        import_paths=(),
        dlt_source_name="shop",
        dlt_resources=(TABLE,),
    )


def outcome(
    database: Path, rows: int, total: int, items: int, *, page_repeated: bool
) -> SandboxOutcome:
    """What the sandbox would say of a run that left these rows.

    Args:
        database: The DuckDB file with schema ``healed``.
        rows: In the table.
        total: That the API declares.
        items: In all of its answers.
        page_repeated: Whether one answer came twice.
    """
    table = TableProfile(table=TABLE, rows=rows, dlt_resource=TABLE, write_disposition="replace")
    return SandboxOutcome(
        status=SandboxStatus.COMPLETED,
        failure=None,
        database=str(database),
        dataset="healed",
        profile=PackageProfile(tables={TABLE: table}),
        live_requests=0,
        replayed_requests=total // PAGE + 1,
        endpoints=(
            EndpointObservation(
                endpoint="GET /orders",
                requests=total // PAGE + 1,
                items=items,
                declared_total=total,
                last_page_items=total % PAGE,
                page_size=PAGE,
                ended=True,
                repeated=page_repeated,
            ),
        ),
    )
