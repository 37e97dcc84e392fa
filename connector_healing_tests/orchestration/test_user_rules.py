"""Rules of users in a project's definitions and components reach the classifier."""

import traceback
from pathlib import Path
from typing import Any

import pytest
import yaml
from dagster.components.testing import create_defs_folder_sandbox

from connector_healing import HealingConnectorComponent
from connector_healing.errors import UsageError
from connector_healing.orchestration.definitions import healing_definitions, rules_text
from connector_healing.orchestration.heal_job import JOB_NAME
from connector_healing.orchestration.healing_resource import HealingResource
from connector_healing_tests.orchestration.shop import Shop
from connector_healing_tests.orchestration.test_definitions import attributes, loaded

RULE: dict[str, Any] = {"name": "stock", "match": "ORA-20001", "subcategory": "quota_exhausted"}


def test_rules_reach_the_services_of_a_heal(tmp_path: Path) -> None:
    resource = HealingResource(home=str(tmp_path), rules=rules_text([RULE]))
    opened = resource.opened()
    assert [rule.signature.name for rule in opened.rules] == ["user.stock"]
    assert opened.cases.rules == opened.rules


def test_a_file_of_rules(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(yaml.safe_dump({"rules": [RULE]}))
    assert healing_definitions(home=str(tmp_path), rules=path)
    assert HealingResource(home=str(tmp_path), rules=rules_text(path)).opened().rules


def test_a_wrong_rule_stops_the_definitions(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="subcategory"):
        healing_definitions(home=str(tmp_path), rules=[{**RULE, "subcategory": "nope"}])
    with pytest.raises(UsageError, match="rules file"):
        healing_definitions(home=str(tmp_path), rules=tmp_path / "nope.yaml")


def test_a_component_brings_rules(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(shop.folder)
    with create_defs_folder_sandbox() as sandbox:
        path = sandbox.scaffold_component(component_cls=HealingConnectorComponent)
        (path / "defs.yaml").write_text(yaml.safe_dump(attributes(shop, "yaml_shop", rules=[RULE])))
        with sandbox.load_component_and_build_defs(defs_path=path) as (component, definitions):
            assert isinstance(component, HealingConnectorComponent)
            assert component.rules == [RULE]
            assert definitions.get_repository_def().has_job(JOB_NAME)
        wrong = attributes(shop, "yaml_shop", rules=[{"name": "x"}])
        (path / "defs.yaml").write_text(yaml.safe_dump(wrong))
        with pytest.raises(Exception) as caught:  # noqa: PT011  # Dagster wraps it; told is what counts
            loaded(sandbox, path)
    assert "rules: rules[0].match" in "".join(traceback.format_exception(caught.value))
