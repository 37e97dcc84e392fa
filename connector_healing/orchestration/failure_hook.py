"""`healing_failure_hook`: capture and diagnosis for unmodified `@dlt_assets`."""

import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dlt.constants import META_KEY_PIPELINE, META_KEY_SOURCE

from connector_healing.core.connector import Connector
from connector_healing.core.fingerprint import fingerprint
from connector_healing.core.policy import HealPolicy
from connector_healing.core.records import RunRecord, RunStatus
from connector_healing.core.redaction import Redactor
from connector_healing.orchestration.evidence import Evidence, capture
from connector_healing.orchestration.run_log import LogTail
from connector_healing.orchestration.runtimes import runtime_of, used_config_keys
from connector_healing.orchestration.services import RunServices, run_services
from connector_healing.orchestration.versions import version_to_run
from connector_healing.runtime.secret_values import secret_values


def healing_failure_hook(
    *,
    connector: Connector | None = None,
    home: str | None = None,
    store_url: str | None = None,
) -> dg.HookDefinition:
    """A failure hook that captures what a dlt asset raised: `@dlt_assets(hooks={...})`.

    Without a connector the failure is captured and diagnosed; its code cannot be run elsewhere.
    With one it can also be healed by hand. The hook comes after the load, so it holds nothing.

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
        known = connector or _connector_of(context, metadata)
        _record(context, services, known, metadata, error)

    return capture_failure


def _dlt_metadata(context: dg.HookContext) -> dict[str, Any]:
    """The dlt source and pipeline that ride in the metadata of `@dlt_assets`."""
    layer = context._step_execution_context.job_def.asset_layer  # noqa: SLF001  # hooks get no public way to their assets
    node = context._step_execution_context.node_handle  # noqa: SLF001  # as above
    definition = layer.get_assets_def_for_node(node)
    if definition is None:
        return {}
    for metadata in definition.metadata_by_key.values():
        if META_KEY_SOURCE in metadata:
            return dict(metadata)
    return {}


def _connector_of(context: dg.HookContext, metadata: dict[str, Any]) -> Connector:
    """What can be said of a connector that nobody declared: where its first resource lives."""
    source = metadata.get(META_KEY_SOURCE)
    module = getattr(source, "section", None) or "undeclared"
    name = getattr(source, "name", None) or context.op.name
    policy = HealPolicy(heal=False)
    return Connector(id=str(name), entry_point=f"{module}:{name}", policy=policy)


def _record(
    context: dg.HookContext,
    services: RunServices,
    connector: Connector,
    metadata: dict[str, Any],
    error: BaseException,
) -> None:
    version = None
    source, pipeline = metadata.get(META_KEY_SOURCE), metadata.get(META_KEY_PIPELINE)
    if connector.policy.heal and source is not None and pipeline is not None:
        version, _ = version_to_run(services.store, services.registry, connector)
        runtime = runtime_of(connector, pipeline, source, used_config_keys(source))
        services.store.save_runtime(runtime)
    evidence = Evidence(
        connector_id=connector.id,
        run_id=context.run_id,
        version=version,
        redactor=Redactor(secret_values(connector.environment)),
        cassette_id=None,
        source_state={},
        log=LogTail(),
        selected=(),
    )
    failure = capture(evidence, error)
    services.store.record_failure(failure)
    now = datetime.now(UTC)
    case_id = None
    if version is not None:
        mode = connector.policy.automatic_mode
        case, _ = services.store.open_case(failure, fingerprint(failure), mode, {}, now)
        case_id = case.case_id
    services.store.record_run(
        RunRecord(
            record_id=uuid.uuid4().hex,
            connector_id=connector.id,
            run_id=context.run_id,
            version_id=version.version_id if version else "",
            status=RunStatus.FAILED,
            started_at=now,
            ended_at=now,
            message=failure.message,
            failure_id=failure.failure_id,
            case_id=case_id,
        )
    )
