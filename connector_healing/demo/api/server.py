"""The process that serves: a listening socket in, answers out, until it is told to end."""

import contextlib
import os
import socket
import sys
import threading
from datetime import date

import uvicorn

from connector_healing.demo.api.access import Credentials
from connector_healing.demo.api.app import build_app
from connector_healing.demo.api.service import Service

_GRACE_SECONDS = 1  # for answers under way when it ends


def serve(
    listener: socket.socket, month: date, credentials: Credentials, *, until_eof: bool
) -> None:
    """Serve until a signal comes or, if wanted, until standard input ends.

    Args:
        listener: A listening socket.
        month: The first day of the month to serve.
        credentials: What to accept.
        until_eof: End with standard input: its writer is the parent, and it closes when that dies.
    """
    config = uvicorn.Config(
        build_app(Service(month, credentials)),
        log_level="warning",
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    server = uvicorn.Server(config)
    if until_eof:
        threading.Thread(target=_end_with_input, args=(server,), daemon=True).start()
    with contextlib.suppress(KeyboardInterrupt):  # uvicorn raises it again when it has ended
        server.run(sockets=[listener])


def _end_with_input(server: uvicorn.Server) -> None:
    # Not through sys.stdin: a thread that waits in its buffer breaks the interpreter's shutdown.
    while os.read(sys.stdin.fileno(), 1):
        pass
    server.should_exit = True
