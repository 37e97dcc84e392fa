"""One run of a connector: which version runs, whether what it made is loaded, what is kept of it.

A run is extract -> normalise -> judge -> load. dlt's own `Pipeline.run` drives it: its `extract`,
`normalize` and `load` are stood in for on the one pipeline object, so that all of dlt's
arguments, pending packages and traces work as they do without us.
"""

import contextlib
import logging
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connector_healing.core.config_keys import used_keys
from connector_healing.core.connector import Connector
from connector_healing.core.failure import Stage, Suspicion
from connector_healing.core.policy import OnSuspicion
from connector_healing.errors import InvalidConnectorError, PackageHeldError
from connector_healing.orchestration.destination_lock import once_unlocked
from connector_healing.orchestration.judging import Judgement, judge_package, measured_churn
from connector_healing.orchestration.learned_limits import learned_limits
from connector_healing.orchestration.look_ups import used_config_keys
from connector_healing.orchestration.run_facts import DuckDbPlace, RunFacts
from connector_healing.orchestration.run_records import RunRecords
from connector_healing.orchestration.runtimes import (
    duckdb_place,
    known_place,
    loaded_place,
    runtime_of,
)
from connector_healing.orchestration.services import RunServices
from connector_healing.orchestration.versions import version_to_run
from connector_healing.runtime.loading import build_source, loaded
from connector_healing.runtime.recorder import recording
from connector_healing.sandbox.quick_load import normalize_quickly
from connector_healing.sandbox.row_counts import row_counts
from connector_healing.sandbox.state import encode_state

if TYPE_CHECKING:
    from dlt import Pipeline
    from dlt.extract.source import DltSource

_LOG = logging.getLogger("connector_healing")


class ConnectorRun:
    """One execution of a connector under Dagster.

    Args:
        services: Store and registry.
        connector: What runs.
        pipeline: dlt's pipeline object; its `run` is called by dagster-dlt.
        run_id: Dagster's.
        config_keys: Of the configuration that the installed source was built with.
        hints_beside: What the definitions changed of the source that the entry point builds.
    """

    def __init__(
        self,
        services: RunServices,
        connector: Connector,
        pipeline: "Pipeline",
        run_id: str,
        *,
        config_keys: tuple[str, ...] = (),
        hints_beside: tuple[str, ...] = (),
    ) -> None:
        if hints_beside:
            connector = replace(connector, policy=replace(connector.policy, heal=False))
        self._services = services
        self._pipeline = pipeline
        self._facts = RunFacts(connector=connector, pipeline=pipeline, run_id=run_id)
        self._records = RunRecords(services, self._facts)
        self._keys = set(config_keys)
        self._beside = hints_beside
        self._chosen_format = False
        self._whole_source: DltSource | None = None
        self._undo_schema: Callable[[], None] = lambda: None

    @property
    def row_counts(self) -> Mapping[str, int]:
        """Rows of the connector's tables after the load, where they can be counted."""
        return self._facts.row_counts

    @contextlib.contextmanager
    def running(
        self, installed_source: "DltSource", arguments: Mapping[str, object] | None, *, given: bool
    ) -> Iterator["DltSource"]:
        """The context in which dagster-dlt runs the pipeline.

        Args:
            installed_source: What the definitions hold: it runs where the installed code is the
                active version; else the version's own is built.
            arguments: Of this run's entry point, over the declared ones; None: the declared.
            given: Whether the source was made for this run, and not by the definitions.

        Raises:
            PackageHeldError: Out of the load, where the package looked wrong.
            Exception: What the connector raised, unchanged, after it was captured.
        """
        with contextlib.ExitStack() as stack:
            self._facts.recording = stack.enter_context(recording())
            stack.enter_context(self._facts.log.attached())
            stack.enter_context(learned_limits(self._services.store))
            try:
                self._facts.stage = Stage.BUILD
                source = self._source(installed_source, arguments, stack, given=given)
                self._facts.stage = None
                self._whole_source = source
                self._facts.runtime = self._services.store.runtime(self._facts.connector.id)
                self._facts.place = known_place(self._facts.runtime)
                if self._facts.runtime is None:
                    self._remember_anew()
                with self._stood_in():
                    yield source
            except PackageHeldError:
                raise
            except Exception as error:
                self._quietly("failure", partial(self._records.failed, error))
                raise

    def _source(
        self,
        installed_source: "DltSource",
        arguments: Mapping[str, object] | None,
        stack: contextlib.ExitStack,
        *,
        given: bool,
    ) -> "DltSource":
        facts = self._facts
        facts.version, installed = version_to_run(self._services.cases, facts.connector)
        if arguments is not None:
            merged = {**facts.connector.arguments, **arguments}
            facts.connector = replace(facts.connector, arguments=merged)
        elif installed:
            return installed_source
        elif self._beside:
            raise InvalidConnectorError(
                "dlt_source",
                ", ".join(self._beside),
                f"The healed version {facts.version_id} runs, and its entry point builds the "
                f"source: move these into the module {facts.connector.module_name}, or roll back "
                f"with `connector-healing rollback {facts.connector.id}`.",
            )
        elif given:
            raise InvalidConnectorError(
                "dlt_source",
                installed_source.name,
                f"The healed version {facts.version_id} runs, and its entry point builds the "
                "source: pass `arguments=` to run() in place of `dlt_source=`.",
            )
        if not installed:
            stack.enter_context(loaded(facts.version.code))
        built = build_source(facts.connector)
        return built.with_resources(*installed_source.selected_resources.keys())

    def _remember(self, place: DuckDbPlace | None) -> None:
        """Keep how the connector runs, all of its dlt resources: not only those of this run."""
        facts, known, source = self._facts, self._facts.runtime, self._whole_source
        if source is None:
            return
        self._keys.update(used_config_keys(source), known.config_keys if known else ())
        keys = used_keys(facts.version.code, self._keys) if facts.version else self._keys
        facts.place = place
        facts.runtime = runtime_of(
            facts.connector,
            self._pipeline,
            source,
            config_keys=tuple(sorted(keys)),
            redactor=facts.redactor,
            place=place,
        )
        if facts.runtime != known:
            self._services.store.save_runtime(facts.runtime)

    def _remember_anew(self) -> None:
        self._remember(duckdb_place(self._pipeline))

    @contextlib.contextmanager
    def _stood_in(self) -> Iterator[None]:
        """Stand in for the pipeline's `extract`, `normalize` and `load` on this object alone.

        What touches the destination waits for another writer: the load, and dlt's look at the
        state there before the run.
        """
        pipeline = self._pipeline
        plain_sync = getattr(pipeline, "_sync_destination", None)
        plain_extract, plain_normalize = pipeline.extract, pipeline.normalize
        plain_load = pipeline.load

        def extract(data: Any, **arguments: Any) -> Any:
            self._begin(data)
            self._chosen_format = arguments.get("loader_file_format") is not None
            try:
                extracted = plain_extract(data, **arguments)
            except Exception:
                self._quietly("configuration", self._remember_anew)
                raise
            self._quietly("configuration", lambda: self._remember(self._facts.place))
            return extracted

        def normalize(**arguments: Any) -> Any:
            plainly = partial(plain_normalize, **arguments)
            info = plainly() if self._chosen_format else normalize_quickly(pipeline, plainly)
            self._facts.normalized = info.row_counts if info else {}
            return info

        def load(*arguments: Any, **named: Any) -> Any:
            return self._judged_load(lambda: once_unlocked(lambda: plain_load(*arguments, **named)))

        vars(pipeline).update(extract=extract, normalize=normalize, load=load)
        if plain_sync is not None:
            vars(pipeline)["_sync_destination"] = lambda *arguments, **named: once_unlocked(
                lambda: plain_sync(*arguments, **named)
            )
        try:
            yield
        finally:
            self._stand_aside()

    def _stand_aside(self) -> None:
        for name in ("extract", "normalize", "load", "_sync_destination"):
            vars(self._pipeline).pop(name, None)

    def _begin(self, data: "DltSource") -> None:
        schema = data.schema.clone()
        self._undo_schema = lambda: setattr(data, "schema", schema)
        sources = self._pipeline.state.get("sources", {})
        self._facts.source_state = encode_state(sources.get(data.name, {}))
        self._facts.selected = tuple(data.selected_resources.keys())

    def _judged_load(self, load: Callable[[], Any]) -> Any:
        self._facts.stage = Stage.JUDGE
        judgement = judge_package(self._services, self._facts, self._pipeline)
        if judgement.suspicions:
            self._suspect(judgement.suspicions)
        churn = measured_churn(self._facts, self._pipeline, judgement)
        self._facts.stage = None
        info = load()
        info.raise_on_failed_jobs()
        # The data are there: what cannot be written down of it must not have them loaded again.
        self._quietly("success", lambda: self._succeeded(judgement, churn, loaded_place(info)))
        return info

    def _succeeded(
        self, judgement: Judgement, churn: Mapping[str, Any], place: DuckDbPlace | None
    ) -> None:
        profile = judgement.profile
        if place is not None:
            roots = [t.table for t in profile.tables.values() if t.parent is None]
            self._facts.row_counts = row_counts(Path(place.path), place.schema, roots)
        if place != self._facts.place:
            self._remember(place)
        self._records.succeeded(profile, churn, judgement.waived, judgement.released)

    def _suspect(self, suspicions: tuple[Suspicion, ...]) -> None:
        """Hold the package, or flag it, as the policy says."""
        failure, case = self._records.suspected(suspicions)
        if self._facts.connector.policy.on_suspicion is OnSuspicion.LOAD_AND_FLAG:
            self._records.flag(failure, case)
            return
        # Restores the incremental state and the schema to where the package began; dlt completes
        # the aborted package by its own `load`. The source object has learned the held columns too.
        self._stand_aside()
        self._pipeline.abort_packages()
        self._undo_schema()
        self._quietly("hold", lambda: self._records.held(failure, case))
        sentences = [s.sentence for s in failure.suspicions]
        raise PackageHeldError(self._facts.connector.id, case.case_id, sentences)

    def _quietly(self, what: str, write: Callable[[], None]) -> None:
        """Write something down; where that fails, say so in the log and go on."""
        try:
            write()
        except Exception as error:  # noqa: BLE001  # said on the next lines
            # Without its context: that is the connector's own failure, and may hold secrets.
            told = "".join(traceback.format_exception(error, chain=False))
            text = self._facts.redactor.text(told)
            _LOG.error(
                "The %s of connector %s was not recorded: %s", what, self._facts.connector.id, text
            )
