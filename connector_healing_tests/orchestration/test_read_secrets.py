"""A connector that reads its secrets from dlt's accessors by itself is healed as any other."""

from collections.abc import Iterator

import dagster as dg
import pytest
from dlt.common.configuration.container import Container
from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext

from connector_healing.core.case import CaseState
from connector_healing.core.policy import HealPolicy, PolicyLevel
from connector_healing.healing.workflow import HealWorkflow
from connector_healing.orchestration.services import heal_services
from connector_healing_tests.orchestration.loopback import LoopbackApi
from connector_healing_tests.orchestration.shop import ORDERS, Shop, materialize

KEY = "partner-5d1c7a9be3f2"
READS = """def shop_source(base):
    if not dlt.secrets["partner.key"].startswith("partner-") or dlt.secrets[f"{{'partner'}}.region"] != "eu":
        raise ValueError("not the partner's")
"""


@pytest.fixture
def reading(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    shop.write({"orders": ORDERS.replace("def shop_source(base):\n", READS)})
    (shop.folder / ".dlt").mkdir()
    secrets = f'[partner]\nkey = "{KEY}"\nregion = "eu"\n'
    (shop.folder / ".dlt" / "secrets.toml").write_text(secrets)
    with monkeypatch.context() as patch:
        patch.chdir(shop.folder)
        Container()[PluggableRunContext].reload(str(shop.folder))
        yield shop
    Container()[PluggableRunContext].reload(".")


def test_it_heals_and_its_key_is_kept_nowhere(
    reading: Shop, api: LoopbackApi, instance: dg.DagsterInstance
) -> None:
    reading.policy = HealPolicy(apply_up_to=PolicyLevel.A2)
    assets = reading.assets()
    for _ in range(5):
        assert materialize(assets, reading, instance).success
        api.next_day()
    api.rename = {"amount": "total"}
    assert not materialize(assets, reading, instance).success

    store = reading.services.store
    (case,) = store.cases("shop", [CaseState.OPEN])
    with heal_services(reading.services) as services:
        HealWorkflow(services).run(case.case_id)

    healed = reading.services.cases.case(case.case_id)
    assert healed.state is CaseState.MONITORING, healed
    runtime = store.runtime("shop")
    assert runtime is not None
    assert {"partner.key", "partner.region"} <= set(runtime.config_keys)
    left = [p for p in reading.home.rglob("*") if p.is_file() and KEY.encode() in p.read_bytes()]
    assert not left
