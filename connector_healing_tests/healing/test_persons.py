"""What a person says of a case, and what the next runs say of a heal."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from connector_healing.core.case import CaseState, HealCase, Healed, NotHealed, Step
from connector_healing.core.connector import ConnectorVersion
from connector_healing.core.lease import case_lease_name
from connector_healing.core.policy import HealMode
from connector_healing.core.records import RunStatus
from connector_healing.core.report import render_report
from connector_healing.errors import InvalidCaseStateError, UsageError
from connector_healing.healing.monitor import setbacks, supersede, watch_run
from connector_healing.healing.persons import approve, open_by_hand, reject, release, rollback
from connector_healing.healing.submission import activate
from connector_healing.healing.telling import report_facts
from connector_healing.healing.workflow import HealWorkflow
from connector_healing_tests.healing.freight import PLAIN
from connector_healing_tests.healing.freight_api import refused
from connector_healing_tests.healing.project import APPLY, Project

ANNA = "anna"


def active(project: Project) -> str | None:
    return project.run_services.store.active_version("plain")


def approved(project: Project) -> HealCase:
    approve(project.run_services.cases, project.case().case_id, ANNA)
    return project.case()


def deployed(project: Project) -> ConnectorVersion:
    """A version that somebody else makes active."""
    services = project.run_services
    parent = services.registry.active("plain")
    assert parent is not None
    module = parent.code.modules[-1]
    code = parent.code.with_text(module.name, f"{module.text}\nOTHER = 1\n")
    other = replace(
        parent,
        code=code,
        version_id=code.version_id,
        parent=parent.version_id,
        created_by="ben",
        case_id=None,
    )
    services.registry.save(other)
    services.registry.activate("plain", parent.version_id, other.version_id)
    return other


def test_an_approved_version_runs_and_three_good_runs_promote_it(proposed: Project) -> None:
    waiting = proposed.case()
    assert active(proposed) == waiting.version_id

    outcome = approve(proposed.run_services.cases, waiting.case_id, ANNA)

    assert isinstance(outcome, Healed)
    assert outcome.active
    assert active(proposed) == outcome.version_id
    assert proposed.case().reason == "Approved by anna."
    counted = []
    for _ in range(3):
        proposed.days(1)
        counted.append((proposed.case().state, proposed.case().monitored_runs))
    assert counted == [
        (CaseState.MONITORING, 1),
        (CaseState.MONITORING, 2),
        (CaseState.PROMOTED, 3),
    ]


def test_the_report_on_disk_follows_the_watched_runs(proposed: Project) -> None:
    assert "a proven patch waits for approval" in proposed.report()
    approved(proposed)
    assert "0 good so far" in proposed.report()
    proposed.days(1)
    assert "1 good so far" in proposed.report()
    proposed.days(2)
    assert "has proven itself in 3 runs" in proposed.report()


def test_the_report_on_disk_tells_of_other_code_in_its_place(proposed: Project) -> None:
    approved(proposed)
    supersede(proposed.run_services.cases, "plain", deployed(proposed).version_id)
    assert proposed.case().state is CaseState.ROLLED_BACK
    assert "the healed version was rolled back" in proposed.report()


def test_the_same_failure_rolls_back_by_itself(proposed: Project) -> None:
    case = approved(proposed)
    plain = proposed.api.shape
    proposed.api.shape = lambda r: {k: v for k, v in plain(r).items() if k != "op_code"}

    failed = proposed.run()

    assert failed.status is RunStatus.FAILED
    ended = proposed.case(case.case_id)
    assert ended.state is CaseState.ROLLED_BACK
    assert "the same failure came back" in ended.reason
    assert "the healed version was rolled back" in proposed.report()
    assert active(proposed) == case.version_id


def test_a_failure_of_another_kind_neither_counts_nor_rolls_back(proposed: Project) -> None:
    case = approved(proposed)
    proposed.api.fault = lambda path, number: refused(503)
    assert proposed.run().status is RunStatus.FAILED
    seen = proposed.case(case.case_id)
    assert (seen.state, seen.monitored_runs) == (CaseState.MONITORING, 0)
    assert active(proposed) == case.submitted_version


def test_a_run_of_another_version_does_not_count(proposed: Project) -> None:
    """One that began before the heal was active, say."""
    case = approved(proposed)
    good = proposed.run_services.store.runs("plain", 50)[1]
    assert (good.status, good.version_id) == (RunStatus.SUCCEEDED, case.version_id)

    assert watch_run(proposed.run_services.cases, good, None) is None

    assert proposed.case(case.case_id).monitored_runs == 0


def test_a_hold_of_another_resource_says_nothing_of_the_heal(proposed: Project) -> None:
    case = approved(proposed)
    held = replace(
        proposed.run_services.store.runs("plain", 1)[0],
        record_id="held",
        version_id=case.submitted_version or "",
        status=RunStatus.HELD,
    )
    cases = proposed.run_services.cases
    assert case.dlt_resource == "parcels"

    assert watch_run(cases, held, "other", ("parcels", "depots"), {"depots"}) is None
    assert active(proposed) == case.submitted_version

    watch_run(cases, held, "other", ("parcels", "depots"), {"depots", "parcels"})
    assert active(proposed) == case.version_id
    assert proposed.case(case.case_id).state is CaseState.ROLLED_BACK


def test_a_version_that_somebody_else_made_active_is_not_overwritten_by_a_roll_back(
    proposed: Project,
) -> None:
    case = approved(proposed)
    other = deployed(proposed)
    failed = replace(
        proposed.run_services.store.runs("plain", 1)[0],
        record_id="late",
        version_id=case.submitted_version or "",
    )

    watch_run(proposed.run_services.cases, failed, case.fingerprint)

    assert active(proposed) == other.version_id
    assert proposed.case(case.case_id).state is CaseState.ROLLED_BACK


def test_a_heal_whose_version_runs_no_more_is_closed(proposed: Project) -> None:
    """A roll-back that was cut short leaves such a case: nobody would ever close it."""
    case = approved(proposed)
    services = proposed.run_services
    services.registry.activate("plain", case.submitted_version, case.version_id)
    record = services.store.runs("plain", 1)[0]
    assert record.version_id == case.version_id

    watch_run(services.cases, record, case.fingerprint)

    assert proposed.case(case.case_id).state is CaseState.ROLLED_BACK


def test_a_later_heal_of_the_healed_version_counts_for_both(proposed: Project) -> None:
    first = approved(proposed)
    services = proposed.run_services
    healed = services.registry.version("plain", first.submitted_version or "")
    module = healed.code.modules[-1]
    code = healed.code.with_text(module.name, f"{module.text}\nAGAIN = 1\n")
    again = replace(
        healed, code=code, version_id=code.version_id, parent=healed.version_id, case_id="later"
    )
    services.registry.save(again)
    services.registry.activate("plain", healed.version_id, again.version_id)

    assert proposed.run().version_id == again.version_id

    assert proposed.case(first.case_id).monitored_runs == 1


def test_an_approval_of_what_was_proven_of_other_code_changes_nothing(proposed: Project) -> None:
    case = proposed.case()
    other = deployed(proposed)

    outcome = approve(proposed.run_services.cases, case.case_id, ANNA)

    assert isinstance(outcome, NotHealed)
    assert other.version_id in outcome.reason
    assert active(proposed) == other.version_id
    assert proposed.case(case.case_id).state is CaseState.REJECTED


def test_an_approval_that_was_cut_short_is_carried_out_by_the_next_worker(
    proposed: Project,
) -> None:
    case = proposed.case()
    store = proposed.run_services.store
    store.advance_case(
        case.case_id, CaseState.SUBMITTED, None, case.updated_at, reason="Approved by anna."
    )
    assert case.case_id in {c.case_id for c in store.due_cases(case.updated_at)}

    outcome = proposed.heal(case.case_id)

    assert isinstance(outcome, Healed)
    assert active(proposed) == outcome.version_id
    assert proposed.case().state is CaseState.MONITORING
    assert proposed.api.hits == []
    assert store.held() == ()


def test_what_was_approved_can_be_neither_approved_nor_rejected_again(proposed: Project) -> None:
    case = approved(proposed)
    services = proposed.run_services.cases
    with pytest.raises(InvalidCaseStateError):
        approve(services, case.case_id, ANNA)
    with pytest.raises(InvalidCaseStateError):
        reject(services, case.case_id, ANNA)


def test_of_two_people_one_decides(proposed: Project) -> None:
    services = proposed.run_services.cases
    case = proposed.case()
    start = threading.Barrier(2)
    ended: list[str] = []

    def say(name: str) -> None:
        start.wait()
        try:
            if name == "approve":
                approve(services, case.case_id, ANNA)
            else:
                reject(services, case.case_id, "ben", "not now")
            ended.append(name)
        except InvalidCaseStateError:
            pass

    people = [threading.Thread(target=say, args=(n,)) for n in ("approve", "reject")]
    for person in people:
        person.start()
    for person in people:
        person.join()

    assert len(ended) == 1
    state = CaseState.MONITORING if ended == ["approve"] else CaseState.REJECTED
    assert proposed.case(case.case_id).state is state
    assert (active(proposed) == case.submitted_version) is (ended == ["approve"])


def test_a_rejected_proposal_leaves_the_failing_version(proposed: Project) -> None:
    case = proposed.case()
    ended = reject(proposed.run_services.cases, case.case_id, ANNA, "not like this")
    assert ended.state is CaseState.REJECTED
    assert ended.reason == "Rejected by anna: not like this"
    assert "a person refused the patch" in proposed.report()
    assert active(proposed) == case.version_id


def test_a_rollback_by_hand_makes_the_parent_active(proposed: Project) -> None:
    case = approved(proposed)

    assert rollback(proposed.run_services.cases, "plain", ANNA) == case.version_id

    ended = proposed.case(case.case_id)
    assert ended.state is CaseState.ROLLED_BACK
    assert "by anna" in ended.reason
    assert "the healed version was rolled back" in proposed.report()
    with pytest.raises(UsageError, match="no parent"):
        rollback(proposed.run_services.cases, "plain", ANNA)


def test_two_roll_backs_leave_only_proposals_until_one_is_promoted(proposed: Project) -> None:
    services = proposed.run_services.cases
    proposed.policy = APPLY
    for _ in range(2):
        if proposed.case().state is CaseState.AWAITING_APPROVAL:
            approved(proposed)
        rollback(services, "plain", ANNA)
        # A worker that died behind its last write left a lease on the closed case.
        stale = case_lease_name(proposed.case().case_id)
        proposed.run_services.store.claim(stale, "dead", timedelta(0))
        proposed.run()
        proposed.heal()
        assert proposed.run_services.store.held() == ()
    assert setbacks(services, "plain") == 2
    assert proposed.case().state is CaseState.AWAITING_APPROVAL
    assert "2 heals of this connector were rolled back" in proposed.case().reason

    approved(proposed)
    proposed.days(3)
    assert proposed.case().state is CaseState.PROMOTED
    assert setbacks(services, "plain") == 0


def test_a_conflict_is_no_setback(proposed: Project) -> None:
    case = proposed.case()
    services = proposed.run_services.cases
    store = services.store
    submitted = store.advance_case(case.case_id, CaseState.SUBMITTED, None, case.updated_at)
    other = deployed(proposed)

    ended = activate(
        services, submitted, case.submitted_version or "", winner=1, reason="", lease=None
    )

    assert ended.state is CaseState.ROLLED_BACK
    assert active(proposed) == other.version_id
    assert setbacks(services, "plain") == 0


def test_a_launch_by_hand_on_a_proposal_shows_it_again(proposed: Project) -> None:
    before = proposed.case()
    with proposed.healer() as services:
        case = open_by_hand(services, "plain", HealMode.APPLY, {})
    assert case.case_id == before.case_id

    outcome = proposed.heal(case.case_id)

    assert isinstance(outcome, Healed)
    assert not outcome.active
    assert proposed.case().state is CaseState.AWAITING_APPROVAL
    assert proposed.api.hits == []


def test_a_launch_by_hand_sets_mode_and_parameters_of_the_case_that_it_joins(
    proposed: Project,
) -> None:
    services = proposed.run_services.cases
    reject(services, proposed.case().case_id, ANNA)
    proposed.run()
    opened = proposed.case()
    assert (opened.mode, opened.parameters) == (HealMode.APPLY, {})

    case = open_by_hand(services, "plain", HealMode.DIAGNOSE, {"traffic": "cassette"})

    assert case.case_id == opened.case_id
    assert (case.mode, case.parameters) == (HealMode.DIAGNOSE, {"traffic": "cassette"})
    proposed.heal()
    assert proposed.api.hits == []
    assert proposed.run_services.store.step(case.case_id, Step.CANDIDATES) is None


@pytest.mark.parametrize(
    "parameters", [{"sample_size": "many"}, {"sample_size": "29"}, {"traffic": "tape"}]
)
def test_parameters_that_cannot_be_used_open_nothing(
    proposed: Project, parameters: dict[str, str]
) -> None:
    before = proposed.run_services.store.cases()
    with pytest.raises(UsageError, match=next(iter(parameters))):
        open_by_hand(proposed.run_services.cases, "plain", HealMode.PROPOSE, parameters)
    assert proposed.run_services.store.cases() == before


def test_a_closed_case_is_not_healed_again_step_by_step(proposed: Project) -> None:
    services = proposed.run_services.cases
    reject(services, proposed.case().case_id, ANNA)
    proposed.run()
    case = proposed.case()
    reject(services, case.case_id, ANNA)

    with proposed.healer() as ports:
        with pytest.raises(InvalidCaseStateError):
            HealWorkflow(ports).reproduce(case.case_id)
        outcome = HealWorkflow(ports).run(case.case_id)

    assert isinstance(outcome, NotHealed)
    assert proposed.run_services.store.step(case.case_id, Step.REPRODUCE) is None
    assert case_lease_name(case.case_id) not in {
        lease.name for lease in proposed.run_services.store.held()
    }


def test_held_data_that_were_right_are_loaded_by_the_next_run(rest: Project) -> None:
    rest.api.lost = 50
    assert rest.run("rest").status is RunStatus.HELD
    case = rest.case()

    released = release(rest.run_services.cases, case.case_id, ANNA)

    assert released.state is CaseState.REJECTED
    assert (released.reason, released.shown_state) == (
        "Released by anna: the data were right.",
        "released",
    )
    assert "a person released what was held" in rest.report()
    services = rest.run_services.cases
    waiting = render_report(report_facts(services, rest.case(case.case_id)))
    assert "the next run loads it" in waiting
    assert "A person must act" not in waiting
    assert "| released | Released by anna" in waiting
    assert rest.run("rest").status is RunStatus.SUCCEEDED
    assert rest.rows("SELECT count(*) FROM depots", "rest") == [(30,)]
    loaded = render_report(report_facts(services, rest.case(case.case_id)))
    assert "a run has loaded it" in loaded
    for stale in ("A person must act", "next run loads", "rejected"):
        assert stale not in loaded


def test_held_data_that_were_refused_are_not_told_as_released(rest: Project) -> None:
    rest.api.lost = 50
    rest.run("rest")
    services = rest.run_services.cases
    reject(services, rest.case().case_id, ANNA, "they are really gone")
    report = render_report(report_facts(services, rest.case()))
    assert "a person refused" in report
    assert "released" not in report


def test_only_held_data_can_be_released(proposed: Project) -> None:
    with pytest.raises(UsageError, match="held no data"):
        release(proposed.run_services.cases, proposed.case().case_id, ANNA)


def test_a_person_deploys_the_healed_text_itself(proposed: Project) -> None:
    """Copied into the repository: the same version, whose runs are counted on."""
    case = approved(proposed)
    healed = proposed.run_services.registry.version("plain", case.submitted_version or "")
    text = next(m.text for m in healed.code.modules if m.text != PLAIN and m.text)
    proposed.write("plain", text)

    assert proposed.run().version_id == case.submitted_version

    assert proposed.case(case.case_id).monitored_runs == 1
