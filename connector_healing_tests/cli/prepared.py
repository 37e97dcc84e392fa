"""A project's store and registry as runs and heals leave them, made by their own calls."""

from dataclasses import replace
from pathlib import Path
from uuid import uuid4

from connector_healing.core.case import CaseState, HealCase
from connector_healing.core.connector import ConnectorVersion
from connector_healing.core.failure import Failure, Stage
from connector_healing.core.policy import HealMode
from connector_healing.core.records import RunRecord, RunStatus
from connector_healing.orchestration.services import RunServices, run_services
from connector_healing_tests.store import builders
from connector_healing_tests.store.builders import NOW, after
from connector_healing_tests.store.paths import path_to

#: States in which a case has a proposed version.
_PROPOSED = (
    CaseState.AWAITING_APPROVAL,
    CaseState.SUBMITTED,
    CaseState.MONITORING,
    CaseState.PROMOTED,
    CaseState.ROLLED_BACK,
)
#: States in which that version is active.
_ACTIVE = (CaseState.MONITORING, CaseState.PROMOTED)


class Prepared:
    """Makes connectors, runs and cases in the store of the working directory."""

    def __init__(self) -> None:
        self.services: RunServices = run_services()
        self.store = self.services.store
        self.home: Path = self.services.home

    def connector(self, connector_id: str = "flights") -> ConnectorVersion:
        """A connector that has run; its installed version is active."""
        version = replace(
            builders.version("x = 1\n", connector_id=connector_id),
            created_by="installed",
            change_summary="Installed code.",
            case_id=None,
            diff="",
        )
        self.store.save_runtime(builders.runtime(connector_id))
        self.services.registry.save(version)
        self.services.registry.activate(connector_id, None, version.version_id)
        return version

    def healed_version(self, parent: ConnectorVersion, case_id: str = "c1") -> ConnectorVersion:
        """A version that a heal made, not active yet."""
        made = builders.version("x = 2\n", connector_id=parent.connector_id, created_at=after(9))
        healed = replace(made, parent=parent.version_id, case_id=case_id)
        self.services.registry.save(healed)
        return healed

    def run(
        self, connector_id: str = "flights", minutes: int = 0, *, failure: Failure | None = None
    ) -> RunRecord:
        """One execution; with a failure it failed, or was held."""
        status = RunStatus.SUCCEEDED
        if failure is not None:
            self.store.record_failure(failure)
            status = RunStatus.HELD if failure.suspicions else RunStatus.FAILED
        record = replace(
            builders.run_record(
                uuid4().hex,
                connector_id=connector_id,
                started_at=after(minutes),
                status=status,
            ),
            run_id=failure.run_id if failure else f"run-{minutes}",
            message=failure.message if failure else "",
            failure_id=failure.failure_id if failure else None,
            log=(f"INFO a line of minute {minutes}", f"INFO another of minute {minutes}"),
        )
        self.store.record_run(record)
        return record

    def failure(
        self, connector_id: str = "flights", *, held: bool = False, version_id: str | None = None
    ) -> Failure:
        """A failure of a failed run, or of a held one."""
        found = builders.failure(uuid4().hex, connector_id=connector_id)
        return replace(
            found,
            version_id=version_id,
            run_id=f"run-{found.failure_id[:6]}",
            stage=Stage.JUDGE if held else found.stage,
            chain=() if held else found.chain,
            http=None if held else found.http,
            root=0 if held else found.root,
            suspicions=found.suspicions if held else (),
            cassette_id=None,
        )

    def case(
        self,
        state: CaseState,
        connector_id: str = "flights",
        *,
        held: bool = False,
        mode: HealMode = HealMode.PROPOSE,
    ) -> HealCase:
        """A case that came to this state, with all that a heal leaves on its way there."""
        version = self.connector(connector_id)
        failure = self.failure(connector_id, held=held, version_id=version.version_id)
        self.run(connector_id, 1, failure=failure)
        case, _ = self.store.open_case(failure, failure.failure_id, mode, {}, NOW)
        healed = self.healed_version(version, case.case_id) if state in _PROPOSED else None
        if healed is not None:
            lease = builders.claim(self.store, case)
            chosen = replace(builders.candidate(case.case_id, 1), version_id=healed.version_id)
            self.store.save_candidates([chosen], lease)
            self.store.save_trial(builders.trial(case.case_id, 1), lease)
            self.store.release(lease)
        path = path_to(state)
        if healed is not None and CaseState.SUBMITTED in path and state in _ACTIVE:
            self.services.registry.activate(connector_id, version.version_id, healed.version_id)
        for minutes, step in enumerate(path, start=2):
            case = self.store.advance_case(
                case.case_id,
                step,
                None,
                after(minutes),
                reason=f"It came to {step.value}.",
                winner=1 if healed and step in _PROPOSED else None,
                submitted_version=healed.version_id if healed and step in _PROPOSED else None,
            )
        return case
