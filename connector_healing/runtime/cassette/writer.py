"""Writes a cassette: redacted, bounded, and either whole or not there."""

import base64
import gzip
import hashlib
import json
import os
import tempfile
from email.message import Message
from pathlib import Path
from types import TracebackType
from typing import Self

from connector_healing.runtime.cassette.exchange import Exchange, Headers, Redacts
from connector_healing.runtime.ring import Ring

FORMAT = "connector-healing cassette"
FORMAT_VERSION = 1
#: Ends the name of every cassette.
CASSETTE_SUFFIX = ".cassette.gz"
#: How large a cassette may grow, uncompressed; the file is about a tenth of it for JSON answers.
MAX_CASSETTE_BYTES = 16 * 1024**2
#: Bodies that are not text are kept up to this size.
MAX_BINARY_BYTES = 1024**2


class CassetteWriter:
    """Collects exchanges and writes them as one file on `close`.

    The file is written beside its place and renamed, so that a reader sees all of it or none.
    Over the limit the first exchange of each endpoint and the latest ones are kept.

    Args:
        path: The file to write; its directory is made.
        redactor: Takes the secrets out of URLs, headers and text bodies.
        max_bytes: The limit before compression.
    """

    def __init__(self, path: Path, redactor: Redacts, max_bytes: int = MAX_CASSETTE_BYTES) -> None:
        self.path = path
        self._redactor = redactor
        self._max_bytes = max_bytes
        self._ring: Ring[tuple[int, bytes]] = Ring(max_bytes)
        self._count = 0

    @property
    def dropped(self) -> int:
        """How many exchanges did not fit."""
        return self._ring.dropped

    @property
    def kept(self) -> int:
        """How many exchanges the file will hold."""
        return self._count - self.dropped

    def add(self, exchange: Exchange) -> None:
        """Keep an exchange, redacted; a body larger than a quarter of the limit is left out."""
        line = json.dumps(self._plain(exchange), separators=(",", ":")).encode()
        self._count += 1
        self._ring.add(exchange.endpoint, len(line), (exchange.sequence, line))

    def close(self) -> None:
        """Write the file in its place."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        handle, beside = tempfile.mkstemp(dir=self.path.parent, prefix=".", suffix=".tmp")
        try:
            with os.fdopen(handle, "wb") as raw, gzip.open(raw, "wb", compresslevel=5) as file:
                header = {
                    "format": FORMAT,
                    "version": FORMAT_VERSION,
                    "exchanges": self.kept,
                    "dropped": self.dropped,
                }
                file.write(json.dumps(header).encode() + b"\n")
                for _, line in sorted(self._ring.items()):
                    file.write(line + b"\n")
            Path(beside).replace(self.path)
        except BaseException:
            Path(beside).unlink(missing_ok=True)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is None:
            self.close()

    def _plain(self, exchange: Exchange) -> dict[str, object]:
        body, truncated, masked = self._body(exchange)
        digest = exchange.request_digest
        if exchange.request_body is not None:
            digest = body_digest(exchange.request_body, self._redactor)
        return {
            "sequence": exchange.sequence,
            "method": exchange.method,
            "url": self._redactor.url(exchange.url),
            "request_headers": self._headers(exchange.request_headers),
            "request_digest": digest,
            "status": exchange.status,
            "reason": self._redactor.text(exchange.reason),
            "response_headers": self._headers(exchange.response_headers),
            "body": body,
            "elapsed": exchange.elapsed.total_seconds(),
            "recorded_at": exchange.recorded_at.isoformat(),
            "truncated": exchange.truncated or truncated,
            "masked": exchange.masked or masked,
        }

    def _headers(self, headers: Headers) -> list[tuple[str, str]]:
        return [(n, dict(self._redactor.headers({n: v})).get(n, "")) for n, v in headers]

    def _body(self, exchange: Exchange) -> tuple[dict[str, str], bool, bool]:
        """The body as it is written, whether it was left out, whether redaction changed it."""
        if len(exchange.body) > self._max_bytes // 4:
            return {"text": ""}, True, False
        charset = text_charset(exchange.body, exchange.header("content-type") or "")
        if charset is not None:
            text = exchange.body.decode(charset)
            clean = self._redactor.text(text)
            return {"text": clean, "charset": charset}, False, clean != text
        probe = exchange.body.decode("latin-1")
        if len(exchange.body) > MAX_BINARY_BYTES or self._redactor.text(probe) != probe:
            return {"text": ""}, True, False
        return {"base64": base64.b64encode(exchange.body).decode()}, False, False


def body_digest(body: bytes, redactor: Redacts) -> str | None:
    """SHA-256 of a request's body without its secrets; None where the body is empty."""
    if not body:
        return None
    if text_charset(body, "") is not None:
        body = redactor.text(body.decode()).encode()
    return hashlib.sha256(body).hexdigest()


def text_charset(body: bytes, content_type: str) -> str | None:
    """The encoding in which a body is text and can be written back alike; None for binary."""
    message = Message()
    message["content-type"] = content_type
    for charset in (message.get_content_charset(), "utf-8"):
        try:
            if (
                charset
                and "\0" not in (text := body.decode(charset))
                and text.encode(charset) == body
            ):
                return charset
        except (LookupError, UnicodeError):
            continue
    return None
