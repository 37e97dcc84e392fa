"""One instance: for our program, for `dagster dev` and for Dagster's own commands."""

import shutil
from pathlib import Path

import dagster as dg
import pytest
from dagster._cli.utils import get_possibly_temporary_instance_for_cli

import connector_healing
from connector_healing.errors import UsageError
from connector_healing.orchestration.instance import open_instance
from connector_healing.runtime.home import HOME_VARIABLE


@dg.op
def nothing() -> None: ...


@dg.job
def idle() -> None:
    nothing()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    monkeypatch.delenv(HOME_VARIABLE, raising=False)
    return tmp_path


def run_in(instance: dg.DagsterInstance) -> str:
    return instance.create_run_for_job(job_def=idle).run_id


def as_dagster_dev_sees_it(run_id: str) -> bool:
    with get_possibly_temporary_instance_for_cli("dagster dev") as instance:
        return instance.has_run(run_id)


def test_without_dagster_home_the_folders_file_is_everyones(folder: Path) -> None:
    repository = Path(connector_healing.__file__).parents[1]
    shutil.copy(repository / "dagster.yaml", folder)
    with open_instance() as instance:
        run_id = run_in(instance)
        assert instance.get_sensor_settings()["use_threads"]
    assert as_dagster_dev_sees_it(run_id)
    with open_instance() as instance:
        assert instance.has_run(run_id)


def test_dagster_home_goes_before_the_folders_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "dagster.yaml").write_text("storage: {sqlite: {base_dir: here}}\n")
    home = folder / "home"
    home.mkdir()
    (home / "dagster.yaml").touch()
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    with open_instance() as instance:
        run_id = run_in(instance)
    assert as_dagster_dev_sees_it(run_id)
    assert not (folder / "here").exists()


def test_with_neither_it_lies_in_the_plugins_folder(folder: Path) -> None:
    with open_instance() as instance:
        run_id = run_in(instance)
    with open_instance() as instance:
        assert instance.has_run(run_id)
    assert (folder / ".connector_healing" / "dagster" / "history").is_dir()


def test_a_folder_that_cannot_be_made_is_named(folder: Path) -> None:
    repository = Path(connector_healing.__file__).parents[1]
    shutil.copy(repository / "dagster.yaml", folder)
    (folder / ".connector_healing").write_text("A file in the folder's place.")

    with pytest.raises(UsageError, match=r"^Dagster folder: '\.connector_healing/dagster.* cannot"):
        open_instance()
