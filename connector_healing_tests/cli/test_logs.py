from dataclasses import replace

import pytest

from connector_healing.core.records import RunStatus
from connector_healing_tests.cli.prepared import Prepared
from connector_healing_tests.cli.program import Program
from connector_healing_tests.store.builders import after, runtime


def test_executions_errors_success_and_configuration(program: Program, prepared: Prepared) -> None:
    version = prepared.connector()
    good = prepared.run(minutes=1)
    bad = prepared.run(minutes=2, failure=prepared.failure())

    found = program("logs", "flights", "--json").json

    assert found["connector"] == "flights"
    assert found["active_version"] == version.version_id
    assert found["last_success"] == good.ended_at.isoformat()
    assert [e["record_id"] for e in found["executions"]] == [bad.record_id, good.record_id]
    (error,) = found["errors"]
    assert error["message"] == "KeyError: 'delay'"
    assert (error["diagnosis"]["category"], error["diagnosis"]["subcategory"]) == (
        "api_change",
        "field_changed",
    )
    assert error["diagnosis"]["remedy"]
    assert found["configuration"]["connector"]["entry_point"] == "shop.flights:flights"
    assert found["log"] == [
        "INFO a line of minute 1",
        "INFO another of minute 1",
        "INFO a line of minute 2",
        "INFO another of minute 2",
    ]


def test_the_same_to_a_person(program: Program, prepared: Prepared) -> None:
    version = prepared.connector()
    prepared.run(minutes=1)
    prepared.run(minutes=2, failure=prepared.failure())

    ended = program("logs", "flights")

    assert (ended.status, ended.err) == (0, "")
    for told in (
        f"flights: last success 2013-02-01 12:01:03 UTC, active version {version.version_id}",
        "2013-02-01 12:02:03 │ failed ",
        "KeyError: 'delay'",
        "api_change/field_changed: ",
        "pipeline_name: flights",
        "Last 4 log lines",
        "INFO another of minute 2",
    ):
        assert told in ended.out


def test_the_last_lines_only(program: Program, prepared: Prepared) -> None:
    prepared.connector()
    for minute in range(3):
        prepared.run(minutes=minute)

    found = program("logs", "flights", "--lines", "3", "--json").json

    assert found["log"] == [
        "INFO another of minute 1",
        "INFO a line of minute 2",
        "INFO another of minute 2",
    ]


def test_a_held_run_says_what_looked_wrong(program: Program, prepared: Prepared) -> None:
    prepared.connector()
    prepared.run(failure=prepared.failure(held=True))

    ended = program("logs", "flights")

    assert "flights: table halved (12 rows; expected about 900)." in ended.out
    assert "rows_lost" in ended.out
    assert "last success never" in ended.out


def test_a_connector_of_which_only_failures_are_known(program: Program, prepared: Prepared) -> None:
    prepared.run("hooked", failure=prepared.failure("hooked"))

    ended, found = program("logs", "hooked"), program("logs", "hooked", "--json").json

    assert ended.status == 0
    assert "active version none recorded" in ended.out
    assert "only failures of this connector are captured" in ended.out
    assert found["configuration"] is None
    assert found["errors"][0]["diagnosis"]["subcategory"] == "field_changed"


def test_a_success_long_ago_is_found(program: Program, prepared: Prepared) -> None:
    prepared.connector()
    good = prepared.run(minutes=1)
    failed = replace(good, status=RunStatus.FAILED)
    for minute in range(2, 40):
        number = str(minute)
        prepared.store.record_run(replace(failed, record_id=number, started_at=after(minute)))

    found = program("logs", "flights", "--json").json

    assert found["last_success"] == good.ended_at.isoformat()
    assert len(found["executions"]) == 20


@pytest.mark.parametrize("as_json", [True, False])
def test_configuration_shows_no_secret(
    program: Program, prepared: Prepared, monkeypatch: pytest.MonkeyPatch, *, as_json: bool
) -> None:
    monkeypatch.setenv("VENDOR_API_KEY", "key-of-the-environment")
    monkeypatch.setenv("API_BASE", "declared-secret-value")
    prepared.connector()
    plain = runtime()
    connector = replace(
        plain.connector,
        arguments={
            "api_key": "key-of-the-arguments",
            "base_url": "https://anna:pa55word@api.example.com/v1?access_token=tok-in-the-url",
            "deep": {"list": [{"password": "hidden-deep-inside"}]},
            "note": "uses key-of-the-environment and declared-secret-value",
            "pages": 3,
        },
    )
    prepared.store.save_runtime(replace(plain, connector=connector))

    ended = program("logs", "flights", *(["--json"] if as_json else []))

    for secret in (
        "key-of-the-environment",
        "declared-secret-value",
        "key-of-the-arguments",
        "pa55word",
        "tok-in-the-url",
        "hidden-deep-inside",
    ):
        assert secret not in ended.out + ended.err
    for kept in ("api_key", "api.example.com", "shop.flights:flights"):
        assert kept in ended.out
