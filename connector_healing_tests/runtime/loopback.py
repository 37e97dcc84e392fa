"""A real HTTP server on loopback whose answers are written by the test."""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as the server got it."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server says; a dict or list becomes JSON."""

    content: object = b""
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    cut: bool = False  #: Announce the body, send half of it, hang up.


Handler = Callable[[Asked], Answer]


@dataclass(slots=True)
class LoopbackApi:
    """Serves until the context ends; `asked` holds every request."""

    handler: Handler
    asked: list[Asked] = field(default_factory=list)
    _server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        api = self

        class Requests(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Headers and body in several packets would wait for each other's acknowledgement.
            wbufsize = -1
            disable_nagle_algorithm = True

            def answer(self) -> None:
                parts = urlsplit(self.path)
                length = int(self.headers.get("Content-Length") or 0)
                asked = Asked(
                    self.command,
                    parts.path,
                    dict(parse_qsl(parts.query)),
                    dict(self.headers.items()),
                    self.rfile.read(length),
                )
                api.asked.append(asked)
                self.send(api.handler(asked))

            def send(self, answer: Answer) -> None:
                content, kind = answer.content, "application/octet-stream"
                if not isinstance(content, bytes):
                    content, kind = json.dumps(content).encode(), "application/json"
                self.send_response(answer.status)
                if not any(name.lower() == "content-type" for name, _ in answer.headers):
                    self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(content)))
                for name, value in answer.headers:
                    self.send_header(name, value)
                self.end_headers()
                if answer.cut:
                    self.wfile.write(content[: len(content) // 2])
                    self.close_connection = True
                elif self.command != "HEAD":
                    self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = answer  # noqa: N815  # http.server's names

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # http.server's name
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Requests)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._server is not None
        self._server.shutdown()
        self._server.server_close()
