"""One sample API for all tests of the demo, put back before each of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from connector_healing.demo.api.client import RunningApi, start_api


@dataclass(frozen=True, slots=True)
class Caller:
    """Calls the API over HTTP, as its users do."""

    api: RunningApi

    def get(self, path: str, token: str | None = None, **rest: Any) -> requests.Response:
        """One request to an absolute address or a path."""
        url = path if path.startswith("http") else f"{self.api.url}{path}"
        headers = {"Authorization": f"Bearer {token or self.api.token}"}
        headers |= rest.pop("headers", {})
        return requests.get(url, headers=headers, timeout=30, **rest)

    def records(self, path: str, **params: object) -> list[dict[str, Any]]:
        """All records of an endpoint, by its cursor."""
        found: list[dict[str, Any]] = []
        query: dict[str, object] = {"paging": "cursor", "limit": 1000, **params}
        while True:
            response = self.get(path, params=query)
            response.raise_for_status()
            body = response.json()
            found += next(value for value in body.values() if isinstance(value, list))
            query["cursor"] = body["meta"]["next_cursor"]
            if query["cursor"] is None:
                return found


@pytest.fixture(scope="session")
def started_api() -> Iterator[RunningApi]:
    with start_api() as api:
        yield api


@pytest.fixture
def api(started_api: RunningApi) -> RunningApi:
    started_api.reset()
    return started_api


@pytest.fixture
def caller(api: RunningApi) -> Caller:
    return Caller(api)
