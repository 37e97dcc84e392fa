"""A whole heal with the store in PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from connector_healing.core.case import CaseState, Healed
from connector_healing.core.records import RunStatus
from connector_healing.ports import Sandbox
from connector_healing_tests.healing.freight import PLAIN
from connector_healing_tests.healing.freight_api import FreightApi, renamed
from connector_healing_tests.healing.project import Project
from connector_healing_tests.store.conftest import new_postgres_database, postgres_server

__all__ = ["postgres_server"]


@pytest.fixture
def shared(
    request: pytest.FixtureRequest,
    api: FreightApi,
    sandbox: Sandbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Project]:
    """A project whose store is a PostgreSQL database."""
    url = new_postgres_database(request.getfixturevalue("postgres_server"))
    project = Project(tmp_path / "project", api, sandbox, store_url=url)
    project.write("plain", PLAIN)
    monkeypatch.chdir(project.folder)
    with project.entered():
        yield project


@pytest.mark.service
def test_a_whole_heal(shared: Project) -> None:
    shared.api.reset()
    shared.run()
    shared.days(4)
    shared.api.next_day()
    shared.api.shape = renamed
    assert shared.run().status is RunStatus.FAILED

    outcome = shared.heal()

    assert isinstance(outcome, Healed)
    assert outcome.active
    assert not (shared.home / "store.db").exists()
    assert shared.run_services.store.held() == ()
    for _ in range(3):
        shared.api.next_day()
        assert shared.run().status is RunStatus.SUCCEEDED
    assert shared.case().state is CaseState.PROMOTED
    carriers = shared.rows("SELECT id, carrier FROM parcels ORDER BY id")
    assert carriers == sorted((p["id"], p["carrier"]) for p in shared.api.parcels)
