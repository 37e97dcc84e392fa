"""One API, one sandbox and one history of good runs for the folder's tests; a copy for each."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from connector_healing.core.case import CaseState
from connector_healing.core.policy import HealPolicy, PolicyLevel
from connector_healing.sandbox.runner import ProcessSandbox
from connector_healing_tests.healing.freight_api import FreightApi, renamed
from connector_healing_tests.healing.project import CONNECTORS, Project

#: Good runs before anything breaks.
GOOD_RUNS = 6


@pytest.fixture(scope="package")
def served() -> Iterator[FreightApi]:
    with FreightApi().serving() as serving:
        yield serving


@pytest.fixture(scope="package")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProcessSandbox]:
    one = ProcessSandbox(tmp_path_factory.mktemp("sandbox"))
    yield one
    one.close()


def _history(
    name: str, served: FreightApi, sandbox: ProcessSandbox, factory: pytest.TempPathFactory
) -> Project:
    """A project with good runs of one connector behind it."""
    folder = factory.mktemp(f"history_{name}")
    served.reset()
    project = Project(folder, served, sandbox)
    project.write(name, CONNECTORS[name])
    with pytest.MonkeyPatch.context() as patch, project.entered():
        patch.chdir(folder)
        project.run(name)
        project.days(GOOD_RUNS - 1, name)
    return project


@pytest.fixture(scope="package")
def plain_history(
    served: FreightApi, sandbox: ProcessSandbox, tmp_path_factory: pytest.TempPathFactory
) -> Project:
    return _history("plain", served, sandbox, tmp_path_factory)


@pytest.fixture(scope="package")
def rest_history(
    served: FreightApi, sandbox: ProcessSandbox, tmp_path_factory: pytest.TempPathFactory
) -> Project:
    return _history("rest", served, sandbox, tmp_path_factory)


@pytest.fixture(scope="package")
def proposed_history(plain_history: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """After a renamed field: a proven version waits for approval."""
    plain_history.api.reset(GOOD_RUNS + 1)
    plain_history.api.shape = renamed
    with _copied(plain_history, tmp_path_factory.mktemp("proposed")) as project:
        project.policy = HealPolicy(apply_up_to=PolicyLevel.A1)
        project.run()
        project.heal()
        assert project.case().state is CaseState.AWAITING_APPROVAL, project.case().reason
    return project


@pytest.fixture
def api(served: FreightApi) -> FreightApi:
    """The API on the day after the last good run."""
    served.reset(GOOD_RUNS + 1)
    return served


@contextmanager
def _copied(history: Project, folder: Path) -> Iterator[Project]:
    copy = history.copied(folder / "project")
    with pytest.MonkeyPatch.context() as patch, copy.entered():
        patch.chdir(copy.folder)
        yield copy


@pytest.fixture
def plain(plain_history: Project, api: FreightApi, tmp_path: Path) -> Iterator[Project]:
    """A project with plain requests, good runs behind it."""
    with _copied(plain_history, tmp_path) as copy:
        yield copy


@pytest.fixture
def rest(rest_history: Project, api: FreightApi, tmp_path: Path) -> Iterator[Project]:
    """A project with a REST API configuration, good runs behind it."""
    with _copied(rest_history, tmp_path) as copy:
        yield copy


@pytest.fixture
def proposed(proposed_history: Project, api: FreightApi, tmp_path: Path) -> Iterator[Project]:
    """A project whose API renamed a field, and whose heal waits for approval."""
    api.shape = renamed
    with _copied(proposed_history, tmp_path) as copy:
        yield copy
