"""Weather and the resources that are loaded whole: airports, planes, airlines."""

from datetime import UTC, date, datetime

from connector_healing.demo.api.rows import Record, Row, Shelf, minted
from connector_healing.demo.api.tables import AirlineRow, AirportRow, PlaneRow, WeatherRow

# One plane of so many joins the registry during the month, so that it grows from day to day.
_JOINS_ONE_IN = 40
_JOINS_BY_DAY = 28


def weather_shelves(rows: tuple[WeatherRow, ...]) -> tuple[Shelf, Shelf]:
    """The hours that have passed: version 1 tells epoch seconds, version 2 ISO times."""
    hours = [(row.day, _hour(row)) for row in rows]
    hours.sort(key=lambda hour: hour[1].key)

    def v1(as_of: date) -> list[Row]:
        return [row for day, row in hours if day <= as_of]

    def v2(as_of: date) -> list[Row]:
        return [
            Row(row.key, {**row.record, "observed_at": _iso(row.record["observed_at"])})
            for row in v1(as_of)
        ]

    return v1, v2


def airport_shelf(rows: tuple[AirportRow, ...]) -> Shelf:
    """All airports, always."""
    return _constant([Row((0, row.code), _airport(row)) for row in rows])


def airline_shelf(rows: tuple[AirlineRow, ...]) -> Shelf:
    """All airlines, always."""
    return _constant([Row((0, row.code), {"code": row.code, "name": row.name}) for row in rows])


def plane_shelf(rows: tuple[PlaneRow, ...]) -> Shelf:
    """The registry of aircraft, which some join during the month."""
    planes = [(_joins_on(row), Row((0, row.tail_number), _plane(row))) for row in rows]
    planes.sort(key=lambda plane: plane[1].key)

    def shelf(as_of: date) -> list[Row]:
        return [row for day, row in planes if day <= as_of.day]

    return shelf


def _constant(rows: list[Row]) -> Shelf:
    rows.sort(key=lambda row: row.key)
    return lambda _: list(rows)


def _hour(row: WeatherRow) -> Row:
    observation_id, _ = minted("wx", row.station, row.observed_at)
    record: Record = {
        "id": observation_id,
        "station": row.station,
        "observed_at": row.observed_at,
        "air": {
            "temperature": row.temperature,
            "dew_point": row.dew_point,
            "humidity": row.humidity,
            "pressure": row.pressure,
        },
        "wind": {
            "direction": row.wind_direction,
            "speed": row.wind_speed,
            "gust": row.wind_gust,
        },
        "precipitation": row.precipitation,
        "visibility": row.visibility,
    }
    return Row((row.observed_at, observation_id), record)


def _airport(row: AirportRow) -> Record:
    return {
        "code": row.code,
        "name": row.name,
        "position": {
            "latitude": row.latitude,
            "longitude": row.longitude,
            "altitude": row.altitude,
        },
        "time_zone": {
            "name": row.time_zone,
            "utc_offset": row.utc_offset,
            "daylight_saving": row.daylight_saving,
        },
    }


def _plane(row: PlaneRow) -> Record:
    return {
        "tail_number": row.tail_number,
        "year": row.year,
        "type": row.kind,
        "manufacturer": row.manufacturer,
        "model": row.model,
        "seats": row.seats,
        "speed": row.speed,
        "engine": {"count": row.engines, "type": row.engine},
    }


def _joins_on(row: PlaneRow) -> int:
    """The day of the month from which the registry has this plane."""
    _, draw = minted("pl", row.tail_number)
    return 1 if draw % _JOINS_ONE_IN else 1 + draw // _JOINS_ONE_IN % _JOINS_BY_DAY


def _iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
