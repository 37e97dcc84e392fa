"""Hourly weather at the airports of New York, with plain requests, page by page."""

from collections.abc import Iterator
from typing import Any

import dlt
import requests
from dlt.extract import DltResource

PAGE_SIZE = 12
TIMEOUT_SECONDS = 30
DAY_SECONDS = 86_400


def get_page(base_url: str, token: str, since: int, page: int) -> dict[str, Any]:
    """One page of the hours since a time (epoch seconds)."""
    response = requests.get(
        f"{base_url}/v1/weather",
        headers={"Authorization": f"Bearer {token}"},
        params={"since": since, "page": page, "per_page": PAGE_SIZE},
        timeout=TIMEOUT_SECONDS,
    )
    response.raise_for_status()
    body: dict[str, Any] = response.json()
    return body


@dlt.source(name="weather")
def weather_source(base_url: str, token: str = dlt.secrets.value) -> DltResource:
    """Hours of weather; the day before the last one is asked for again, to be sure.

    Args:
        base_url: Where the API answers, without the version.
        token: The API's key.
    """

    @dlt.resource(name="weather", primary_key="id", write_disposition="merge")
    def weather(
        observed_at: dlt.sources.incremental[int] = dlt.sources.incremental(  # noqa: B008  # dlt's way
            "observed_at", initial_value=0, lag=DAY_SECONDS
        ),
    ) -> Iterator[dict[str, Any]]:
        since = observed_at.last_value or 0
        page = 1
        while True:
            body = get_page(base_url, token, since, page)
            for row in body["observations"]:
                air, wind = row["air"], row["wind"]
                yield {
                    "id": row["id"],
                    "station": row["station"],
                    "observed_at": row["observed_at"],
                    "temperature": air["temperature"],
                    "dew_point": air["dew_point"],
                    "humidity": air["humidity"],
                    "pressure": air["pressure"],
                    "wind_direction": wind["direction"],
                    "wind_speed": wind["speed"],
                    "wind_gust": wind["gust"],
                    "precipitation": row["precipitation"],
                    "visibility": row["visibility"],
                }
            if page >= body["total_pages"]:
                return
            page += 1

    return weather
