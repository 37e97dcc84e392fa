"""Stopping the demo: it ends at once, says so, and leaves nothing running."""

import os
import pty
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from time import monotonic

import pytest

#: Long enough for any machine; the demo itself takes about a minute on an idle one.
PATIENCE = timedelta(minutes=4)

CTRL_C = b"\x03"


@dataclass
class Terminal:
    """The demo, started at a terminal of its own."""

    process: "subprocess.Popen[bytes]"
    descriptor: int
    shown: str = ""
    _until: float = field(default_factory=lambda: monotonic() + PATIENCE.total_seconds())

    def wait_for(self, text: str) -> None:
        """Return when the terminal shows this text."""
        while text not in self.shown:
            assert self._read(), f"It ended without {text!r}: {self.shown[-2000:]}"

    def end(self) -> int:
        """Read to the end; returns the exit status."""
        while self._read():
            continue
        return self.process.wait(PATIENCE.total_seconds())

    def _read(self) -> bool:
        ready, _, _ = select.select([self.descriptor], [], [], max(self._until - monotonic(), 0))
        assert ready, f"It is still running: {self.shown[-2000:]}"
        with suppress(OSError):  # the other end is closed
            got = os.read(self.descriptor, 65_536)
            self.shown += got.decode(errors="replace")
            return bool(got)
        return False


#: What runs in a shell's background is begun with this signal ignored, and so are its children.
DEMO = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from connector_healing.cli.main import main
sys.argv = ["connector-healing", "demo"]
main()
"""


@contextmanager
def demo_at_a_terminal(folder: Path) -> Iterator[Terminal]:
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in {"DAGSTER_HOME", "CONNECTOR_HEALING_HOME", "CONNECTOR_HEALING_STORE_URL"}
    }
    ours, its = pty.openpty()
    process = subprocess.Popen(
        # Ctrl-C comes to the terminal's foreground: `setsid -c` makes this one its terminal.
        ["setsid", "-c", sys.executable, "-c", DEMO],
        cwd=folder,
        env={**environment, "TERM": "xterm", "COLUMNS": "120"},
        stdin=its,
        stdout=its,
        stderr=its,
    )
    os.close(its)
    try:
        yield Terminal(process, ours)
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def processes_in(folder: Path) -> list[str]:
    """What still runs in a folder: the demo's children inherit it."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (process / "cwd").resolve() == folder:
                found.append((process / "cmdline").read_text(encoding="utf-8"))
    return found


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/cwd").exists(), reason="needs /proc, as Linux has it")
@pytest.mark.parametrize(
    ("number", "phase"),
    [
        (None, "25 January: all connectors run: weather"),
        (signal.SIGINT, "25 January: all connectors run: flights"),
    ],
    ids=["ctrl-c", "a signal to the process alone"],
)
def test_the_demo_stops(tmp_path: Path, number: signal.Signals | None, phase: str) -> None:
    with demo_at_a_terminal(tmp_path) as terminal:
        terminal.wait_for(phase)
        if number is None:
            os.write(terminal.descriptor, CTRL_C)
        else:
            terminal.process.send_signal(number)
        status = terminal.end()
        left = processes_in(tmp_path.resolve())

    assert status == 1
    assert terminal.shown.rstrip().endswith("Stopped."), terminal.shown[-2000:]
    assert "Not as it should be" not in terminal.shown
    assert "Traceback" not in terminal.shown
    assert left == []
