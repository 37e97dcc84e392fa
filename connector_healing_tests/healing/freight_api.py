"""A small real HTTP API on loopback: parcels that are corrected now and then, and depots."""

import json
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import monotonic
from typing import Any
from urllib.parse import parse_qs, urlsplit

PAGE = 50
CARRIERS = ("UA", "B6", "EV", "DL", "AA", "MQ", "WN")
CITIES = ("Lyon", "Oslo", "Porto", "Turin", "Ghent")

Record = dict[str, Any]
Answer = tuple[int, Mapping[str, str], bytes]


def parcel(number: int) -> Record:
    return {
        "id": f"P{number:05d}",
        "carrier": CARRIERS[number * number % 7],
        "customer": {"name": f"Customer {number % 37}", "city": CITIES[number * 3 % 5]},
        "weight": round(0.5 + number * 7919 % 1000 / 10, 1),
        "booked_on": f"2013-01-{1 + number * 11 % 28:02d}",
        "status": "booked",
        "revision": number,
    }


def depot(number: int) -> Record:
    return {"code": f"D{number:03d}", "city": CITIES[number % 5], "docks": number * 7 % 23 + 1}


@dataclass
class Limit:
    """So many requests a window; more are answered 429, with or without a word on when."""

    requests: int
    window: float
    told: bool = True
    _times: deque[float] = field(default_factory=deque)

    def refuses(self) -> bool:
        now = monotonic()
        while self._times and self._times[0] <= now - self.window:
            self._times.popleft()
        if len(self._times) >= self.requests:
            return True
        self._times.append(now)
        return False


class FreightApi:
    """What it answers can be changed while it runs; `reset` puts everything back."""

    def __init__(self) -> None:
        self.hits: list[str] = []
        self.headers: list[Mapping[str, str]] = []
        self.lock = threading.Lock()
        self.reset()
        api = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                api.answer(self)

            def log_message(self, *args: Any) -> None:
                del args

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def reset(self, days: int = 1) -> None:
        """The first day, or some days later; no fault."""
        self.parcels = [parcel(n) for n in range(1, 201)]
        self.depots = [depot(n) for n in range(1, 81)]
        self.revision = 200
        self.mend()
        for _ in range(days - 1):
            self.next_day()

    def mend(self) -> None:
        """No fault any more."""
        self.shape: Callable[[Record], Record] = dict  #: What becomes of a record of a parcel.
        self.lost = 0  #: Depots that are missing.
        self.page = PAGE  #: Records of one answer.
        self.limit: Limit | None = None
        #: Stands in for an answer, given the path and the number of the request since `count`.
        self.fault: Callable[[str, int], Answer | None] = lambda path, number: None
        self.count()

    def count(self) -> None:
        """Count requests anew."""
        self.hits.clear()
        self.headers.clear()

    def next_day(self) -> None:
        """Forty new parcels, and three of the last ones are corrected."""
        last = len(self.parcels)
        for number in range(last - 2, last + 1):
            changed = {"status": "delivered", "revision": self._next_revision()}
            self.parcels[number - 1] = {**self.parcels[number - 1], **changed}
        for number in range(last + 1, last + 41):
            self.parcels.append({**parcel(number), "revision": self._next_revision()})

    def _next_revision(self) -> int:
        self.revision += 1
        return self.revision

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        query = {k: v[0] for k, v in parse_qs(parts.query).items()}
        with self.lock:
            self.hits.append(f"{handler.command} {handler.path}")
            self.headers.append(dict(handler.headers))
            given = self.fault(parts.path, len(self.hits)) or self._limited()
            status, headers, payload = given or (200, {}, self._body(parts.path, query))
        handler.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(payload)))
        handler.end_headers()
        handler.wfile.write(payload)

    def _limited(self) -> Answer | None:
        if self.limit is None or not self.limit.refuses():
            return None
        headers = {"Retry-After": "1"} if self.limit.told else {}
        return 429, headers, b'{"error": "rate limit exceeded"}'

    def _body(self, path: str, query: Mapping[str, str]) -> bytes:
        if path == "/depots":
            return json.dumps({"depots": self.depots[self.lost :]}).encode()
        since = int(query.get("since", 0))
        found = sorted(
            (p for p in self.parcels if p["revision"] > since), key=lambda p: p["revision"]
        )
        page = int(query.get("page", 1))
        part = [self.shape(p) for p in found[(page - 1) * self.page : page * self.page]]
        more = page * self.page < len(found)
        link = f"{self.url}{path}?since={since}&page={page + 1}" if more else None
        body = {"total": len(found), "next": page + 1 if more else None, "next_url": link}
        return json.dumps({"data": part, **body}).encode()

    @contextmanager
    def serving(self) -> Iterator["FreightApi"]:
        thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()


def renamed(record: Record) -> Record:
    """The carrier under a name without any likeness."""
    return {("op_code" if name == "carrier" else name): v for name, v in record.items()}


def without_carrier(record: Record) -> Record:
    return {name: value for name, value in record.items() if name != "carrier"}


def refused(status: int, body: Mapping[str, Any] | None = None, **headers: str) -> Answer:
    return status, headers, json.dumps(body or {"error": "no"}).encode()
