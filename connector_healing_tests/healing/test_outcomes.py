"""What a whole heal comes to, by what broke."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from connector_healing.core.case import CaseState, Healed, NotHealed, NotReproduced, Step
from connector_healing.core.connector import ConnectorVersion
from connector_healing.core.drift.mapping import MappingVerdict
from connector_healing.core.patch import PatchKind
from connector_healing.core.policy import HealMode, HealPolicy, PolicyLevel
from connector_healing.core.records import RunStatus
from connector_healing.core.report import render_report
from connector_healing.core.steps import Finding
from connector_healing.core.taxonomy import FailureSubcategory
from connector_healing.healing.budget import SPARE_REQUESTS
from connector_healing.healing.persons import open_by_hand
from connector_healing.healing.telling import report_facts
from connector_healing_tests.healing.freight import KEYLESS, MISTAKEN
from connector_healing_tests.healing.freight_api import (
    FreightApi,
    Limit,
    Record,
    renamed,
    without_carrier,
)
from connector_healing_tests.healing.project import APPLY, Project

CARRIERS = "SELECT id, carrier FROM parcels ORDER BY id"


def versions(project: Project, name: str = "plain") -> list[ConnectorVersion]:
    return list(project.run_services.registry.versions(name))


def assert_within_budget(project: Project, name: str = "plain") -> None:
    """As the API counts them; and the report tells the same number."""
    first = project.run_services.store.runs(name, 50)[-1]
    assert len(project.api.hits) <= first.requests + SPARE_REQUESTS
    facts = report_facts(project.run_services.cases, project.case())
    assert facts.live_requests == len(project.api.hits)


def truth(api: FreightApi) -> list[tuple[str, str]]:
    return sorted((p["id"], p["carrier"]) for p in api.parcels)


def test_a_field_renamed_without_likeness_heals_by_the_values_of_known_keys(
    plain: Project,
) -> None:
    plain.api.shape = renamed
    assert plain.run().message == "KeyError: 'carrier'"

    outcome = plain.heal()

    assert isinstance(outcome, Healed)
    assert outcome.active
    assert_within_budget(plain)
    assert plain.case().state is CaseState.MONITORING
    finding: Finding = plain.step(Step.CLASSIFY, Finding)
    assert finding.diagnosis.subcategory is FailureSubcategory.FIELD_RENAMED
    mapping = next(m for m in finding.mappings if m.old == "carrier")
    assert (mapping.new, mapping.verdict) == ("op_code", MappingVerdict.RENAMED)
    assert mapping.shared_keys >= 30
    first, second, last = plain.run_services.store.trials(plain.case().case_id)
    # The second trial, of a smaller patch, asks for the same and is answered from the first's.
    assert (first.live_requests, second.live_requests, last.live_requests) == (9, 0, 0)
    assert plain.case().winner == second.number
    healed = versions(plain)[-1]
    assert (healed.version_id, healed.case_id) == (outcome.version_id, plain.case().case_id)
    assert plain.run().status is RunStatus.SUCCEEDED
    assert plain.rows(CARRIERS) == truth(plain.api)


def test_a_removed_field_is_not_mapped(plain: Project) -> None:
    plain.api.shape = without_carrier
    plain.run()

    outcome = plain.heal()

    assert isinstance(outcome, NotHealed)
    assert plain.case().state is CaseState.ABSTAINED
    finding: Finding = plain.step(Step.CLASSIFY, Finding)
    assert finding.diagnosis.subcategory is FailureSubcategory.FIELD_REMOVED
    mapping = next(m for m in finding.mappings if m.old == "carrier")
    assert (mapping.new, mapping.verdict) == (None, MappingVerdict.REMOVED)
    assert len(versions(plain)) == 1
    assert "removed" in plain.report()


def test_wrong_data_under_the_right_names_are_refused_and_the_check_is_named(
    plain: Project,
) -> None:
    weights = {p["id"]: p["weight"] for p in plain.api.parcels}
    ids = sorted(weights)

    def shifted(record: Record) -> Record:
        other = ids[(ids.index(record["id"]) + 101) % len(ids)]
        return renamed({**record, "weight": weights[other]})

    plain.api.shape = shifted
    plain.run()

    outcome = plain.heal()

    assert isinstance(outcome, NotHealed)
    assert "H4 overlap equality" in outcome.refused_by
    refusing = [
        c
        for t in plain.run_services.store.trials(plain.case().case_id)
        for c in t.checks
        if c.name == "H4 overlap equality" and not c.passed
    ]
    assert {c.column for c in refusing} == {"weight"}
    assert "H4 overlap equality" in plain.report()
    assert len(versions(plain)) == 1


def test_a_rate_limit_heals(plain: Project) -> None:
    for _ in range(4):
        plain.api.next_day()
    plain.api.limit = Limit(requests=3, window=1.0)
    assert "429" in plain.run().message

    outcome = plain.heal()

    assert isinstance(outcome, Healed), outcome
    assert outcome.active
    assert_within_budget(plain)
    assert "rate_limited_session" in versions(plain)[-1].diff
    assert plain.run().status is RunStatus.SUCCEEDED
    assert plain.rows(CARRIERS) == truth(plain.api)


def test_a_configuration_whose_held_field_was_renamed_heals_by_a_processing_step(
    rest: Project,
) -> None:
    rest.api.shape = renamed
    assert rest.run("rest").status is RunStatus.HELD

    outcome = rest.heal()

    assert isinstance(outcome, Healed)
    assert outcome.active, rest.case().reason
    assert_within_budget(rest, "rest")
    assert '"processing_steps": [{"map": alias_fields({"carrier": "op_code"})}]' in (
        versions(rest, "rest")[-1].diff
    )
    assert rest.run("rest").status is RunStatus.SUCCEEDED
    assert rest.rows(CARRIERS, "rest") == truth(rest.api)


def test_rows_that_are_lost_are_not_healed_and_the_checks_are_named(rest: Project) -> None:
    rest.api.lost = 50
    held = rest.run("rest")
    assert held.status is RunStatus.HELD

    outcome = rest.heal()

    assert isinstance(outcome, NotHealed)
    assert "H1 judge before load: table halved" in outcome.refused_by
    assert "H3 containment" in outcome.refused_by
    assert rest.case().state is CaseState.ABSTAINED
    assert rest.rows("SELECT count(*) FROM depots", "rest") == [(80,)]
    assert "connector-healing release" in rest.report()


def test_a_table_that_came_empty_is_not_healed_and_the_checks_are_named(rest: Project) -> None:
    rest.api.lost = 80
    assert rest.run("rest").status is RunStatus.HELD

    outcome = rest.heal()

    assert isinstance(outcome, NotHealed)
    assert "H1 judge before load: table emptied" in outcome.refused_by


def test_rows_that_came_back_are_transient(rest: Project) -> None:
    rest.api.lost = 50
    rest.run("rest")
    rest.api.mend()

    outcome = rest.heal()

    assert isinstance(outcome, NotReproduced)
    assert outcome.transient


def test_a_broken_deployment_goes_back_to_the_last_good_version_by_proposal(
    plain: Project,
) -> None:
    good = versions(plain)[0].version_id
    plain.write("plain", MISTAKEN)
    broken = plain.run()
    assert broken.message == "KeyError: 'wieght'"

    outcome = plain.heal()

    assert isinstance(outcome, Healed), outcome
    assert outcome.version_id == good
    assert not outcome.active
    assert plain.case().state is CaseState.AWAITING_APPROVAL
    assert "deployed on purpose" in plain.case().reason
    winner = plain.run_services.store.candidates(plain.case().case_id)[0]
    assert winner.kind is PatchKind.REVERT
    assert plain.run_services.store.active_version("plain") == broken.version_id


@pytest.mark.parametrize(
    ("policy", "why"),
    [
        (replace(APPLY, min_history_runs=7), "fewer than 7 good runs"),
        (HealPolicy(apply_up_to=PolicyLevel.A1), "above apply_up_to A1"),
        (HealPolicy(), "the mode is propose"),
    ],
    ids=["history", "level", "mode"],
)
def test_what_the_policy_does_not_allow_waits_for_approval(
    plain: Project, policy: HealPolicy, why: str
) -> None:
    plain.policy = policy
    plain.api.shape = renamed
    failed = plain.run()

    outcome = plain.heal()

    assert isinstance(outcome, Healed)
    assert not outcome.active
    assert plain.case().state is CaseState.AWAITING_APPROVAL
    assert why in plain.case().reason
    assert plain.run_services.store.active_version("plain") == failed.version_id


def test_a_table_without_a_key_is_never_healed_without_a_person(
    plain: Project, tmp_path: Path
) -> None:
    plain.api.reset()
    plain.policy = replace(APPLY, min_history_runs=1)
    (tmp_path / "keyless").mkdir()
    keyless = replace(plain, folder=tmp_path / "keyless", _pipelines={})
    with keyless.entered():
        keyless.write("plain", KEYLESS)
        assert keyless.run().status is RunStatus.SUCCEEDED
        keyless.days(1)
        keyless.api.next_day()
        keyless.api.shape = renamed
        keyless.run()

        outcome = keyless.heal()

        assert not isinstance(outcome, Healed) or not outcome.active
        assert keyless.case().state is CaseState.AWAITING_APPROVAL, keyless.case().reason
        assert "there is no key" in keyless.case().reason


def test_diagnose_leaves_no_candidate(plain: Project) -> None:
    plain.api.shape = renamed
    plain.run()
    with plain.healer() as services:
        case = open_by_hand(services, "plain", HealMode.DIAGNOSE, {})

    outcome = plain.heal(case.case_id)

    assert isinstance(outcome, NotHealed)
    assert outcome.reason.startswith("Diagnosed only, as asked: The API changed its records")
    assert plain.run_services.store.candidates(case.case_id) == ()
    assert plain.run_services.store.trials(case.case_id) == ()
    assert len(versions(plain)) == 1


@pytest.mark.parametrize("name", ["plain", "rest"])
def test_cassette_only_sends_no_request(name: str, request: pytest.FixtureRequest) -> None:
    project: Project = request.getfixturevalue(name)
    project.api.shape = renamed
    project.run(name)
    with project.healer() as services:
        case = open_by_hand(services, name, HealMode.APPLY, {"traffic": "cassette"})

    project.heal(case.case_id)

    assert project.api.hits == []
    assert project.case().state in {CaseState.ABSTAINED, CaseState.AWAITING_APPROVAL}
    trials = project.run_services.store.trials(case.case_id)
    assert trials
    assert all(t.live_requests == 0 for t in trials)


def test_the_report_has_every_fact(plain: Project) -> None:
    plain.api.shape = renamed
    plain.run()
    plain.heal()

    facts = report_facts(plain.run_services.cases, plain.case())

    assert facts.outcome is not None
    assert facts.winner is not None
    assert facts.diagnosis is not None
    assert facts.last_success is not None
    assert facts.duration > timedelta(0)
    assert facts.replayed_requests > 0
    assert [state for _, state, _ in facts.history] == [
        CaseState.OPEN,
        CaseState.REPRODUCING,
        CaseState.GENERATING,
        CaseState.VALIDATING,
        CaseState.SUBMITTED,
        CaseState.MONITORING,
    ]
    assert plain.report() == render_report(facts)
