"""One sandbox for the folder's tests, a loopback API and a project for each."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from connector_healing.sandbox.runner import ProcessSandbox
from connector_healing_tests.sandbox.loopback import LoopbackApi
from connector_healing_tests.sandbox.project import Project


@pytest.fixture(scope="package")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProcessSandbox]:
    one = ProcessSandbox(tmp_path_factory.mktemp("home"))
    yield one
    one.close()


@pytest.fixture
def api() -> Iterator[LoopbackApi]:
    with LoopbackApi().serving() as serving:
        yield serving


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)
