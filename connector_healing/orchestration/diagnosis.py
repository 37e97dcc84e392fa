"""What `connector-healing doctor` looks at."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from connector_healing.errors import HealingError
from connector_healing.orchestration.examined import Examined, guarded, obstacle
from connector_healing.orchestration.looking import is_missing, store_location
from connector_healing.orchestration.services import RunServices, run_services
from connector_healing.runtime.home import (
    HOME_VARIABLE,
    STORE_VARIABLE,
    chosen_store_url,
    plugin_home,
)


def examine() -> list[Examined]:
    """Look at everything; what cannot be looked at is a finding, not an exception.

    Nothing is made where nothing is yet, but for the storage that a dagster.yaml names.
    """
    from connector_healing.orchestration import diagnosis_connectors, diagnosis_dagster

    store, services = _store()
    found = [store]
    if services is not None:
        opened = services
        found += guarded(
            "registry", lambda: _registry(opened), f"Make it writable, or set {HOME_VARIABLE}."
        )
    found += guarded("dagster instance", diagnosis_dagster.examine_dagster, _INSTANCE_STEP)
    found += guarded("sandbox", lambda: _sandbox(services), "Make the plugin's folder writable.")
    if services is not None:
        store_ = services.store
        found += guarded("connectors", lambda: diagnosis_connectors.examine_connectors(store_))
    return found


_INSTANCE_STEP = (
    "Correct dagster.yaml or DAGSTER_HOME: it has to be an existing folder that this user may "
    "read and write."
)


def _store() -> tuple[Examined, RunServices | None]:
    try:
        location = store_location()
        if is_missing(location):
            return _no_store_yet(location.shown, location.path or Path()), None
        services = run_services()
    except (HealingError, OSError) as error:
        step = f"Correct {STORE_VARIABLE}, or start the database that it names."
        return Examined(name="store", passed=False, detail=str(error), next_step=step), None
    detail = f"{services.store.shown_url}, its tables are this release's"
    return Examined(name="store", passed=True, detail=detail), services


def _no_store_yet(shown: str, path: Path) -> Examined:
    """None is a note, unless it could not be made either."""
    why_not = obstacle(path.parent)
    if why_not:
        detail = f"none yet at {shown}, and {why_not}"
        variable = STORE_VARIABLE if chosen_store_url() else HOME_VARIABLE
        step = f"Make it writable, or correct {variable}."
        return Examined(name="store", passed=False, detail=detail, next_step=step)
    return Examined(
        name="store",
        passed=False,
        detail=f"none yet at {shown}",
        next_step="The first run of a connector makes it. Where connectors have run already: call "
        f"doctor in the project's folder, or set {HOME_VARIABLE}.",
        required=False,
    )


def _registry(services: RunServices) -> Iterator[Examined]:
    services.registry.check_writable()
    yield Examined(name="registry", passed=True, detail=str(services.home / "versions"))


_SANDBOX_STEPS = {
    "fork server": "Look at the detail: `heal` needs child processes and the packages of dlt and "
    "DuckDB.",
    "end with the parent": "Allow the system call prctl(PR_SET_PDEATHSIG) in the container.",
    "limits": "Raise the limit of address space (ulimit -v) for heavy connectors.",
    "file confinement": "Use Linux 5.19 or later with Landlock, or heal only connectors that you "
    "trust.",
    "port confinement": "Use Linux 6.7 or later, or heal only connectors that you trust.",
}


def _sandbox(services: RunServices | None) -> Iterator[Examined]:
    from connector_healing.sandbox.runner import ProcessSandbox

    with tempfile.TemporaryDirectory(prefix="connector-healing-") as passing:
        sandbox = ProcessSandbox(services.home if services else Path(passing) / plugin_home().name)
        try:
            for ability in sandbox.abilities():
                yield Examined(
                    name=f"sandbox: {ability.name}",
                    passed=ability.present,
                    detail=ability.detail,
                    next_step="" if ability.present else _SANDBOX_STEPS.get(ability.name, ""),
                    required=ability.required,
                )
        finally:
            sandbox.close()
