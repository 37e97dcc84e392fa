"""An executor that gives each step a process of its own heals as the in-process one does."""

import dagster as dg
import pytest

from connector_healing.core.case import CaseState
from connector_healing.core.policy import HealPolicy, PolicyLevel
from connector_healing.healing.budget import live_requests_allowed
from connector_healing_tests.orchestration.loopback import LoopbackApi
from connector_healing_tests.orchestration.many_processes import VARIABLE, executed, told
from connector_healing_tests.orchestration.shop import Shop, materialize


@pytest.mark.slow
def test_trials_of_one_heal_in_two_processes_share_its_budget(
    shop: Shop,
    api: LoopbackApi,
    stored_instance: dg.DagsterInstance,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop.policy = HealPolicy(apply_up_to=PolicyLevel.A2)
    assets = shop.assets()
    for _ in range(5):
        assert materialize(assets, shop, stored_instance).success
        api.next_day()
    api.rename = {"amount": "total", "note": "remark"}
    assert not materialize(assets, shop, stored_instance).success
    store = shop.services.store
    (case,) = store.cases("shop", [CaseState.OPEN])
    monkeypatch.setenv(VARIABLE, told(shop))
    asked_before = len(api.hits)

    with executed(stored_instance, "shop", case.case_id) as result:
        assert result.success
        processes = {e.pid for e in result.all_events if e.is_step_start}
    assert len(processes) > 2

    healed = shop.services.cases.case(case.case_id)
    assert healed.state is CaseState.MONITORING, healed
    # Whichever was first asked the API; the others read its recordings, or were not needed.
    assert len([t for t in store.trials(case.case_id) if t.live_requests]) == 1
    assert len(api.hits) - asked_before <= live_requests_allowed(shop.services.cases, healed)
    assert store.held() == ()
    assert materialize(assets, shop, stored_instance).success
