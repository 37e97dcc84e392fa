"""What `doctor` looks at in Dagster: the instance, its sensors, its daemon."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from connector_healing.orchestration.examined import Examined, obstacle
from connector_healing.runtime.home import dagster_home

if TYPE_CHECKING:
    from dagster import DagsterInstance

#: In the working directory.
_CONFIG = Path("dagster.yaml")

_START = (
    "Start `dagster dev`, or `dagster-daemon run`, with healing_definitions(...) in the project; "
    "`connector-healing heal` works without it."
)


def examine_dagster() -> Iterator[Examined]:
    """Look at the instance that `open_instance` opens, where there is one."""
    chosen = os.environ.get("DAGSTER_HOME")
    here = not chosen and _CONFIG.is_file()
    folder = Path.cwd() if here else dagster_home()
    if not chosen and not folder.exists():
        yield Examined(
            name="dagster instance",
            passed=False,
            detail="none here: DAGSTER_HOME is not set and there is no dagster.yaml",
            next_step="Set DAGSTER_HOME, or call doctor in the project's folder.",
            required=False,
        )
        return
    if not chosen:
        yield _kept_runs()
    if folder.is_dir() and not _has_storage(folder):
        yield _none_yet(folder)
        return
    from connector_healing.orchestration import quiet
    from connector_healing.orchestration.instance import open_instance

    quiet.be_quiet()
    with open_instance() as instance:
        storage = type(instance.run_storage).__name__
        detail = f"{storage}, {instance.get_runs_count()} runs"
        yield Examined(name="dagster instance", passed=True, detail=detail)
        yield _threads(instance)
        yield _daemon(instance)
        yield _sensor(instance)


def _settings(config: Path) -> Mapping[str, object]:
    """What a dagster.yaml sets; nothing where there is none."""
    import yaml

    found = yaml.safe_load(config.read_text(encoding="utf-8")) if config.is_file() else None
    return {k: v for k, v in found.items() if v} if isinstance(found, dict) else {}


def _has_storage(folder: Path) -> bool:
    """Whether an instance's storage is there, or named; to open it otherwise would make it."""
    named = any("storage" in key for key in _settings(folder / _CONFIG.name))
    return named or (folder / "history").exists()


def _none_yet(folder: Path) -> Examined:
    """That no run was made yet is a note, unless none could be kept."""
    why_not = obstacle(folder)
    return Examined(
        name="dagster instance",
        passed=False,
        detail=f"no run yet in {folder}{f', and {why_not}' if why_not else ''}",
        next_step="Make it writable, or set DAGSTER_HOME to a folder that is."
        if why_not
        else "The first run makes it.",
        required=bool(why_not),
    )


def _kept_runs() -> Examined:
    """Without DAGSTER_HOME `dagster dev` deletes its runs, unless the file names their folder."""
    if "storage" in _settings(_CONFIG):
        detail = "dagster.yaml names where runs are kept"
        return Examined(name="dagster storage", passed=True, detail=detail)
    return Examined(
        name="dagster storage",
        passed=False,
        detail="`dagster dev` would delete its runs when it ends, and use another instance than "
        "the command line",
        next_step="Set DAGSTER_HOME, or name storage.sqlite.base_dir in dagster.yaml.",
        required=False,
    )


def _threads(instance: "DagsterInstance") -> Examined:
    if instance.get_sensor_settings().get("use_threads"):
        return Examined(name="threaded sensors", passed=True, detail="on")
    return Examined(
        name="threaded sensors",
        passed=False,
        detail="off: sensors run one after another, and a slow one makes every other one late",
        next_step="Set `sensors: {use_threads: true, num_workers: 8}` in dagster.yaml.",
        required=False,
    )


def _daemon(instance: "DagsterInstance") -> Examined:
    statuses = instance.get_daemon_statuses(["SENSOR"])
    healthy = any(status.healthy for status in statuses.values())
    return Examined(
        name="sensor daemon",
        passed=healthy,
        detail="alive" if healthy else "no daemon ticks sensors now",
        next_step="" if healthy else _START,
        required=False,
    )


def _sensor(instance: "DagsterInstance") -> Examined:
    from dagster._core.scheduler.instigation import InstigatorStatus

    from connector_healing.orchestration.failure_sensor import SENSOR_NAME

    states = [s for s in instance.all_instigator_state() if s.instigator_name == SENSOR_NAME]
    running = [s for s in states if s.status is not InstigatorStatus.STOPPED]
    if running:
        return Examined(name="failure sensor", passed=True, detail="on")
    return Examined(
        name="failure sensor",
        passed=False,
        detail="switched off: heals are not asked for" if states else "it never ticked here",
        next_step="Switch it on in the UI under Automation." if states else _START,
        required=False,
    )
