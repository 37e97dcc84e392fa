"""The service's endpoints: which path of which version serves what, and how it is paged."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from connector_healing.demo.api.flights import flight_shelves
from connector_healing.demo.api.limits import Hint, RateLimit
from connector_healing.demo.api.reference import (
    airline_shelf,
    airport_shelf,
    plane_shelf,
    weather_shelves,
)
from connector_healing.demo.api.rows import Shelf
from connector_healing.demo.api.tables import Tables

# A limit that nobody reaches, told of on every answer, as most vendors do.
_ADVERTISED = RateLimit(requests=600, window=timedelta(seconds=5), hint=Hint.HEADERS)
# A day of three stations is 72 hours; small pages make a daily load many requests.
_WEATHER_PAGE = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One path of one version."""

    resource: str
    shelf: Shelf
    paging: str  #: One of `connector_healing.demo.api.paging.PAGINGS`.
    envelope: str  #: The name that the records stand under.
    page_size: int = 100
    largest_page: int = 1000
    limit: RateLimit | None = None


def build_endpoints(tables: Tables) -> Mapping[tuple[str, str], Endpoint]:
    """Every endpoint by (version, last part of the path)."""
    flights_v1, flights_v2 = flight_shelves(tables.flights)
    weather_v1, weather_v2 = weather_shelves(tables.weather)
    airports = airport_shelf(tables.airports)
    return {
        ("v1", "flights"): _flights(flights_v1),
        ("v2", "flights"): _flights(flights_v2),
        ("v1", "weather"): _weather(weather_v1),
        ("v2", "observations"): _weather(weather_v2),
        ("v1", "airports"): _airports(airports, paging="link"),
        ("v2", "airports"): _airports(airports, paging="page"),
        ("v1", "planes"): Endpoint(
            resource="planes",
            shelf=plane_shelf(tables.planes),
            paging="offset",
            envelope="planes",
            limit=_ADVERTISED,
        ),
        ("v1", "airlines"): Endpoint(
            resource="airlines",
            shelf=airline_shelf(tables.airlines),
            paging="next",
            envelope="airlines",
            page_size=10,
        ),
    }


def _flights(shelf: Shelf) -> Endpoint:
    return Endpoint(resource="flights", shelf=shelf, paging="cursor", envelope="data")


def _weather(shelf: Shelf) -> Endpoint:
    return Endpoint(
        resource="weather",
        shelf=shelf,
        paging="page",
        envelope="observations",
        page_size=_WEATHER_PAGE,
        largest_page=_WEATHER_PAGE,
    )


def _airports(shelf: Shelf, *, paging: str) -> Endpoint:
    return Endpoint(resource="airports", shelf=shelf, paging=paging, envelope="airports")
