from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dlt
import pytest

from connector_healing.core.profile import PackageProfile
from connector_healing.sandbox.packages import profile_package
from connector_healing.sandbox.quick_load import normalize_quickly

START = datetime(2013, 1, 1, 5, tzinfo=UTC)


@dlt.resource(name="Flights", write_disposition="merge", primary_key="id")
def flights(count: int, *, gone: bool = False) -> Iterator[list[dict[str, Any]]]:
    yield [
        {
            "id": f"F{n:04d}",
            "distance": 100 * n,
            "carrier": None if gone else ("UA", "O'Hare \\ air\n2")[n % 2],
            "seen": START + timedelta(hours=n),
            "late": n % 2 == 0,
            "gate": n if n % 4 == 0 else None,
            "legs": [{"from": "EWR", "stops": [1, 2]}] if n % 5 == 0 else [],
        }
        for n in range(count)
    ]


@dlt.resource(name="airlines", write_disposition="replace")
def airlines(count: int) -> Iterator[list[dict[str, Any]]]:
    yield [{"code": str(n)} for n in range(count)]


@dlt.source(name="api")
def api(count: int, airline_count: int = 2, *, gone: bool = False) -> Any:
    return [flights(count, gone=gone), airlines(airline_count)]


def pipeline(folder: Path, destination: Any = None) -> dlt.Pipeline:
    return dlt.pipeline(
        "profiled",
        destination=destination or dlt.destinations.duckdb(str(folder / "warehouse.duckdb")),
        dataset_name="data",
        pipelines_dir=str(folder / "pipelines"),
    )


def prepare(pipe: dlt.Pipeline, data: Any, file_format: Any = None) -> PackageProfile:
    pipe.sync_destination()
    pipe.extract(data, loader_file_format=file_format)
    if file_format:
        pipe.normalize()
    else:
        normalize_quickly(pipe)
    return profile_package(pipe)


def check_flights(profile: PackageProfile) -> None:
    assert set(profile.tables) == {"flights", "flights__legs", "flights__legs__stops", "airlines"}
    root, legs, stops = profile.of_resource("Flights")
    assert (root.table, root.rows, root.parent, root.write_disposition) == (
        "flights",
        40,
        None,
        "merge",
    )
    assert (legs.table, legs.rows, legs.parent) == ("flights__legs", 8, "flights")
    assert (stops.rows, stops.parent) == (16, "flights__legs")
    assert {t.write_disposition for t in (root, legs, stops)} == {"merge"}
    assert not any(c.startswith("_dlt_") for t in profile.tables.values() for c in t.columns)
    assert {c.name: c.nulls for c in root.columns.values()} == {
        "id": 0,
        "distance": 0,
        "carrier": 0,
        "seen": 0,
        "late": 0,
        "gate": 30,
    }
    distance, seen, carrier = (root.columns[c] for c in ("distance", "seen", "carrier"))
    assert (distance.type, distance.minimum, distance.maximum) == ("BIGINT", "0", "3900")
    assert (seen.minimum, seen.maximum) == ("2013-01-01 05:00:00+00", "2013-01-02 20:00:00+00")
    assert (carrier.minimum, carrier.maximum, carrier.distinct) == ("O'Hare \\ air\n2", "UA", 2)
    assert 36 <= distance.distinct <= 44


@pytest.mark.parametrize("file_format", [None, "jsonl", "insert_values"])
def test_a_package_is_the_same_in_every_format(tmp_path: Path, file_format: str | None) -> None:
    check_flights(prepare(pipeline(tmp_path), api(40), file_format))


def test_a_package_of_comma_separated_files(tmp_path: Path) -> None:
    lake = dlt.destinations.filesystem(str(tmp_path / "lake"))
    check_flights(prepare(pipeline(tmp_path, lake), api(40), "csv"))


def test_nothing_is_loaded_by_profiling(tmp_path: Path) -> None:
    pipe = pipeline(tmp_path)
    prepare(pipe, api(5))
    assert len(pipe.list_normalized_load_packages()) == 1
    pipe.load()
    with pipe.sql_client() as client:
        assert client.execute_sql("SELECT count(*) FROM data.flights") == [(5,)]


def test_a_resource_without_rows_appears(tmp_path: Path) -> None:
    pipe = pipeline(tmp_path)
    prepare(pipe, api(5))
    pipe.load()
    profile = prepare(pipe, api(0, 0))
    assert {t.table: t.rows for t in profile.tables.values()} == {
        "flights": 0,
        "flights__legs": 0,
        "flights__legs__stops": 0,
        "airlines": 0,
    }
    assert profile.tables["airlines"].write_disposition == "replace"


def test_a_first_run_without_rows_names_its_resource(tmp_path: Path) -> None:
    profile = prepare(pipeline(tmp_path), flights(0))
    (table,) = profile.tables.values()
    assert (table.table, table.dlt_resource, table.rows) == ("flights", "Flights", 0)


def test_a_resource_that_was_not_run_does_not_appear(tmp_path: Path) -> None:
    pipe = pipeline(tmp_path)
    prepare(pipe, api(5))
    pipe.load()
    profile = prepare(pipe, api(5).with_resources("airlines"))
    assert set(profile.tables) == {"airlines"}


def test_a_column_that_no_row_has_is_all_null(tmp_path: Path) -> None:
    pipe = pipeline(tmp_path)
    prepare(pipe, api(5))
    pipe.load()
    profile = prepare(pipe, api(7, gone=True))
    assert profile.tables["flights"].columns["carrier"].nulls == 7


def test_a_format_that_cannot_be_read_is_counted_by_dlt(tmp_path: Path) -> None:
    pipe = pipeline(tmp_path)
    pipe.sync_destination()
    pipe.extract(flights(6), loader_file_format="insert_values")
    pipe.normalize()
    (load_id,) = pipe.list_normalized_load_packages()
    for job in pipe.get_load_package_info(load_id).jobs["new_jobs"]:
        Path(job.file_path).write_bytes(b"")
    profile = profile_package(pipe)
    assert profile.tables["flights"].rows == 6
    assert profile.tables["flights"].columns == {}
