"""Writes down how an execution of a connector went: baselines, failures, cases, cassettes."""

import logging
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime

from connector_healing.core.case import CaseState, HealCase
from connector_healing.core.failure import Failure, Suspicion
from connector_healing.core.fingerprint import fingerprint
from connector_healing.core.profile import Baseline, Churn, PackageProfile
from connector_healing.core.records import RunRecord, RunStatus
from connector_healing.healing.monitor import watch_run
from connector_healing.orchestration.cleaning import clean_state, clean_table
from connector_healing.orchestration.evidence import capture, capture_held
from connector_healing.orchestration.opening import open_case
from connector_healing.orchestration.run_facts import RunFacts
from connector_healing.orchestration.services import RunServices
from connector_healing.runtime.cassette import cassette_path, prune_cassettes

_LOG = logging.getLogger("connector_healing")

#: Good runs of each dlt resource of which the recorded answers are kept, whatever comes after.
GOOD_CASSETTES = 3


class RunRecords:
    """What one execution leaves in the store and beside it.

    Args:
        services: Store and registry.
        facts: Of the execution.
    """

    def __init__(self, services: RunServices, facts: RunFacts) -> None:
        self._services = services
        self._facts = facts
        self._flag: tuple[Failure, HealCase] | None = None

    def succeeded(
        self,
        profile: PackageProfile,
        churn: Mapping[str, Churn | None],
        waived: Sequence[str],
        released: Collection[str],
    ) -> None:
        """The package was loaded: remember what it looked like, unless it was flagged."""
        facts, store = self._facts, self._services.store
        if waived:
            store.use_waivers(facts.connector.id, waived, datetime.now(UTC))
        if self._flag is None:
            cassette = self._write_cassette(sample=True)
            for name in facts.selected:
                self._record_baseline(
                    name, profile, churn.get(name), cassette, released=name in released
                )
        failure, case = self._flag or (None, None)
        rows = {name: table.rows for name, table in profile.tables.items()}
        self._record(RunStatus.SUCCEEDED, rows=rows, failure=failure, case=case)

    def failed(self, error: BaseException) -> None:
        """The connector raised."""
        failure = capture(self._facts, error, self._write_cassette(sample=False))
        self._record(RunStatus.FAILED, failure=failure, case=self._opened(failure))

    def suspected(self, suspicions: Sequence[Suspicion]) -> tuple[Failure, HealCase]:
        """The package looks wrong: keep the evidence and open a case."""
        failure = capture_held(self._facts, suspicions, self._write_cassette(sample=False))
        return failure, self._opened(failure)

    def held(self, failure: Failure, case: HealCase) -> None:
        """The package was not loaded."""
        self._record(RunStatus.HELD, failure=failure, case=case)

    def flag(self, failure: Failure, case: HealCase) -> None:
        """The package is loaded all the same: the record will name the case, and no baseline is kept."""
        self._flag = failure, case

    def _opened(self, failure: Failure) -> HealCase:
        return open_case(
            self._services.store, failure, self._facts.connector.policy, datetime.now(UTC)
        )

    def _record_baseline(
        self,
        name: str,
        profile: PackageProfile,
        churn: Churn | None,
        cassette: str | None,
        *,
        released: bool,
    ) -> None:
        facts = self._facts
        tables = profile.of_resource(name)
        if not tables:
            return
        signals = facts.recording.signals() if facts.recording else {}
        self._services.store.record_baseline(
            Baseline(
                connector_id=facts.connector.id,
                dlt_resource=name,
                recorded_at=datetime.now(UTC),
                run_id=facts.run_id,
                version_id=facts.version_id,
                tables=tuple(clean_table(table, facts.redactor) for table in tables),
                churn=churn,
                requests=facts.requests,
                source_state_before=clean_state(facts.source_state, facts.redactor),
                signals=facts.redactor.headers(signals),
                cassette_id=cassette,
                released=released,
            )
        )

    def _record(
        self,
        status: RunStatus,
        *,
        rows: Mapping[str, int] | None = None,
        failure: Failure | None = None,
        case: HealCase | None = None,
    ) -> None:
        facts = self._facts
        record = RunRecord(
            record_id=facts.record_id,
            connector_id=facts.connector.id,
            run_id=facts.run_id,
            version_id=facts.version_id,
            status=status,
            started_at=facts.started,
            ended_at=datetime.now(UTC),
            rows=rows or {},
            requests=facts.requests,
            message=failure.message if failure else "",
            failure_id=failure.failure_id if failure else None,
            case_id=case.case_id if case else None,
            log=facts.log.lines(facts.redactor),
        )
        self._services.store.record_run(record)
        mark = fingerprint(failure) if failure else None
        suspected = {s.dlt_resource for s in failure.suspicions} if failure else set()
        watch_run(self._services.cases, record, mark, facts.selected, suspected)

    def _write_cassette(self, *, sample: bool) -> str | None:
        """Keep the run's exchanges: all that fit after a failure, a sample after a success."""
        facts = self._facts
        if facts.recording is None or not facts.requests:
            return None
        directory, connector_id = self._services.cassettes, facts.connector.id
        name = f"{facts.record_id}{'-good' if sample else ''}"
        path = cassette_path(directory, connector_id, name)
        try:
            written = facts.recording.write(path, facts.redactor, sample=sample)
            prune_cassettes(
                directory, datetime.now(UTC), in_use=self._needed(), connector_id=connector_id
            )
        except OSError as error:
            _LOG.warning("The cassette of connector %s was not kept: %s", connector_id, error)
            return None
        return f"{connector_id}/{name}" if written else None

    def _needed(self) -> set[str]:
        """The cassettes of cases that are not closed, and of the last good runs."""
        store, connector_id = self._services.store, self._facts.connector.id
        cases = store.cases(connector_id, [s for s in CaseState if not s.is_closed])
        failures = [store.failure(case.failure_id) for case in cases]
        runtime = self._facts.runtime
        good = [
            baseline
            for name in (runtime.dlt_resources if runtime else ())
            for baseline in store.baselines(connector_id, name, GOOD_CASSETTES)
        ]
        ids = [f.cassette_id for f in failures if f] + [b.cassette_id for b in good]
        return {i.rpartition("/")[2] for i in ids if i}
