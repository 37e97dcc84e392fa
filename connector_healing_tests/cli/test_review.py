import pytest

from connector_healing.core.case import CaseState
from connector_healing_tests.cli.prepared import Prepared
from connector_healing_tests.cli.program import Program

APPROVABLE = {CaseState.AWAITING_APPROVAL, CaseState.SUBMITTED}
REJECTABLE = {CaseState.AWAITING_APPROVAL, CaseState.OPEN, CaseState.ABSTAINED}
RELEASABLE = {CaseState.AWAITING_APPROVAL, CaseState.OPEN, CaseState.ABSTAINED}


@pytest.mark.parametrize("state", sorted(APPROVABLE))
def test_approve_makes_the_proposed_version_active(
    program: Program, prepared: Prepared, state: CaseState
) -> None:
    case = prepared.case(state)

    ended = program("approve", case.case_id)

    assert (ended.status, ended.err) == (0, "")
    assert f"Version {case.submitted_version} of flights is active" in ended.out
    assert prepared.store.active_version("flights") == case.submitted_version
    found = prepared.store.case(case.case_id)
    assert found is not None
    assert found.state is CaseState.MONITORING
    assert "anna" in prepared.store.case_history(case.case_id)[-1][2]


def test_approve_as_json(program: Program, prepared: Prepared) -> None:
    case = prepared.case(CaseState.AWAITING_APPROVAL)

    ended = program("approve", case.case_id, "--json")

    assert ended.status == 0
    assert ended.json["case"]["state"] == "monitoring"
    assert ended.json["case"]["submitted_version"] == case.submitted_version


def test_approve_loses_against_a_version_that_somebody_made_active(
    program: Program, prepared: Prepared
) -> None:
    case = prepared.case(CaseState.AWAITING_APPROVAL)
    prepared.store.activate("flights", case.version_id, "deployed", case.updated_at)

    ended = program("approve", case.case_id)

    assert ended.status == 1
    assert "Not approved" in ended.out
    assert prepared.store.active_version("flights") == "deployed"


@pytest.mark.parametrize(
    ("command", "allowed"),
    [("approve", APPROVABLE), ("reject", REJECTABLE), ("release", RELEASABLE)],
)
@pytest.mark.parametrize("state", list(CaseState))
def test_what_cannot_be_done_in_a_state_changes_nothing(
    program: Program, prepared: Prepared, state: CaseState, command: str, allowed: set[CaseState]
) -> None:
    case = prepared.case(state, held=command == "release")
    active = prepared.store.active_version("flights")
    history = prepared.store.case_history(case.case_id)

    ended = program(command, case.case_id)

    if state in allowed:
        assert ended.status == 0
        return
    assert ended.status == 2
    assert f"state of case {case.case_id}: '{state.value}' does not allow that." in ended.error
    assert prepared.store.case(case.case_id) == case
    assert prepared.store.case_history(case.case_id) == history
    assert prepared.store.active_version("flights") == active
    assert prepared.store.waivers("flights") == ()


def test_reject_keeps_the_present_version_and_the_reason(
    program: Program, prepared: Prepared
) -> None:
    case = prepared.case(CaseState.AWAITING_APPROVAL)

    ended = program("reject", case.case_id, "--reason", "the vendor takes it back")

    assert (ended.status, ended.err) == (0, "")
    assert ended.out == "Rejected by anna: the vendor takes it back\n"
    assert prepared.store.active_version("flights") == case.version_id
    found = prepared.store.case(case.case_id)
    assert found is not None
    assert found.state is CaseState.REJECTED


def test_release_waives_what_was_held(program: Program, prepared: Prepared) -> None:
    case = prepared.case(CaseState.ABSTAINED, held=True)

    ended = program("release", case.case_id, "--json")

    assert ended.status == 0
    assert ended.json["case"]["shown_state"] == "released"
    (listed,) = program("cases", "--json").json["cases"]
    assert (listed["state"], listed["shown_state"]) == ("rejected", "released")
    shown = program("cases").out
    assert "│ released │" in shown
    assert "Released by anna: the data were right." in shown
    again = program("release", case.case_id)
    assert "'released' does not allow that" in again.error
    assert {waiver[0] for waiver in prepared.store.waivers("flights")} == {case.case_id}


def test_release_of_a_case_that_held_nothing(program: Program, prepared: Prepared) -> None:
    case = prepared.case(CaseState.ABSTAINED)

    ended = program("release", case.case_id)

    assert ended.status == 2
    assert "It held no data" in ended.error
    assert prepared.store.case(case.case_id) == case


@pytest.mark.parametrize("state", [CaseState.MONITORING, CaseState.PROMOTED])
def test_rollback_makes_the_parent_active(
    program: Program, prepared: Prepared, state: CaseState
) -> None:
    case = prepared.case(state)

    ended = program("rollback", "flights", "--json")

    assert ended.status == 0
    assert ended.json == {"connector": "flights", "active": case.version_id}
    assert prepared.store.active_version("flights") == case.version_id
    found = prepared.store.case(case.case_id)
    assert found is not None
    watched = state is CaseState.MONITORING
    assert (found.state is CaseState.ROLLED_BACK) == watched


def test_nothing_to_roll_back(program: Program, prepared: Prepared) -> None:
    version = prepared.connector()

    ended = program("rollback", "flights")

    assert ended.status == 2
    assert ended.error == (
        "Error: connector: 'flights' has nothing to undo. Its active version has no parent."
    )
    assert prepared.store.active_version("flights") == version.version_id
