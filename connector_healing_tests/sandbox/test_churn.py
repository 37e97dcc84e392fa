import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dlt
import duckdb
import pytest

from connector_healing.core.profile import Churn
from connector_healing.sandbox.churn import churn_of_package
from connector_healing.sandbox.quick_load import normalize_quickly

HOLD = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print(flush=True); sys.stdin.read()"


def rows(day: int, count: int = 100) -> list[dict[str, Any]]:
    """Each day every tenth row is delayed anew, and every twentieth has another leg."""
    return [
        {
            "id": n,
            "carrier": f"c{n % 7}",
            "delay": day if n % 10 == 0 else 0,
            "price": n / 4,
            "legs": [{"place": "EWR"}, {"place": f"P{day}" if n % 50 == 0 else "LGA"}]
            + [{"place": "X"}] * (day if n % 20 == 0 else 0),
        }
        for n in range(count)
    ]


def flights(data: list[dict[str, Any]], disposition: Any = "merge") -> Any:
    @dlt.resource(name="flights", write_disposition=disposition, primary_key="id")
    def resource() -> Iterator[list[dict[str, Any]]]:
        yield data

    return resource()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "warehouse.duckdb"


@pytest.fixture
def pipe(tmp_path: Path, path: Path) -> dlt.Pipeline:
    return dlt.pipeline(
        "churning",
        destination=dlt.destinations.duckdb(str(path)),
        dataset_name="flight_rows",
        pipelines_dir=str(tmp_path / "pipelines"),
    )


def prepared(pipe: dlt.Pipeline, data: Any) -> None:
    pipe.sync_destination()
    pipe.extract(data)
    normalize_quickly(pipe)


def churn(pipe: dlt.Pipeline, path: Path | None) -> Churn | None:
    return churn_of_package(pipe, "flights", ("id",), str(path) if path else None)


def test_nothing_was_there_before_the_first_load(pipe: dlt.Pipeline, path: Path) -> None:
    prepared(pipe, flights(rows(1)))
    assert churn(pipe, path) is None
    pipe.load()


def test_how_a_load_changes_what_is_there(pipe: dlt.Pipeline, path: Path) -> None:
    prepared(pipe, flights(rows(1)))
    pipe.load()
    prepared(pipe, flights(rows(2, count=120)))
    found = churn(pipe, path)
    assert found is not None
    assert found.shared_keys == 100
    assert found.lost_share is None
    assert found.changed_share == {
        "carrier": 0.0,
        "price": 0.0,
        "delay": pytest.approx(0.1),
        "flights__legs.#rows": pytest.approx(0.05),
        "flights__legs.place": pytest.approx(
            0.01
        ),  # The other changed place is on a key with more rows.
        "flights__legs.#whole": pytest.approx(0.01),
    }
    pipe.load()  # dlt opens the file again: nothing of ours is left on it.
    prepared(pipe, flights(rows(2, count=120)))
    again = churn(pipe, path)
    assert again is not None
    assert set(again.changed_share.values()) == {0.0}


def test_what_a_full_load_loses(pipe: dlt.Pipeline, path: Path) -> None:
    prepared(pipe, flights(rows(1), "replace"))
    pipe.load()
    prepared(pipe, flights(rows(1)[10:], "replace"))
    found = churn(pipe, path)
    assert found is not None
    assert found.shared_keys == 90
    assert found.lost_share == pytest.approx(0.1)


def test_appended_rows_are_compared_with_the_latest_of_their_key(
    pipe: dlt.Pipeline, path: Path
) -> None:
    for day in (1, 2):
        prepared(pipe, flights(rows(day), "append"))
        pipe.load()
    prepared(pipe, flights(rows(2), "append"))
    found = churn(pipe, path)
    assert found is not None
    assert found.shared_keys == 100
    assert found.changed_share["delay"] == 0.0


@pytest.mark.parametrize("key", [(), ("nothing",)])
def test_without_a_key_nothing_is_compared(
    pipe: dlt.Pipeline, path: Path, key: tuple[str, ...]
) -> None:
    prepared(pipe, flights(rows(1)))
    pipe.load()
    prepared(pipe, flights(rows(2)))
    assert churn_of_package(pipe, "flights", key, str(path)) is None
    assert churn(pipe, None) is None
    assert churn(pipe, path.with_name("none.duckdb")) is None


def test_a_destination_that_is_being_written_is_left_alone(pipe: dlt.Pipeline, path: Path) -> None:
    prepared(pipe, flights(rows(1)))
    pipe.load()
    prepared(pipe, flights(rows(2)))
    with duckdb.connect(str(path)):
        assert churn(pipe, path) is None
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        assert churn(pipe, path) is None
        writer.communicate()
    assert churn(pipe, path) is not None
