"""Worker processes that heal a case and kill themselves at a chosen place.

``python -m connector_healing_tests.healing.worker`` reads one order a line and answers with how
its worker ended. A worker is a fork, since its imports take longer than most of its work. Its
place is ``before STEP``, ``after STEP``, or ``after PORT.METHOD`` of a write within a step.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from connector_healing.core.case import CaseState, Step
from connector_healing.healing.workflow import HealWorkflow
from connector_healing.orchestration.services import heal_services, run_services
from connector_healing.sandbox.data_judge import DuckDbDataJudge
from connector_healing.sandbox.runner import ProcessSandbox

#: Loaded here already, and not by each worker.
PRELOADED = (DuckDbDataJudge, ProcessSandbox)

#: Short, so that a test need not wait long for the next worker.
LEASE = timedelta(seconds=0.4)


def die() -> None:
    """As the kernel would have it: no handler runs, nothing is closed."""
    os.kill(os.getpid(), signal.SIGKILL)


class Deadly:
    """Progress that kills before or after a step."""

    def __init__(self, place: str) -> None:
        self._place = place

    @contextlib.contextmanager
    def step(self, case_id: str, step: Step, text: str) -> Iterator[None]:
        if self._place == f"before {step.value}":
            die()
        yield
        if self._place == f"after {step.value}":
            die()


class DeadlyPort:
    """A port of which one method kills right after it did its work."""

    def __init__(self, port: Any, name: str, place: str) -> None:
        self._port = port
        self._name = name
        self._place = place

    def __getattr__(self, method: str) -> Any:
        found = getattr(self._port, method)
        if not callable(found):
            return found

        def called(*args: Any, **kwargs: Any) -> Any:
            result = found(*args, **kwargs)
            place = f"after {self._name}.{method}"
            # The state that a case moves to tells its moves apart.
            state = next((f" {a.value}" for a in args if isinstance(a, CaseState)), "")
            if self._place in {place, f"{place}{state}"}:
                die()
            return result

        return called


def heal(home: str, case_id: str, place: str, store_url: str | None) -> None:
    services = run_services(Path(home), store_url)
    with heal_services(services, progress=Deadly(place)) as ports:
        deadly: dict[str, Any] = {
            name: DeadlyPort(getattr(ports, name), name, place)
            for name in ("store", "registry", "files", "leases", "data", "sandbox")
        }
        # The registry writes into the store itself.
        deadly["registry"]._port._store = deadly["store"]
        HealWorkflow(replace(ports, lease_duration=LEASE, **deadly)).run(case_id)


def serve() -> None:
    """Fork a worker for each order."""
    for line in sys.stdin:
        worker = os.fork()
        if not worker:
            try:
                heal(**json.loads(line))
            finally:
                os._exit(0)
        _, status = os.waitpid(worker, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


@contextlib.contextmanager
def serving() -> Iterator["subprocess.Popen[str]"]:
    """The process that forks workers."""
    paths = os.pathsep.join(p for p in sys.path if p)
    server = subprocess.Popen(
        [sys.executable, "-m", "connector_healing_tests.healing.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": paths},
    )
    try:
        yield server
    finally:
        server.communicate()


def ordered(server: "subprocess.Popen[str]", **order: str | None) -> int:
    """Have a worker heal; its exit status, negative for a signal."""
    assert server.stdin is not None
    assert server.stdout is not None
    server.stdin.write(json.dumps(order) + "\n")
    server.stdin.flush()
    return int(server.stdout.readline())


if __name__ == "__main__":
    serve()
