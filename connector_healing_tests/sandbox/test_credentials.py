"""Credentials reach the one child that needs them, and nothing else."""

import os
import threading
from pathlib import Path

import duckdb
import pytest

from connector_healing.core.reproduction import SandboxOutcome, SandboxRequest, Traffic
from connector_healing.errors import UsageError
from connector_healing.sandbox.credentials import resolve_credentials
from connector_healing.sandbox.runner import ProcessSandbox
from connector_healing_tests.sandbox.loopback import LoopbackApi
from connector_healing_tests.sandbox.processes import alive, await_that, children
from connector_healing_tests.sandbox.project import Project

ENV_SECRET = "planted-in-the-environment-9x"
TOML_SECRET = "planted-in-secrets-toml-7k"
OTHER_SECRET = "planted-but-not-declared-5z"

TEXT = """
    import os
    import sys

    import dlt
    import requests


    @dlt.source(name="flights_api")
    def source(base, api_key=dlt.secrets.value, page_size: int = dlt.config.value):
        @dlt.resource(name="things")
        def things():
            headers = {"Authorization": f"Bearer {api_key}", "X-Size": str(page_size)}
            headers["X-Other"] = os.environ.get("FLIGHTS_TOKEN", "none")
            print("asking with", api_key, os.environ.get("FLIGHTS_TOKEN"))
            requests.get(f"{base}/hold", headers=headers, timeout=60).json()
            yield {"id": 1, "undeclared": os.environ.get("UNDECLARED_TOKEN", "none")}
            raise RuntimeError(f"refused: key {api_key}")

        return things
"""


@pytest.fixture
def secretive(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    settings = project.folder / ".dlt"
    settings.mkdir()
    (settings / "secrets.toml").write_text(
        f'[sources.flights]\napi_key = "{TOML_SECRET}"\n'
        f'[destination.duckdb]\ncredentials = "{OTHER_SECRET}"\n'
    )
    (settings / "config.toml").write_text("[sources.flights]\npage_size = 25\n")
    monkeypatch.setenv("FLIGHTS_TOKEN", ENV_SECRET)
    monkeypatch.setenv("UNDECLARED_TOKEN", OTHER_SECRET)
    return project


RUNTIME = {
    "config_keys": (
        "sources.flights.api_key",
        "sources.flights.page_size",
        "destination.duckdb.credentials",
        "sources.flights.not_there",
    ),
    "environment": ("FLIGHTS_TOKEN", "NOT_SET_ANYWHERE"),
}


def test_only_what_is_declared_is_resolved(secretive: Project) -> None:
    request = secretive.request({"flights": TEXT}, {}, runtime=RUNTIME)
    found = resolve_credentials(request.runtime)
    assert dict(found.configuration) == {
        "sources.flights.api_key": TOML_SECRET,
        "sources.flights.page_size": 25,
    }
    assert found.environment["FLIGHTS_TOKEN"] == ENV_SECRET
    assert "UNDECLARED_TOKEN" not in found.environment
    assert set(found.secrets) == {ENV_SECRET, TOML_SECRET}
    assert TOML_SECRET not in repr(found)


def test_a_configured_key_is_known_as_the_recording_knew_it(
    secretive: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCES__FLIGHTS__PARTNER", "acct-5b7d9f1a3c2e4068")
    monkeypatch.setenv("SOURCES__FLIGHTS__REGION", "europe-west1")
    keys = ("sources.flights.partner", "sources.flights.region")
    request = secretive.request({"flights": TEXT}, {}, runtime={"config_keys": keys})
    assert resolve_credentials(request.runtime).secrets == ("acct-5b7d9f1a3c2e4068",)


def test_a_key_is_found_as_dlt_finds_it(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def resolved(key: str) -> object:
        request = project.request({"flights": TEXT}, {}, runtime={"config_keys": (key,)})
        return resolve_credentials(request.runtime).configuration.get("sources.flights.api_key")

    monkeypatch.setenv("API_KEY", "of no section")
    assert resolved("sources.flights.api_key") == "of no section"
    monkeypatch.setenv("SOURCES__FLIGHTS__API_KEY", "of the section")
    assert resolved("sources.flights.api_key") == "of the section"
    monkeypatch.setenv("FLIGHTS_PRODUCTION__SOURCES__FLIGHTS__API_KEY", "of the pipeline")
    assert resolved("sources.flights.api_key") == "of the pipeline"
    assert resolved("flights_production.sources.flights.api_key") == "of the pipeline"


def test_a_broken_settings_file_is_said_without_its_content(secretive: Project) -> None:
    (secretive.folder / ".dlt" / "secrets.toml").write_text(f"[broken\n{TOML_SECRET}")
    request = secretive.request({"flights": TEXT}, {}, runtime=RUNTIME)
    with pytest.raises(UsageError, match="not TOML") as raised:
        resolve_credentials(request.runtime)
    assert TOML_SECRET not in str(raised.value)


def test_an_address_is_no_secret_but_its_password_is(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BASE", "https://user:a-pass-word@api.example.com")
    request = project.request({"flights": TEXT}, {}, runtime={"environment": ("BASE",)})
    assert resolve_credentials(request.runtime).secrets == ("a-pass-word",)


def test_secrets_reach_the_api_and_no_environment_command_line_file_or_outcome(
    secretive: Project, api: LoopbackApi, tmp_path_factory: pytest.TempPathFactory
) -> None:
    home = tmp_path_factory.mktemp("home")
    sandbox = ProcessSandbox(home)
    request = secretive.request(
        {"flights": TEXT},
        {"base": api.url},
        runtime=RUNTIME,
        record_to=str(home / "failed.cassette"),
    )
    planted = {ENV_SECRET, TOML_SECRET, OTHER_SECRET}
    try:
        outcome, seen = _run_and_look(sandbox, request, api)
        (headers,) = [h for h in api.headers if "X-Other" in h]
        assert headers["Authorization"] == f"Bearer {TOML_SECRET}"
        assert (headers["X-Other"], headers["X-Size"]) == (ENV_SECRET, "25")
        assert [s for s in planted if s in seen] == []
        assert outcome.failure is not None
        assert [s for s in planted if s in repr(outcome)] == []
        assert any("asking with" in line for line in outcome.log_tail)
        left = b"".join(p.read_bytes() for p in home.rglob("*") if p.is_file())
        assert [s for s in planted if s.encode() in left] == []
    finally:
        sandbox.close()


def _run_and_look(
    sandbox: ProcessSandbox, request: SandboxRequest, api: LoopbackApi
) -> tuple[SandboxOutcome, str]:
    """The outcome, and all that `ps` could show of the processes while the child ran."""
    outcomes: list[SandboxOutcome] = []
    thread = threading.Thread(target=lambda: outcomes.append(sandbox.run(request)))
    thread.start()
    await_that(lambda: "GET /hold" in api.hits)
    server = sandbox.server_pid
    assert server is not None
    (supervisor,) = children(server)
    (child,) = children(supervisor)
    seen = ""
    for pid in (server, supervisor, child):
        assert alive(pid)
        for name in ("environ", "cmdline"):
            seen += Path(f"/proc/{pid}/{name}").read_bytes().decode(errors="replace")
    assert "PATH=" in seen
    api.hold.set()
    thread.join(60)
    return outcomes[0], seen


def test_nothing_of_the_parent_s_environment_is_in_a_child(
    sandbox: ProcessSandbox, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCES__FLIGHTS__API_KEY", OTHER_SECRET)
    body = "yield {'names': ' '.join(sorted(os.environ)), 'text': str(dict(os.environ))}"
    outcome = sandbox.run(project.things(body, imports="import os", traffic=Traffic.CASSETTE))
    assert outcome.database is not None
    with duckdb.connect(outcome.database, read_only=True) as connection:
        row = connection.execute(f"SELECT names, text FROM {outcome.dataset}.things").fetchone()
    assert row is not None
    names = set(row[0].split())
    assert OTHER_SECRET not in row[1]
    assert "PYTEST_CURRENT_TEST" in os.environ
    assert {n for n in names if n.startswith(("PYTEST", "DAGSTER", "VIRTUAL_ENV"))} == set()
