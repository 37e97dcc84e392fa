"""Watches one sandbox child: its time, its output, and that nothing of it is left behind.

A process of its own for each run, forked from the server, so that two runs know nothing of each
other and a run outlives the server's end. It adopts the orphans of its run (a subreaper), so
that what a connector started in another session is ended with it.
"""

import mmap
import os
import select
import selectors
import signal
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from time import monotonic

from connector_healing.core.codec import from_json, to_json
from connector_healing.sandbox.prctl import adopt_orphans
from connector_healing.sandbox.wire import (
    MAX_FRAME_BYTES,
    Assignment,
    ChannelClosedError,
    Ending,
    receive_frame,
    send_frame,
)

_ASSIGNMENT_WITHIN = timedelta(seconds=30)
_CHUNK = 1 << 16
#: What is kept of the end of the child's output.
MAX_OUTPUT_BYTES = 64 * 1024
#: How long the run's processes are waited for once they were killed.
_REAP_SECONDS = 10.0
_POLL_SECONDS = 0.02

#: What runs in the child: the assignment, the pipe for its outcome, its counters.
ChildMain = Callable[[Assignment, int, "Counters"], None]


class Counters:
    """Requests counted in memory that the child shares with its supervisor."""

    _FORMAT = struct.Struct("=QQ")

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, mmap.PAGESIZE)

    def set(self, live: int, replayed: int) -> None:
        """Say how many requests were made so far."""
        self._FORMAT.pack_into(self._memory, 0, live, replayed)

    def get(self) -> tuple[int, int]:
        """Live and replayed requests."""
        live, replayed = self._FORMAT.unpack_from(self._memory, 0)
        return live, replayed


class _Kept:
    """The outcome's bytes whole, or the output's last ones."""

    def __init__(self, descriptor: int, limit: int, *, last: bool) -> None:
        self.descriptor = descriptor
        self._limit = limit
        self._last = last
        self._bytes = bytearray()
        os.set_blocking(descriptor, False)

    def read(self) -> bool:
        """Take what is there; False at the end."""
        with suppress(BlockingIOError):
            while part := os.read(self.descriptor, _CHUNK):
                self._bytes += part
                excess = len(self._bytes) - self._limit
                if excess > 0 and self._last:
                    del self._bytes[:excess]
                elif excess > 0:
                    return False
            return False
        return True

    def text(self) -> str:
        """What was kept."""
        return self._bytes.decode(errors="replace")


def supervise(channel: socket.socket, child_main: ChildMain) -> None:
    """Run one assignment in a child and answer how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    adopt_orphans()
    try:
        assignment = from_json(receive_frame(channel, within=_ASSIGNMENT_WITHIN), Assignment)
    except ChannelClosedError:
        return
    counters = Counters()
    outcome_out, outcome_in = os.pipe()
    output_out, output_in = os.pipe()
    began = monotonic()
    child = os.fork()
    if child == 0:
        _become_child(channel, output_in, (outcome_out, output_out))
        child_main(assignment, outcome_in, counters)
        os._exit(0)
    os.close(outcome_in)
    os.close(output_in)
    outcome = _Kept(outcome_out, MAX_FRAME_BYTES, last=False)
    output = _Kept(output_out, MAX_OUTPUT_BYTES, last=True)
    timeout = assignment.request.timeout.total_seconds()
    timed_out = _watch(child, channel, (outcome, output), began + timeout)
    status = _end_all(child)
    outcome.read()
    output.read()
    live, replayed = counters.get()
    ending = Ending(
        exit_code=os.WEXITSTATUS(status) if os.WIFEXITED(status) else None,
        signal=os.WTERMSIG(status) if os.WIFSIGNALED(status) else None,
        timed_out=timed_out,
        duration=timedelta(seconds=monotonic() - began),
        live_requests=live,
        replayed_requests=replayed,
        outcome=outcome.text(),
        output=output.text(),
    )
    with suppress(OSError):
        send_frame(channel, to_json(ending))


def _become_child(channel: socket.socket, output: int, unused: tuple[int, ...]) -> None:
    """Nothing in, all output into the supervisor's pipe, and no way to talk to the parent."""
    channel.close()
    for descriptor in unused:
        os.close(descriptor)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(nothing)
    os.close(output)


def _watch(child: int, channel: socket.socket, pipes: tuple[_Kept, ...], deadline: float) -> bool:
    """Until the child ends, its time is up, or nobody waits for it any more.

    Returns:
        Whether its time was up.
    """
    ended = os.pidfd_open(child)
    with selectors.DefaultSelector() as selector:
        selector.register(ended, selectors.EVENT_READ)
        selector.register(channel, selectors.EVENT_READ)
        for pipe in pipes:
            selector.register(pipe.descriptor, selectors.EVENT_READ, pipe)
        try:
            while (left := deadline - monotonic()) > 0:
                for key, _ in selector.select(left):
                    if key.fd == ended or key.fileobj is channel:
                        return False
                    if isinstance(key.data, _Kept) and not key.data.read():
                        selector.unregister(key.fd)
            return True
        finally:
            os.close(ended)


def _end_all(child: int) -> int:
    """Kill what is left of the run, those that left its session included.

    Returns:
        The child's wait status.
    """
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child, signal.SIGKILL)
    child_status = 0
    deadline = monotonic() + _REAP_SECONDS
    nothing = select.poll()
    while monotonic() < deadline:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            break
        if pid == child:
            child_status = status
        elif pid == 0:
            for other in _children():
                with suppress(ProcessLookupError):
                    os.kill(other, signal.SIGKILL)
            nothing.poll(_POLL_SECONDS * 1000)
    return child_status


def _children() -> list[int]:
    """Our children; orphans of the run become so."""
    own = str(os.getpid())
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with suppress(OSError):
            # "pid (name) state ppid": the name may hold anything, a bracket too.
            fields = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()
            if fields[1] == own:
                found.append(int(entry.name))
    return found
