"""The parent's end of the fork server: starts it, hands it channels, ends it."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from connector_healing.errors import SandboxError

#: What the server's environment holds of ours; all else is left behind.
PASSED_ON = (
    "CURL_CA_BUNDLE", "LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "PATH", "PYTHONHASHSEED",
    "REQUESTS_CA_BUNDLE", "SSL_CERT_DIR", "SSL_CERT_FILE", "TZ",
)  # fmt: skip
#: What every run finds set, whatever its parent has.
FIXED: Mapping[str, str] = {
    "DO_NOT_TRACK": "1",
    "MALLOC_ARENA_MAX": "2",  # glibc reserves 64 MiB of the child's address space for each arena.
    "RESTORE_FROM_DESTINATION": "false",
    "RUNTIME__DLTHUB_TELEMETRY": "false",
}
#: -I keeps the environment and the working directory out of the import path, -B writes no
#: byte code beside the project's files.
_BOOT = (
    "import sys; sys.path += [p for p in sys.argv[2:] if p not in sys.path]; "
    "from connector_healing.sandbox.server import main; main(int(sys.argv[1]))"
)
_END_WITHIN = timedelta(seconds=20)
_LOG_CHARACTERS = 2000


class ForkServer:
    """Starts on the first run, and again where it has died.

    Args:
        home: A directory of its own, for its log and as its home.
    """

    def __init__(self, home: Path) -> None:
        self._home = home
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    @property
    def pid(self) -> int | None:
        """The server's process id, while it runs."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def start(self) -> None:
        """Start the server, unless it runs; it imports in the background."""
        with self._lock:
            self._started()

    def channel(self) -> socket.socket:
        """A new run's channel, its other end in the server's hands.

        Raises:
            SandboxError: If no server can be started.
        """
        ours, theirs = socket.socketpair()
        with theirs, self._lock:
            for _ in range(2):  # A server that died since the last run is found out by sending.
                control = self._started()
                try:
                    socket.send_fds(control, [b"r"], [theirs.fileno()])
                except OSError:
                    self._end()
                else:
                    return ours
        ours.close()
        raise SandboxError(f"The sandbox server does not stay up. {self.log()}")

    def close(self) -> None:
        """End the server; it waits for its runs to end."""
        with self._lock:
            self._end()

    def log(self) -> str:
        """The end of what the server itself printed; it never sees a secret."""
        with suppress(OSError):
            return self._log_path.read_text(errors="replace")[-_LOG_CHARACTERS:]
        return ""

    @property
    def _log_path(self) -> Path:
        return self._home / "server.log"

    def _started(self) -> socket.socket:
        if self._process and self._control and self._process.poll() is None:
            return self._control
        self._end()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        path = [str(Path(p).absolute()) for p in sys.path if p]
        environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        try:
            with theirs, self._log_path.open("ab") as log:
                self._process = subprocess.Popen(  # noqa: S603  # our own interpreter and text
                    [sys.executable, "-IB", "-c", _BOOT, str(theirs.fileno()), *path],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd=self._home,
                    env={**environment, **FIXED, "HOME": str(self._home)},
                    pass_fds=(theirs.fileno(),),
                    start_new_session=True,
                )
        except OSError as error:
            ours.close()
            raise SandboxError(f"The sandbox server cannot be started: {error}") from error
        self._control = ours
        return ours

    def _end(self) -> None:
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._process is not None:
            try:
                self._process.wait(_END_WITHIN.total_seconds())
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
