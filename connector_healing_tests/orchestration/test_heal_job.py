"""The jobs of a person: heal_connector from its Launchpad form, review_heal_case, the reports."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import pytest

from connector_healing.core.case import CaseState
from connector_healing.core.lease import case_lease_name
from connector_healing.core.policy import HealMode, HealPolicy, PolicyLevel
from connector_healing.orchestration.heal_job import FORM, LEFT, heal_asset_key
from connector_healing.orchestration.heal_job import JOB_NAME as HEAL_JOB
from connector_healing.orchestration.metadata import CASE_TAG, CONNECTOR_TAG
from connector_healing.orchestration.person import person
from connector_healing.orchestration.review_job import JOB_NAME as REVIEW_JOB
from connector_healing_tests.orchestration.loopback import LoopbackApi
from connector_healing_tests.orchestration.shop import Shop, materialize
from connector_healing_tests.orchestration.ticks import Sensor, captured
from connector_healing_tests.store.paths import path_to


def execute(
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    job: str,
    config: Mapping[str, Any],
    *,
    tags: Mapping[str, str] | None = None,
) -> dg.ExecuteInProcessResult:
    return definitions.resolve_job_def(job).execute_in_process(
        run_config=dict(config),
        instance=instance,
        tags=dict(tags or {}),
        raise_on_error=False,
    )


def break_after_days(shop: Shop, api: LoopbackApi, instance: dg.DagsterInstance) -> None:
    """Enough good runs to be trusted, then the API renames a field."""
    assets = shop.assets()
    for _ in range(5):
        assert materialize(assets, shop, instance).success
        api.next_day()
    api.rename = {"amount": "total"}
    assert not materialize(assets, shop, instance).success


def report_of(result: dg.ExecuteInProcessResult) -> dg.AssetMaterialization:
    (event,) = result.get_asset_materialization_events()
    return event.materialization


def test_the_form_is_flat_and_each_field_says_what_it_is(shop: Shop) -> None:
    job = shop.definitions().resolve_job_def(HEAL_JOB)
    schema = job.run_config_schema.config_type
    assert schema is not None
    assert set(FORM) == {
        "connector_id",
        "failed_run_id",
        "mode",
        "sample_size",
        "traffic",
        "case_id",
    }
    for name, field in FORM.items():
        assert field.description
        assert field.is_required == (name == "connector_id")
        assert field.default_provided == (name != "connector_id")


def test_a_failure_heals_from_sensor_to_promotion(
    shop: Shop, api: LoopbackApi, instance: dg.DagsterInstance
) -> None:
    shop.policy = HealPolicy(apply_up_to=PolicyLevel.A2)
    break_after_days(shop, api, instance)
    definitions = shop.definitions()
    (request,) = Sensor(definitions, instance).tick(queued=False)
    healed = execute(definitions, instance, HEAL_JOB, request.run_config, tags=request.tags)
    assert healed.success
    case = shop.services.cases.case(request.tags[CASE_TAG])
    assert (case.state, case.submitted_version) == (
        CaseState.MONITORING,
        shop.services.store.active_version("shop"),
    )
    shown = report_of(healed)
    assert shown.asset_key == heal_asset_key("shop")
    assert shown.metadata["healed"].value == 1
    assert "total" in str(shown.metadata["report"].value)
    assert float(str(shown.metadata["seconds_from_failure"].value)) > 0
    steps = {e.step_key for e in healed.all_events if e.is_step_success and e.step_key}
    assert {"reproduce", "classify", "candidates", "validate", "report", "submit"} <= steps
    assert any(step.startswith("trial[candidate_") for step in steps)
    run = instance.get_run_by_id(healed.run_id)
    assert run is not None
    assert (run.tags[CASE_TAG], run.tags[CONNECTOR_TAG]) == (case.case_id, "shop")
    assert not shop.services.store.held()
    for _ in range(3):
        assert materialize(shop.assets(), shop, instance).success
        api.next_day()
    assert shop.services.cases.case(case.case_id).state is CaseState.PROMOTED
    expected = {(o["id"], o["amount"]) for o in api.orders[:-50]}
    assert set(shop.rows("SELECT id, amount FROM orders")) == expected


def test_by_hand_a_heal_waits_for_a_person_who_approves(
    shop: Shop, api: LoopbackApi, instance: dg.DagsterInstance
) -> None:
    break_after_days(shop, api, instance)
    definitions = shop.definitions()
    launched = execute(definitions, instance, HEAL_JOB, {"connector_id": "shop"})
    assert launched.success
    (case,) = shop.services.store.cases("shop")
    assert case.state is CaseState.AWAITING_APPROVAL
    assert "waits for approval" in str(report_of(launched).metadata["summary"].value)
    before = shop.services.store.active_version("shop")
    approved = execute(
        definitions, instance, REVIEW_JOB, {"case_id": case.case_id, "decision": "approve"}
    )
    assert approved.success
    assert shop.services.cases.case(case.case_id).state is CaseState.MONITORING
    assert shop.services.store.active_version("shop") != before
    assert materialize(shop.assets(), shop, instance).success
    # Reviewing it again is refused, in words.
    again = execute(
        definitions, instance, REVIEW_JOB, {"case_id": case.case_id, "decision": "reject"}
    )
    assert not again.success
    assert "awaiting_approval" in _line(again)


def test_an_approval_that_comes_too_late_fails_in_one_line(
    shop: Shop, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a user without a name, which a container may run as."""
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 54_321)
    store = shop.services.store
    case = captured(store, "shop")
    for state in path_to(CaseState.AWAITING_APPROVAL):
        store.advance_case(case.case_id, state, None, datetime.now(UTC), submitted_version="1" * 16)
    store.activate("shop", None, "2" * 16, datetime.now(UTC))
    form = {"case_id": case.case_id, "decision": "approve"}
    late = execute(shop.definitions(), instance, REVIEW_JOB, form)
    assert not late.success
    assert _line(late).startswith("Not approved: The active version of 'shop' is 2222")
    assert shop.services.cases.case(case.case_id).state is CaseState.REJECTED
    assert person() == "user 54321"


def test_diagnosing_makes_no_patch(
    shop: Shop, api: LoopbackApi, instance: dg.DagsterInstance
) -> None:
    api.rename = {"amount": "total"}
    assert not materialize(shop.assets(), shop, instance).success
    launched = execute(
        shop.definitions(), instance, HEAL_JOB, {"connector_id": "shop", "mode": "diagnose"}
    )
    assert launched.success
    (case,) = shop.services.store.cases("shop")
    assert case.state is CaseState.ABSTAINED
    assert not shop.services.store.candidates(case.case_id)
    assert report_of(launched).metadata["healed"].value == 0


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"connector_id": "nobody"}, "connector: 'nobody' cannot be used"),
        ({"connector_id": "shop"}, "there is nothing to heal"),
        ({"connector_id": "shop", "case_id": "0123"}, "case: '0123' cannot be used"),
        ({"connector_id": "shop", "sample_size": 29}, "It is a number of rows, 30 or more."),
    ],
)
def test_a_form_that_names_nothing_fails_in_one_line(
    shop: Shop, instance: dg.DagsterInstance, form: dict[str, Any], told: str
) -> None:
    assert materialize(shop.assets(), shop, instance).success
    failed = execute(shop.definitions(), instance, HEAL_JOB, form)
    assert not failed.success
    assert told in _line(failed)
    assert not shop.services.store.cases()


def test_a_case_of_another_connector_is_refused(
    shop: Shop, api: LoopbackApi, instance: dg.DagsterInstance
) -> None:
    api.rename = {"amount": "total"}
    assert not materialize(shop.assets(), shop, instance).success
    (case,) = shop.services.store.cases()
    form = {"connector_id": "other", "case_id": case.case_id}
    failed = execute(shop.definitions(), instance, HEAL_JOB, form)
    assert not failed.success
    assert "of connector 'shop'" in _line(failed)


def test_a_case_that_another_worker_holds_is_left_to_it(
    shop: Shop, api: LoopbackApi, instance: dg.DagsterInstance
) -> None:
    api.rename = {"amount": "total"}
    assert not materialize(shop.assets(), shop, instance).success
    store, definitions = shop.services.store, shop.definitions()
    (case,) = store.cases()
    store.advance_case(
        case.case_id, CaseState.OPEN, None, datetime.now(UTC), mode=HealMode.DIAGNOSE
    )
    form = {"connector_id": "shop", "case_id": case.case_id}
    held = store.claim(case_lease_name(case.case_id), "another", timedelta(minutes=5))
    assert held is not None
    left = execute(definitions, instance, HEAL_JOB, form)
    assert left.success
    (ended,) = [e for e in left.all_events if e.is_step_success]
    (output,) = [e for e in left.all_events if e.is_successful_output]
    told = output.step_output_data.metadata["reason"].value
    assert f"held by another worker, until {held.expires_at:%Y-%m-%d %H:%M:%S}" in str(told)
    assert (ended.step_key, output.step_output_data.output_name) == ("reproduce", LEFT)
    assert shop.services.cases.case(case.case_id).state is CaseState.OPEN
    store.release(held)
    assert execute(definitions, instance, HEAL_JOB, form).success
    assert shop.services.cases.case(case.case_id).state is CaseState.ABSTAINED


def _line(result: dg.ExecuteInProcessResult) -> str:
    """What a failed run says in place of a traceback."""
    (event,) = [e for e in result.all_events if e.is_step_failure]
    said = event.step_failure_data.user_failure_data
    assert said is not None
    assert said.description
    assert "\n" not in said.description
    return said.description
