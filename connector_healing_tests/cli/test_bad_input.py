"""Bad input: one line on standard error, status 2, nothing written."""

import importlib.util
import re
import socket
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from connector_healing.core.case import CaseState
from connector_healing.runtime.cassette import cassette_path
from connector_healing_tests.cli.prepared import Prepared
from connector_healing_tests.cli.program import Program, everything_under

CONNECTOR_COMMANDS = ("heal", "logs", "code", "versions", "rollback")
CASE_COMMANDS = ("approve", "reject", "release", "report")


def refused(program: Program, *arguments: str) -> str:
    ended = program(*arguments)
    assert ended.status == 2
    assert ended.error.startswith("Error: ")
    assert "Traceback" not in ended.err
    return ended.error


@pytest.mark.parametrize("as_json", [(), ("--json",)])
@pytest.mark.parametrize(
    "command",
    [
        *((name, "nobody") for name in CONNECTOR_COMMANDS),
        ("cases", "--connector", "nobody"),
    ],
)
def test_an_unknown_connector(
    program: Program, prepared: Prepared, command: tuple[str, ...], as_json: tuple[str, ...]
) -> None:
    prepared.connector("hotels")
    prepared.run("hooked", failure=prepared.failure("hooked"))
    before = everything_under(prepared.home)

    line = refused(program, *command, *as_json)

    assert line == ("Error: connector: 'nobody' cannot be used. Known connectors: hooked, hotels.")
    assert everything_under(prepared.home) == before


@pytest.mark.parametrize("command", CASE_COMMANDS)
def test_an_unknown_case(program: Program, prepared: Prepared, command: str) -> None:
    case = prepared.case(CaseState.ABSTAINED)

    line = refused(program, command, "c0ffee")

    assert line == f"Error: case: 'c0ffee' cannot be used. Known cases: {case.case_id}."


def test_an_unknown_version(program: Program, prepared: Prepared) -> None:
    version = prepared.connector()

    line = refused(program, "code", "flights", "--version", "v9")

    assert line == f"Error: version: 'v9' cannot be used. Known versions: {version.version_id}."


def test_healing_where_nothing_failed(program: Program, prepared: Prepared) -> None:
    prepared.connector()
    prepared.run()

    assert "No failure of connector 'flights' is on record" in refused(program, "heal", "flights")
    assert "run: 'r9' cannot be used" in refused(program, "heal", "flights", "--run", "r9")
    assert prepared.store.cases() == ()


@pytest.mark.parametrize("command", ["heal", "rollback"])
def test_a_connector_of_which_only_failures_are_known(
    program: Program, prepared: Prepared, command: str
) -> None:
    prepared.run("hooked", failure=prepared.failure("hooked"))

    assert "Only its failures are captured" in refused(program, command, "hooked")
    assert prepared.store.cases() == ()


@pytest.mark.parametrize(
    ("content", "told"),
    [(b"plain text", "cannot be read as a cassette"), (b"\x1f\x8b\x08\x00", "was cut short")],
)
def test_an_unreadable_cassette(
    program: Program, prepared: Prepared, content: bytes, told: str
) -> None:
    version = prepared.connector()
    failure = prepared.failure(version_id=version.version_id)
    path = cassette_path(prepared.services.cassettes, "flights", "tape")
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    prepared.run(failure=replace(failure, cassette_id="flights/tape"))

    line = refused(program, "heal", "flights")

    assert str(path) in line
    assert told in line
    assert prepared.store.cases() == ()


def test_no_cassette_where_nothing_else_is_allowed(program: Program, prepared: Prepared) -> None:
    version = prepared.connector()
    failure = prepared.failure(version_id=version.version_id)
    prepared.run(failure=replace(failure, cassette_id="flights/pruned"))

    line = refused(program, "heal", "flights", "--cassette")

    assert "cassette: 'flights/pruned' cannot be used" in line
    assert prepared.store.cases() == ()


def test_a_registry_that_cannot_be_written(program: Program, prepared: Prepared) -> None:
    version = prepared.connector()
    prepared.run(failure=prepared.failure(version_id=version.version_id))
    versions = prepared.home / "versions"
    versions.rename(prepared.home / "versions.kept")
    versions.write_text("A file in the folder's place: not even root can write into it.")

    line = refused(program, "heal", "flights")

    assert f"registry directory: '{versions}' cannot be used" in line
    assert "CONNECTOR_HEALING_HOME" in line
    assert prepared.store.cases() == ()


@pytest.mark.parametrize(
    "command", [("logs", "flights"), ("heal", "flights"), ("cases",), ("approve", "c")]
)
def test_nothing_is_made_where_nothing_ran(
    program: Program, folder: Path, command: tuple[str, ...]
) -> None:
    line = refused(program, *command)

    assert f"sqlite:///{folder}/.connector_healing/store.db" in line
    assert "Nothing is there yet" in line
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("mysql://anna:pa55word@db/store", "none of the databases"),
        ("nonsense pa55word", "not a database URL"),
        ("sqlite:///missing/store.db", "Nothing is there yet"),
        ("sqlite:////proc/self/mem/x.db", "Nothing is there yet"),
        ("postgresql+psycopg://anna:pa55word@127.0.0.1:{port}/store", "The database said"),
        ("postgresql+psycopg://anna:pa55word@nowhere.invalid/store", "The database said"),
    ],
)
def test_a_store_that_cannot_be_opened(
    program: Program, folder: Path, monkeypatch: pytest.MonkeyPatch, url: str, told: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    monkeypatch.setenv("CONNECTOR_HEALING_STORE_URL", url.format(port=port))

    line = refused(program, "cases")

    assert told in line
    if "nonsense" not in url:
        assert "pa55word" not in line
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("mysql://anna:pa55word@db/store", "none of the databases"),
        ("postgresql+psycopg://anna:pa55word@127.0.0.1:{port}/store", "The database said"),
        ("sqlite:////proc/self/mem/x.db", "Its folder cannot be made"),
    ],
)
def test_a_demo_with_a_store_that_cannot_be_opened(
    program: Program, folder: Path, monkeypatch: pytest.MonkeyPatch, url: str, told: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    monkeypatch.setenv("CONNECTOR_HEALING_STORE_URL", url.format(port=port))

    # The one line on standard error: no phase of the demo, its first one loads Dagster, was begun.
    line = refused(program, "demo")

    assert told in line
    assert "pa55word" not in line
    assert list(folder.iterdir()) == []


def test_a_demo_without_the_driver_of_its_store(
    program: Program, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONNECTOR_HEALING_STORE_URL", "postgresql+psycopg://anna@db/store")
    monkeypatch.setitem(sys.modules, "psycopg", None)  # as where it is not installed

    line = refused(program, "demo")

    assert "pip install '.[postgres]'" in line
    assert list(folder.iterdir()) == []


def test_a_store_that_is_no_database(program: Program, folder: Path) -> None:
    path = folder / ".connector_healing" / "store.db"
    path.parent.mkdir()
    path.write_text("This file holds something else, and it is long enough to be read as one.")

    line = refused(program, "cases")

    assert "file is not a database" in line
    assert path.read_text().startswith("This file holds something else")


def test_a_home_that_is_a_file(
    program: Program, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "home").write_text("")
    monkeypatch.setenv("CONNECTOR_HEALING_HOME", str(folder / "home"))

    refused(program, "cases")

    assert (folder / "home").read_text() == ""


@pytest.mark.parametrize("file", ["home", "home/demo"])
def test_a_demo_in_a_folder_that_cannot_be_written(
    program: Program, folder: Path, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    in_its_place = folder / file
    in_its_place.parent.mkdir(exist_ok=True)
    in_its_place.write_text("A file in the folder's place: not even root can write into it.")
    before = everything_under(folder)
    monkeypatch.setenv("CONNECTOR_HEALING_HOME", str(folder / "home"))

    line = refused(program, "demo", "--json")

    assert line.startswith(f"Error: folder: '{in_its_place}' cannot be used. It cannot be written")
    assert everything_under(folder) == before


def test_a_port_in_use(program: Program, folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        line = refused(program, "demo", "--port", str(port))

    assert line.endswith(
        f"port: {port} cannot be used. Something listens there already: name another, or 0 for any."
    )
    assert list(folder.iterdir()) == []


def test_a_missing_extra(program: Program, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec

    def without_uvicorn(name: str, package: str | None = None) -> object:
        return None if name == "uvicorn" else find(name, package)

    monkeypatch.setattr(importlib.util, "find_spec", without_uvicorn)

    line = refused(program, "demo", "--json")

    assert "pip install '.[demo]'" in line
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "Missing command"),
        (("nonsense",), "No such command 'nonsense'"),
        (("heal",), "Missing argument 'CONNECTOR'"),
        (("heal", "flights", "--mode", "all"), "'diagnose', 'propose', 'apply'"),
        (("heal", "flights", "--sample-size", "29"), "29 is not in the range x>=30"),
        (("heal", "flights", "--sample-size", "many"), "'many' is not a valid integer"),
        (("logs", "flights", "--lines", "0"), "0 is not in the range x>=1"),
        (("cases", "--limit", "-1"), "-1 is not in the range x>=1"),
        (("demo", "--port", "65536"), "65536 is not in the range 0<=x<=65535"),
        (("code", "flights", "hotels"), "unexpected extra argument (hotels)"),
        (("logs", "flights", "--colour"), "No such option"),
        (("doctor", "--verbose"), "No such option"),
    ],
)
def test_an_option_that_cannot_be_used(
    program: Program, folder: Path, arguments: tuple[str, ...], told: str
) -> None:
    line = refused(program, *arguments)

    assert told in line
    command = f" {arguments[0]}" if arguments and arguments[0] != "nonsense" else ""
    assert re.search(rf"See `[\w-]+{command} --help`\.$", line)
    assert list(folder.iterdir()) == []


def test_a_demo_fault_that_there_is_not(program: Program, folder: Path) -> None:
    line = refused(program, "demo", "--fault", "rows_lost", "--fault", "nonsense")

    assert "fault: 'nonsense' cannot be used. Known faults: " in line
    assert list(folder.iterdir()) == []
