"""`healing_failure_hook`: capture and diagnosis for unmodified `@dlt_assets`."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dlt.constants import META_KEY_PIPELINE, META_KEY_SOURCE

from connector_healing.core.case import HealCase
from connector_healing.core.classify import classify
from connector_healing.core.connector import Connector
from connector_healing.core.failure import Failure
from connector_healing.core.kusto.automatic import triage_of
from connector_healing.core.kusto.report import render_triage
from connector_healing.core.policy import HealPolicy
from connector_healing.core.records import RunRecord, RunStatus
from connector_healing.orchestration.evidence import capture
from connector_healing.orchestration.look_ups import used_config_keys
from connector_healing.orchestration.opening import open_case
from connector_healing.orchestration.run_facts import RunFacts
from connector_healing.orchestration.runtimes import duckdb_place, runtime_of
from connector_healing.orchestration.services import RunServices, run_services
from connector_healing.orchestration.versions import version_to_run

_NOT_IN_ID = re.compile(r"[^A-Za-z0-9_.-]")


def healing_failure_hook(
    *,
    connector: Connector | None = None,
    home: str | None = None,
    store_url: str | None = None,
) -> dg.HookDefinition:
    """A failure hook that captures what a dlt asset raised: `@dlt_assets(hooks={...})`.

    Without a connector the failure is captured and diagnosed; its code cannot be run elsewhere.
    With one it can also be healed: a heal then waits for a person, since no good runs are on
    record. The hook comes after the load, so it holds nothing.

    Args:
        connector: Where the asset's source is declared; None: diagnosis only.
        home: The plugin's folder; None: the default.
        store_url: None: the default.
    """

    @dg.failure_hook(name="connector_healing_failure_hook")
    def capture_failure(context: dg.HookContext) -> None:
        error = context.op_exception
        if error is None:
            return
        services = run_services(Path(home).resolve() if home else None, store_url)
        metadata = _dlt_metadata(context)
        facts = RunFacts(
            connector=connector or _undeclared(context, metadata.get(META_KEY_SOURCE)),
            pipeline=metadata.get(META_KEY_PIPELINE),
            run_id=context.run_id,
            modules=frozenset(_modules(metadata.get(META_KEY_SOURCE))),
        )
        if connector is not None:
            _remember(context, services, facts, metadata.get(META_KEY_SOURCE))
        _record(context, services, facts, error)

    return capture_failure


def _dlt_metadata(context: dg.HookContext) -> Mapping[str, Any]:
    """The dlt source and pipeline that ride in the metadata of `@dlt_assets`."""
    layer = context._step_execution_context.job_def.asset_layer  # noqa: SLF001  # hooks get no public way to their assets
    node = context._step_execution_context.node_handle  # noqa: SLF001  # as above
    definition = layer.get_assets_def_for_node(node)
    found = definition.metadata_by_key.values() if definition else ()
    return next((metadata for metadata in found if META_KEY_SOURCE in metadata), {})


def _modules(source: Any) -> Iterator[str]:
    """Where the source's own functions live, so that a failure in them is told from dlt's."""
    for resource in getattr(source, "resources", {}).values():
        generator = resource._pipe.gen  # noqa: SLF001  # dlt has no public way to the function
        frame = getattr(generator, "gi_frame", None)
        name = frame.f_globals.get("__name__") if frame else getattr(generator, "__module__", None)
        if name and name.partition(".")[0] != "dlt":
            yield name


def _undeclared(context: dg.HookContext, source: Any) -> Connector:
    """What can be said of a connector that nobody declared: the name of its source."""
    name = _NOT_IN_ID.sub("_", str(getattr(source, "name", None) or context.op.name))[:60]
    known = name if name[:1].isalpha() else f"c{name}"
    return Connector(id=known, entry_point="undeclared:undeclared", policy=HealPolicy(heal=False))


def _remember(context: dg.HookContext, services: RunServices, facts: RunFacts, source: Any) -> None:
    """Keep how a declared connector runs; without that its failure is only diagnosed."""
    try:
        facts.version, _ = version_to_run(services.cases, facts.connector)
        if source is not None and facts.pipeline is not None:
            keys = used_config_keys(source)
            facts.selected = tuple(source.selected_resources.keys())
            facts.runtime = runtime_of(
                facts.connector,
                facts.pipeline,
                source,
                config_keys=keys,
                redactor=facts.redactor,
                place=duckdb_place(facts.pipeline),
            )
            services.store.save_runtime(facts.runtime)
    except Exception as error:  # noqa: BLE001  # the failure itself must be captured all the same
        context.log.warning("Connector %s cannot be healed: %s", facts.connector.id, error)


def _record(
    context: dg.HookContext, services: RunServices, facts: RunFacts, error: BaseException
) -> None:
    failure = capture(facts, error, None)
    case = _case(services, facts, failure)
    services.store.record_failure(failure)
    services.store.record_run(
        RunRecord(
            record_id=facts.record_id,
            connector_id=facts.connector.id,
            run_id=facts.run_id,
            version_id=facts.version_id,
            status=RunStatus.FAILED,
            started_at=failure.occurred_at,
            ended_at=failure.occurred_at,
            message=failure.message,
            failure_id=failure.failure_id,
            case_id=case.case_id if case else None,
        )
    )
    diagnosis = classify(failure, services.rules)
    context.log.error(
        "Diagnosis: %s, %s. %s %s",
        diagnosis.category.value,
        diagnosis.subcategory.value,
        facts.redactor.text(diagnosis.cause),
        diagnosis.remedy,
    )
    triage = triage_of(failure)
    if triage is not None:
        context.log.error("%s", facts.redactor.text(render_triage(triage)))


def _case(services: RunServices, facts: RunFacts, failure: Failure) -> HealCase | None:
    """The case of a failure whose connector can be run elsewhere."""
    if facts.version is None or facts.runtime is None:
        return None
    return open_case(services.store, failure, facts.connector.policy, datetime.now(UTC))
