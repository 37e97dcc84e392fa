"""Every command says what it is for, what each option does, and takes --json."""

from collections.abc import Iterator

import click
import pytest

from connector_healing.cli.main import _COMMANDS, connector_healing
from connector_healing_tests.cli.program import Program

COMMANDS = (
    *("demo", "heal", "logs", "code", "versions", "cases", "report"),
    *("approve", "reject", "release", "rollback", "classify", "doctor", "triage kusto"),
)


def command(name: str) -> click.Command:
    found: click.Command = connector_healing
    for part in name.split():
        assert isinstance(found, click.Group)
        below = found.get_command(click.Context(found), part)
        assert below is not None
        found = below
    return found


def options(name: str) -> Iterator[click.Option]:
    return (p for p in command(name).params if isinstance(p, click.Option))


def test_these_are_the_commands() -> None:
    assert sorted(_COMMANDS) == sorted(name.split()[0] for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_and_each_option_has_help(name: str) -> None:
    assert command(name).name == name.rsplit(maxsplit=1)[-1]
    assert (command(name).help or "").strip().endswith(".")
    assert [option.name for option in options(name) if not option.help] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_takes_json(name: str) -> None:
    assert [o.opts for o in options(name) if o.name == "as_json"] == [["--json"]]


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_is_shown(program: Program, name: str) -> None:
    ended = program(*name.split(), "--help")

    assert (ended.status, ended.err) == (0, "")
    assert ended.out.startswith("Usage: ")
    for option in options(name):
        assert option.opts[0] in ended.out


@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_the_programs_help_tells_commands_places_and_statuses(program: Program, flag: str) -> None:
    ended = program(flag)

    assert ended.status == 0
    for name, (_, text) in _COMMANDS.items():
        assert f"  {name} " in ended.out
        assert " ".join(text.split()[:4]) in ended.out
    words = " ".join(ended.out.split())
    for told in ("CONNECTOR_HEALING_STORE_URL", "0 done;", "1 it could not be done", "2 bad input"):
        assert told in words


def test_each_line_of_the_list_is_a_sentence() -> None:
    for name, (_, text) in _COMMANDS.items():
        assert text.endswith((".", "?")), name
