"""Refuses connections that pass by the HTTP gate.

The gate sees what `requests` sends. Another client (httpx, urllib, an SDK of its own) would reach
the live API uncounted and with any method, so in the sandbox it gets no connection. What is
written in C and connects by itself is left to the kernel's confinement.
"""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests.adapters

from connector_healing.errors import TrafficRefusedError

_REASON = (
    "only what `requests` sends can be guarded; another client's connection is not made from here."
)


class ConnectionGuard:
    """Lets `requests` connect and nobody else; it cannot be taken off again in this process."""

    def __init__(self) -> None:
        self.refusals: list[TrafficRefusedError] = []
        self._sending = threading.local()

    def install(self) -> None:
        """Stand in front of all connections of this process from now on."""
        send = requests.adapters.HTTPAdapter.send

        def guarded(*args: Any, **kwargs: Any) -> requests.Response:
            with self._allowed():
                return send(*args, **kwargs)

        requests.adapters.HTTPAdapter.send = guarded  # type: ignore[method-assign]  # the seam
        sys.addaudithook(self._audit)

    @contextmanager
    def _allowed(self) -> Iterator[None]:
        before = getattr(self._sending, "now", False)
        self._sending.now = True
        try:
            yield
        finally:
            self._sending.now = before

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event != "socket.connect" or getattr(self._sending, "now", False):
            return
        address = arguments[1]
        if isinstance(address, tuple):  # Of a network; a path is a socket on this machine.
            refusal = TrafficRefusedError(f"{address[0]}:{address[1]}", _REASON)
            self.refusals.append(refusal)
            raise refusal
