"""The options of collecting, on a command of their own, against a cluster on loopback."""

from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from connector_healing.cli.kusto_collect import Collecting, collect_options, collected
from connector_healing.core.kusto.collected import collection_text
from connector_healing.errors import UnknownCaseError, UsageError
from connector_healing.healing.collecting import attached
from connector_healing.orchestration.services import Files, run_services
from connector_healing_tests.kusto.conftest import asking as command
from connector_healing_tests.kusto.fake_cluster import FakeCluster
from connector_healing_tests.store.builders import open_case

CAPACITY = command(".show capacity")


@click.command()
@click.option("--shout", is_flag=True)
@collect_options
def asking(collecting: Collecting, *, shout: bool) -> None:
    """Stands where the triage stands."""
    found = collected([CAPACITY], collecting)
    text = "nothing was asked" if found is None else collection_text(found.evidence)
    click.echo(text.upper() if shout else text)


Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    monkeypatch.setenv("KUSTO_ACCESS_TOKEN", "good-token-0123456789")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("CONNECTOR_HEALING_HOME", str(tmp_path))
    return lambda *arguments: CliRunner().invoke(asking, arguments)


def test_nothing_is_asked_unless_wanted(run: Run) -> None:
    assert run().output == "nothing was asked\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ("--cluster", "adx1"),
        ("--database", "d"),
        ("--credential", "az-cli"),
        ("--ingest-url", "https://x"),
        ("--allow-host", "x"),
        ("--max-rows", "500"),
        ("--command-seconds", "30"),
        ("--attach", "c1"),
    ],
)
def test_what_only_collecting_reads_is_refused_without_it(
    run: Run, arguments: tuple[str, str]
) -> None:
    error = run(*arguments).exception
    assert isinstance(error, UsageError)
    assert error.field == arguments[0]


def test_it_asks(run: Run) -> None:
    with FakeCluster().running() as fake:
        wanted = ("--collect", "--cluster", fake.url, "--database", "d", "--credential", "token")
        ended = run(
            *wanted, "--allow-host", "127.0.0.1", "--max-rows", "7", "--command-seconds", "9"
        )

    assert ended.output == '.show capacity\n  1 row\n  {"Name": "default"}\n'
    assert fake.asked[0].options["servertimeout"] == "0:00:09"
    assert fake.asked[0].options["query_take_max_records"] == 8


def test_the_answers_are_kept_in_a_case(run: Run, tmp_path: Path) -> None:
    case = open_case(run_services().store)
    with FakeCluster().running() as fake:
        wanted = ("--collect", "--cluster", fake.url, "--database", "d", "--credential", "token")
        ended = run(*wanted, "--allow-host", "127.0.0.1", "--attach", case.case_id)
        unknown = run(*wanted, "--allow-host", "127.0.0.1", "--attach", "no-such-case")

    assert ended.exit_code == 0
    (kept,) = attached(Files(tmp_path), case.case_id)
    assert (kept.cluster, kept.database) == (fake.url, "d")
    assert kept.evidence[0].rows == '{"Name": "default"}'
    assert isinstance(unknown.exception, UnknownCaseError)
    assert fake.commands() == [".show capacity"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "cluster: None"),
        (("--cluster", "adx1"), "database: None"),
        (("--cluster", "https://evil.example", "--database", "d"), "--allow-host"),
        (("--cluster", "adx1", "--database", "d;e"), "database: 'd;e'"),
        (("--cluster", "adx1", "--database", "d", "--credential", "app"), "AZURE_TENANT_ID"),
        (("--cluster", "adx1", "--database", "d", "--attach", "c1"), "connector-healing|store"),
    ],
)
def test_what_is_wrong_is_named(
    run: Run, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], told: str
) -> None:
    monkeypatch.delenv("AZURE_TENANT_ID", raising=False)

    error = run("--collect", *arguments).exception

    assert isinstance(error, UsageError)
    with pytest.raises(UsageError, match=told):
        raise error


def test_each_option_is_explained(run: Run) -> None:
    told = run("--help").output

    for option in ("--collect", "--cluster", "--credential", "--allow-host", "--attach", "--shout"):
        assert option in told
