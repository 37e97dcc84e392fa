"""Flights: how they appear on their day, are corrected on the next, and look in each version."""

from bisect import bisect_left
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone

from connector_healing.demo.api.rows import Record, Row, Shelf, minted
from connector_healing.demo.api.tables import FlightRow

_DAY = 86_400
_MINUTE = 60
# A day is published in the hour from 05:00 UTC of the next day on: midnight in New York.
_PUBLISHED_AFTER = _DAY + 5 * 3600
_PUBLISHING_TAKES = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """What is said of a flight from some day on, as it differs from what is right."""

    age: int = 0  #: Days after the flight.
    departure_off: int = 0  #: Minutes.
    arrival_off: int = 0  #: Minutes.
    arrival_known: bool = True


_RIGHT_AT_ONCE = (Publication(),)
# (up to this many of a hundred flights, how they are published). Some are published again
# unchanged, as real vendors do; the airline, the number and the route are never corrected.
_HABITS: tuple[tuple[int, tuple[Publication, ...]], ...] = (
    (50, _RIGHT_AT_ONCE),
    (60, (Publication(), Publication(age=1))),
    (65, (Publication(), Publication(age=2))),
    (80, (Publication(arrival_known=False), Publication(age=1))),
    (92, (Publication(arrival_off=3), Publication(age=2))),
    (97, (Publication(arrival_off=7), Publication(age=1, arrival_off=-1), Publication(age=2))),
    (100, (Publication(departure_off=2), Publication(age=1))),
)
_HABIT_OF = tuple(
    next(habit for below, habit in _HABITS if percent < below) for percent in range(100)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Flight:
    row: FlightRow
    id: str
    published_at: int  # epoch seconds, of the publication of age 0
    habit: tuple[Publication, ...]


class FlightShelf:
    """The flights of a month, as they are known on any of its days."""

    def __init__(self, rows: tuple[FlightRow, ...]) -> None:
        flights = sorted(map(_flight, rows), key=lambda flight: flight.row.day)
        self._flights = flights
        self._days = [flight.row.day for flight in flights]
        self._made: dict[tuple[str, int], Record] = {}

    def v1(self, as_of: date) -> list[Row]:
        """What version 1 knows at the end of this day."""
        known = self._flights[: bisect_left(self._days, as_of + timedelta(days=1))]
        rows = [self._row(flight, as_of) for flight in known]
        rows.sort(key=lambda row: row.key)
        return rows

    def v2(self, as_of: date) -> list[Row]:
        """What version 2 knows at the end of this day: the same in another shape."""
        return [Row(key, _in_v2(record)) for key, record in self.v1(as_of)]

    def _row(self, flight: _Flight, as_of: date) -> Row:
        age = (as_of - flight.row.day).days
        publication = next(p for p in reversed(flight.habit) if p.age <= age)
        updated_at = flight.published_at + publication.age * _DAY
        made = (flight.id, publication.age)
        record = self._made.get(made)
        if record is None:
            record = self._made[made] = _record(flight, publication, updated_at)
        return Row((updated_at, flight.id), record)


def flight_shelves(rows: tuple[FlightRow, ...]) -> tuple[Shelf, Shelf]:
    """The flights in the shapes of versions 1 and 2."""
    shelf = FlightShelf(rows)
    return shelf.v1, shelf.v2


def _flight(row: FlightRow) -> _Flight:
    identity = (row.day, row.origin, row.destination, row.number, row.departure_local)
    flight_id, draw = minted("fl", *identity)
    midnight = row.departure_local - row.departure_local % _DAY
    published_at = midnight + _PUBLISHED_AFTER + draw // 100 % _PUBLISHING_TAKES
    return _Flight(
        row=row, id=flight_id, published_at=published_at, habit=_HABIT_OF[draw % len(_HABIT_OF)]
    )


def _record(flight: _Flight, publication: Publication, updated_at: int) -> Record:
    row = flight.row
    zone = timezone(timedelta(seconds=row.departure_local - row.departure_utc))
    departed = _moved(row.departure_delay, publication.departure_off)
    arrival = _arrival(row, publication)
    status = "cancelled" if departed is None else "departed"
    if departed is not None and publication.arrival_known:
        status = "diverted" if row.arrival_delay is None else "arrived"
    return {
        "id": flight.id,
        "carrier": row.carrier,
        "number": row.number,
        "status": status,
        "departure": {
            "scheduled": datetime.fromtimestamp(row.departure_utc, zone).isoformat(),
            "actual": None
            if departed is None
            else datetime.fromtimestamp(row.departure_utc + departed * _MINUTE, zone).isoformat(),
            "delay": departed,
        },
        "arrival": arrival,
        "aircraft": {"tail_number": row.tail_number},
        "route": {
            "origin": row.origin,
            "destination": row.destination,
            "distance": row.distance,
            "air_time": row.air_time if publication.arrival_known else None,
        },
        "updated_at": _iso(updated_at),
    }


def _moved(minutes: int | None, by: int) -> int | None:
    return None if minutes is None else minutes + by


def _arrival(row: FlightRow, publication: Publication) -> Record:
    """Arrival by the clock of the destination, whose offset the data do not always tell."""
    scheduled = _on_the_clock(row.departure_local, row.arrival_hhmm)
    delay = _moved(row.arrival_delay, publication.arrival_off)
    actual = None
    if delay is not None:
        actual = scheduled + delay * _MINUTE
    elif row.actual_arrival_hhmm is not None:  # diverted: it came, but nobody counts the delay
        actual = _on_the_clock(row.departure_local, row.actual_arrival_hhmm)
    if not publication.arrival_known:
        delay = actual = None
    return {
        "scheduled": _clock(scheduled),
        "actual": None if actual is None else _clock(actual),
        "delay": delay,
    }


def _on_the_clock(departure_local: int, hhmm: int) -> int:
    """The first time at or after departure's clock time at which a clock shows this."""
    time_of_day = (hhmm // 100 * 60 + hhmm % 100) % 1440 * _MINUTE
    departed = departure_local % _DAY
    next_day = _DAY if time_of_day < departed else 0
    return departure_local - departed + time_of_day + next_day


def _clock(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None).isoformat()


def _iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def _in_v2(record: Record) -> Record:
    departure, route = record["departure"], record["route"]
    return {
        "id": record["id"],
        "operator": {"code": record["carrier"], "flight_number": record["number"]},
        "state": record["status"],
        "times": {
            "departure": {
                "scheduled": _epoch(departure["scheduled"]),
                "actual": _epoch(departure["actual"]),
                "delay_minutes": departure["delay"],
            },
            "arrival": {
                "scheduled_local": record["arrival"]["scheduled"],
                "actual_local": record["arrival"]["actual"],
                "delay_minutes": record["arrival"]["delay"],
            },
        },
        "tail_number": record["aircraft"]["tail_number"],
        "route": {
            "from": {"airport": route["origin"]},
            "to": {"airport": route["destination"]},
            "distance_miles": route["distance"],
            "air_time_minutes": route["air_time"],
        },
        "updated_at": record["updated_at"],
    }


def _epoch(iso: str | None) -> int | None:
    return None if iso is None else int(datetime.fromisoformat(iso).timestamp())
