"""What `import connector_healing` gives, and what it costs."""

import ast
import importlib
import subprocess
import sys

import pytest

import connector_healing
from connector_healing_tests.architecture.sources import PACKAGE

HEAVY = {"dagster", "dagster_dlt", "dlt", "duckdb", "sqlalchemy", "libcst", "requests", "click"}


def loaded_by(program: str) -> set[str]:
    ended = subprocess.run(
        [sys.executable, "-c", f"{program}\nimport sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    return {name.partition(".")[0] for name in ended.stdout.split()}


def test_importing_the_package_loads_nothing_heavy() -> None:
    assert loaded_by("import connector_healing") & HEAVY == set()


def test_declaring_a_connector_loads_no_dagster() -> None:
    program = (
        "from connector_healing import Connector, HealPolicy, PolicyLevel, ResourceExpectations"
    )

    assert loaded_by(program) & HEAVY == set()


@pytest.mark.parametrize(
    "module",
    ["core.classify", "ports", "healing.services", "runtime.recorder", "sandbox.server", "store"],
)
def test_no_part_below_orchestration_loads_dagster(module: str) -> None:
    assert "dagster" not in loaded_by(f"import connector_healing.{module}")


@pytest.mark.parametrize("name", connector_healing.__all__)
def test_each_public_name_resolves_to_the_thing_itself(name: str) -> None:
    found = getattr(connector_healing, name)

    if name in connector_healing._LAZY:
        home = importlib.import_module(connector_healing._LAZY[name])
        assert found is getattr(home, name)
        assert found.__module__ == home.__name__


def test_the_lists_of_public_names_agree() -> None:
    tree = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    typed = {
        alias.name: node.module
        for block in tree.body
        if isinstance(block, ast.If)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }

    assert typed == connector_healing._LAZY
    assert set(connector_healing.__all__) == {*connector_healing._LAZY, "__version__"}
    assert len(connector_healing.__all__) == len(set(connector_healing.__all__))


def test_the_names_are_sorted_as_ruff_sorts_them() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--select", "RUF022", "--no-cache", PACKAGE],
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 0, ended.stdout


def test_a_name_that_there_is_not() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        _ = connector_healing.nonsense
