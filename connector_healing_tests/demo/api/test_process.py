"""The API as a process: its port, its secrets, its end."""

import signal
import socket
import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest

from connector_healing.demo.api import __main__ as command
from connector_healing.demo.api.client import RunningApi, connect, require_extra, start_api
from connector_healing.errors import HealingError, MissingExtraError, PortInUseError, UsageError

PARENT = """
import sys, threading
from connector_healing.demo.api.client import start_api
api = start_api()
print(api.url, flush=True)
threading.Event().wait()
"""


def wait_for_silence(url: str, within: timedelta) -> bool:
    """Whether the address stops answering in time."""
    deadline = time.monotonic() + within.total_seconds()
    pause = threading.Event()
    while time.monotonic() < deadline:
        try:
            connect(url)
        except HealingError:
            return True
        pause.wait(0.05)
    return False


def test_it_ends_with_its_parent_even_when_that_is_killed() -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    with parent.stdout:
        url = parent.stdout.readline().strip()
    connect(url)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    assert wait_for_silence(url, timedelta(seconds=20))


def test_it_ends_when_it_is_closed_and_its_port_is_free_again() -> None:
    api = start_api(token="my-own-token")
    port = int(api.url.rpartition(":")[2])
    assert api.token == "my-own-token"
    api.close()
    api.close()
    with start_api(port) as again:
        assert again.url == api.url


def test_a_taken_port_is_said_at_once(api: RunningApi) -> None:
    port = int(api.url.rpartition(":")[2])
    with pytest.raises(PortInUseError, match=str(port)):
        start_api(port)


@pytest.mark.parametrize(("port", "month"), [(70_000, "2013-01"), (0, "2014-01"), (0, "January")])
def test_a_port_or_month_that_is_none_is_refused(port: int, month: str) -> None:
    with pytest.raises(UsageError, match="cannot be used"):
        start_api(port, month)


@pytest.mark.parametrize("module", ["starlette", "uvicorn"])
def test_a_missing_extra_is_named(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError, match=r"\[demo\]"):
        require_extra()


def test_no_secret_is_on_the_command_line_or_in_the_environment(api: RunningApi) -> None:
    for place in ("cmdline", "environ"):
        text = Path(f"/proc/{api.pid}/{place}").read_text()
        assert api.token not in text
        assert api.client_secret not in text
    assert api.token not in repr(api)


def test_the_command_refuses_a_taken_port_in_one_line(
    api: RunningApi, capsys: pytest.CaptureFixture[str]
) -> None:
    port = api.url.rpartition(":")[2]
    assert command.main(["--port", port]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert port in err


def test_the_command_serves_until_it_is_interrupted() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "connector_healing.demo.api", "--port", str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    assert f"127.0.0.1:{port}" in server.stdout.readline()
    connect(f"http://127.0.0.1:{port}")
    server.send_signal(signal.SIGINT)
    _, complaint = server.communicate(timeout=20)
    assert (server.returncode, complaint) == (0, "")
