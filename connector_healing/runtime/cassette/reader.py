"""Reads cassettes."""

import base64
import gzip
import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from connector_healing.errors import UnreadableCassetteError
from connector_healing.runtime.cassette.exchange import Exchange
from connector_healing.runtime.cassette.writer import FORMAT, FORMAT_VERSION


@dataclass(frozen=True, slots=True, kw_only=True)
class CassetteHeader:
    """What a cassette says of itself."""

    exchanges: int
    dropped: int  #: Exchanges that did not fit.

    @property
    def truncated(self) -> bool:
        """Whether something was left out."""
        return self.dropped > 0


def cassette_header(path: Path | str) -> CassetteHeader:
    """The cassette's first line.

    Raises:
        UnreadableCassetteError: If the file is missing, cut short or no cassette.
    """
    header, _ = next(_lines(str(path)))
    return header


def read_cassette(path: Path | str) -> Iterator[Exchange]:
    """The cassette's exchanges in the order of their requests.

    Raises:
        UnreadableCassetteError: If the file is missing, cut short or no cassette.
    """
    for _, plain in _lines(str(path)):
        if plain is not None:
            yield _exchange(plain, str(path))


def _lines(path: str) -> Iterator[tuple[CassetteHeader, Mapping[str, Any] | None]]:
    """The header once alone, then with each exchange's dict."""
    try:
        with gzip.open(path, "rt", encoding="utf-8", newline="\n") as file:
            header = _header(file.readline(), path)
            yield header, None
            count = 0
            for line in file:
                yield header, json.loads(line)
                count += 1
    except FileNotFoundError as error:
        raise UnreadableCassetteError(path, "There is no such file.") from error
    except (EOFError, zlib.error) as error:
        raise UnreadableCassetteError(path, "The file was cut short.") from error
    except OSError as error:  # gzip.BadGzipFile among them
        raise UnreadableCassetteError(path, "The file cannot be read as a cassette.") from error
    except ValueError as error:
        raise UnreadableCassetteError(path, "The file holds something else.") from error
    if count != header.exchanges:
        raise UnreadableCassetteError(path, "The file was cut short.")


def _header(line: str, path: str) -> CassetteHeader:
    plain = json.loads(line)
    if not isinstance(plain, dict) or plain.get("format") != FORMAT:
        raise UnreadableCassetteError(path, "The file is no cassette.")
    if plain.get("version") != FORMAT_VERSION:
        reason = (
            f"Its format is version {plain.get('version')!r}; this is version {FORMAT_VERSION}."
        )
        raise UnreadableCassetteError(path, reason)
    return CassetteHeader(exchanges=int(plain["exchanges"]), dropped=int(plain["dropped"]))


def _exchange(plain: Mapping[str, Any], path: str) -> Exchange:
    try:
        body = plain["body"]
        content = (
            base64.b64decode(body["base64"])
            if "base64" in body
            else body["text"].encode(body.get("charset", "utf-8"))
        )
        return Exchange(
            sequence=plain["sequence"],
            method=plain["method"],
            url=plain["url"],
            request_headers=tuple((n, v) for n, v in plain["request_headers"]),
            request_digest=plain["request_digest"],
            status=plain["status"],
            reason=plain["reason"],
            response_headers=tuple((n, v) for n, v in plain["response_headers"]),
            body=content,
            elapsed=timedelta(seconds=plain["elapsed"]),
            recorded_at=datetime.fromisoformat(plain["recorded_at"]),
            truncated=plain["truncated"],
            masked=plain["masked"],
        )
    except (KeyError, TypeError, ValueError, LookupError) as error:
        raise UnreadableCassetteError(path, "The file holds something else.") from error
