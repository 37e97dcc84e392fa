"""One broken project, its `dagster dev`, and a browser."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests

from connector_healing.demo.api.client import start_api

if TYPE_CHECKING:
    from playwright.sync_api import Page

ROOT = Path(__file__).parents[2]

#: The flags with which Chromium runs as root and asks nobody on the network.
CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

_RUNS = """
query Runs($job: String) {
  runsOrError(filter: {pipelineName: $job}) {
    ... on Runs { results { runId jobName status tags { key value } } }
  }
}
"""


def until(condition: Callable[[], Any], what: str, seconds: float = 180) -> Any:
    """Ask again and again until the answer is true; returns it."""
    pause = threading.Event()
    for _ in range(int(seconds / 0.5)):
        with contextlib.suppress(requests.RequestException, KeyError):
            if found := condition():
                return found
        pause.wait(0.5)
    pytest.fail(f"{what}: not within {seconds} s")


@dataclass(frozen=True, slots=True, kw_only=True)
class DagsterUi:
    """A running `dagster dev`."""

    url: str
    folder: Path

    def runs(self, job: str) -> list[dict[str, Any]]:
        """The runs of a job, newest first."""
        asked = {"query": _RUNS, "variables": {"job": job}}
        answer = requests.post(f"{self.url}/graphql", json=asked, timeout=30).json()
        found: list[dict[str, Any]] = answer["data"]["runsOrError"]["results"]
        return found

    def ended(self, job: str, connector: str, others: int = 0) -> dict[str, Any]:
        """Await a run of a job about a connector that has ended."""

        def look() -> dict[str, Any] | None:
            mine = [
                run
                for run in self.runs(job)
                if {"key": "connector_healing/connector_id", "value": connector} in run["tags"]
            ]
            over = len(mine) > others and mine[0]["status"] in {"SUCCESS", "FAILURE"}
            return mine[0] if over else None

        run: dict[str, Any] = until(look, f"a run of {job} for {connector}")
        return run


@pytest.fixture(scope="session")
def chromium() -> str:
    """The system's Chromium."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("needs Chromium: install your system's package `chromium`")
    return path


def free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        port: int = asked.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def dagster_ui(tmp_path_factory: pytest.TempPathFactory, chromium: str) -> Iterator[DagsterUi]:
    """`dagster dev` on a project whose connectors have just failed."""
    folder = tmp_path_factory.mktemp("project")
    for name in ("dagster.yaml", "workspace.yaml"):
        shutil.copy(ROOT / name, folder)
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in {"DAGSTER_HOME", "CONNECTOR_HEALING_HOME", "CONNECTOR_HEALING_STORE_URL"}
    }
    environment["DLT_PROJECT_DIR"] = str(folder / ".connector_healing" / "demo")
    with start_api(token=_token(folder, environment)) as api:
        subprocess.run(
            [sys.executable, "-m", "connector_healing_tests.browser.broken_project", api.url],
            cwd=folder,
            env={**environment, "PYTHONPATH": str(ROOT)},
            check=True,
            timeout=300,
        )
        port = free_port()
        with (folder / "dagster-dev.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "dagster", "dev", "-p", str(port)],
                cwd=folder,
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                ui = DagsterUi(url=f"http://127.0.0.1:{port}", folder=folder)
                until(
                    lambda: requests.get(f"{ui.url}/server_info", timeout=5).ok,
                    "dagster dev answers",
                )
                yield ui
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _token(folder: Path, environment: dict[str, str]) -> str:
    """The token that the project's connectors will use."""
    asked = subprocess.run(
        [
            sys.executable,
            "-c",
            "from connector_healing.demo.settings import demo_settings as s; print(s().token)",
        ],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return asked.stdout.strip()


@pytest.fixture(scope="module")
def page(chromium: str) -> "Iterator[Page]":
    """A page of a browser, large enough for the UI."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(CHROMIUM_FLAGS))
        made = browser.new_page(viewport={"width": 1280, "height": 800})
        made.set_default_timeout(90_000)
        yield made
        browser.close()


@pytest.fixture(scope="session")
def screenshots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where screenshots go: CONNECTOR_HEALING_SCREENSHOTS, else a temporary folder."""
    chosen = os.environ.get("CONNECTOR_HEALING_SCREENSHOTS")
    folder = Path(chosen) if chosen else tmp_path_factory.mktemp("screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder
