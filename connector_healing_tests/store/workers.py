"""What the processes of a race do, and how they are started together."""

import os
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from multiprocessing.connection import Connection as Pipe
from multiprocessing.synchronize import Barrier
from threading import Event
from typing import TypeVar

from sqlalchemy import update

from connector_healing.core.case import CaseState
from connector_healing.core.policy import HealMode
from connector_healing.store import open_store
from connector_healing.store.schema import cases
from connector_healing_tests.store.builders import HOUR, NOW, failure

T = TypeVar("T")
#: A server that has this module loaded forks the processes: real ones, without its imports' cost.
PROCESSES = get_context("forkserver")
PROCESSES.set_forkserver_preload(
    ["__main__", __name__, "alembic.command", "sqlalchemy.dialects.postgresql.psycopg"]
)
_start: list[Barrier] = []


def together(work: Callable[[str, int], T], url: str, count: int) -> Sequence[T]:
    """The results of `count` processes that begin `work(url, number)` at one moment."""
    barrier = PROCESSES.Barrier(count)
    with ProcessPoolExecutor(
        count, mp_context=PROCESSES, initializer=_remember, initargs=(barrier,)
    ) as pool:
        futures = [pool.submit(_begin, work, url, number) for number in range(count)]
        return [future.result(timeout=120) for future in futures]


def _remember(barrier: Barrier) -> None:
    _start.append(barrier)


def _begin(work: Callable[[str, int], T], url: str, number: int) -> T:
    _start[0].wait(timeout=60)
    return work(url, number)


def open_and_read(url: str, number: int) -> str | None:
    with open_store(url) as store:
        store.set_note(f"process {number}", "was here")
        return store.get_note(f"process {number}")


def claim_one(url: str, number: int) -> int | None:
    with open_store(url) as store:
        lease = store.claim("work", f"process {number}", HOUR)
        return lease.epoch if lease else None


def count_under_lease(url: str, number: int) -> list[int]:
    """Add one to a note ten times; without the lease, additions would be lost."""
    epochs: list[int] = []
    waiting, deadline = Event(), datetime.now(UTC) + timedelta(seconds=60)
    with open_store(url) as store:
        while len(epochs) < 10 and datetime.now(UTC) < deadline:
            lease = store.claim("counter", f"process {number}", HOUR)
            if lease is None:
                waiting.wait(0.002)
                continue
            store.set_note("counter", str(int(store.get_note("counter") or 0) + 1))
            store.release(lease)
            epochs.append(lease.epoch)
    return epochs


def open_one_case(url: str, number: int) -> tuple[str, bool]:
    dlt_resource = "departures" if number % 2 else None
    with open_store(url) as store:
        found = failure(f"f{number}", dlt_resource=dlt_resource)
        case, is_new = store.open_case(found, "fp", HealMode.PROPOSE, {}, NOW)
        return case.case_id, is_new


def claim_and_die(url: str, duration: timedelta) -> None:
    with open_store(url) as store:
        store.claim("work", "the dead", duration)
        os.kill(os.getpid(), signal.SIGKILL)


def die_inside_a_write(url: str, case_id: str, written: Pipe) -> None:
    """Change a case, say so, and wait to be killed before the transaction ends."""
    with open_store(url) as store, store._database.writing() as connection:
        connection.execute(
            update(cases).where(cases.c.case_id == case_id).values(state=CaseState.REJECTED)
        )
        written.send("changed, not committed")
        written.recv()
