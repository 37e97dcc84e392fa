"""`connector-healing triage kusto`."""

import io
import json
from pathlib import Path

import pytest

from connector_healing_tests.cli.program import Program

_KEYS = [
    *("id", "is_kusto_connector_failure", "operation", "mode", "surface", "pattern", "retryable"),
    *("rerun_may_duplicate", "cause", "fix", "must_ask", "follow_up_commands", "warnings"),
]
_LOG = "java.util.concurrent.TimeoutException: Timed out polling on ingestion status\n"
_OPTIONS = {"kustoDatabase": "d", "kustoTable": "T", "writeMode": "Queued"}


class _Input(io.TextIOWrapper):
    """Standard input with text in it."""

    def __init__(self, text: bytes) -> None:
        super().__init__(io.BytesIO(text), "utf-8")


@pytest.fixture
def program(capsys: pytest.CaptureFixture[str]) -> Program:
    return Program(capsys)


def _written(path: Path, text: str) -> str:
    path.write_text(text, "utf-8")
    return str(path)


def test_json_has_the_keys_in_their_order(program: Program, tmp_path: Path) -> None:
    options = _written(tmp_path / "o.json", json.dumps({**_OPTIONS, "writeMode": "Transactional"}))
    log = _written(tmp_path / "driver.log", _LOG)
    ended = program("triage", "kusto", "--options", options, "--log", log, "--json")
    assert ended.status == 0
    assert list(ended.json) == _KEYS
    assert ended.json["pattern"] == "write.timeout.await"


def test_a_report_is_the_default(program: Program, tmp_path: Path) -> None:
    log = _written(tmp_path / "driver.log", _LOG)
    ended = program("triage", "kusto", "--log", log)
    assert ended.status == 0
    assert ended.out.startswith("## Kusto Triage Report")
    assert "`write.timeout.await`" in ended.out


@pytest.mark.parametrize("given", ["ask", "options", "log"])
def test_where_nothing_is_known_everything_is_asked(
    program: Program, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, given: str
) -> None:
    files = {
        "options": _written(tmp_path / "o.json", "{}"),
        "log": _written(tmp_path / "l.log", " \n"),
    }
    arguments = ("--ask",) if given == "ask" else (f"--{given}", files[given])
    monkeypatch.setattr("sys.stdin", _Input(b"\n" * 20))
    told = program("triage", "kusto", *arguments)
    monkeypatch.setattr("sys.stdin", _Input(b"\n" * 20))
    asked = program("triage", "kusto", *arguments, "--json").json

    assert {"operation", "exception_text", "driver_debug_log"} <= set(asked["must_ask"])
    assert asked["is_kusto_connector_failure"]
    assert "other software" not in told.out
    assert "Apply the remedy" not in told.out
    assert ("Was it a read or a write?" in told.err) == (given == "ask")


def test_the_operation_that_is_answered_leads_to_its_mode(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", _Input(b"write\n" + b"\n" * 20))
    ended = program("triage", "kusto", "--ask", "--json")
    assert ended.json["operation"] == "write"
    assert "write_mode" in ended.json["must_ask"]
    assert not {"operation", "read_mode"} & set(ended.json["must_ask"])


def test_a_failure_of_another_system_stays_one(program: Program, tmp_path: Path) -> None:
    log = _written(tmp_path / "l.log", "net.snowflake.client.jdbc.SnowflakeSQLException: x\n")
    ended = program("triage", "kusto", "--log", log)
    assert "other software" in ended.out
    assert "Apply the remedy" not in ended.out


def test_jsonl_from_standard_input(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [
        {"id": "a", "context": {}, "evidence": _LOG},
        {"id": "b", "context": {"options": _OPTIONS, "user_text": "rows are missing"}},
    ]
    text = "\n\n".join(json.dumps(line) for line in lines).encode() + b"\n"
    monkeypatch.setattr("sys.stdin", _Input(text))
    ended = program("triage", "kusto", "-", "--json")
    answers = [json.loads(line) for line in ended.out.splitlines()]
    assert [(a["id"], a["pattern"]) for a in answers] == [
        ("a", "write.timeout.await"),
        ("b", "queued.silent"),
    ]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (b"{", "line 1"),
        (b'{"id": "a"}\n[1]', "line 2"),
        (b'{"id": "a", "context": []}', "line 1: context"),
        (b'{"id": "a", "context": {"options": ""}}', "line 1: context.options"),
        (b'{"context": {"options": 3}}', "line 1: context.options"),
        (b"", "input"),
        (b" \n\n", "input"),
        (b"\xff\xfe", "input"),
        (b"\xff\xff", "line 1"),
        (b'{"context": {"options": {"\\ud800": []}}}', "line 1: context.options.\ufffd"),
    ],
)
def test_a_bad_line_is_named_and_nothing_is_printed(
    program: Program, monkeypatch: pytest.MonkeyPatch, text: bytes, named: str
) -> None:
    monkeypatch.setattr("sys.stdin", _Input(text))
    ended = program("triage", "kusto", "-")
    assert ended.status == 2
    assert named in ended.error


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ((), "input"),
        (("file.jsonl",), "SOURCE"),
        (("-", "--ask"), "-"),
        (("-", "--complete"), "-"),
        (("-", "--collect"), "-"),
        (("-", "--cluster", "x"), "--cluster"),
        (("--text", "x", "--cluster", "x"), "--cluster"),
        (("--text", "x", "--complete"), "--complete"),
        (("--log", "no-such-file"), "no-such-file"),
    ],
)
def test_bad_arguments_are_named(program: Program, arguments: tuple[str, ...], named: str) -> None:
    ended = program("triage", "kusto", *arguments)
    assert ended.status == 2
    assert named in ended.error


@pytest.mark.parametrize("argument", ["-", "--ask"])
def test_a_closed_standard_input_is_named(
    program: Program, monkeypatch: pytest.MonkeyPatch, argument: str
) -> None:
    monkeypatch.setattr("sys.stdin", None)
    ended = program("triage", "kusto", argument)
    assert ended.status == 2
    assert "standard input" in ended.error


@pytest.mark.parametrize("seconds", ["nan", "inf", "0"])
def test_seconds_are_a_number_within_bounds(program: Program, seconds: str) -> None:
    ended = program("triage", "kusto", "--text", "x", "--command-seconds", seconds)
    assert ended.status == 2
    assert "--command-seconds" in ended.error


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_is_read(
    program: Program, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, encoding: str
) -> None:
    options, log = tmp_path / "o.json", tmp_path / "l.log"
    options.write_bytes(json.dumps({**_OPTIONS, "writeMode": "Transactional"}).encode(encoding))
    log.write_bytes(_LOG.encode(encoding))
    ended = program("triage", "kusto", "--options", str(options), "--log", str(log), "--json")
    assert (ended.json["pattern"], ended.json["mode"]) == ("write.timeout.await", "Transactional")

    lines = '{"id": "a", "evidence": "x"}\n{"id": "\\ud800", "evidence": "y"}\n'
    monkeypatch.setattr("sys.stdin", _Input(lines.encode(encoding)))
    answers = program("triage", "kusto", "-").out.splitlines()
    assert [json.loads(answer)["id"] for answer in answers] == ["a", "\ufffd"]


def test_of_a_large_log_in_utf_16_head_and_tail_are_read(program: Program, tmp_path: Path) -> None:
    log = tmp_path / "l.log"
    filler = "an INFO line of somebody else, of no meaning\n" * 200_000
    log.write_bytes(f"{filler}{_LOG}".encode("utf-16"))
    ended = program("triage", "kusto", "--log", str(log), "--json")
    assert log.stat().st_size > 16_000_000
    assert ended.json["pattern"] == "write.timeout.await"


@pytest.mark.parametrize("text", ["{", "[1]", '{"kustoTable": {}}', "3"])
def test_bad_options_are_named(program: Program, tmp_path: Path, text: str) -> None:
    ended = program("triage", "kusto", "--options", _written(tmp_path / "o.json", text))
    assert ended.status == 2
    assert "o.json" in ended.error


def test_ask_takes_answers_one_by_one(
    program: Program, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    log = _written(tmp_path / "x.log", _LOG)
    # An operation that is none, then the right one, the mode, and the exception from a file.
    answers = f"x\nwrite\nQueued\n@{tmp_path}/none\n@{log}\n\n\n\n"
    monkeypatch.setattr("sys.stdin", _Input(answers.encode()))
    ended = program("triage", "kusto", "--text", "the kusto job hangs", "--ask", "--json")
    assert ended.status == 0, ended.err
    assert "Where to find it" in ended.err
    assert "operation: 'x' cannot be used" in ended.err
    assert ended.json["pattern"] == "write.timeout.await"


def test_secrets_of_the_options_do_not_come_back(program: Program, tmp_path: Path) -> None:
    secret = "Zq8vLkT0pWmR5xYb2NcD"
    options = {**_OPTIONS, "accessToken": secret, "kustoAadAppSecret": secret + "x"}
    log = _written(tmp_path / "l.log", f'{_LOG} {secret} h@"?sv=1&sig={secret}y"\n')
    for extra in ([], ["--json"]):
        path = _written(tmp_path / "o.json", json.dumps(options))
        ended = program("triage", "kusto", "--options", path, "--log", log, *extra)
        assert secret not in ended.out + ended.err
