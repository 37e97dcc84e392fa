"""The sandbox's processes: side by side, killed, and gone in the end."""

import os
import signal
import threading
from pathlib import Path

import pytest

from connector_healing.core.reproduction import SandboxOutcome
from connector_healing.errors import SandboxError
from connector_healing.ports import Sandbox
from connector_healing.sandbox.runner import ProcessSandbox
from connector_healing_tests.sandbox.loopback import LoopbackApi
from connector_healing_tests.sandbox.processes import alive, await_that, children
from connector_healing_tests.sandbox.project import Project


def test_runs_of_several_threads_go_side_by_side(
    sandbox: ProcessSandbox, project: Project, api: LoopbackApi
) -> None:
    body = 'requests.get(f"{base}/hold", timeout=60)\nyield {"id": 1}'
    request = project.things(body, api.url)
    outcomes: list[SandboxOutcome] = []
    threads = [
        threading.Thread(target=lambda: outcomes.append(sandbox.run(request))) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    await_that(lambda: len(api.hits) == 3)
    api.hold.set()
    for thread in threads:
        thread.join()
    assert [o.failure for o in outcomes] == [None] * 3
    assert len({o.database for o in outcomes}) == 3


def test_a_server_that_was_killed_is_started_again(
    project: Project, api: LoopbackApi, tmp_path: Path
) -> None:
    sandbox = ProcessSandbox(tmp_path / "home")
    try:
        assert sandbox.run(project.flights(api.url)).failure is None
        first = sandbox.server_pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        await_that(lambda: not alive(first))
        assert sandbox.run(project.flights(api.url)).failure is None
        assert sandbox.server_pid not in {None, first}
    finally:
        sandbox.close()


def test_a_run_whose_supervisor_was_killed_is_an_error_and_the_next_one_is_well(
    sandbox: ProcessSandbox, project: Project, api: LoopbackApi
) -> None:
    request = project.things('requests.get(f"{base}/hold")\nyield {}', api.url)
    errors: list[BaseException] = []

    def run() -> None:
        try:
            sandbox.run(request)
        except SandboxError as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    await_that(lambda: api.hits == ["GET /hold"])
    server = sandbox.server_pid
    assert server is not None
    (supervisor,) = children(server)
    (child,) = children(supervisor)
    os.kill(supervisor, signal.SIGKILL)
    thread.join(30)
    assert len(errors) == 1
    await_that(lambda: not alive(child))
    assert sandbox.run(project.flights(api.url)).failure is None


def test_closing_leaves_no_process_and_no_directory(
    project: Project, api: LoopbackApi, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    sandbox = ProcessSandbox(home)
    request = project.things('requests.get(f"{base}/hold")\nyield {}', api.url)
    errors: list[BaseException] = []

    def run() -> None:
        try:
            sandbox.run(request)
        except SandboxError as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    await_that(lambda: api.hits == ["GET /hold"])
    server = sandbox.server_pid
    assert server is not None
    tree = [server, *children(server)]
    tree += [grandchild for child in tree[1:] for grandchild in children(child)]
    assert len(tree) == 3
    sandbox.close()
    thread.join(30)
    assert len(errors) == 1
    assert [pid for pid in tree if alive(pid)] == []
    assert list(home.iterdir()) == []
    with pytest.raises(SandboxError, match="closed"):
        sandbox.run(request)
    sandbox.close()


def test_what_a_killed_owner_left_behind_is_removed_by_the_next(tmp_path: Path) -> None:
    left = tmp_path / "sandbox" / "1234-abandoned"
    left.mkdir(parents=True)
    (left / "owner.lock").touch()
    (left / "data").write_text("rows")
    owned: Sandbox = ProcessSandbox(tmp_path)
    others = ProcessSandbox(tmp_path)
    try:
        assert not left.exists()
        assert len(list((tmp_path / "sandbox").iterdir())) == 2
    finally:
        owned.close()
        others.close()
