"""Waits, with a bound, for a DuckDB destination that another process writes."""

import logging
import time
from collections.abc import Callable
from datetime import timedelta
from threading import Event
from typing import TypeVar

from connector_healing.core.exception_chain import safe_text, walk
from connector_healing.sandbox.attaching import PATIENCE, says_locked

T = TypeVar("T")

_POLL = timedelta(milliseconds=500)
_LOG = logging.getLogger("connector_healing")


def once_unlocked(action: Callable[[], T], patience: timedelta = PATIENCE) -> T:
    """What the action returns, tried again for as long as another process holds the destination.

    Args:
        action: Can be repeated where the lock was what it failed of, as dlt's synchronisation and
            load of a package can.
        patience: From the first try on.

    Raises:
        Exception: What the action raised last, where the lock outlasts the patience, or of
            anything else at once.
    """
    deadline = time.monotonic() + patience.total_seconds()
    pause, told = Event(), False
    while True:
        try:
            return action()
        except Exception as error:
            if not is_locked(error) or time.monotonic() >= deadline:
                raise
        if not told:
            seconds = patience.total_seconds()
            _LOG.warning("Another process writes the destination: waiting for %g s.", seconds)
            told = True
        pause.wait(_POLL.total_seconds())


def is_locked(error: BaseException) -> bool:
    """Whether an exception comes of a DuckDB file that another process writes."""
    return any(says_locked(safe_text(link)) for link in walk(error))
