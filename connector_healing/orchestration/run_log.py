"""The last lines that a run logged."""

import collections
import contextlib
import logging
from collections.abc import Iterator

from connector_healing.core.redaction import Redactor

#: Lines that are kept of each run.
MAX_LINES = 100

#: Characters that are kept of a line.
MAX_LINE = 500


class LogTail(logging.Handler):
    """Keeps the last lines that this process logs while it is attached."""

    def __init__(self) -> None:
        super().__init__(level=logging.INFO)
        self._records: collections.deque[logging.LogRecord] = collections.deque(maxlen=MAX_LINES)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record; it is formatted only when the lines are wanted."""
        self._records.append(record)

    @contextlib.contextmanager
    def attached(self) -> Iterator[None]:
        """Listen while the context lasts; dlt's logger does not hand on to the root's."""
        loggers = [logging.getLogger(), logging.getLogger("dlt")]
        for logger in loggers:
            logger.addHandler(self)
        try:
            yield
        finally:
            for logger in loggers:
                logger.removeHandler(self)

    def lines(self, redactor: Redactor) -> tuple[str, ...]:
        """The lines, oldest first, free of secrets."""
        return tuple(
            redactor.text(f"{r.levelname} {r.name}: {r.getMessage()}")[:MAX_LINE]
            for r in tuple(self._records)
        )
