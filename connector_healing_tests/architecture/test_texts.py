"""What no file of the repository says, and what no module imports."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

from connector_healing_tests.architecture.sources import PACKAGE, ROOT, TESTS, Source, sources

#: Written so that this file does not hold them itself.
UNFINISHED = re.compile("|".join(("TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK")))
#: Folders of whoever wrote a line, not of whoever reads it.
SOMEBODYS_FOLDER = re.compile(r"(?<![\w.])/(?:work|root|Users)/\w")
BANNED_FILES = {"utils.py", "common.py", "helpers.py", "base.py", "misc.py"}
BANNED_IMPORTS = {"unittest.mock", "mock", "__future__"}


def kept_files() -> list[Path]:
    """What git keeps, and would keep of what is new."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


@pytest.mark.parametrize("pattern", [UNFINISHED, SOMEBODYS_FOLDER], ids=["unfinished", "folders"])
def test_no_text_says(pattern: re.Pattern[str]) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in kept_files()
        for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), start=1)
        if pattern.search(line)
    ]

    assert found == []


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert [s.name for s in sources(PACKAGE) if s.path.name in BANNED_FILES] == []
    assert [s.name for s in sources(TESTS) if s.path.name in BANNED_FILES] == []


def imported(source: Source) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
            if node.level:
                found.add("a relative import")
    return found


def calls(source: Source) -> set[str]:
    return {ast.unparse(n.func) for n in ast.walk(source.tree) if isinstance(n, ast.Call)}


def test_nothing_is_imported_that_is_banned() -> None:
    everywhere = (*sources(PACKAGE), *sources(TESTS))
    found = [
        (source.name, name)
        for source in everywhere
        for name in sorted(imported(source) & {*BANNED_IMPORTS, "a relative import"})
    ]

    assert found == []


def test_nobody_sleeps() -> None:
    everywhere = (*sources(PACKAGE), *sources(TESTS))

    assert [s.name for s in everywhere if "time.sleep" in calls(s) | imported(s)] == []


def test_the_package_does_not_import_its_tests() -> None:
    found = [s.name for s in sources(PACKAGE) if any(TESTS.name in n for n in imported(s))]

    assert found == []
