"""The demo's connectors, run with plain dlt into DuckDB while the days pass."""

import inspect
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import dlt
import pytest
import requests
from dlt.pipeline.exceptions import PipelineStepFailed

from connector_healing.demo.api.client import RunningApi
from connector_healing.demo.connectors.airports import airports_source
from connector_healing.demo.connectors.flights import flights_source
from connector_healing.demo.connectors.weather import weather_source

SOURCES: dict[str, Callable[..., Any]] = {
    "flights": flights_source,
    "weather": weather_source,
    "airports": airports_source,
}


@dataclass(frozen=True, slots=True)
class Loader:
    """Runs connectors day by day into one DuckDB file."""

    api: RunningApi
    folder: Path

    def run(self, name: str, day: int) -> dict[str, int]:
        """One run; the rows that it loaded by table."""
        self.api.set_day(date(2013, 1, day))
        pipeline = self._pipeline(name)
        pipeline.run(SOURCES[name](base_url=self.api.url, token=self.api.token))
        trace = pipeline.last_trace
        counts = trace.last_normalize_info.row_counts if trace and trace.last_normalize_info else {}
        return {table: count for table, count in counts.items() if not table.startswith("_dlt")}

    def rows(self, name: str, sql: str) -> list[tuple[Any, ...]]:
        """Rows of the destination."""
        with self._pipeline(name).sql_client() as client:
            return [tuple(row) for row in client.execute_sql(sql) or []]

    def _pipeline(self, name: str) -> dlt.Pipeline:
        return dlt.pipeline(
            name,
            pipelines_dir=str(self.folder),
            destination=dlt.destinations.duckdb(str(self.folder / "loaded.duckdb")),
            dataset_name="operations",
        )


@pytest.fixture
def loader(api: RunningApi, tmp_path: Path) -> Iterator[Loader]:
    yield Loader(api, tmp_path)
    dlt.pipeline("flights", pipelines_dir=str(tmp_path)).deactivate()


def test_flights_are_loaded_once_each_and_corrected(loader: Loader) -> None:
    assert loader.run("flights", 1) == {"flights": 842}
    assert 943 < loader.run("flights", 2)["flights"] < 943 + 842 // 2
    loader.run("flights", 3)
    expected = 842 + 943 + 914
    distinct = "SELECT count(*), count(DISTINCT id), count(carrier) FROM flights"
    assert loader.rows("flights", distinct) == [(expected, expected, expected)]
    # Two days on, the first day is as the data set has it: what is null there, and nothing else.
    unknown = "SELECT count(*) FILTER (arrival_delay IS NULL) FROM flights WHERE scheduled_departure < '2013-01-02 05:00:00+00'"
    assert loader.rows("flights", unknown) == [(11,)]
    assert loader.run("flights", 3) == {}


def test_weather_is_loaded_with_a_day_of_overlap(loader: Loader) -> None:
    mark = loader.api.requests().mark
    loader.run("weather", 2)
    assert loader.api.requests(mark).total == 12
    mark = loader.api.requests().mark
    assert loader.run("weather", 3)["weather"] > 72
    assert loader.api.requests(mark).total > 10  # more than two windows of the fault
    found = loader.rows("weather", "SELECT count(*), count(DISTINCT id) FROM weather")
    assert found == [(211, 211)]


def test_the_reference_data_are_loaded_whole(loader: Loader) -> None:
    first = loader.run("airports", 1)
    second = loader.run("airports", 9)
    assert (second["airports"], second["airlines"]) == (1_458, 16)
    assert first["planes"] < second["planes"]
    planes = loader.rows("airports", "SELECT count(*), count(DISTINCT tail_number) FROM planes")
    assert planes == [(second["planes"], second["planes"])]


def cause(error: BaseException, kind: type[BaseException]) -> BaseException | None:
    """The exception of a kind in a chain."""
    link: BaseException | None = error
    while link is not None and not isinstance(link, kind):
        link = link.__cause__ or link.__context__
    return link


@pytest.mark.parametrize(
    ("fault", "name", "error", "refusals"),
    [
        ("field_renamed_and_moved", "flights", (KeyError, "departure"), {}),
        ("field_removed", "flights", (KeyError, "carrier"), {}),
        ("rate_limited", "weather", (requests.HTTPError, "429"), {429: 1}),
        ("unauthorized@airports", "airports", (requests.HTTPError, "401"), {401: 1}),
    ],
)
def test_a_broken_api_fails_the_run_at_once(
    fault: str,
    name: str,
    error: tuple[type[Exception], str],
    refusals: dict[int, int],
    loader: Loader,
) -> None:
    loader.api.set_faults([fault])
    mark = loader.api.requests().mark
    with pytest.raises(PipelineStepFailed) as failure:
        loader.run(name, 2)
    kind, message = error
    assert message in str(cause(failure.value, kind))
    seen = loader.api.requests(mark)
    assert {s: seen.status(s) for _, s in seen.counts if s != 200} == refusals


def test_lost_rows_and_null_columns_fail_nothing(loader: Loader) -> None:
    loader.run("airports", 1)
    loader.api.set_faults(["rows_lost", "column_null"])
    assert loader.run("airports", 1)["airports"] == 73
    named = "SELECT count(manufacturer) FROM planes"
    assert loader.rows("airports", named) == [(0,)]


def test_the_token_is_found_in_dlts_secrets(
    api: RunningApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCES__WEATHER__TOKEN", api.token)
    assert len(list(weather_source(base_url=api.url))) == 67


@pytest.mark.parametrize("name", SOURCES)
def test_the_connectors_know_nothing_of_healing(name: str) -> None:
    module = sys.modules[SOURCES[name].__module__]
    imported = [
        line
        for line in inspect.getsource(module).splitlines()
        if line.startswith(("import ", "from ")) and "connector_healing" in line
    ]
    assert imported == []
