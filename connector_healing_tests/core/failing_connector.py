"""A connector with a resource for each way to fail; the tests count it as the connector's code."""

from collections.abc import Callable, Iterator
from typing import Any

import dlt
import requests
from dlt.sources.helpers.requests import Client
from dlt.sources.helpers.rest_client.client import RESTClient
from pydantic import BaseModel


def fetch(url: str) -> Any:  # JSON
    response = requests.get(url, timeout=(1, 0.2))
    response.raise_for_status()
    return response.json()


@dlt.resource
def plain(url: str) -> Iterator[Any]:
    yield fetch(url)


@dlt.resource
def by_client(url: str) -> Iterator[Any]:
    response = Client(request_max_attempts=1).get(url)
    response.raise_for_status()
    yield response.json()


@dlt.resource
def by_rest_client(url: str) -> Iterator[Any]:
    base, _, path = url.rpartition("/")
    yield from RESTClient(base, session=requests.Session()).paginate(path)


@dlt.resource(parallelized=True)
def parallel(url: str) -> Iterator[Any]:
    yield fetch(url)


@dlt.resource
def parents() -> Iterator[Any]:
    yield [{"id": 1}]


def children(url: str) -> Any:
    @dlt.transformer(data_from=parents, name="children")
    def each(items: list[dict[str, Any]]) -> Iterator[Any]:
        for _ in items:
            yield fetch(url)

    return each


@dlt.resource
def reads(url: str, read: Callable[[Any], Any]) -> Iterator[Any]:
    for record in fetch(url):
        yield read(record)


def missing_key(record: dict[str, Any]) -> Any:
    return {"carrier": record["op_code"]}


def add_to_text(record: dict[str, Any]) -> Any:
    return record["carrier"] + record["id"]


def none_has_get(record: dict[str, Any]) -> Any:
    return record.get("departure").get("delay")  # type: ignore[union-attr]  # the failure


def list_not_object(record: dict[str, Any]) -> Any:
    records: Any = [record]
    return records["carrier"]


def no_number(record: dict[str, Any]) -> Any:
    return int(record["carrier"])


def no_name(record: dict[str, Any]) -> Any:
    return undefined_name  # type: ignore[name-defined]  # noqa: F821  # the failure


@dlt.resource
def mapped(url: str) -> Iterator[Any]:
    yield fetch(url)


@dlt.resource
def secretive(api_key: str = dlt.secrets.value) -> Iterator[Any]:
    yield [{"id": api_key}]


@dlt.resource
def incremental(
    url: str,
    at: Any = dlt.sources.incremental("updated_at", initial_value=0),  # noqa: B008  # dlt's way
) -> Iterator[Any]:
    yield fetch(url)


@dlt.resource
def wrong_cursor(
    url: str,
    at: Any = dlt.sources.incremental("carrier", initial_value=0),  # noqa: B008  # dlt's way
) -> Iterator[Any]:
    yield fetch(url)


class Row(BaseModel):
    id: int
    name: str


@dlt.resource(columns=Row)
def modelled(url: str) -> Iterator[Any]:
    yield fetch(url)


@dlt.resource(primary_key="flight_id", write_disposition="merge")
def keyed(url: str) -> Iterator[Any]:
    yield fetch(url)


def rows(*records: dict[str, Any], contract: Any = None) -> Any:
    return dlt.resource(list(records), name="t", schema_contract=contract)
