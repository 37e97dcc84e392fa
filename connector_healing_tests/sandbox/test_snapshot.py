import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import dlt
import duckdb
import pytest

from connector_healing.core.reproduction import ConnectorRuntime
from connector_healing.errors import DestinationBusyError
from connector_healing.sandbox.data_judge import DuckDbDataJudge
from connector_healing_tests.sandbox.judged import rows_of, runtime

HOLD = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print(flush=True); sys.stdin.read()"
ROWS: list[dict[str, Any]] = [
    {
        "id": n,
        "text": "it's \\ \n é" if n else None,
        "price": Decimal("12.345000000") + n,
        "ratio": n / 3,
        "seen": datetime(2013, 1, 1, 5, 30, 0, 123456, tzinfo=UTC) + timedelta(hours=n),
        "day": date(2013, 1, 1),
        "late": n % 2 == 0,
        "nested": {"a": [1, "x"]},
        "raw": b"\x00\xff",
        "legs": [{"place": "EWR"}],
    }
    for n in range(25)
]
SUMMARY = (
    "SELECT count(*), count(text), sum(price)::DOUBLE, min(seen)::VARCHAR, max(seen)::VARCHAR, min(day)::VARCHAR, "
    "count(*) FILTER (WHERE late), min(text), sum(ratio) FROM before.orders"
)


@dlt.resource(name="orders", primary_key="id", columns={"nested": {"data_type": "json"}})
def orders() -> Iterator[list[dict[str, Any]]]:
    yield ROWS


def load(folder: Path, destination: Any) -> None:
    pipeline = dlt.pipeline(
        "shop",
        destination=destination,
        dataset_name="shop_data",
        pipelines_dir=str(folder / "pipelines"),
    )
    pipeline.run([orders()])
    pipeline.run([{"x": 1}], table_name="orders_of_others")


@pytest.fixture
def shop(tmp_path: Path) -> ConnectorRuntime:
    load(tmp_path, dlt.destinations.duckdb(str(tmp_path / "warehouse.duckdb")))
    return runtime(tmp_path, None)


def taken(shop: ConnectorRuntime, tables: list[str], folder: Path) -> Path:
    path = folder / "previous.duckdb"
    DuckDbDataJudge().snapshot(shop, tables, str(path))
    return path


def tables_in(path: Path) -> set[str]:
    return {row[0] for row in rows_of(path, "SELECT table_name FROM duckdb_tables()")}


def test_tables_and_their_child_tables_are_copied(shop: ConnectorRuntime, tmp_path: Path) -> None:
    path = taken(shop, ["orders", "never_made"], tmp_path)
    assert tables_in(path) == {"orders", "orders__legs"}
    assert rows_of(path, "SELECT count(*), min(place) FROM before.orders__legs") == [(25, "EWR")]
    assert rows_of(path, "SELECT count(DISTINCT _dlt_id) FROM before.orders") == [(25,)]
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "pipelines",
        "previous.duckdb",
        "warehouse.duckdb",
    ]


def test_the_destination_is_only_read(shop: ConnectorRuntime, tmp_path: Path) -> None:
    warehouse = Path(str(shop.destination_path))
    before = warehouse.read_bytes()
    taken(shop, ["orders"], tmp_path)
    taken(shop, ["orders"], tmp_path)
    assert warehouse.read_bytes() == before


@pytest.mark.parametrize(
    "change", [{"destination_path": "/nowhere/x.duckdb"}, {"dataset_name": "y"}]
)
def test_a_destination_without_the_tables_gives_an_empty_snapshot(
    shop: ConnectorRuntime, tmp_path: Path, change: dict[str, Any]
) -> None:
    assert tables_in(taken(replace(shop, **change), ["orders"], tmp_path)) == set()


def test_a_dataset_is_found_under_the_name_that_dlt_gives_it(
    shop: ConnectorRuntime, tmp_path: Path
) -> None:
    assert tables_in(taken(replace(shop, dataset_name="Shop Data"), ["orders"], tmp_path)) >= {
        "orders"
    }


def test_a_destination_that_is_written_is_waited_for(
    shop: ConnectorRuntime, tmp_path: Path
) -> None:
    path = tmp_path / "previous.duckdb"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(shop.destination_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as writer:
        assert writer.stdout is not None
        assert writer.stdin is not None
        writer.stdout.readline()
        began = time.monotonic()
        with pytest.raises(DestinationBusyError, match="locked by another writer"):
            DuckDbDataJudge(patience=timedelta(seconds=0.3)).snapshot(shop, ["orders"], str(path))
        assert time.monotonic() - began >= 0.3
        assert not path.exists()
        writer.stdin.close()
        DuckDbDataJudge().snapshot(shop, ["orders"], str(path))
    assert "orders" in tables_in(path)


def test_a_connection_of_this_process_counts_as_a_writer(
    shop: ConnectorRuntime, tmp_path: Path
) -> None:
    judge = DuckDbDataJudge(patience=timedelta(0))
    with (
        duckdb.connect(str(shop.destination_path)),
        pytest.raises(DestinationBusyError),
    ):
        judge.snapshot(shop, ["orders"], str(tmp_path / "previous.duckdb"))


def test_another_kind_of_destination_is_read_through_dlt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    location = f"sqlite:///{tmp_path / 'warehouse.db'}"
    load(tmp_path, dlt.destinations.sqlalchemy(location))
    load(tmp_path / "twin", dlt.destinations.duckdb(str(tmp_path / "warehouse.duckdb")))
    secrets = tmp_path / ".dlt"
    secrets.mkdir()
    text = f"[destination.sqlalchemy]\ncredentials = '{location}'\n"
    (secrets / "secrets.toml").write_text(text, encoding="utf-8")
    elsewhere = replace(
        runtime(tmp_path, None),
        destination_type="dlt.destinations.sqlalchemy",
        destination_name="sqlalchemy",
        destination_path=None,
    )
    monkeypatch.delenv("DESTINATION__SQLALCHEMY__CREDENTIALS", raising=False)
    path = taken(elsewhere, ["orders"], tmp_path)
    twin = taken(runtime(tmp_path, None), ["orders"], tmp_path / "twin")
    assert tables_in(path) == tables_in(twin) == {"orders", "orders__legs"}
    assert rows_of(path, SUMMARY) == rows_of(twin, SUMMARY)
