"""Flights, with dlt's REST client: those that are new and those that were corrected."""

from collections.abc import Iterator
from typing import Any

import dlt
from dlt.common.schema.typing import TTableSchemaColumns
from dlt.extract import DltResource
from dlt.sources.helpers.rest_client.auth import BearerTokenAuth
from dlt.sources.helpers.rest_client.client import RESTClient
from dlt.sources.helpers.rest_client.paginators import JSONResponseCursorPaginator

PAGE_SIZE = 500
# Arrival times are told by the destination's clock, without an offset.
LOCAL_TIMES: TTableSchemaColumns = {
    name: {"data_type": "timestamp", "timezone": False}
    for name in ("scheduled_arrival", "actual_arrival")
}


@dlt.source(name="flights")
def flights_source(base_url: str, token: str = dlt.secrets.value) -> DltResource:
    """Flights that left New York.

    Args:
        base_url: Where the API answers, without the version.
        token: The API's key.
    """
    client = RESTClient(
        base_url=f"{base_url}/v1/",
        auth=BearerTokenAuth(token),
        paginator=JSONResponseCursorPaginator(
            cursor_path="meta.next_cursor", cursor_param="cursor"
        ),
        data_selector="data",
    )

    @dlt.resource(
        name="flights",
        primary_key="id",
        write_disposition="merge",
        columns=LOCAL_TIMES,
    )
    def flights(
        updated_at: dlt.sources.incremental[str] = dlt.sources.incremental(  # noqa: B008  # dlt's way
            "updated_at", initial_value="2013-01-01T00:00:00Z"
        ),
    ) -> Iterator[list[dict[str, Any]]]:
        params = {"updated_since": updated_at.last_value, "limit": PAGE_SIZE}
        for page in client.paginate("flights", params=params):
            yield [flatten(row) for row in page]

    return flights


def flatten(row: dict[str, Any]) -> dict[str, Any]:
    """One flight as a row of the table."""
    departure = row["departure"]
    arrival = row["arrival"]
    return {
        "id": row["id"],
        "carrier": row["carrier"],
        "flight_number": row["number"],
        "status": row["status"],
        "origin": row["route"]["origin"],
        "destination": row["route"]["destination"],
        "distance": row["route"]["distance"],
        "air_time": row["route"]["air_time"],
        "tail_number": row["aircraft"]["tail_number"],
        "scheduled_departure": departure["scheduled"],
        "actual_departure": departure["actual"],
        "departure_delay": departure["delay"],
        "scheduled_arrival": arrival["scheduled"],
        "actual_arrival": arrival["actual"],
        "arrival_delay": arrival["delay"],
        "updated_at": row["updated_at"],
    }
