"""A small real HTTP API on loopback: orders and customers, that break on demand."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Answer = tuple[int, Mapping[str, str], bytes]
PAGE = 100
CITIES = ("Lyon", "Oslo", "Porto", "Turin")


def order(number: int, day: int) -> dict[str, Any]:
    return {
        "id": number,
        "customer": f"customer-{number % 17:02d}",
        "amount": number * 7 % 1000,
        "note": f"order number {number} of the day",
        "day": day,
        "lines": [{"article": f"article-{number % 5}", "count": number % 3 + 1}],
    }


def customer(number: int) -> dict[str, Any]:
    return {"id": number, "name": f"customer-{number:02d}", "city": CITIES[number % 4]}


class LoopbackApi:
    """What it answers can be changed while it runs; `fault` stands in for any answer."""

    def __init__(self) -> None:
        self.orders = [order(n, 0) for n in range(1, 201)]
        self.customers = [customer(n) for n in range(1, 201)]
        self.hits: list[str] = []
        self.headers: list[Mapping[str, str]] = []
        self.rename: dict[str, str] = {}  #: Of fields, old to new.
        self.token: str | None = None  #: Without it, where there is one, nobody is answered.
        self.fault: Callable[[str, Mapping[str, str]], Answer | None] = lambda path, query: None
        api = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                api.answer(self)

            def log_message(self, *args: Any) -> None:
                del args

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def next_day(self, more: int = 50) -> None:
        """New orders appear, and a few late ones of the day before are corrected."""
        last, day = self.orders[-1]["id"], self.orders[-1]["day"] + 1
        self.orders += [order(n, day) for n in range(last + 1, last + 1 + more)]

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        query = {k: v[0] for k, v in parse_qs(parts.query).items()}
        self.hits.append(f"{handler.command} {parts.path}")
        self.headers.append(dict(handler.headers))
        given = self.fault(parts.path, query) or (200, {}, self._body(parts.path, query))
        if self.token and handler.headers.get("Authorization") != f"Bearer {self.token}":
            given = (401, {}, b"{}")
        status, headers, payload = given
        handler.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(payload)))
        handler.end_headers()
        handler.wfile.write(payload)

    def _body(self, path: str, query: Mapping[str, str]) -> bytes:
        rows = self.orders if path == "/orders" else self.customers
        since = int(query.get("since", 0))
        found = [self._renamed(row) for row in rows if row["id"] > since]
        page = int(query.get("page", 1))
        more = page * PAGE < len(found)
        part = found[(page - 1) * PAGE : page * PAGE]
        return json.dumps({"data": part, "next": page + 1 if more else None}).encode()

    def _renamed(self, row: Mapping[str, Any]) -> dict[str, Any]:
        return {self.rename.get(name, name): value for name, value in row.items()}

    @contextmanager
    def serving(self) -> Iterator["LoopbackApi"]:
        thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()


def refusing(status: int, headers: Mapping[str, str], body: Any) -> Callable[..., Answer]:
    """A fault: every request gets this answer."""
    payload = json.dumps(body).encode()
    return lambda path, query: (status, headers, payload)
