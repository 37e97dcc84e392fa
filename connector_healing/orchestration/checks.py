"""The asset checks of connectors: what the last run and its judge say."""

from collections.abc import Iterator, Mapping, Sequence

import dagster as dg

from connector_healing.core.records import RunRecord, RunStatus
from connector_healing.orchestration.healing_resource import HealingResource

CHECK_NAME = "loaded_as_expected"

#: Executions among which the one of the check's own run is looked for.
LOOKED_AT = 20


def build_connector_checks(
    keys: Mapping[str, Sequence[dg.AssetKey]], healing: HealingResource
) -> list[dg.AssetChecksDefinition]:
    """One check on each asset of each connector: was its last load whole and unsuspicious?"""
    return [_checks_of(connector_id, tuple(k), healing) for connector_id, k in keys.items()]


def _checks_of(
    connector_id: str, asset_keys: Sequence[dg.AssetKey], healing: HealingResource
) -> dg.AssetChecksDefinition:
    specs = [
        dg.AssetCheckSpec(
            CHECK_NAME,
            asset=key,
            description="The connector's last run loaded data that look like the data before.",
        )
        for key in asset_keys
    ]
    name = "".join(c if c.isalnum() else "_" for c in connector_id)

    @dg.multi_asset_check(name=f"{name}_{CHECK_NAME}", specs=specs, can_subset=True)
    def loaded_as_expected(
        context: dg.AssetCheckExecutionContext,
    ) -> Iterator[dg.AssetCheckResult]:
        records = healing.opened().store.runs(connector_id, LOOKED_AT)
        own = [r for r in records if r.run_id == context.run.run_id]
        last = next(iter([*own, *records]), None)
        # A flagged load is a success with a case: see `OnSuspicion.LOAD_AND_FLAG`.
        good = last is not None and last.status is RunStatus.SUCCEEDED and last.case_id is None
        for key in context.selected_asset_check_keys:
            yield dg.AssetCheckResult(
                asset_key=key.asset_key,
                check_name=CHECK_NAME,
                passed=good,
                severity=dg.AssetCheckSeverity.ERROR,
                description=_told(last),
                metadata={
                    "status": last.status.value if last else "never ran",
                    "version": last.version_id if last else "",
                    "requests": last.requests if last else 0,
                    "rows": dict(last.rows) if last else {},
                    "case": (last.case_id or "") if last else "",
                },
            )

    return loaded_as_expected


def _told(last: RunRecord | None) -> str:
    if last is None:
        return "The connector has not run yet."
    return last.message or "Loaded, and nothing looked wrong."
