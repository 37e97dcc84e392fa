"""An empty project as the working directory, and the program called in it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from connector_healing.orchestration import services
from connector_healing.store import default_store_url, open_store
from connector_healing_tests.cli.prepared import Prepared
from connector_healing_tests.cli.program import Program


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The working directory, without settings from the environment."""
    for name in ("DAGSTER_HOME", "CONNECTOR_HEALING_HOME", "CONNECTOR_HEALING_STORE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LOGNAME", "anna")
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    services._opened.cache_clear()


@pytest.fixture
def program(capsys: pytest.CaptureFixture[str]) -> Program:
    return Program(capsys)


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with its tables; making them takes longer than most tests."""
    home = tmp_path_factory.mktemp("empty")
    open_store(default_store_url(home)).close()
    return home / "store.db"


@pytest.fixture
def prepared(folder: Path, empty_store: Path) -> Prepared:
    home = folder / ".connector_healing"
    home.mkdir()
    shutil.copy(empty_store, home)
    return Prepared()
