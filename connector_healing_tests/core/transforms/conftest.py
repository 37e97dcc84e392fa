"""A loopback API for the transforms that dlt itself must accept."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

ROWS = [{"id": n, "op_code": "UA", "times": {"delay": n}} for n in range(3)]

FLAKY: dict[str, bool] = {}


class _Api(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = json.dumps({"data": ROWS, "path": self.path}).encode()
        self.send_response(self._status())
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _status(self) -> int:
        """``/status/N`` answers N; ``/flaky/NAME`` answers 503 every other time."""
        kind, _, rest = self.path.strip("/").partition("/")
        if kind == "status":
            return int(rest)
        if kind == "flaky":
            FLAKY[rest] = not FLAKY.get(rest, False)
            return 503 if FLAKY[rest] else 200
        return 200

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class names it
        return


@pytest.fixture(scope="session")
def api() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Api)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()
    thread.join()
