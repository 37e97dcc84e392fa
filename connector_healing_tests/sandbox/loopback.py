"""A small real HTTP API on loopback."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

PAGE = 10


def flight(number: int) -> dict[str, Any]:
    return {
        "id": number,
        "carrier": f"C{number % 3}",
        "departure": {"delay": number % 7, "airport": {"code": "JFK"}},
        "legs": [{"seq": 1, "gate": f"A{number}"}],
    }


class LoopbackApi:
    """Pages of flights; what it answers can be changed while it runs."""

    def __init__(self) -> None:
        self.flights = [flight(n) for n in range(1, 31)]
        self.hits: list[str] = []
        self.headers: list[Mapping[str, str]] = []
        self.hold = threading.Event()  #: Set: `/hold` answers.
        api = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                api.answer(self)

            def do_POST(self) -> None:
                api.answer(self)

            def log_message(self, *args: Any) -> None:
                del args

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        self.url = f"http://127.0.0.1:{self.port}"

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        query = {k: v[0] for k, v in parse_qs(parts.query).items()}
        self.hits.append(f"{handler.command} {parts.path}")
        self.headers.append(dict(handler.headers))
        if handler.command == "POST":
            handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        status, body = self._body(parts.path, query)
        payload = json.dumps(body).encode()
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(payload)))
        handler.end_headers()
        handler.wfile.write(payload)

    def _body(self, path: str, query: Mapping[str, str]) -> tuple[int, Any]:
        if path == "/hold":
            self.hold.wait(60)
            return 200, {}
        if path == "/token":
            return 200, {"access_token": "minted-token-value", "expires_in": 60}
        if path == "/missing":
            return 404, {"error": "no such thing"}
        since = int(query.get("since", 0))
        found = [f for f in self.flights if f["id"] >= since]
        page = int(query.get("page", 1))
        part = found[(page - 1) * PAGE : page * PAGE]
        more = page * PAGE < len(found)
        return 200, {"data": part, "total": len(found), "next": page + 1 if more else None}

    @contextmanager
    def serving(self) -> Iterator["LoopbackApi"]:
        thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.hold.set()
            self._server.shutdown()
            self._server.server_close()
            thread.join()
