"""A loopback HTTP server that answers as broken APIs do."""

import json
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LOGIN = '<!DOCTYPE html><html><title>Sign in</title><form><input type="password"></form></html>'
RECORDS = [{"id": 1, "carrier": "UA", "ts": 5, "price": 7}]

#: Path -> status, headers, body.
ANSWERS: dict[str, tuple[int, dict[str, str], str]] = {
    "/401": (401, {"WWW-Authenticate": "Bearer"}, '{"error": "bad credentials"}'),
    "/401-expired": (
        401,
        {"WWW-Authenticate": 'Bearer error="invalid_token", error_description="token expired"'},
        "",
    ),
    "/403": (403, {}, '{"message": "you may not read salaries"}'),
    "/403-limit": (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "60"}, "{}"),
    "/400-expired": (400, {}, '{"error": {"message": "Session has expired on Sunday"}}'),
    "/404": (404, {}, '{"message": "Not Found"}'),
    "/404-moved": (404, {"Link": '</v2/flights>; rel="successor-version"'}, ""),
    "/410": (410, {}, ""),
    "/429": (429, {"Retry-After": "17"}, "slow down"),
    "/429-daily": (429, {}, '{"message": "You have reached your daily limit."}'),
    "/500": (500, {}, "boom"),
    "/503": (503, {"Retry-After": "5"}, ""),
    "/html": (200, {"Content-Type": "text/html"}, "<html><body>Hello</body></html>"),
    "/login": (200, {"Content-Type": "text/html"}, LOGIN),
    "/empty": (200, {}, ""),
    "/cut-json": (200, {}, '[{"id": 1, "carrier": "U'),
    "/error-body": (200, {}, '{"ok": false, "error": "invalid_auth"}'),
    "/records": (200, {}, json.dumps(RECORDS)),
    "/secret": (
        401,
        {"Set-Cookie": "session=cookie-secret-1", "X-Echo": "header-secret-2"},
        '{"message": "key body-secret-3 is not valid", "token": "named-secret-4"}',
    ),
}


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == "/reset":
            linger = struct.pack("ii", 1, 0)  # close sends RST
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.connection.close()
            return
        if path == "/hang":
            self.server.released.wait(10)  # type: ignore[attr-defined]  # set by `failing_api`
            return
        status, headers, body = ANSWERS.get(path, (200, {}, "[]"))
        if path == "/cut-body":
            headers, body = {"Transfer-Encoding": "chunked"}, "ff\r\n[1, 2"
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if path != "/cut-body":
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base's name
        """Nothing: the tests' output is not a server log."""


@contextmanager
def failing_api() -> Iterator[str]:
    """The base URL of a running server."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    server.released = threading.Event()  # type: ignore[attr-defined]  # read by `_Handler`
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.released.set()  # type: ignore[attr-defined]  # made above
        server.shutdown()
        server.server_close()
