"""The layers are those of the design, and import-linter would see a breach of each contract."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from connector_healing_tests.architecture.sources import PACKAGE, ROOT

LAYERS, PURE, DAGSTER = CONTRACTS = (
    "Layers: ",
    "Core and use cases do no I/O",
    "Only orchestration imports Dagster",
)
LINTER = Path(sys.executable).with_name("lint-imports")


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [LINTER, "--no-cache"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={
            "PATH": str(LINTER.parent),
            "PYTHONPATH": str(folder),
            "NO_COLOR": "1",
            "COLUMNS": "200",
        },
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The package and its contracts, to be broken."""
    shutil.copytree(
        PACKAGE, tmp_path / PACKAGE.name, ignore=shutil.ignore_patterns("__pycache__", "*.pyc")
    )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def broken(ended: subprocess.CompletedProcess[str]) -> set[str]:
    """The contracts that are broken, by their first words."""
    lines = [line for line in ended.stdout.splitlines() if line.endswith(" BROKEN")]
    return {name for name in CONTRACTS for line in lines if line.startswith(name)}


def test_every_contract_is_kept() -> None:
    ended = lint(ROOT)

    assert ended.returncode == 0, ended.stdout
    assert "Contracts: 4 kept, 0 broken." in ended.stdout


@pytest.mark.parametrize(
    ("module", "line", "contract", "told"),
    [
        ("core/policy.py", "import connector_healing.ports", LAYERS, "core.policy -> "),
        ("store/reader.py", "import connector_healing.sandbox.runner", LAYERS, "store.reader -> "),
        ("kusto/asking.py", "import connector_healing.store.engine", LAYERS, "kusto.asking -> "),
        ("surprise/__init__.py", "", LAYERS, "connector_healing.surprise"),
        ("healing/budget.py", "import os", PURE, "healing.budget -> os"),
        ("runtime/home.py", "import dagster", DAGSTER, "runtime.home -> dagster"),
    ],
    ids=["upwards", "a sibling", "another sibling", "in no layer", "input and output", "dagster"],
)
def test_a_breach_is_found(copy: Path, module: str, line: str, contract: str, told: str) -> None:
    path = copy / PACKAGE.name / module
    path.parent.mkdir(exist_ok=True)
    text = path.read_text(encoding="utf-8") if path.exists() else '"""New."""\n'
    path.write_text(f"{text}\n{line}\n", encoding="utf-8")

    ended = lint(copy)

    assert ended.returncode == 1
    assert broken(ended) == {contract}, ended.stdout
    assert told in ended.stdout
