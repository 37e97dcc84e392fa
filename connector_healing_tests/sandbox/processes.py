"""Looking at real processes, and waiting for what they do."""

from collections.abc import Callable
from pathlib import Path
from threading import Event
from time import monotonic


def alive(pid: int) -> bool:
    """Whether the process runs; a zombie does not."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def await_that(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Wait for a condition, and fail where it does not come true in time."""
    deadline = monotonic() + seconds
    pause = Event()
    while not condition():
        assert monotonic() < deadline, "it did not come true in time"
        pause.wait(0.02)


def children(pid: int) -> list[int]:
    """The running children of a process."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and alive(int(entry.name)):
            status = (entry / "stat").read_text().rpartition(")")[2].split()
            if int(status[1]) == pid:
                found.append(int(entry.name))
    return found
