"""The demo in other ways than the README's: a fault that must not heal, and a port in use."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest


def demo(folder: Path, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in {"DAGSTER_HOME", "CONNECTOR_HEALING_HOME", "CONNECTOR_HEALING_STORE_URL"}
    }
    return subprocess.run(
        [sys.executable, "-m", "connector_healing", "demo", *arguments],
        cwd=folder,
        env={**environment, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_wrong_data_under_a_new_name_are_refused_and_the_check_is_named(tmp_path: Path) -> None:
    done = demo(tmp_path, "--json", "--fault", "renamed_with_wrong_data")
    told: dict[str, Any] = json.loads(done.stdout)
    assert (done.returncode, told["status"], told["wrong"]) == (0, "ok", [])
    assert told["healed"] == 0
    [case] = told["cases"]
    assert case["state"] == "abstained"
    assert case["diff"] == ""
    assert case["refused_by"] or "nothing proven holds" in case["outcome"] or case["found"]
    report = Path(case["report"]).read_text(encoding="utf-8")
    assert "Failing" in report


@pytest.mark.slow
def test_faults_that_break_nothing_end_well_and_it_is_said(tmp_path: Path) -> None:
    done = demo(tmp_path, "--fault", "deprecated", "--fault", "type_changed")
    assert done.returncode == 0, done.stdout
    told = " ".join(done.stdout.split())
    assert "Nothing broke for flights, weather, airports: " in told
    assert "Not as it should be" not in told
    assert "0 healed, 0 held" in told


@pytest.mark.slow
def test_wrong_data_that_nobody_saw_are_named(tmp_path: Path) -> None:
    done = demo(tmp_path, "--json", "--fault", "wrong_data_right_names")
    told: dict[str, Any] = json.loads(done.stdout)
    assert (done.returncode, told["status"], told["cases"]) == (1, "wrong", [])
    [wrong] = told["wrong"]
    assert wrong.startswith("flights noticed nothing and loaded wrong data: flights.flights: ")
    assert "rows are missing or other" in wrong
    assert told["unharmed"] == ["weather", "airports"]


def test_a_port_in_use_is_one_line_and_exit_status_2(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = demo(tmp_path, "--port", str(port))
    assert done.returncode == 2
    [line] = [text for text in done.stderr.splitlines() if "Error" in text]
    assert f"port: {port} cannot be used" in line
    assert "Traceback" not in done.stderr


def test_an_unknown_fault_is_refused_before_anything_runs(tmp_path: Path) -> None:
    done = demo(tmp_path, "--fault", "no_such_fault")
    assert done.returncode == 2
    assert "no_such_fault" in done.stderr
    assert "field_renamed_and_moved" in done.stderr
    assert not (tmp_path / ".connector_healing" / "store.db").exists()


def test_a_run_that_fails_before_anything_is_broken_ends_the_demo(tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        proxy = f"http://127.0.0.1:{unused.getsockname()[1]}"
        # Only the connectors ask by a proxy, and this one answers nobody.
        done = demo(
            tmp_path,
            HTTP_PROXY=proxy,
            http_proxy=proxy,
            NO_PROXY="",
            no_proxy="",
            RUNTIME__REQUEST_MAX_ATTEMPTS="1",
        )
    assert done.returncode == 1
    assert done.stdout == ""
    [line] = [text for text in done.stderr.splitlines() if text.startswith("Error: ")]
    assert line.startswith("Error: flights failed on 25 January, before anything was broken: ")
    assert "ProxyError" in line
    assert "26 January" not in done.stderr
