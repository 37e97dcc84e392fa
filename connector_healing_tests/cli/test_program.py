"""The program in a process of its own: what it loads, how long it takes, what it prints where."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from connector_healing.core.case import CaseState
from connector_healing.version import __version__
from connector_healing_tests.cli.prepared import Prepared
from connector_healing_tests.cli.program import spawn

HEAVY = {"dagster", "dlt", "duckdb", "libcst", "alembic"}


def loaded(*arguments: str) -> set[str]:
    """The packages that a call imports."""
    ended = spawn(*arguments, python=("-X", "importtime", "-m", "connector_healing"))
    assert ended.status == 0, ended.err
    lines = [line for line in ended.err.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}


def test_the_version() -> None:
    assert spawn("--version").out == f"connector-healing, version {__version__}\n"


@pytest.mark.parametrize(
    ("command", "of_the_heavy"),
    [
        (("--help",), set()),
        (("heal", "--help"), set()),
        (("demo", "--help"), set()),
        (("doctor", "--help"), set()),
        (("logs", "flights"), set()),
        (("code", "flights"), set()),
        (("versions", "flights"), set()),
        (("cases",), set()),
        (("report", "{case}"), set()),
        (("reject", "{case}"), {"libcst"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_command_loads_no_more_than_it_needs(
    prepared: Prepared, command: tuple[str, ...], of_the_heavy: set[str]
) -> None:
    case = prepared.case(CaseState.AWAITING_APPROVAL)

    found = loaded(*(part.format(case=case.case_id) for part in command))

    assert found & HEAVY <= of_the_heavy
    assert "sqlalchemy" in found or "--help" in command


def test_json_is_all_that_standard_output_holds(prepared: Prepared) -> None:
    case = prepared.case(CaseState.MONITORING)
    commands = [
        ("logs", "flights"),
        ("versions", "flights"),
        ("report", case.case_id),
        ("rollback", "flights"),
    ]

    for command in commands:
        ended = spawn(*command, "--json")
        assert (ended.status, ended.err) == (0, "")
        assert isinstance(json.loads(ended.out), dict)


def test_statuses_of_the_real_program(prepared: Prepared) -> None:
    case = prepared.case(CaseState.AWAITING_APPROVAL)
    prepared.store.activate("flights", case.version_id, "deployed", case.updated_at)

    lost, unknown, late = (
        spawn("approve", case.case_id),
        spawn("approve", "nothing"),
        spawn("approve", case.case_id, "--json"),
    )

    assert (lost.status, unknown.status, late.status) == (1, 2, 2)
    assert unknown.error == (f"Error: case: 'nothing' cannot be used. Known cases: {case.case_id}.")
    assert late.error.startswith("Error: state of case ")


def test_the_command_is_installed() -> None:
    program = Path(sys.executable).with_name("connector-healing")
    ended = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)

    assert ended.stdout == f"connector-healing, version {__version__}\n"


def test_a_reader_that_goes_away_is_no_error_of_ours(prepared: Prepared) -> None:
    prepared.connector()
    for minute in range(20):
        prepared.run(minutes=minute)
    read, write = os.pipe()
    os.close(read)

    with os.fdopen(write, "wb") as closed:
        ended = subprocess.run(
            [sys.executable, "-m", "connector_healing", "logs", "flights"],
            stdout=closed,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )

    assert (ended.returncode, ended.stderr) == (1, "")
