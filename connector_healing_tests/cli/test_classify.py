"""The command `classify`."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from connector_healing.core.taxonomy import FailureSubcategory
from connector_healing_tests.cli.program import Ended, Program
from connector_healing_tests.core.logs.cases import cases

KEYS = {
    *("id", "category", "subcategory", "retryable", "human_needed", "confidence"),
    *("cause", "remedy", "evidence", "also_possible"),
}
TIMEOUT = "2026-03-02 04:11:09 ERROR requests.exceptions.ReadTimeout: Read timed out."


def lines(ended: Ended) -> list[dict[str, Any]]:
    assert (ended.status, ended.err) == (0, "")
    return [json.loads(line) for line in ended.out.splitlines()]


def given(monkeypatch: pytest.MonkeyPatch, raw: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw)))


def test_records_one_by_one(program: Program, tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    rows = [{"id": c.id, "text": c.text, "context": dict(c.context)} for c in cases()[:40]]
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    answered = lines(program("classify", str(path), "--json"))
    assert [row["id"] for row in answered] == [row["id"] for row in rows]
    for row in answered:
        assert set(row) == KEYS
        assert row["subcategory"] in set(FailureSubcategory)
        assert all(set(e) == {"text", "where"} for e in row["evidence"])


def test_a_text_from_standard_input(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, b"\xff\xfe " + TIMEOUT.encode())
    (row,) = lines(program("classify", "-", "--json"))
    assert (row["id"], row["category"], row["retryable"]) == ("-", "timeout", True)


def test_a_log_of_json_is_a_text(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, json.dumps({"level": "error", "message": TIMEOUT}).encode())
    assert lines(program("classify", "--json"))[0]["category"] == "timeout"


def test_for_a_person(program: Program, tmp_path: Path) -> None:
    path = tmp_path / "x.log"
    path.write_text(TIMEOUT, encoding="utf-8")
    ended = program("classify", str(path))
    assert "timeout/read_timeout" in ended.out
    assert "a retry may help" in ended.out
    assert "line 1: " in ended.out


def test_a_failure_of_the_kusto_connector_names_its_triage(
    program: Program, tmp_path: Path
) -> None:
    log = tmp_path / "driver.log"
    log.write_text(
        "com.microsoft.kusto.spark.exceptions.FailedOperationException: Failed to execute Kusto "
        "operation with OperationId 'ce49d4f0-7c12-4b02-9938-af14506fe0ed', State: 'BadInput', "
        "Status: 'Semantic error: SEM0100: no such column'\n",
        encoding="utf-8",
    )
    ended = program("classify", str(log))
    assert f"connector-healing triage kusto --log {log}" in ended.out


def test_groups_with_counts(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, f"{TIMEOUT}\n{TIMEOUT.replace(':09', ':42')}\n".encode())
    (row,) = lines(program("classify", "--group", "--json"))
    assert (row["count"], row["ids"]) == (2, ["line 1", "line 2"])
    given(monkeypatch, TIMEOUT.encode())
    assert row["fingerprint"] in program("classify", "--group").out


def test_the_list_is_closed_and_whole(program: Program) -> None:
    rows = lines(program("classify", "--list", "--json"))
    assert {row["subcategory"] for row in rows} == set(FailureSubcategory)
    assert "token_expired" in program("classify", "--list").out


def test_rules_of_a_file(program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text("rules:\n- {name: a, match: read timed, subcategory: conflict}\n")
    given(monkeypatch, TIMEOUT.encode())
    (row,) = lines(program("classify", "--rules", str(path), "--json"))
    assert row["subcategory"] == "conflict"


@pytest.mark.parametrize(
    ("raw", "named"),
    [
        (b"", "input"),
        (b" \n", "input"),
        (b'{"id": "a", "text": 3}', "line 1: text"),
        (b'{"id": "a", "text": "x", "context": []}', "line 1: context"),
        *(
            (b'{"id": "a", "text": "x", "context": {%s}}' % field, f"line 1: context.{name}")
            for field, name in (
                (b'"status": "HTTP 429"', "status"),
                (b'"status": 429.5', "status"),
                (b'"status": NaN', "status"),
                (b'"status": true', "status"),
                (b'"headers": 5', "headers"),
                (b'"url": 7', "url"),
                (b'"method": []', "method"),
                (b'"stage": 1', "stage"),
                (b'"destination": {}', "destination"),
                (b'"declared": "x"', "declared"),
            )
        ),
        (b'{"id": [], "text": "x"}', "line 1: id"),
        (b'{"id": "a", "text": "x"}\nnonsense', "line 2"),
        (b'{"id": "a", "text": "x"}\n[]', "line 2"),
        (b'{"id": "a", "text": "x"}\n{"id": "a", "text": "y"}', "line 2: id"),
    ],
)
def test_bad_input(
    program: Program, monkeypatch: pytest.MonkeyPatch, raw: bytes, named: str
) -> None:
    given(monkeypatch, raw)
    ended = program("classify", "--json")
    assert ended.status == 2
    assert ended.error.startswith(f"Error: {named}: ")


@pytest.mark.parametrize(
    "text",
    [
        *("rules: 3", "- {name: a}", "a: [", "\x00", "[" * 5_000),
        *("- {name: a, match: 2024-99-99}", f"- {{name: a, match: {'9' * 5_000}}}"),
        "- {name: a, name: b, match: x, subcategory: conflict}",
        "a: &a [x, x]\nb: &b [*a, *a]\nrules: [*b]",
        "\n".join(["a0: &a0 [x]", *(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 40))]),
    ],
)
def test_bad_rules(program: Program, tmp_path: Path, text: str) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(text, encoding="utf-8")
    ended = program("classify", "--list", "--rules", str(path))
    assert ended.status == 2
    assert str(path) in ended.error


@pytest.mark.parametrize("status", [b"429", b'"429"', b"429.0"])
def test_a_status_is_read_as_it_comes(
    program: Program, monkeypatch: pytest.MonkeyPatch, status: bytes
) -> None:
    given(
        monkeypatch, b'{"id": null, "text": "x", "context": {"url": null, "status": %s}}' % status
    )
    (row,) = lines(program("classify", "--json"))
    assert (row["id"], row["category"]) == ("1", "rate_limit")


def test_half_a_surrogate_pair_stops_no_record(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    half = rb'{"id": "a\ud800", "text": "\udfff Read timed out.", "context": {"url": "\ud800"}}'
    whole = rb'{"id": "b\ud83d\ude00", "text": "Read timed out."}'
    given(monkeypatch, half + b"\n" + whole)
    answered = lines(program("classify", "--json"))
    assert [row["id"] for row in answered] == ["a?", "b\U0001f600"]
    assert {row["category"] for row in answered} == {"timeout"}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("text", [TIMEOUT, json.dumps({"id": "-", "text": TIMEOUT})])
def test_a_byte_order_mark_says_how_to_read(
    program: Program, monkeypatch: pytest.MonkeyPatch, encoding: str, text: str
) -> None:
    given(monkeypatch, text.encode(encoding))
    (row,) = lines(program("classify", "--json"))
    assert (row["id"], row["category"]) == ("-", "timeout")


def test_a_closed_standard_input_is_said(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    ended = program("classify")
    assert (ended.status, "closed" in ended.error) == (2, True)


def test_missing_files(program: Program, tmp_path: Path) -> None:
    assert program("classify", str(tmp_path / "nope")).status == 2
    assert program("classify", "--rules", str(tmp_path / "nope"), "--list").status == 2


def test_bad_input_shows_no_secret(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, b'{"id": "a", "text": "x"}\napi_key=hunter2hunter2')
    assert "hunter2" not in program("classify").error


def test_it_loads_neither_dagster_nor_dlt() -> None:
    code = (
        "import sys\nfrom connector_healing.core.classify import classify\n"
        "from connector_healing.core.logs.reading import failure_of_text\n"
        "classify(failure_of_text('x'))\nassert not {'dagster', 'dlt', 'duckdb'} & set(sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_answers_do_not_depend_on_the_hash_seed(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    rows = [{"id": c.id, "text": c.text, "context": dict(c.context)} for c in cases()]
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    command = [sys.executable, "-m", "connector_healing", "classify", str(path), "--json"]
    answered = {
        subprocess.run(
            command, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "3", "4")
    }
    assert len(answered) == 1
    assert len(answered.pop().splitlines()) == len(rows)
