"""The connectors that the tests break and heal, as text."""

PLAIN = '''\
"""Parcels, with plain requests."""

import dlt
import requests


def pages(base, since):
    page = 1
    while page:
        params = {"since": since, "page": page}
        answer = requests.get(f"{base}/parcels", params=params, timeout=20)
        answer.raise_for_status()
        body = answer.json()
        yield body["data"]
        page = body["next"]


def flat(record):
    return {
        "id": record["id"],
        "carrier": record["carrier"],
        "customer": record["customer"]["name"],
        "city": record["customer"]["city"],
        "weight": record["weight"],
        "booked_on": record["booked_on"],
        "status": record["status"],
        "revision": record["revision"],
    }


@dlt.source(name="plain")
def plain_source(base):
    @dlt.resource(name="parcels", primary_key="id", write_disposition="merge")
    def parcels(revision=dlt.sources.incremental("revision", initial_value=0)):
        for records in pages(base, revision.last_value):
            yield [flat(record) for record in records]

    return parcels
'''

#: The same without a key.
KEYLESS = PLAIN.replace('primary_key="id", write_disposition="merge"', 'write_disposition="append"')

#: The same with a mistake in it.
MISTAKEN = PLAIN.replace('record["weight"]', 'record["wieght"]')

REST = '''\
"""Parcels and depots, as a dlt REST API configuration."""

import dlt
from dlt.sources.rest_api import rest_api_resources


@dlt.source(name="rest")
def rest_source(base):
    config = {
        "client": {"base_url": base},
        "resources": [
            {
                "name": "parcels",
                "primary_key": "id",
                "write_disposition": "merge",
                "endpoint": {
                    "path": "parcels",
                    "data_selector": "data",
                    "paginator": {"type": "json_link", "next_url_path": "next_url"},
                    "params": {
                        "since": {
                            "type": "incremental",
                            "cursor_path": "revision",
                            "initial_value": 0,
                        },
                    },
                },
            },
            {
                "name": "depots",
                "primary_key": "code",
                "write_disposition": "replace",
                "endpoint": {
                    "path": "depots",
                    "data_selector": "depots",
                    "paginator": "single_page",
                },
            },
        ],
    }
    yield from rest_api_resources(config)
'''
