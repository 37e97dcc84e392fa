"""A connector's declaration is checked where it is made."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connector_healing.core.connector import Connector, ResourceExpectations
from connector_healing.core.policy import Budget, HealMode, HealPolicy, PolicyLevel
from connector_healing.errors import InvalidConnectorError

ENTRY = "shop.orders:source"


def wrong(value: Any) -> Any:
    """What a caller without a type checker gives."""
    return value


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda: Connector(id="", entry_point=ENTRY), "connector id"),
        (lambda: Connector(id="9shop", entry_point=ENTRY), "connector id"),
        (lambda: Connector(id="shop", entry_point="shop.orders"), "entry_point"),
        (
            lambda: Connector(id="shop", entry_point=ENTRY, environment=wrong("TOKEN")),
            "environment",
        ),
        (
            lambda: Connector(id="shop", entry_point=ENTRY, resources=wrong({"r": 3})),
            "resources['r']",
        ),
        (
            lambda: Connector(id="shop", entry_point=ENTRY, arguments={"at": datetime.now(UTC)}),
            "arguments['at']",
        ),
        (lambda: ResourceExpectations(primary_key=wrong("id")), "primary_key"),
        (lambda: ResourceExpectations(required_fields=("",)), "required_fields"),
        (lambda: ResourceExpectations(min_rows=-3), "min_rows"),
        (lambda: HealPolicy(apply_up_to=wrong("A2")), "policy.apply_up_to"),
        (lambda: HealPolicy(apply_up_to=PolicyLevel.A3), "policy.apply_up_to"),
        (lambda: HealPolicy(on_suspicion=wrong("keep")), "policy.on_suspicion"),
        (lambda: HealPolicy(monitor_runs=-1), "policy.monitor_runs"),
        (lambda: HealPolicy(min_history_runs=0), "policy.min_history_runs"),
        (lambda: Budget(candidates=0), "policy.budget.candidates"),
        (lambda: Budget(live_requests=-5), "policy.budget.live_requests"),
        (lambda: Budget(wall_time=timedelta(0)), "policy.budget.wall_time"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed(make: Any, field: str) -> None:
    with pytest.raises(InvalidConnectorError) as caught:
        make()
    assert caught.value.field == field
    assert caught.value.allowed.endswith(".")


@pytest.mark.parametrize(
    ("policy", "mode"),
    [
        (HealPolicy(), HealMode.PROPOSE),
        (HealPolicy(apply_up_to=PolicyLevel.A1), HealMode.APPLY),
        (HealPolicy(heal=False, apply_up_to=PolicyLevel.A2), HealMode.DIAGNOSE),
    ],
)
def test_the_mode_of_a_heal_that_nobody_launched(policy: HealPolicy, mode: HealMode) -> None:
    assert policy.automatic_mode is mode
