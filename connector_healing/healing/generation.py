"""The step `candidates`: what the patches of a case are made from."""

from connector_healing.core.case import HealCase
from connector_healing.core.connector import ConnectorVersion
from connector_healing.core.patch import Candidate
from connector_healing.core.records import RunStatus
from connector_healing.core.steps import Finding, Reproduction
from connector_healing.errors import UnknownVersionError
from connector_healing.healing.candidates import MAX_CANDIDATES, generate
from connector_healing.healing.services import CaseServices

#: Executions among which the last good one is looked for.
_LOOK_BACK = 50


def generated(
    services: CaseServices, case: HealCase, finding: Finding, reproduction: Reproduction
) -> tuple[Candidate, ...]:
    """The case's candidates, as many as its budget allows."""
    budget = services.runtime(case.connector_id).connector.policy.budget
    return generate(
        case.case_id,
        services.failure(case),
        finding.diagnosis,
        services.code(case),
        accesses=(*finding.accesses, *reproduction.accesses),
        mappings=finding.mappings,
        last_good_version=last_good_version(services, case),
        limit=min(budget.candidates, MAX_CANDIDATES),
    )


def last_good_version(services: CaseServices, case: HealCase) -> ConnectorVersion | None:
    """The version of the newest good run, where it is not the one that failed."""
    for record in services.store.runs(case.connector_id, _LOOK_BACK):
        # A run whose load was flagged names the case of it, and was not good.
        if record.status is not RunStatus.SUCCEEDED or record.case_id is not None:
            continue
        if record.version_id == case.version_id:
            return None
        try:
            return services.registry.version(case.connector_id, record.version_id)
        except UnknownVersionError:
            return None
    return None
