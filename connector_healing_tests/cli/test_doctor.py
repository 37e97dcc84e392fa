"""What doctor finds, in projects that lack something."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.remote_origin import (
    ManagedGrpcPythonEnvCodeLocationOrigin,
    RemoteInstigatorOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.scheduler.instigation import (
    InstigatorState,
    InstigatorStatus,
    InstigatorType,
    SensorInstigatorData,
)
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._daemon.daemon import SensorDaemon
from dagster._daemon.types import DaemonHeartbeat

from connector_healing.core.connector import Connector, ResourceExpectations
from connector_healing.core.reproduction import SandboxOutcome, SandboxRequest
from connector_healing.errors import SandboxError
from connector_healing.orchestration.failure_sensor import SENSOR_NAME
from connector_healing.sandbox.runner import ProcessSandbox
from connector_healing_tests.cli.prepared import Prepared
from connector_healing_tests.cli.program import Ended, Program, spawn
from connector_healing_tests.store.builders import after, baseline, runtime


@pytest.fixture
def no_probe(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sandbox is looked at by one test; the others need not start it."""
    monkeypatch.setattr(ProcessSandbox, "abilities", lambda _: ())


def findings(ended: Ended) -> dict[str, dict[str, Any]]:
    return {finding["name"]: finding for finding in ended.json["findings"]}


def source(folder: Path, text: str) -> None:
    package = folder / "shop"
    package.mkdir(exist_ok=True)
    (package / "__init__.py").write_text("")
    (package / "flights.py").write_text(text)


def known(prepared: Prepared, folder: Path, connector: Connector | None = None) -> None:
    """A connector with a key and a history, its module in the folder."""
    plain = runtime()
    chosen = connector or replace(
        plain.connector, resources={"departures": ResourceExpectations(primary_key=("id",))}
    )
    prepared.connector(chosen.id)
    prepared.store.save_runtime(
        replace(plain, connector=chosen, import_paths=(str(folder),), project_dir=str(folder))
    )
    source(folder, "def flights():\n    return []\n")
    for minute in range(5):
        prepared.store.record_baseline(baseline(connector_id=chosen.id, recorded_at=after(minute)))


def test_a_project_in_which_all_is_well(folder: Path, prepared: Prepared) -> None:
    known(prepared, folder)

    ended = spawn("doctor", "--json")

    assert ended.status == 0, ended.out
    assert ended.json["status"] == "ok"
    found = findings(ended)
    assert found["store"]["detail"].startswith(f"sqlite:///{prepared.home}/store.db")
    for name in (
        *("store", "registry", "sandbox: fork server", "sandbox: end with the parent"),
        *("connector flights: code", "connector flights: keys", "connector flights: history"),
    ):
        assert found[name]["passed"], found[name]


def test_a_person_reads_marks_and_next_steps(
    program: Program, folder: Path, prepared: Prepared, no_probe: None
) -> None:
    known(prepared, folder)
    shutil.rmtree(folder / "shop")

    ended = program("doctor")

    assert (ended.status, ended.err) == (1, "")
    assert "ok    registry: " in ended.out
    assert (
        "FAIL  connector flights: code: module shop.flights is not where it was when it ran last\n"
        "      Correct the connector's entry_point, or the import path of its project.\n"
    ) in ended.out
    assert "note  dagster instance: none here" in ended.out


def test_where_nothing_ran_nothing_is_made(program: Program, folder: Path, no_probe: None) -> None:
    ended = program("doctor", "--json")

    found = findings(ended)
    assert ended.status == 0
    assert (found["store"]["passed"], found["store"]["required"]) == (False, False)
    assert "The first run of a connector makes it" in found["store"]["next_step"]
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "detail", "required"),
    [
        ("def flights(:\n", "cannot be read as Python", True),
        ("def hotels():\n    flights = 1\n", "has no 'flights'", True),
        ("import dagster as dg\n\ndef flights(): ...\n", "holds Dagster definitions", False),
        ("def flights(): ...\n", None, False),
        ("from shop.other import source as flights\n", None, False),
        ("if True:\n    flights = make()\n", None, False),
        ("class flights: ...\n", None, False),
    ],
)
def test_the_code_of_a_connector(
    program: Program,
    folder: Path,
    prepared: Prepared,
    no_probe: None,
    *,
    text: str,
    detail: str | None,
    required: bool,
) -> None:
    known(prepared, folder)
    source(folder, text)

    ended = program("doctor", "--json")

    found = findings(ended)["connector flights: code"]
    assert found["passed"] == (detail is None)
    assert (detail or str(folder / "shop" / "flights.py")) in found["detail"]
    if detail:
        assert found["required"] is required
        assert found["next_step"]
    assert ended.status == (1 if required else 0)


def test_keys_history_and_hooked_connectors(
    program: Program, folder: Path, prepared: Prepared, no_probe: None
) -> None:
    plain = runtime().connector
    known(prepared, folder, replace(plain, id="keyless", resources={}))
    prepared.connector("young")
    prepared.run("hooked", failure=prepared.failure("hooked"))

    found = findings(program("doctor", "--json"))

    assert found["connector keyless: keys"]["detail"] == "no key is known of departures"
    assert found["connector keyless: history"]["passed"]
    assert found["connector young: history"]["detail"] == "of 5 good runs: departures 0"
    assert "only its failures are captured" in found["connector hooked"]["detail"]
    for name in ("connector keyless: keys", "connector young: history", "connector hooked"):
        assert not found[name]["passed"]
        assert not found[name]["required"]
        assert found[name]["next_step"]


def test_no_connector_has_run_yet(program: Program, prepared: Prepared, no_probe: None) -> None:
    found = findings(program("doctor", "--json"))["connectors"]

    assert (found["passed"], found["required"]) == (False, False)


def test_a_store_that_cannot_be_reached(
    program: Program, folder: Path, no_probe: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "postgresql+psycopg://anna:pa55word@nowhere.invalid/store"
    monkeypatch.setenv("CONNECTOR_HEALING_STORE_URL", url)

    ended = program("doctor", "--json")

    found = findings(ended)["store"]
    assert ended.status == 1
    assert (found["passed"], found["required"]) == (False, True)
    assert "pa55word" not in ended.out
    assert "CONNECTOR_HEALING_STORE_URL" in found["next_step"]


def test_a_home_that_cannot_be_made(
    program: Program, folder: Path, no_probe: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "file").write_text("")
    monkeypatch.setenv("CONNECTOR_HEALING_HOME", str(folder / "file" / "home"))

    ended = program("doctor", "--json")

    assert ended.status == 1
    assert "cannot be written" in findings(ended)["store"]["detail"]


def test_a_store_that_cannot_be_made(
    program: Program, folder: Path, no_probe: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a folder of no real files, which even root cannot write."""
    monkeypatch.setenv("CONNECTOR_HEALING_STORE_URL", "sqlite:////proc/x.db")

    ended = program("doctor", "--json")

    found = findings(ended)["store"]
    assert (ended.status, found["required"]) == (1, True)
    assert "/proc cannot be written" in found["detail"]
    assert "CONNECTOR_HEALING_STORE_URL" in found["next_step"]


@pytest.mark.parametrize("chosen", [True, False])
def test_a_dagster_folder_without_runs_is_left_empty(
    program: Program,
    folder: Path,
    no_probe: None,
    monkeypatch: pytest.MonkeyPatch,
    *,
    chosen: bool,
) -> None:
    home = folder / ".connector_healing" / "dagster"
    home.mkdir(parents=True)
    if chosen:
        monkeypatch.setenv("DAGSTER_HOME", str(home))

    ended = program("doctor", "--json")

    found = findings(ended)["dagster instance"]
    assert (ended.status, found["passed"], found["required"]) == (0, False, False)
    assert found["detail"] == f"no run yet in {home}"
    assert list(home.iterdir()) == []


def test_a_dagster_folder_that_cannot_be_written(
    program: Program, folder: Path, no_probe: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONNECTOR_HEALING_HOME", str(folder))
    monkeypatch.setenv("DAGSTER_HOME", "/proc")

    ended = program("doctor", "--json")

    found = findings(ended)["dagster instance"]
    assert (ended.status, found["required"]) == (1, True)
    assert "/proc cannot be written" in found["detail"]
    assert found["next_step"].startswith("Make it writable")


def test_a_registry_that_cannot_be_written(
    program: Program, prepared: Prepared, no_probe: None
) -> None:
    (prepared.home / "versions").write_text("A file in the folder's place.")

    ended = program("doctor", "--json")

    found = findings(ended)["registry"]
    assert ended.status == 1
    assert str(prepared.home / "versions") in found["detail"]
    assert found["next_step"]


def test_a_sandbox_that_does_not_work(
    program: Program, prepared: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: ProcessSandbox, __: SandboxRequest) -> SandboxOutcome:
        raise SandboxError("The sandbox server does not stay up.")

    monkeypatch.setattr(ProcessSandbox, "run", broken)

    ended = program("doctor", "--json")

    found = findings(ended)["sandbox: fork server"]
    assert ended.status == 1
    assert found["detail"] == "The sandbox server does not stay up."
    assert found["next_step"]
    assert not (prepared.home / "sandbox").exists()


THREADED = "sensors:\n  use_threads: true\n  num_workers: 8\n"


@pytest.fixture
def instance(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    home = folder / "dagster"
    home.mkdir()
    (home / "dagster.yaml").write_text(THREADED + "telemetry:\n  enabled: false\n")
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    with dg.DagsterInstance.get() as opened:
        yield opened


def ticked(instance: dg.DagsterInstance, status: InstigatorStatus) -> None:
    """The sensor's state as the daemon or the UI leaves it."""
    module = LoadableTargetOrigin(module_name="shop.definitions")
    location = ManagedGrpcPythonEnvCodeLocationOrigin(module, "shop")
    origin = RemoteInstigatorOrigin(
        repository_origin=RemoteRepositoryOrigin(location, "__repository__"),
        instigator_name=SENSOR_NAME,
    )
    instance.add_instigator_state(
        InstigatorState(origin, InstigatorType.SENSOR, status, SensorInstigatorData())
    )


def test_an_instance_without_a_daemon(
    program: Program, instance: dg.DagsterInstance, no_probe: None
) -> None:
    ended = program("doctor", "--json")

    found = findings(ended)
    assert ended.status == 0
    assert found["dagster instance"]["passed"]
    assert found["threaded sensors"]["passed"]
    assert found["failure sensor"]["detail"] == "it never ticked here"
    for name in ("sensor daemon", "failure sensor"):
        assert not found[name]["passed"]
        assert "dagster dev" in found[name]["next_step"]


def test_a_sensor_that_is_switched_off(
    program: Program, instance: dg.DagsterInstance, no_probe: None
) -> None:
    ticked(instance, InstigatorStatus.STOPPED)

    found = findings(program("doctor", "--json"))["failure sensor"]

    assert not found["passed"]
    assert "switched off" in found["detail"]


def test_a_sensor_that_is_on(
    program: Program, instance: dg.DagsterInstance, no_probe: None
) -> None:
    ticked(instance, InstigatorStatus.RUNNING)

    assert findings(program("doctor", "--json"))["failure sensor"]["passed"]


def test_a_daemon_that_is_alive(
    program: Program, instance: dg.DagsterInstance, no_probe: None
) -> None:
    now = datetime.now(UTC).timestamp()
    instance.add_daemon_heartbeat(DaemonHeartbeat(now, SensorDaemon.daemon_type(), "a", []))

    assert findings(program("doctor", "--json"))["sensor daemon"]["passed"]


def test_sensors_one_after_another(
    program: Program, instance: dg.DagsterInstance, folder: Path, no_probe: None
) -> None:
    (folder / "dagster" / "dagster.yaml").write_text(THREADED.replace("true", "false"))

    found = findings(program("doctor", "--json"))["threaded sensors"]

    assert (found["passed"], found["required"]) == (False, False)
    assert "use_threads" in found["next_step"]


def test_a_dagster_home_that_there_is_not(
    program: Program, folder: Path, no_probe: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(folder / "nowhere"))

    ended = program("doctor", "--json")

    found = findings(ended)["dagster instance"]
    assert ended.status == 1
    assert "nowhere" in found["detail"]
    assert "DAGSTER_HOME" in found["next_step"]


@pytest.mark.parametrize(
    ("settings", "kept"),
    [(THREADED, False), ("storage:\n  sqlite:\n    base_dir: runs\n", True)],
)
def test_runs_that_dagster_dev_would_delete(
    program: Program, folder: Path, no_probe: None, settings: str, *, kept: bool
) -> None:
    (folder / "dagster.yaml").write_text(settings + "telemetry:\n  enabled: false\n")

    found = findings(program("doctor", "--json"))["dagster storage"]

    assert found["passed"] is kept
    assert kept or "storage.sqlite.base_dir" in found["next_step"]
