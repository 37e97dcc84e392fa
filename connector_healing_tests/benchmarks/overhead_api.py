"""A loopback API that gives rows by the thousand, prepared before they are asked for."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

PAGE = 1_000


def _row(number: int) -> dict[str, Any]:
    return {
        "id": number,
        "carrier": f"C{number % 16}",
        "origin": ("JFK", "LGA", "EWR")[number % 3],
        "destination": f"D{number % 105:03d}",
        "scheduled": f"2013-01-{number % 28 + 1:02d}T{number % 24:02d}:00:00Z",
        "delay": None if number % 40 == 0 else number % 90 - 10,
        "distance": 100.5 + number % 2_500,
        "tail": f"N{number % 4_000:05d}",
        "cancelled": number % 40 == 0,
        "gate": f"{number % 60}",
        "remark": f"flight {number} as the day went by",
        "air_time": number % 400,
    }


class OverheadApi:
    """Rows after an id, a thousand a page."""

    def __init__(self) -> None:
        self._rows = 0
        self._answers: dict[int, bytes] = {}
        self._empty = json.dumps({"data": []}).encode()
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                query = parse_qs(urlsplit(self.path).query)
                body = api.answer(int(query["since"][0]))
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: Any) -> None:
                del args

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def grow(self, rows: int) -> None:
        """Add rows, and prepare the pages that hold them."""
        first, self._rows = self._rows, self._rows + rows
        for since in range(first, self._rows, PAGE):
            last = min(since + PAGE, self._rows)
            page = [_row(number) for number in range(since + 1, last + 1)]
            self._answers[since] = json.dumps({"data": page}).encode()

    def answer(self, since: int) -> bytes:
        """The page after an id."""
        return self._answers.get(since, self._empty)

    @contextmanager
    def serving(self) -> Iterator["OverheadApi"]:
        """Answer until the context ends."""
        thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()
