"""What `connector-healing doctor` looks at."""

import ast
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from connector_healing.core.reproduction import ConnectorRuntime
from connector_healing.errors import HealingError
from connector_healing.orchestration.services import RunServices, run_services
from connector_healing.registry.discovery import imports_dagster
from connector_healing.runtime.loading import installed_file


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """One thing that healing needs, and whether it is there."""

    name: str
    passed: bool
    detail: str
    next_step: str = ""
    required: bool = True  #: False: healing works without it, less well.


def examine() -> list[Examined]:
    """Look at everything; what cannot be looked at is a finding, not an exception."""
    try:
        services = run_services()
    except HealingError as error:
        store = Examined(name="store", passed=False, detail=str(error))
        return [store, _guarded("dagster instance", _instance)]
    return [
        Examined(name="store", passed=True, detail=services.store.shown_url),
        _guarded("registry", lambda: _registry(services)),
        _guarded("dagster instance", _instance),
        _guarded("failure sensor", _sensor),
        *_sandbox(services),
        *_connectors(services),
    ]


def _guarded(name: str, look: Callable[[], Examined]) -> Examined:
    try:
        return look()
    except Exception as error:  # noqa: BLE001  # a doctor that breaks off helps nobody
        return Examined(name=name, passed=False, detail=f"{type(error).__name__}: {error}")


def _registry(services: RunServices) -> Examined:
    services.registry.check_writable()
    return Examined(name="registry", passed=True, detail=str(services.home / "versions"))


def _instance() -> Examined:
    from connector_healing.orchestration.instance import open_instance

    with open_instance() as instance:
        runs = instance.get_runs_count()
        detail = f"{instance.run_storage.__class__.__name__}, {runs} runs"
        threads = instance.get_sensor_settings().get("use_threads")
    if not threads:
        return Examined(
            name="dagster instance",
            passed=False,
            detail=f"{detail}; sensors run one after another",
            next_step="Set `sensors: {use_threads: true, num_workers: 8}` in dagster.yaml.",
            required=False,
        )
    return Examined(name="dagster instance", passed=True, detail=detail)


def _sensor() -> Examined:
    import dagster as dg

    from connector_healing.orchestration.failure_sensor import SENSOR_NAME
    from connector_healing.orchestration.instance import open_instance

    with open_instance() as instance:
        states = [s for s in instance.all_instigator_state() if s.instigator_name == SENSOR_NAME]
        daemons = instance.get_daemon_statuses(["SENSOR"]) if states else {}
    stopped = [s for s in states if s.status is dg.DefaultSensorStatus.STOPPED]
    healthy = any(status.healthy for status in daemons.values())
    if states and not stopped and healthy:
        return Examined(name="failure sensor", passed=True, detail="on; the daemon is alive")
    return Examined(
        name="failure sensor",
        passed=False,
        detail="no running daemon ticks it now",
        next_step="Start `dagster dev`, or `dagster-daemon run`, with healing_definitions(...) in "
        "the project; `connector-healing heal` works without it.",
        required=False,
    )


def _sandbox(services: RunServices) -> Iterator[Examined]:
    from connector_healing.sandbox.runner import ProcessSandbox

    sandbox = ProcessSandbox(services.home)
    try:
        for ability in sandbox.abilities():
            yield Examined(
                name=f"sandbox: {ability.name}",
                passed=ability.present,
                detail=ability.detail,
                required=ability.required,
            )
    except HealingError as error:
        yield Examined(name="sandbox", passed=False, detail=str(error))
    finally:
        sandbox.close()


def _connectors(services: RunServices) -> Iterator[Examined]:
    for connector_id in services.store.connector_ids():
        runtime = services.store.runtime(connector_id)
        if runtime is not None:
            yield _connector(runtime)
    if not services.store.connector_ids():
        yield Examined(
            name="connectors",
            passed=False,
            detail="none has run yet",
            next_step="Materialise the assets of healing_dlt_assets once.",
            required=False,
        )


def _connector(runtime: ConnectorRuntime) -> Examined:
    connector = runtime.connector
    name = f"connector {connector.id}"
    path = installed_file(connector.module_name, runtime.import_paths)
    if path is None or not os.access(path, os.R_OK):
        return Examined(
            name=name,
            passed=False,
            detail=f"module {connector.module_name} is not where it was",
            next_step="Correct the connector's entry_point.",
        )
    if imports_dagster(ast.parse(path.read_text(encoding="utf-8"))):
        return Examined(
            name=name,
            passed=False,
            detail=f"{connector.module_name} holds Dagster definitions beside the source function",
            next_step="Move the source function to a module of its own: until then its failures "
            "are diagnosed, not healed.",
            required=False,
        )
    keyless = [n for n, e in connector.resources.items() if not e.primary_key]
    if keyless:
        return Examined(
            name=name,
            passed=False,
            detail=f"no key is known of {', '.join(keyless)}",
            next_step="Declare primary_key: without one a heal always waits for a person.",
            required=False,
        )
    return Examined(name=name, passed=True, detail=f"{len(connector.resources)} dlt resources")
