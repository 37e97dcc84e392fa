"""What this machine gives the sandbox, found out by looking and by one small run."""

import resource
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from connector_healing.core.connector import Connector, ConnectorCode, SourceModule
from connector_healing.core.reproduction import (
    ConnectorRuntime,
    SandboxOutcome,
    SandboxRequest,
    SandboxStatus,
    Traffic,
)
from connector_healing.errors import HealingError
from connector_healing.sandbox.landlock import MINIMUM_ABI, NETWORK_ABI, landlock_abi
from connector_healing.sandbox.prctl import parent_death_signal

_PROBE = """\
import dlt


@dlt.source(name="connector_healing_probe")
def probe():
    return dlt.resource([{"id": 1}], name="probe")
"""
_MODULE = "connector_healing_probe"
_PROBE_WITHIN = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxAbility:
    """One thing that the sandbox can, or cannot, do on this machine."""

    name: str
    present: bool
    detail: str
    required: bool  #: False: connectors are run without it, less confined.


def abilities(
    run: Callable[[SandboxRequest], SandboxOutcome], work_dir: str
) -> tuple[SandboxAbility, ...]:
    """Look at everything that a run rests on.

    Args:
        run: Of the sandbox: a connector of one row goes through it.
        work_dir: An existing folder that holds nothing which the probe may not see.
    """
    return (_runs(run, work_dir), _dies_with_parent(), _memory(), *_landlock())


def _runs(run: Callable[[SandboxRequest], SandboxOutcome], work_dir: str) -> SandboxAbility:
    try:
        outcome = run(_request(work_dir))
    except (HealingError, OSError) as error:
        return SandboxAbility(name="fork server", present=False, detail=str(error), required=True)
    seconds = outcome.duration.total_seconds()
    if outcome.status is SandboxStatus.COMPLETED:
        detail = f"a connector of one row was loaded within {seconds:.1f} s"
        return SandboxAbility(name="fork server", present=True, detail=detail, required=True)
    said = (outcome.failure.message,) if outcome.failure else (*outcome.warnings, *outcome.log_tail)
    detail = " ".join(
        (f"a connector of one row {outcome.status.value.replace('_', ' ')}:", *said[-3:])
    )
    return SandboxAbility(name="fork server", present=False, detail=detail, required=True)


def _request(work_dir: str) -> SandboxRequest:
    connector = Connector(id="probe", entry_point=f"{_MODULE}:probe")
    module = SourceModule(name=_MODULE, path=f"{_MODULE}.py", text=_PROBE)
    runtime = ConnectorRuntime(
        connector=connector,
        pipeline_name="probe",
        dataset_name="probe",
        destination_type="dlt.destinations.duckdb",
        destination_name="duckdb",
        destination_path=None,
        project_dir=work_dir,
        import_paths=(),
        dlt_source_name=_MODULE,
        dlt_resources=(),
    )
    return SandboxRequest(
        runtime=runtime,
        code=ConnectorCode(modules=(module,)),
        dlt_resources=(),
        traffic=Traffic.CASSETTE,
        timeout=_PROBE_WITHIN,
    )


def _dies_with_parent() -> SandboxAbility:
    name = "end with the parent"
    try:
        parent_death_signal()
    except OSError as error:
        return SandboxAbility(name=name, present=False, detail=str(error), required=True)
    detail = "the kernel ends a run whose worker was killed"
    return SandboxAbility(name=name, present=True, detail=detail, required=True)


def _memory() -> SandboxAbility:
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = _request("").memory_bytes
    if hard == resource.RLIM_INFINITY or hard >= wanted:
        detail = f"memory is limited to {wanted // 1024**2} MiB, CPU time and file size too"
        return SandboxAbility(name="limits", present=True, detail=detail, required=False)
    detail = (
        f"this process may use {hard // 1024**2} MiB of address space, a run is given "
        f"{wanted // 1024**2}: large connectors may run out of it"
    )
    return SandboxAbility(name="limits", present=False, detail=detail, required=False)


def _landlock() -> Iterator[SandboxAbility]:
    abi = landlock_abi()
    has_files, has_ports = abi >= MINIMUM_ABI, abi >= NETWORK_ABI
    yield SandboxAbility(
        name="file confinement",
        present=has_files,
        detail=f"Landlock, version {abi} of its interface"
        if has_files
        else "this kernel has no Landlock (Linux 5.19 or later), or it is switched off: what a "
        "connector reads and writes in the sandbox is not confined",
        required=False,
    )
    yield SandboxAbility(
        name="port confinement",
        present=has_ports,
        detail="TCP only to the ports that the connector's addresses name"
        if has_ports
        else "this kernel's Landlock confines no network (Linux 6.7 or later): a connector in the "
        "sandbox could connect to any port",
        required=False,
    )
