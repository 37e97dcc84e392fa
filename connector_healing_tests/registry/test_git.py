"""A submitted version becomes a branch of the real git repository that the connector lives in."""

import os
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connector_healing.core.connector import ConnectorCode, ConnectorVersion
from connector_healing.registry.discovery import installed_code
from connector_healing.registry.git import GitBranches

BEFORE = 'def rows(answer):\n    return answer["data"]\n'
AFTER = 'def rows(answer):\n    return answer["items"]\n'
ENTRY_POINT = "vendor.api:source"

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


def git(folder: Path, *arguments: str) -> str:
    who = {
        f"GIT_{r}_{k}": "anna@example.org"
        for r in ("AUTHOR", "COMMITTER")
        for k in ("NAME", "EMAIL")
    }
    return subprocess.run(
        ["git", "-C", str(folder), *arguments],
        env={**os.environ, **who},
        check=True,
        capture_output=True,
        text=True,
    ).stdout


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository whose connector lies below its top, as in a src layout."""
    package = tmp_path / "project" / "src" / "vendor"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "api.py").write_text(BEFORE)
    top = tmp_path / "project"
    git(top, "init", "-q", "-b", "main")
    git(top, "add", ".")
    git(top, "commit", "-q", "-m", "The connector")
    return top


def installed(project: Path) -> ConnectorCode:
    return installed_code(ENTRY_POINT, [str(project / "src")])


def version(code: ConnectorCode) -> ConnectorVersion:
    return ConnectorVersion(
        connector_id="vendor",
        version_id=code.version_id,
        code=code,
        parent="0123456789abcdef",
        change_summary="Reads items in place of data.",
        created_at=datetime(2013, 2, 1, tzinfo=UTC),
        created_by="heal",
        case_id="c0ffee",
    )


def test_one_commit_on_top_of_what_is_checked_out_and_nothing_else_moves(project: Path) -> None:
    (project / "notes.txt").write_text("not committed")
    hook = project / ".git" / "hooks" / "reference-transaction"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    head, parent = git(project, "rev-parse", "HEAD"), installed(project)
    healed = version(parent.with_text("vendor.api", AFTER))

    branch = GitBranches().submit(healed, parent, [str(project / "src")])

    assert branch is not None
    assert branch.name == f"connector-healing/vendor-{healed.version_id}"
    assert git(project, "rev-parse", f"{branch.name}^") == head
    assert git(project, "show", f"{branch.name}:src/vendor/api.py") == AFTER
    assert git(project, "diff", "--name-only", "HEAD", branch.name).split() == ["src/vendor/api.py"]
    assert git(project, "log", "-1", "--format=%s", branch.name).strip() == healed.change_summary
    assert git(project, "rev-parse", "HEAD") == head
    assert git(project, "status", "--porcelain") == "?? notes.txt\n"
    assert git(project, "remote") == ""
    (project / "change.patch").write_text(branch.patch)
    git(project, "apply", "change.patch")
    assert (project / "src" / "vendor" / "api.py").read_text() == AFTER


def test_submitted_twice_it_is_the_same_commit(project: Path) -> None:
    parent = installed(project)
    healed = version(parent.with_text("vendor.api", AFTER))
    first = GitBranches().submit(healed, parent, [str(project / "src")])
    assert first is not None
    commit = git(project, "rev-parse", first.name)

    assert GitBranches().submit(healed, parent, [str(project / "src")]) == first
    assert git(project, "rev-parse", first.name) == commit


def test_text_that_was_never_committed_gets_no_branch(project: Path) -> None:
    (project / "src" / "vendor" / "api.py").write_text(f"LIMIT = 5\n{BEFORE}")
    parent = installed(project)
    healed = version(parent.with_text("vendor.api", AFTER))

    assert GitBranches().submit(healed, parent, [str(project / "src")]) is None
    assert git(project, "branch", "--format=%(refname:short)").split() == ["main"]


@pytest.mark.parametrize("place", ["outside", "ignored", "unborn"])
def test_a_connector_that_git_does_not_keep_gets_no_branch(project: Path, place: str) -> None:
    if place == "outside":
        shutil.rmtree(project / ".git")
    elif place == "ignored":
        git(project, "rm", "-q", "--cached", "src/vendor/api.py")
        git(project, "commit", "-q", "-m", "Without it")
    else:
        shutil.rmtree(project / ".git")
        git(project, "init", "-q")
    parent = installed(project)
    healed = version(parent.with_text("vendor.api", AFTER))

    assert GitBranches().submit(healed, parent, [str(project / "src")]) is None


def test_without_git_there_is_no_branch(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parent = installed(project)
    healed = version(parent.with_text("vendor.api", AFTER))
    monkeypatch.setenv("PATH", str(project))

    assert GitBranches().submit(healed, parent, [str(project / "src")]) is None
