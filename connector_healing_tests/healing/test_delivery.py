"""A submitted change lies where its people work: a patch file, and a branch in git."""

import shutil
import subprocess
from pathlib import Path

import pytest

from connector_healing.core.case import CaseState
from connector_healing.core.policy import HealPolicy, PolicyLevel
from connector_healing_tests.healing.freight_api import renamed
from connector_healing_tests.healing.project import PACKAGE, Project


def git(folder: Path, *arguments: str) -> str:
    who = ("-c", "user.name=anna", "-c", "user.email=anna@example.org")
    command = ["git", "-C", str(folder), *who, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_without_version_control_the_patch_file_stands_alone(proposed: Project) -> None:
    case = proposed.case()
    patch = proposed.home / "cases" / case.case_id / "change.patch"

    assert case.state is CaseState.AWAITING_APPROVAL
    assert (
        patch.read_text()
        == proposed.run_services.registry.version("plain", str(case.submitted_version)).diff
    )
    assert "`change.patch` beside this report" in proposed.report()
    assert "on the branch" not in proposed.report()


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_no_branch_is_made_where_the_policy_wants_none(plain: Project) -> None:
    git(plain.folder, "init", "-q", "-b", "main")
    git(plain.folder, "add", PACKAGE)
    git(plain.folder, "commit", "-q", "-m", "The connector")
    plain.policy = HealPolicy(apply_up_to=PolicyLevel.A2, git_branch=False)
    plain.api.shape = renamed
    plain.run()
    plain.heal()

    case = plain.case()
    assert case.state is CaseState.MONITORING, case.reason
    assert (plain.home / "cases" / case.case_id / "change.patch").is_file()
    assert git(plain.folder, "branch", "--list", "connector-healing/*") == ""


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_a_connector_in_git_gets_a_branch(plain: Project) -> None:
    git(plain.folder, "init", "-q", "-b", "main")
    git(plain.folder, "add", PACKAGE)
    git(plain.folder, "commit", "-q", "-m", "The connector")
    plain.api.shape = renamed
    plain.run()
    plain.heal()

    case = plain.case()
    branch = f"connector-healing/plain-{case.submitted_version}"
    module = f"{PACKAGE}/plain.py"
    healed = plain.home / "versions" / "plain" / str(case.submitted_version) / module
    assert case.state is CaseState.MONITORING, case.reason
    assert git(plain.folder, "show", f"{branch}:{module}") == healed.read_text()
    assert f"on the branch `{branch}`; nothing was pushed" in plain.report()
    assert git(plain.folder, "diff", "--name-only") == ""
