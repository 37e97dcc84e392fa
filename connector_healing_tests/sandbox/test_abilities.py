"""What the sandbox says of itself is true on this machine, whatever it can do."""

import subprocess
import sys
from pathlib import Path

import pytest

from connector_healing.core.reproduction import SandboxOutcome, SandboxRequest
from connector_healing.errors import SandboxError
from connector_healing.sandbox import abilities as module
from connector_healing.sandbox.abilities import SandboxAbility, abilities
from connector_healing.sandbox.runner import ProcessSandbox
from connector_healing_tests.sandbox.project import Project


def by_name(found: tuple[SandboxAbility, ...]) -> dict[str, SandboxAbility]:
    return {ability.name: ability for ability in found}


def lost(_: SandboxRequest) -> SandboxOutcome:
    raise SandboxError("The sandbox server does not stay up.")


def test_a_sandbox_that_works_says_so(sandbox: ProcessSandbox) -> None:
    found = by_name(sandbox.abilities())

    assert all(ability.present for ability in found.values() if ability.required)
    assert "one row was loaded" in found["fork server"].detail
    assert list(Path(sandbox._directory.path).glob("probe-*")) == []


def test_what_is_said_to_be_confined_is(sandbox: ProcessSandbox, project: Project) -> None:
    found = by_name(sandbox.abilities())
    outside = project.folder.parent / "written from the sandbox"
    outcome = sandbox.run(
        project.things(
            f"try:\n    open({str(outside)!r}, 'w').close()\n"
            "    written = True\nexcept PermissionError:\n    written = False\n"
            "yield {'id': 1, 'written': written}"
        )
    )

    assert outcome.profile.of_resource("things")[0].rows == 1
    warned = any("not confined" in warning for warning in outcome.warnings)
    assert warned != found["file confinement"].present
    open_ports = any("any port" in warning for warning in outcome.warnings)
    assert open_ports == (
        found["file confinement"].present and not found["port confinement"].present
    )
    assert outside.exists() != found["file confinement"].present


def test_a_sandbox_without_a_server_is_a_finding(tmp_path: Path) -> None:
    found = by_name(abilities(lost, str(tmp_path)))["fork server"]

    assert (found.present, found.required) == (False, True)
    assert found.detail == "The sandbox server does not stay up."


@pytest.mark.parametrize(
    ("abi", "files", "ports"),
    [(0, False, False), (1, False, False), (2, True, False), (4, True, True)],
)
def test_the_kernels_version_decides(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, abi: int, *, files: bool, ports: bool
) -> None:
    monkeypatch.setattr(module, "landlock_abi", lambda: abi)

    found = by_name(abilities(lost, str(tmp_path)))

    assert found["file confinement"].present is files
    assert found["port confinement"].present is ports
    assert not any(found[name].required for name in ("file confinement", "port confinement"))


def test_a_lower_limit_of_memory_is_told() -> None:
    program = (
        "import resource; resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30))\n"
        "from connector_healing.sandbox.abilities import _memory\n"
        "found = _memory(); print(found.present, found.detail)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert ended.stdout.startswith("False this process may use 1024 MiB")


def test_the_signal_of_the_parents_death_is_the_one_that_was_asked_for() -> None:
    program = (
        "from connector_healing.sandbox.prctl import die_with_parent, parent_death_signal\n"
        "before = parent_death_signal(); die_with_parent(15); print(before, parent_death_signal())"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert ended.stdout.split() == ["0", "15"]
