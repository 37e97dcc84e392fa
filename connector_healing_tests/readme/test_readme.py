"""The README's first two commands do all that they say, from a clean clone."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

#: What the inner test run leaves out: this test itself, and what needs more than Python.
INNER = "not readme and not browser and not service"


def commands() -> list[str]:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return [
        block.strip()
        for block in re.findall(r"^```bash\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    ]


def test_the_first_two_blocks_are_one_line_each() -> None:
    demo, tests = commands()[:2]
    assert "\n" not in demo
    assert "\n" not in tests
    assert demo.endswith("connector-healing demo")
    assert "pytest" in tests


#: What `python3` is in an environment that uv made: it has no pip. It tells what else it is asked.
WITHOUT_PIP = """#!/bin/sh
if [ "$2" = pip ]; then echo "No module named pip" >&2; exit 1; fi
echo "$PYTHONPATH $*"
"""


@pytest.mark.parametrize("number", [0, 1], ids=["demo", "tests"])
def test_the_second_time_pip_is_not_asked(tmp_path: Path, number: int) -> None:
    python = tmp_path / "bin" / "python3"
    python.parent.mkdir()
    python.write_text(WITHOUT_PIP)
    python.chmod(0o755)
    path = {"PATH": os.pathsep.join([str(python.parent), os.environ["PATH"]])}

    first = run(commands()[number], tmp_path, path)
    (tmp_path / ".uv" / "uv").mkdir(parents=True)
    second = run(commands()[number], tmp_path, path)

    assert (first.returncode, first.stdout) == (1, "")
    assert (second.returncode, second.stderr) == (0, "")
    assert second.stdout.startswith(".uv -m uv run ")


def base_python() -> str:
    """The interpreter below this environment: the one that a newcomer has."""
    return str(Path(getattr(sys, "_base_executable", sys.executable)).resolve())


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("needs git and a checkout: the commands are run in a clean clone")
    folder = tmp_path_factory.mktemp("newcomer")
    subprocess.run(
        ["git", "clone", "-q", "--no-hardlinks", str(ROOT), str(folder / "clone")], check=True
    )
    return folder / "clone"


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A machine with Python and pip only: nothing of this environment is on the path."""
    programs = tmp_path_factory.mktemp("bin")
    (programs / "python3").symlink_to(base_python())
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("VIRTUAL_ENV", "UV_PROJECT", "PYTHON", "PYTEST", "DAGSTER"))
    }
    path = [p for p in os.environ["PATH"].split(os.pathsep) if ".venv" not in p]
    return {**kept, "PATH": os.pathsep.join([str(programs), *path]), "COLUMNS": "120"}


def run(command: str, clone: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        cwd=clone,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.readme
@pytest.mark.timeout(1500)
def test_the_demo_heals(clone: Path, environment: dict[str, str]) -> None:
    if not registry_answers():
        pytest.skip("needs the package registry: the command installs what it runs")
    done = run(f"{commands()[0]} --json", clone, environment)
    assert done.returncode == 0, done.stderr[-4000:]
    told = json.loads(done.stdout)
    assert (told["status"], told["healed"], told["held"]) == ("ok", 2, 1)
    assert told["live_requests"] <= told["full_extraction_requests"] + 10
    for case in told["cases"]:
        assert Path(case["report"]).read_text(encoding="utf-8").startswith("## Connector Debug")


@pytest.mark.readme
@pytest.mark.timeout(1500)
def test_the_first_command_works_in_the_environment_that_it_made(
    clone: Path, environment: dict[str, str]
) -> None:
    if not registry_answers():
        pytest.skip("needs the package registry: the command installs what it runs")
    demo = f"{commands()[0]} --help"
    run(demo, clone, environment)
    done = run(f"source .venv/bin/activate && {demo}", clone, environment)
    assert done.returncode == 0, done.stderr[-4000:]
    assert done.stdout.startswith("Usage: connector-healing demo")
    assert "warning" not in done.stderr.lower()


@pytest.mark.readme
@pytest.mark.timeout(3000)
def test_the_tests_pass(clone: Path, environment: dict[str, str]) -> None:
    if not registry_answers():
        pytest.skip("needs the package registry: the command installs what it runs")
    done = run(commands()[1], clone, {**environment, "PYTEST_ADDOPTS": f'-m "{INNER}"'})
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert re.search(r"\d+ passed", done.stdout)


def registry_answers() -> bool:
    """Whether pip can reach the index that it is set up for."""
    asked = subprocess.run(
        [base_python(), "-m", "pip", "index", "versions", "uv", "-q"],
        capture_output=True,
        check=False,
        timeout=180,
    )
    return asked.returncode == 0
