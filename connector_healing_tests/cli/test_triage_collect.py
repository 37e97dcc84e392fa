"""`connector-healing triage kusto --collect`: what the cluster answers is triaged again."""

import json
from pathlib import Path

import pytest

from connector_healing_tests.cli.program import Program
from connector_healing_tests.kusto.fake_cluster import FakeCluster, one_table

LOG = "java.util.concurrent.TimeoutException: Timed out polling on ingestion status\n"
FAILURES = (
    '.show ingestion failures | where Database == "d" and Table == "T" and FailedOn > ago(1d)'
)
COLUMNS = ("OperationId", "Database", "Table", "FailedOn", "Details", "FailureKind", "ErrorCode")
ROW = (
    "7f2c1c8e-1f0a-4a6b-9a53-0d7f6f1b2a11",
    "d",
    "T",
    "2026-07-01T02:00:00.1234567Z",
    "Mapping reference wasn't found",
    "Permanent",
    "BadRequest_MappingReferenceWasNotFound",
)


@pytest.fixture
def program(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Program:
    monkeypatch.setenv("KUSTO_ACCESS_TOKEN", "good-token-0123456789")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("CONNECTOR_HEALING_HOME", str(tmp_path))
    return Program(capsys)


def arguments(folder: Path, url: str) -> list[str]:
    log, options = folder / "driver.log", folder / "options.json"
    log.write_text(LOG)
    options.write_text(json.dumps({"kustoDatabase": "d", "kustoTable": "T"}))
    given = ["triage", "kusto", "--log", str(log), "--options", str(options), "--collect"]
    cluster = ["--cluster", url, "--database", "d", "--credential", "token"]
    return [*given, *cluster, "--allow-host", "127.0.0.1"]


def test_the_answers_name_the_cause_that_the_log_did_not(program: Program, tmp_path: Path) -> None:
    with FakeCluster().running() as fake:
        fake.answers[FAILURES] = [one_table(COLUMNS, [ROW])]
        after = program(*arguments(tmp_path, fake.url), "--json")
        before = program("triage", "kusto", "--log", str(tmp_path / "driver.log"), "--json")

    assert after.status == 0, after.err
    assert FAILURES in fake.commands()
    assert before.json["pattern"] == "write.timeout.await"
    assert after.json["pattern"] != before.json["pattern"]
    assert "Mapping" in json.dumps(after.json["fix"]) + after.json["cause"]
    assert "good-token" not in after.out + after.err
    (asked,) = [
        one for one in after.json["collected"]["evidence"] if one["command"]["text"] == FAILURES
    ]
    assert (asked["outcome"], asked["row_count"]) == ("answered", 1)


def test_the_report_shows_what_was_asked_and_answered(program: Program, tmp_path: Path) -> None:
    with FakeCluster().running() as fake:
        fake.answers[FAILURES] = [one_table(COLUMNS, [])]
        told = program(*arguments(tmp_path, fake.url))

    assert told.status == 0, told.err
    assert "`write.timeout.await`" in told.out
    assert "## What the cluster answered\n\n" in told.out
    assert f"{FAILURES}\n  no rows" in told.out


def test_a_cluster_needs_a_name(program: Program, tmp_path: Path) -> None:
    ended = program("triage", "kusto", "--text", "rows are missing", "--collect")
    mixed = program("triage", "kusto", "-", "--collect", "--cluster", "adx1")

    assert (ended.status, mixed.status) == (2, 2)
    assert "--collect needs --cluster" in ended.err
    assert "Give - alone" in mixed.err
