"""An API, a project and a Dagster instance for each test."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from connector_healing_tests.orchestration.loopback import LoopbackApi
from connector_healing_tests.orchestration.shop import Shop


@pytest.fixture
def api() -> Iterator[LoopbackApi]:
    with LoopbackApi().serving() as serving:
        yield serving


@pytest.fixture
def shop(tmp_path: Path, api: LoopbackApi) -> Iterator[Shop]:
    one = Shop(tmp_path, api)
    yield one
    one.forget()


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as one:
        yield one


@pytest.fixture
def stored_instance() -> Iterator[dg.DagsterInstance]:
    """One whose runs other processes see."""
    with dg.instance_for_test() as one:
        yield one
