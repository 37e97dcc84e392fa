"""A request as the service sees it, and its answer; neither knows the web framework."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

JSON = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request to an endpoint."""

    origin: str  #: ``http://127.0.0.1:8913``.
    path: str
    version: str
    endpoint: str  #: The last part of the path: ``flights``.
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)  #: Names in lower case.

    @property
    def moved_path(self) -> str:
        """Where the endpoint answers too, whatever happens to its first path."""
        return f"/{self.version}/operations/{self.endpoint}"

    def url(self, **changes: object) -> str:
        """This request's address with parameters changed."""
        query = urlencode({**self.query, **changes})
        return f"{self.origin}{self.path}?{query}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One response."""

    status: int = 200
    body: bytes = b""
    media_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)

    def with_headers(self, headers: Mapping[str, str]) -> "Answer":
        """The same with more headers; links are added to the links that are there."""
        merged = {**self.headers, **headers}
        if "Link" in self.headers and "Link" in headers:
            merged["Link"] = f"{self.headers['Link']}, {headers['Link']}"
        return replace(self, headers=merged)


def json_answer(value: object, status: int = 200, **headers: str) -> Answer:
    """A JSON body; underscores in the header names become dashes."""
    body = json.dumps(value, separators=(",", ":")).encode()
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Answer(status=status, body=body, headers=named)


def problem(status: int, code: str, message: str, **headers: str) -> Answer:
    """What the service says when it refuses."""
    return json_answer({"error": {"code": code, "message": message}}, status, **headers)
