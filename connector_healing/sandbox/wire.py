"""How the parent, the supervisor of a run and its child talk: JSON frames, their length before them."""

import os
import select
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from time import monotonic

from connector_healing.core.reproduction import SandboxRequest

_LENGTH = struct.Struct(">Q")
_CHUNK = 1 << 20
#: A longer frame is no outcome; it is a child that has lost its mind.
MAX_FRAME_BYTES = 1 << 28


class ChannelClosedError(Exception):
    """The other side went away, or stayed silent for too long, before the frame was whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """All that one run is told. It holds secrets: it passes through sockets only."""

    run_id: str
    work_dir: str  #: The only directory that the child may write.
    request: SandboxRequest
    pipeline_name: str
    configuration: Mapping[str, object] = field(default_factory=dict, repr=False)  #: By dotted key.
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    secrets: tuple[str, ...] = field(
        default=(), repr=False
    )  #: What must never come out in the clear.
    readable: tuple[str, ...] = ()  #: Paths that the child may read.
    runnable: tuple[str, ...] = ()  #: Paths that it may read and run programs from.
    ports: tuple[int, ...] = ()  #: TCP ports that it may connect to.


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What the supervisor says of a child that has ended."""

    exit_code: int | None  #: None where a signal ended it.
    signal: int | None
    timed_out: bool
    duration: timedelta
    live_requests: int  #: As far as the child had counted, even where it was killed.
    replayed_requests: int
    outcome: str = field(
        default="", repr=False
    )  #: The child's `SandboxOutcome` as JSON; empty where it had none to give.
    output: str = field(
        default="", repr=False
    )  #: The end of what it and its children printed; it may hold secrets.


def send_frame(channel: socket.socket, text: str) -> None:
    """Send one frame."""
    payload = text.encode()
    channel.sendall(_LENGTH.pack(len(payload)))
    channel.sendall(payload)


def receive_frame(channel: socket.socket, *, within: timedelta) -> str:
    """Wait for one whole frame.

    Raises:
        ChannelClosedError: If it does not come, or not whole, or is too long.
    """
    deadline = monotonic() + within.total_seconds()
    (length,) = _LENGTH.unpack(_receive(channel, _LENGTH.size, deadline))
    if length > MAX_FRAME_BYTES:
        raise ChannelClosedError(f"a frame of {length} bytes was announced")
    return _receive(channel, length, deadline).decode()


def _receive(channel: socket.socket, length: int, deadline: float) -> bytes:
    received = bytearray()
    poll = select.poll()
    poll.register(channel, select.POLLIN)
    while len(received) < length:
        if not poll.poll(max(0.0, deadline - monotonic()) * 1000):
            raise ChannelClosedError("nothing came in time")
        try:
            part = channel.recv(min(_CHUNK, length - len(received)))
        except OSError as error:
            raise ChannelClosedError(f"the channel broke: {error}") from error
        if not part:
            raise ChannelClosedError("the other side closed the channel")
        received += part
    return bytes(received)


def write_all(descriptor: int, text: str) -> None:
    """Write the whole text to a pipe."""
    view = memoryview(text.encode())
    while view:
        view = view[os.write(descriptor, view) :]
