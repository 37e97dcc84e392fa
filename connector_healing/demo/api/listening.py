"""A listening socket on loopback."""

import errno
import socket

from connector_healing.errors import PortInUseError, UsageError

HOST = "127.0.0.1"
_LARGEST_PORT = 65_535


def listen(port: int) -> socket.socket:
    """A socket that listens on a port of loopback; 0 means any free one.

    Raises:
        PortInUseError: If something listens there already.
        UsageError: If the port cannot be used.
    """
    if not 0 <= port <= _LARGEST_PORT:
        raise UsageError("port", port, f"A port is a number from 0 to {_LARGEST_PORT}.")
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise PortInUseError(port) from error
        raise UsageError("port", port, f"It cannot be listened on: {error.strerror}.") from error
    return listener


def address(listener: socket.socket) -> str:
    """The URL that a listening socket answers at."""
    return f"http://{HOST}:{listener.getsockname()[1]}"
