"""What a connector in the sandbox cannot do, by the kernel's word."""

import hashlib
import os
import sys
from dataclasses import replace
from pathlib import Path

import dlt
import pytest

from connector_healing.core.reproduction import SandboxOutcome, Traffic
from connector_healing.sandbox.confinement import allowed_ports, readable_paths
from connector_healing.sandbox.landlock import MINIMUM_ABI, NETWORK_ABI, landlock_abi
from connector_healing.sandbox.runner import ProcessSandbox
from connector_healing_tests.sandbox.loopback import LoopbackApi
from connector_healing_tests.sandbox.project import Project

files_confined = pytest.mark.skipif(
    landlock_abi() < MINIMUM_ABI, reason="This kernel has no Landlock, so files are not confined."
)
ports_confined = pytest.mark.skipif(
    landlock_abi() < NETWORK_ABI, reason="This kernel's Landlock does not confine TCP ports."
)


def tried(outcome: SandboxOutcome) -> list[str]:
    """What the connector printed of its attempts."""
    assert outcome.failure is None, outcome.failure
    lines = [line for line in outcome.log_tail if line.startswith("tried:")]
    return [line.removeprefix("tried: ") for line in lines]


def attempts(*statements: str) -> str:
    """A connector that tries each and prints what came of it."""
    each = (
        "try:\n"
        f"    print('tried: done', {statement})\n"
        "except OSError as error:\n"
        "    print('tried:', type(error).__name__)\n"
        for statement in statements
    )
    return "".join(each) + "yield {'id': 1}"


@files_confined
def test_it_writes_nowhere_but_in_its_own_directory(
    sandbox: ProcessSandbox, project: Project, tmp_path: Path
) -> None:
    places = [tmp_path / "new", Path("/tmp/connector_healing_new"), Path.home() / ".new"]
    kept = tmp_path / "kept"
    kept.write_text("kept")
    outcome = sandbox.run(
        project.things(
            attempts(
                *(f"open({str(place)!r}, 'w')" for place in [*places, kept]),
                f"__import__('os').truncate({str(kept)!r}, 0)",
                f"__import__('os').remove({str(kept)!r})",
                "open('own', 'w').write('x')",
            )
        )
    )
    assert tried(outcome) == ["PermissionError"] * 6 + ["done 1"]
    assert [place for place in places if place.exists()] == []
    assert kept.read_text() == "kept"
    assert outcome.warnings == ()


@files_confined
def test_it_reads_the_project_s_code_but_not_its_secrets_and_data(
    sandbox: ProcessSandbox, project: Project
) -> None:
    (project.folder / ".dlt").mkdir()
    hidden = [".dlt/secrets.toml", ".env", "warehouse.duckdb"]
    for name in [*hidden, "endpoints.json"]:
        (project.folder / name).write_text("# kept")
    paths = [str(project.folder / name) for name in [*hidden, "endpoints.json"]]
    reads = [f"open({path!r}).read()" for path in paths]
    outcome = sandbox.run(project.things(attempts(*reads)))
    assert tried(outcome) == ["PermissionError"] * 3 + ["done # kept"]


@files_confined
def test_other_processes_and_users_are_out_of_reach(
    sandbox: ProcessSandbox, project: Project
) -> None:
    here = os.getpid()
    paths = ["/proc/self/environ", f"/proc/{here}/environ", f"/proc/{here}/mem", "/etc/passwd"]
    reads = [f"len(open({path!r}, 'rb').read(1))" for path in paths]
    outcome = sandbox.run(project.things(attempts(*reads)))
    assert tried(outcome) == ["done 1"] + ["PermissionError"] * 3


@ports_confined
def test_it_connects_only_to_ports_that_its_addresses_name(
    sandbox: ProcessSandbox, project: Project
) -> None:
    with LoopbackApi().serving() as other:
        # By another program, so that nothing but the kernel stands in the way.
        connect = "subprocess.call(['bash', '-c', 'exec 3<>/dev/tcp/127.0.0.1/' + base[-5:]])"
        body = attempts(connect)
        port = f"{other.port:05}"
        refused, named, offline = (
            sandbox.run(project.things(body, base, imports="import subprocess", traffic=traffic))
            for base, traffic in (
                (port, Traffic.LIVE),
                (f"http://127.0.0.1:{port}", Traffic.LIVE),
                (f"http://127.0.0.1:{port}", Traffic.CASSETTE),
            )
        )
    assert (tried(refused), tried(named), tried(offline)) == (["done 1"], ["done 0"], ["done 1"])


def test_a_client_that_passes_by_the_gate_is_refused_and_fails_the_run(
    sandbox: ProcessSandbox, project: Project, api: LoopbackApi
) -> None:
    body = """
        try:
            urllib.request.urlopen(base + "/v1/flights").read()
        except Exception:
            pass
        requests.get(base + "/v1/flights", timeout=20)
        yield {"id": 1}
    """
    outcome = sandbox.run(project.things(body, api.url, imports="import urllib.request"))
    assert outcome.failure is not None
    assert outcome.failure.root_link is not None
    assert "TrafficRefusedError" in outcome.failure.root_link.type
    assert outcome.live_requests == 1
    assert api.hits == ["GET /v1/flights"]


@files_confined
def test_it_signals_nobody_outside(sandbox: ProcessSandbox, project: Project) -> None:
    if landlock_abi() < 6:
        pytest.skip("This kernel's Landlock does not confine signals.")
    outcome = sandbox.run(project.things(attempts(f"__import__('os').kill({os.getpid()}, 0)")))
    assert tried(outcome) == ["PermissionError"]


def test_ports_are_found_in_the_connector_s_world(project: Project) -> None:
    request = project.request(
        {"flights": 'URL = "http://localhost:8123/v1"\n'}, {"base": "https://h:9443/x"}
    )
    found = allowed_ports(request, {"a.url": "http://user:pw@proxy:3128", "b": "12:30"})
    assert found == (53, 80, 443, 3128, 8123, 9443)


def test_a_folder_that_holds_something_forbidden_is_opened_up(project: Project) -> None:
    folder = project.folder
    for name in ("data/keep", "data/hidden", "code"):
        (folder / name).mkdir(parents=True)
    (folder / "loop").symlink_to(folder)
    (folder / "shortcut").symlink_to(folder / "data" / "hidden")
    request = project.request({"flights": ""}, {})
    found = set(readable_paths(request, [folder / "data" / "hidden"]))
    inside = {str(Path(p).relative_to(folder)) for p in found if p.startswith(str(folder))}
    assert inside == {"code", "data/keep", "flightco"}


def test_of_a_home_directory_only_the_connector_s_package_is_readable(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(project.folder))
    (project.folder / "letters").mkdir()
    request = project.request({"flights": ""}, {})
    found = readable_paths(request, [])
    assert str(project.folder / "flightco") in found
    assert str(project.folder / "letters") not in found


def digest(*roots: Path) -> str:
    """A hash of all files' paths, contents and times."""
    hashed = hashlib.sha256()
    for root in roots:
        for path in sorted([root, *root.rglob("*")]):
            if path.is_file():
                hashed.update(f"{path}\0{path.stat().st_mtime_ns}\0".encode())
                hashed.update(path.read_bytes())
    return hashed.hexdigest()


def test_ten_runs_leave_production_byte_for_byte_as_it_was(
    sandbox: ProcessSandbox,
    project: Project,
    api: LoopbackApi,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pipelines, warehouse = project.folder / "pipelines", project.folder / "warehouse.duckdb"
    monkeypatch.setenv("DLT_DATA_DIR", str(project.folder / "dlt"))
    request = project.flights(api.url)
    monkeypatch.syspath_prepend(str(project.folder))
    from flightco.flights import source  # type: ignore[import-not-found]  # written just now

    pipeline = dlt.pipeline(
        request.runtime.pipeline_name,
        pipelines_dir=str(pipelines),
        destination=dlt.destinations.duckdb(str(warehouse)),
        dataset_name=request.runtime.dataset_name,
    )
    pipeline.run(source(api.url))
    for name in [n for n in sys.modules if n.partition(".")[0] == "flightco"]:
        del sys.modules[name]
    before = digest(pipelines, warehouse, project.folder / "flightco")
    for number in range(10):
        api.flights[number]["carrier"] = f"changed {number}"
        outcome = sandbox.run(replace(request, max_pages=number % 2 + 1))
        assert outcome.failure is None
    assert digest(pipelines, warehouse, project.folder / "flightco") == before
