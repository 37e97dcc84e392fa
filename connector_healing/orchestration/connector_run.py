"""One run of a connector: which version runs, what it loaded, what went wrong.

A run is extract -> normalise -> judge -> load. dlt's own `Pipeline.run` drives it: its `extract`
and `load` are stood in for on the one pipeline object, so that all of dlt's arguments, pending
packages and traces work as they do without us.
"""

import contextlib
import logging
import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from connector_healing.core.case import CaseState, HealCase
from connector_healing.core.connector import Connector, ConnectorVersion
from connector_healing.core.failure import Failure, Suspicion
from connector_healing.core.fingerprint import fingerprint
from connector_healing.core.judge import judge
from connector_healing.core.policy import OnSuspicion
from connector_healing.core.profile import Baseline, Churn, PackageProfile
from connector_healing.core.records import RunRecord, RunStatus
from connector_healing.core.redaction import Redactor
from connector_healing.errors import PackageHeldError
from connector_healing.healing.monitor import watch_run
from connector_healing.orchestration.evidence import Evidence, capture, capture_held
from connector_healing.orchestration.run_log import LogTail
from connector_healing.orchestration.runtimes import runtime_of, used_config_keys
from connector_healing.orchestration.services import RunServices
from connector_healing.orchestration.versions import version_to_run
from connector_healing.runtime.cassette import cassette_path, prune_cassettes
from connector_healing.runtime.loading import build_source, loaded
from connector_healing.runtime.recorder import Recording, recording
from connector_healing.runtime.secret_values import secret_values
from connector_healing.sandbox.churn import churn_of_package
from connector_healing.sandbox.packages import profile_package
from connector_healing.sandbox.quick_load import normalize_quickly
from connector_healing.sandbox.state import encode_state

if TYPE_CHECKING:
    from dlt import Pipeline
    from dlt.extract.source import DltSource

_LOG = logging.getLogger("connector_healing")

#: Good runs that the judge looks back on.
HISTORY = 30

#: Cases of one fingerprint that ended without a heal, after which it is not tried by itself again.
BREAKER_FAILURES = 3


class ConnectorRun:
    """One execution of a connector under Dagster.

    Args:
        services: Store and registry.
        connector: What runs.
        pipeline: dlt's pipeline object; its `run` is called by dagster-dlt.
        run_id: Dagster's.
        config_keys: Of the configuration that the installed source was built with.
    """

    def __init__(
        self,
        services: RunServices,
        connector: Connector,
        pipeline: "Pipeline",
        run_id: str,
        config_keys: tuple[str, ...] = (),
    ) -> None:
        self._services = services
        self._connector = connector
        self._pipeline = pipeline
        self._run_id = run_id
        self._record_id = uuid.uuid4().hex
        self._started = datetime.now(UTC)
        self._version: ConnectorVersion | None = None
        self._state: Mapping[str, object] = {}
        self._selected: tuple[str, ...] = ()
        self._recording: Recording | None = None
        self._log = LogTail()
        self._config_keys = config_keys
        self._flagged: HealCase | None = None
        self._failed = False

    @contextlib.contextmanager
    def running(self, installed_source: "DltSource") -> Iterator["DltSource"]:
        """The context in which dagster-dlt runs the pipeline.

        Args:
            installed_source: What the definitions hold: it runs where the installed code is the
                active version; else the version's own is built.

        Raises:
            PackageHeldError: Out of the load, where the package looked wrong.
            Exception: What the connector raised, unchanged, after it was captured.
        """
        with contextlib.ExitStack() as stack:
            self._recording = stack.enter_context(recording())
            stack.enter_context(self._log.attached())
            try:
                source = self._source(installed_source, stack)
                self._remember(source)
                stack.enter_context(self._stood_in())
                yield source
            except PackageHeldError:
                raise
            except Exception as error:
                if not self._failed:
                    self._record_failure(error)
                raise

    def _source(self, installed_source: "DltSource", stack: contextlib.ExitStack) -> "DltSource":
        version, installed = version_to_run(
            self._services.store, self._services.registry, self._connector
        )
        self._version = version
        if installed:
            return installed_source
        stack.enter_context(loaded(version.code))
        healed = build_source(self._connector)
        return healed.with_resources(*installed_source.selected_resources.keys())

    def _remember(self, source: "DltSource") -> None:
        """Keep how the connector runs, before it may fail."""
        keys = tuple(sorted({*self._config_keys, *used_config_keys(source)}))
        runtime = runtime_of(self._connector, self._pipeline, source, keys)
        if self._services.store.runtime(self._connector.id) != runtime:
            self._services.store.save_runtime(runtime)

    @contextlib.contextmanager
    def _stood_in(self) -> Iterator[None]:
        """Stand in for the pipeline's `extract`, `normalize` and `load` on this object alone."""
        pipeline = self._pipeline
        plain_extract, plain_normalize = pipeline.extract, pipeline.normalize
        plain_load = pipeline.load

        def extract(data: Any, **arguments: Any) -> Any:
            self._begin(data)
            return plain_extract(data, **arguments)

        def normalize(**arguments: Any) -> Any:
            return normalize_quickly(pipeline, lambda: plain_normalize(**arguments))

        def load(*arguments: Any, **named: Any) -> Any:
            return self._judged_load(lambda: plain_load(*arguments, **named))

        vars(pipeline).update(extract=extract, normalize=normalize, load=load)
        try:
            yield
        finally:
            self._stand_aside()

    def _stand_aside(self) -> None:
        for name in ("extract", "normalize", "load"):
            vars(self._pipeline).pop(name, None)

    def _begin(self, data: "DltSource") -> None:
        sources = self._pipeline.state.get("sources", {})
        self._state = encode_state(sources.get(data.name, {}))
        self._selected = tuple(data.selected_resources.keys())

    def _judged_load(self, load: Callable[[], Any]) -> Any:
        profile = self._profile()
        baselines = {
            name: self._services.store.baselines(self._connector.id, name, HISTORY)
            for name in {t.dlt_resource for t in profile.tables.values() if t.dlt_resource}
        }
        expectations = self._services.store.runtime(self._connector.id)
        declared = expectations.connector.resources if expectations else self._connector.resources
        found = judge(profile, baselines, declared)
        kept, waived = self._unwaived(found)
        if kept:
            self._suspicious(kept)
        churn = self._churn(profile)
        info = load()
        info.raise_on_failed_jobs()
        self._record_success(profile, churn)
        if waived:
            self._services.store.use_waivers(self._connector.id, waived, datetime.now(UTC))
        return info

    def _profile(self) -> PackageProfile:
        profile = profile_package(self._pipeline)
        wanted = {
            name: table
            for name, table in profile.tables.items()
            if not self._selected or table.dlt_resource in self._selected
        }
        return PackageProfile(tables=wanted)

    def _unwaived(
        self, found: tuple[Suspicion, ...]
    ) -> tuple[tuple[Suspicion, ...], tuple[str, ...]]:
        """What no person has waived, and the cases whose waivers were used."""
        waivers = {
            (kind, table, column): case_id
            for case_id, kind, table, column in self._services.store.waivers(self._connector.id)
        }
        kept = tuple(s for s in found if (s.kind, s.table, s.column) not in waivers)
        used = {
            waivers[s.kind, s.table, s.column]
            for s in found
            if (s.kind, s.table, s.column) in waivers
        }
        return kept, tuple(sorted(used))

    def _suspicious(self, suspicions: tuple[Suspicion, ...]) -> None:
        """Hold the package, or flag it, as the policy says."""
        cassette = self._write_cassette(sample=False)
        failure = capture_held(self._evidence(cassette), suspicions)
        case = self._open_case(failure)
        if self._connector.policy.on_suspicion is OnSuspicion.LOAD_AND_FLAG:
            self._flagged = case
            return
        # Restores the incremental state and the schema to where the package began; dlt completes
        # the aborted package by its own `load`.
        self._stand_aside()
        self._pipeline.abort_packages()
        self._failed = True
        self._record_run(RunStatus.HELD, failure=failure, case=case)
        raise PackageHeldError(
            self._connector.id, case.case_id if case else "", [s.sentence for s in suspicions]
        )

    def _churn(self, profile: PackageProfile) -> dict[str, Churn | None]:
        runtime = self._services.store.runtime(self._connector.id)
        found: dict[str, Churn | None] = {}
        for table in profile.tables.values():
            if table.parent is not None or table.dlt_resource is None or runtime is None:
                continue
            expected = runtime.connector.resources.get(table.dlt_resource)
            if expected and expected.primary_key and table.rows:
                found[table.dlt_resource] = churn_of_package(
                    self._pipeline, table.table, expected.primary_key, runtime.destination_path
                )
        return found

    def _record_success(self, profile: PackageProfile, churn: Mapping[str, Churn | None]) -> None:
        version = self._version
        if version is None:
            return
        cassette = self._write_cassette(sample=True)
        made = self._recording
        for name in self._selected:
            tables = profile.of_resource(name)
            if not tables or self._flagged:
                continue
            self._services.store.record_baseline(
                Baseline(
                    connector_id=self._connector.id,
                    dlt_resource=name,
                    recorded_at=datetime.now(UTC),
                    run_id=self._run_id,
                    version_id=version.version_id,
                    tables=tables,
                    churn=churn.get(name),
                    requests=made.request_count if made else 0,
                    source_state_before=self._state,
                    signals=made.signals() if made else {},
                    cassette_id=cassette,
                )
            )
        rows = {name: table.rows for name, table in profile.tables.items()}
        self._record_run(RunStatus.SUCCEEDED, rows=rows, case=self._flagged)

    def _record_failure(self, error: Exception) -> None:
        self._failed = True
        try:
            cassette = self._write_cassette(sample=False)
            failure = capture(self._evidence(cassette), error)
            case = self._open_case(failure)
            self._record_run(RunStatus.FAILED, failure=failure, case=case)
        except Exception:  # noqa: BLE001  # said on the next line
            # The connector's own failure must reach Dagster whatever happens to its capture.
            _LOG.exception("The failure of connector %s could not be recorded.", self._connector.id)

    def _open_case(self, failure: Failure) -> HealCase | None:
        store, now = self._services.store, datetime.now(UTC)
        store.record_failure(failure)
        mark = fingerprint(failure)
        tried = [
            c
            for c in store.cases(self._connector.id, limit=50)
            if c.fingerprint == mark and c.version_id == failure.version_id
        ][:BREAKER_FAILURES]
        if len(tried) == BREAKER_FAILURES and all(c.state.value == "abstained" for c in tried):
            return tried[0]
        policy = self._connector.policy
        case, _ = store.open_case(failure, mark, policy.automatic_mode, {}, now)
        return case

    def _record_run(
        self,
        status: RunStatus,
        *,
        rows: Mapping[str, int] | None = None,
        failure: Failure | None = None,
        case: HealCase | None = None,
    ) -> None:
        record = RunRecord(
            record_id=self._record_id,
            connector_id=self._connector.id,
            run_id=self._run_id,
            version_id=self._version.version_id if self._version else "",
            status=status,
            started_at=self._started,
            ended_at=datetime.now(UTC),
            rows=rows or {},
            requests=self._recording.request_count if self._recording else 0,
            message=failure.message if failure else "",
            failure_id=failure.failure_id if failure else None,
            case_id=case.case_id if case else None,
            log=self._log.lines(self._redactor()),
        )
        self._services.store.record_run(record)
        watch_run(self._services.cases, record, fingerprint(failure) if failure else None)

    def _redactor(self) -> Redactor:
        return Redactor(secret_values(self._connector.environment))

    def _write_cassette(self, *, sample: bool) -> str | None:
        """Keep the run's exchanges: all that fit after a failure, a sample after a success."""
        if self._recording is None or not self._recording.request_count:
            return None
        directory = self._services.cassettes
        name = f"{self._record_id}{'-good' if sample else ''}"
        path = cassette_path(directory, self._connector.id, name)
        try:
            written = self._recording.write(path, self._redactor(), sample=sample)
            prune_cassettes(directory, datetime.now(UTC), in_use=self._needed())
        except OSError as error:
            _LOG.warning("The cassette of connector %s was not kept: %s", self._connector.id, error)
            return None
        return f"{self._connector.id}/{name}" if written else None

    def _needed(self) -> set[str]:
        """The cassettes of cases that are not closed."""
        store = self._services.store
        cases = store.cases(self._connector.id, [s for s in CaseState if not s.is_closed])
        failures = [store.failure(case.failure_id) for case in cases]
        return {f.cassette_id.rpartition("/")[2] for f in failures if f and f.cassette_id}

    def _evidence(self, cassette: str | None) -> Evidence:
        return Evidence(
            connector_id=self._connector.id,
            run_id=self._run_id,
            version=self._version,
            redactor=self._redactor(),
            cassette_id=cassette,
            source_state=self._state,
            log=self._log,
            selected=self._selected,
        )
