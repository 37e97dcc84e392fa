"""The fork server: imports what every run needs once, then forks a supervisor for each run.

It is told nothing but "here is a run's channel": assignments, and the secrets in them, go to the
supervisor, so that none stays in the memory that later runs are forked from. It ends when the
parent closes the control channel (or ends), once all runs have.
"""

import gc
import importlib
import os
import signal
import socket
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress

from connector_healing.sandbox.supervisor import supervise

#: What a dlt run into DuckDB imports on its way; measured as what `sys.modules` gained.
PRELOADED = (
    "dlt",
    "duckdb",
    "requests",
    "dlt.common.configuration.plugins",
    "dlt.common.libs.sql_alchemy_compat",
    "dlt.destinations.impl.duckdb.duck",
    "dlt.destinations.impl.duckdb.sql_client",
    "dlt.destinations.insert_job_client",
    "dlt.extract.incremental",
    "dlt.load.load",
    "dlt.normalize.items_normalizers",
    "dlt.pipeline.pipeline",
    "dlt.sources.helpers.requests",
    "dlt.sources.helpers.rest_client",
    "dlt.sources.rest_api",
    "encodings.idna",
    "netrc",
    "pendulum.locales.en.locale",
    "connector_healing.core.capture",
    "connector_healing.sandbox.child",
    "connector_healing.sandbox.packages",
    "connector_healing.sandbox.pipeline",
    "connector_healing.sandbox.quick_load",
)


def preload() -> None:
    """Import what runs need; what an installation lacks is left to the run that needs it."""
    for name in PRELOADED:
        with suppress(ImportError):
            importlib.import_module(name)
    from dlt.common.configuration.container import Container
    from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext

    _ = Container()[PluggableRunContext]  # dlt looks for its plugins here: a third of a second.


def serve(control: socket.socket) -> None:
    """Fork a supervisor for each channel that comes, until the control channel closes."""
    from connector_healing.sandbox.child import run_child

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # The kernel reaps supervisors.
    gc.collect()
    gc.freeze()  # The collector of a child must not touch, and so copy, all of our pages.
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, 1, 1)
        if not message:
            break
        if not descriptors:
            continue
        with socket.socket(fileno=descriptors[0]) as channel:
            if os.fork() == 0:
                control.close()
                _end_after(lambda: supervise(channel, run_child))
    with suppress(ChildProcessError):
        os.waitpid(-1, 0)  # With SIGCHLD ignored this waits for all of them.


def _end_after(work: Callable[[], None]) -> None:
    status = 1
    try:
        work()
        status = 0
    except Exception:  # noqa: BLE001  # a process's outermost frame: say it and end
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


def main(descriptor: int) -> None:
    """Serve on an inherited socket."""
    with socket.socket(fileno=descriptor) as control:
        preload()
        serve(control)
