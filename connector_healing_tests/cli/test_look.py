import pytest

from connector_healing.core.case import CaseState
from connector_healing_tests.cli.prepared import Prepared
from connector_healing_tests.cli.program import Program


def test_code_is_that_of_the_active_version(program: Program, prepared: Prepared) -> None:
    case = prepared.case(CaseState.MONITORING)

    shown, asked = (
        program("code", "flights"),
        program("code", "flights", "--version", case.version_id),
    )

    assert (shown.status, shown.err) == (0, "")
    assert f"# shop/flights.py  (version {case.submitted_version})\nx = 2\n" in shown.out
    assert f"# shop/flights.py  (version {case.version_id})\nx = 1\n" in asked.out


def test_code_as_json_is_the_version_whole(program: Program, prepared: Prepared) -> None:
    version = prepared.connector()

    found = program("code", "flights", "--json").json

    assert found["version_id"] == version.version_id
    assert found["code"]["modules"][1] == {
        "name": "shop.flights",
        "path": "shop/flights.py",
        "text": "x = 1\n",
        "is_package": False,
    }


def test_code_of_a_connector_without_a_version(program: Program, prepared: Prepared) -> None:
    prepared.run("hooked", failure=prepared.failure("hooked"))

    ended = program("code", "hooked")

    assert ended.status == 2
    assert "has no version yet" in ended.error


def test_versions_come_newest_first(program: Program, prepared: Prepared) -> None:
    case = prepared.case(CaseState.MONITORING)

    shown, found = program("versions", "flights"), program("versions", "flights", "--json").json

    assert found["active"] == case.submitted_version
    newest, oldest = found["versions"]
    assert (newest["version_id"], newest["active"]) == (case.submitted_version, True)
    assert (newest["parent"], newest["case_id"]) == (case.version_id, case.case_id)
    assert newest["diff"] == "-x\n+y\n"
    assert (oldest["version_id"], oldest["active"], oldest["parent"]) == (
        case.version_id,
        False,
        None,
    )
    for told in (case.version_id, case.submitted_version, "carrier is op_code now", "active"):
        assert told
        assert told in shown.out


def test_versions_of_a_connector_without_one(program: Program, prepared: Prepared) -> None:
    prepared.run("hooked", failure=prepared.failure("hooked"))

    assert program("versions", "hooked").out == "Versions of hooked: none\n"
    assert program("versions", "hooked", "--json").json["versions"] == []


def test_cases_of_all_and_of_one_connector(program: Program, prepared: Prepared) -> None:
    one = prepared.case(CaseState.ABSTAINED)
    other = prepared.case(CaseState.OPEN, "hotels")

    everything = program("cases", "--json").json["cases"]
    shown = program("cases")

    assert {c["case_id"] for c in everything} == {one.case_id, other.case_id}
    assert [
        c["case_id"] for c in program("cases", "--connector", "hotels", "--json").json["cases"]
    ] == [other.case_id]
    assert len(program("cases", "--limit", "1", "--json").json["cases"]) == 1
    assert f"{one.case_id} │ flights   │ abstained" in shown.out
    assert "It came to abstained." in shown.out


def test_no_cases(program: Program, prepared: Prepared) -> None:
    prepared.connector()

    assert program("cases").out == "Heal cases: none\n"
    assert program("cases", "--json").json == {"cases": []}


@pytest.mark.parametrize("state", list(CaseState))
def test_a_report_can_be_read_in_every_state(
    program: Program, prepared: Prepared, state: CaseState
) -> None:
    case = prepared.case(state, held=state is CaseState.ABSTAINED)

    shown, found = program("report", case.case_id), program("report", case.case_id, "--json").json

    assert (shown.status, shown.err) == (0, "")
    assert shown.out.startswith("## Connector Debug Report: flights\n")
    assert found["case"]["state"] == state.value
    assert "### Error Summary" in found["markdown"]
    assert found["rendered_at"].endswith("+00:00")
