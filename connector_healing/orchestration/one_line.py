"""A run that cannot do what it was asked fails with one line, not with a traceback."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from connector_healing.errors import UsageError


@contextmanager
def in_one_line() -> Iterator[None]:
    """Within an op: bad input fails the run, with the sentence that the command line prints.

    Raises:
        dagster.Failure: In place of a `UsageError`; Dagster does not try the op again.
    """
    try:
        yield
    except UsageError as error:
        raise dg.Failure(description=str(error), allow_retries=False) from None
