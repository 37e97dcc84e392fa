"""Airports, planes and airlines, loaded whole, as a dlt REST API configuration."""

from collections.abc import Iterator

import dlt
from dlt.extract import DltResource
from dlt.sources.rest_api import rest_api_resources
from dlt.sources.rest_api.typing import RESTAPIConfig


@dlt.source(name="airports")
def airports_source(base_url: str, token: str = dlt.secrets.value) -> Iterator[DltResource]:
    """The reference data of the flights.

    Args:
        base_url: Where the API answers, without the version.
        token: The API's key.
    """
    config: RESTAPIConfig = {
        "client": {
            "base_url": f"{base_url}/v1/",
            "auth": {"type": "bearer", "token": token},
        },
        "resource_defaults": {"write_disposition": "replace"},
        "resources": [
            {
                "name": "airports",
                "primary_key": "code",
                "endpoint": {
                    "path": "airports",
                    "params": {"per_page": 500},
                    "paginator": {"type": "header_link"},
                    "data_selector": "$",
                },
            },
            {
                "name": "planes",
                "primary_key": "tail_number",
                "endpoint": {
                    "path": "planes",
                    "paginator": {"type": "offset", "limit": 1000, "total_path": "total"},
                    "data_selector": "planes",
                },
            },
            {
                "name": "airlines",
                "primary_key": "code",
                "endpoint": {
                    "path": "airlines",
                    "paginator": {"type": "json_link", "next_url_path": "next"},
                    "data_selector": "airlines",
                },
            },
        ],
    }
    yield from rest_api_resources(config)
