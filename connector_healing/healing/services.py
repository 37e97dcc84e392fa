"""What a heal needs of the world, in one place."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from connector_healing.core.case import HealCase
from connector_healing.core.connector import ConnectorCode
from connector_healing.core.failure import Failure
from connector_healing.core.lease import Lease
from connector_healing.core.logs.user_rules import UserRule
from connector_healing.core.reproduction import ConnectorRuntime
from connector_healing.errors import UnknownCaseError, UnknownConnectorError, UsageError
from connector_healing.ports import (
    Branches,
    CaseFiles,
    Clock,
    ConnectorRegistry,
    DataJudge,
    HealStore,
    Leases,
    Progress,
    Sandbox,
)

#: How long a worker may be silent before another takes its case over. It renews three times
#: as often, so that one slow write does not cost it the case.
LEASE_DURATION = timedelta(seconds=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseServices:
    """The ports that looking at a case and moving it on takes."""

    store: HealStore
    registry: ConnectorRegistry
    files: CaseFiles
    clock: Clock
    rules: tuple[UserRule, ...] = ()  #: The user's own, for the classifier.

    def case(self, case_id: str) -> HealCase:
        """The case of this id.

        Raises:
            UnknownCaseError: If there is none.
        """
        case = self.store.case(case_id)
        if case is None:
            raise UnknownCaseError(case_id, [c.case_id for c in self.store.cases(limit=10)])
        return case

    def require_known(self, connector_id: str) -> None:
        """Make sure that the connector ran, be it under the failure hook alone.

        Raises:
            UnknownConnectorError: If no connector of this id ever ran.
        """
        if self.store.runtime(connector_id) is None and not self.store.runs(connector_id, 1):
            raise UnknownConnectorError(connector_id, self.store.connector_ids())

    def runtime(self, connector_id: str) -> ConnectorRuntime:
        """How the connector runs.

        Raises:
            UnknownConnectorError: If no connector of this id ever ran.
            UsageError: If only its failures are captured.
        """
        self.require_known(connector_id)
        runtime = self.store.runtime(connector_id)
        if runtime is None:
            raise UsageError(
                "connector",
                connector_id,
                "Only its failures are captured, so that its code cannot be run elsewhere: make "
                "its assets with healing_dlt_assets, or declare its entry_point in "
                "healing_failure_hook(connector=...). "
                f"What is known of them: connector-healing logs {connector_id}",
            )
        return runtime

    def failure(self, case: HealCase) -> Failure:
        """The latest failure of a case."""
        failure = self.store.failure(case.failure_id)
        if failure is None:
            raise UnknownCaseError(case.case_id)
        return failure

    def code(self, case: HealCase) -> ConnectorCode:
        """The text that failed."""
        return self.registry.version(case.connector_id, case.version_id).code


@dataclass(frozen=True, slots=True, kw_only=True)
class HealServices(CaseServices):
    """The ports of one worker that heals."""

    leases: Leases
    sandbox: Sandbox
    data: DataJudge
    branches: Branches
    progress: Progress
    holder: str  #: Who works: a Dagster run id, or host and process.
    #: Runs a function again and again in the background until the returned function is called.
    every: Callable[[timedelta, Callable[[], None]], Callable[[], None]]
    #: Calls a function until it gives something, for so long at most; None where it never does.
    awaited: Callable[[Callable[[], Lease | None], timedelta], Lease | None]
    #: Takes the secrets of a connector (its id comes first) out of a text that is to be kept.
    redact: Callable[[str, str], str]
    lease_duration: timedelta = LEASE_DURATION
