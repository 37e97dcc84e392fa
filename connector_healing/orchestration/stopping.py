"""Ctrl-C while Dagster or dlt works in this process."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

#: What stops this process. While it works, Dagster gives the second the first one's meaning.
_STOPS = frozenset({signal.SIGINT, signal.SIGTERM})

#: Signals that are looked at; one is enough.
_LOOKED_AT = 1024


@contextmanager
def stopped_by_signals() -> Iterator[None]:
    """Raise `KeyboardInterrupt` at the end where this process was told to stop meanwhile.

    Dagster and dlt take the signal for themselves: the run then fails, or, where it had little left
    to do, succeeds, and nothing is raised. What Python writes to the wakeup descriptor comes
    whoever handles the signal.

    Raises:
        KeyboardInterrupt: In place of whatever the work raised, which becomes its context.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # signals come to the main thread, and only there can the descriptor be set
        return
    read, write = os.pipe()
    for descriptor in (read, write):
        os.set_blocking(descriptor, False)
    before = signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        came = b""
        with suppress(BlockingIOError):
            came = os.read(read, _LOOKED_AT)
        os.close(read)
        os.close(write)
        if not _STOPS.isdisjoint(came):
            raise KeyboardInterrupt
