"""The limits that a sandbox child puts on itself before it runs anything foreign."""

import os
import resource
import signal
from datetime import timedelta

from connector_healing.sandbox.prctl import die_with_parent, no_new_privileges

#: A DuckDB file or dlt's intermediate files may grow to this and no further.
MAX_FILE_BYTES = 4 * 1024**3
MAX_OPEN_FILES = 1024
#: CPU time may exceed wall time where several threads work; beyond this factor it is a runaway.
_CPU_PER_WALL = 4


def detach(parent: int) -> None:
    """Begin a session of our own that ends with the supervisor.

    Args:
        parent: The supervisor's process id.
    """
    os.setsid()
    die_with_parent(signal.SIGKILL)
    if os.getppid() != parent:  # It ended before the kernel was told.
        os._exit(1)
    no_new_privileges()
    os.umask(0o077)


def limit_resources(*, memory_bytes: int, timeout: timedelta) -> None:
    """Bound memory, CPU time, file size and open files, and write no core."""
    cpu_seconds = max(1, int(timeout.total_seconds() * _CPU_PER_WALL))
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_AS, memory_bytes)
    _limit(resource.RLIMIT_CPU, cpu_seconds)
    _limit(resource.RLIMIT_FSIZE, MAX_FILE_BYTES)
    _limit(resource.RLIMIT_NOFILE, MAX_OPEN_FILES)


def _limit(which: int, value: int) -> None:
    _, hard = resource.getrlimit(which)
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    resource.setrlimit(which, (value, value))
