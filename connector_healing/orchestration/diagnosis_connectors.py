"""What `doctor` looks at in each connector: its code, its keys, its history."""

import ast
from collections.abc import Iterator

from connector_healing.core.connector import Connector
from connector_healing.core.reproduction import ConnectorRuntime
from connector_healing.orchestration.examined import Examined
from connector_healing.ports import HealStore
from connector_healing.registry.discovery import imports_dagster
from connector_healing.runtime.loading import installed_file


def examine_connectors(store: HealStore) -> Iterator[Examined]:
    """Look at each connector that has run."""
    connector_ids = store.connector_ids()
    if not connector_ids:
        yield Examined(
            name="connectors",
            passed=False,
            detail="none has run yet",
            next_step="Materialise the assets of healing_dlt_assets once.",
            required=False,
        )
    for connector_id in connector_ids:
        runtime = store.runtime(connector_id)
        if runtime is None:
            yield _failures_only(connector_id)
            continue
        yield from _code(runtime)
        yield _keys(runtime)
        yield _history(store, runtime)


def _failures_only(connector_id: str) -> Examined:
    return Examined(
        name=f"connector {connector_id}",
        passed=False,
        detail="only its failures are captured and diagnosed",
        next_step="To heal it, make its assets with healing_dlt_assets.",
        required=False,
    )


def _code(runtime: ConnectorRuntime) -> Iterator[Examined]:
    connector = runtime.connector
    name = f"connector {connector.id}: code"
    step = "Correct the connector's entry_point, or the import path of its project."
    path = installed_file(connector.module_name, runtime.import_paths)
    if path is None:
        detail = f"module {connector.module_name} is not where it was when it ran last"
        yield Examined(name=name, passed=False, detail=detail, next_step=step)
        return
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, SyntaxError) as error:
        detail = f"{path} cannot be read as Python: {error}"
        yield Examined(name=name, passed=False, detail=detail, next_step="Correct the file.")
        return
    if connector.function_name not in _bound_names(tree):
        detail = f"{path} has no {connector.function_name!r}"
        yield Examined(name=name, passed=False, detail=detail, next_step=step)
    elif imports_dagster(tree):
        yield Examined(
            name=name,
            passed=False,
            detail=f"{connector.module_name} holds Dagster definitions beside the source function",
            next_step="Move the source function to a module of its own: until then its failures "
            "are diagnosed, not healed.",
            required=False,
        )
    else:
        yield Examined(name=name, passed=True, detail=str(path))


def _bound_names(tree: ast.Module) -> frozenset[str]:
    """Names that a module's text binds anywhere outside of functions and classes."""
    found: set[str] = set()
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
            continue
        if isinstance(node, ast.alias):
            found.add((node.asname or node.name).partition(".")[0])
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        waiting.extend(ast.iter_child_nodes(node))
    return frozenset(found)


def _keys(runtime: ConnectorRuntime) -> Examined:
    connector = runtime.connector
    name = f"connector {connector.id}: keys"
    keyless = [n for n in _resources(runtime) if not _has_key(connector, n)]
    if keyless:
        return Examined(
            name=name,
            passed=False,
            detail=f"no key is known of {', '.join(keyless)}",
            next_step="Declare primary_key: without one a heal always waits for a person.",
            required=False,
        )
    return Examined(name=name, passed=True, detail="each dlt resource has one")


def _resources(runtime: ConnectorRuntime) -> tuple[str, ...]:
    return runtime.dlt_resources or tuple(runtime.connector.resources)


def _has_key(connector: Connector, dlt_resource: str) -> bool:
    expectations = connector.resources.get(dlt_resource)
    return expectations is not None and bool(expectations.primary_key)


def _history(store: HealStore, runtime: ConnectorRuntime) -> Examined:
    connector = runtime.connector
    wanted = connector.policy.min_history_runs
    good = {name: len(store.baselines(connector.id, name, wanted)) for name in _resources(runtime)}
    short = [f"{name} {count}" for name, count in good.items() if count < wanted]
    name = f"connector {connector.id}: history"
    if short:
        return Examined(
            name=name,
            passed=False,
            detail=f"of {wanted} good runs: {', '.join(short)}",
            next_step="Let it run: until then a heal always waits for a person.",
            required=False,
        )
    return Examined(name=name, passed=True, detail=f"at least {wanted} good runs")
