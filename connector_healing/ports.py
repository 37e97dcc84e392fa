"""The ports: what the use cases need of the world, with the whole contract in prose.

Every adapter of a port passes the port's one conformance suite. Times are aware
`datetime`s; a port that stores takes its time from its own clock (the database's) for leases,
and from the caller for everything else.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Protocol

from connector_healing.core.case import CaseState, HealCase, Step, Trial
from connector_healing.core.checks import CheckResult
from connector_healing.core.connector import ConnectorCode, ConnectorVersion
from connector_healing.core.failure import Failure, Suspicion, SuspicionKind
from connector_healing.core.kusto.collected import CollectedEvidence
from connector_healing.core.kusto.commands import FollowUpCommand
from connector_healing.core.lease import Lease
from connector_healing.core.patch import Branch, Candidate
from connector_healing.core.policy import HealMode
from connector_healing.core.profile import Baseline
from connector_healing.core.records import RunRecord
from connector_healing.core.reproduction import (
    ConnectorRuntime,
    EndpointObservation,
    SandboxOutcome,
    SandboxRequest,
)


class Clock(Protocol):
    """The time, so that a test can own it."""

    def now(self) -> datetime:
        """The current time, aware, UTC."""


class Leases(Protocol):
    """Leases with fencing epochs. All times are by the store's own clock."""

    def claim(self, name: str, holder: str, duration: timedelta) -> Lease | None:
        """Take the lease if it is free, expired or already `holder`'s own.

        A claim by another holder than the last, or after expiry, gets the next epoch (from 1,
        never reused); a claim by the present holder before expiry keeps its epoch and is
        extended. None where another holder's lease has not expired. Atomic: of two
        simultaneous claims one gets None.
        """

    def renew(self, lease: Lease, duration: timedelta) -> Lease:
        """Extend a lease that is still ours, expired or not, as long as nobody claimed it.

        Raises:
            LeaseLostError: If a later epoch was claimed.
        """

    def release(self, lease: Lease) -> None:
        """Give the lease back; the epoch is kept. Silent where it was lost already."""

    def held(self) -> Sequence[Lease]:
        """All unreleased leases, expired ones included, by name."""


class HealStore(Protocol):
    """Everything about connectors that outlives a process.

    Writes that take a `Lease` check its epoch in the same transaction and raise
    `LeaseLostError`, writing nothing, where a later epoch was claimed. Ids are made by the
    caller unless said otherwise. Reading an id that is not there returns None.
    """

    def save_runtime(self, runtime: ConnectorRuntime) -> None:
        """Record (insert or replace) how a connector runs; the key is the connector id."""

    def runtime(self, connector_id: str) -> ConnectorRuntime | None:
        """How the connector runs."""

    def connector_ids(self) -> Sequence[str]:
        """All connectors that have a runtime or left a run, sorted."""

    def forget_connector(self, connector_id: str) -> None:
        """Remove all that is kept of a connector, as if it had never run.

        Its runtime, runs, failures, baselines, versions and active version; its cases with their
        history, steps, candidates, trials, waivers and leases; notes whose key ends with
        ``/CONNECTOR_ID``. In one transaction: others see all of it or nothing. A worker that is
        healing one of its cases has lost its lease: its next guarded write is refused. Unknown
        connectors are forgotten already. Files (versions, cassettes, reports) are not touched.
        """

    def record_run(self, record: RunRecord) -> None:
        """Append one execution of a connector; a second record of the same id replaces the first."""

    def runs(self, connector_id: str, limit: int) -> Sequence[RunRecord]:
        """The connector's latest executions, newest first."""

    def record_failure(self, failure: Failure) -> None:
        """Keep a failure; keeping it twice is keeping it once."""

    def failure(self, failure_id: str) -> Failure | None:
        """The failure of this id."""

    def failures_of_run(self, run_id: str) -> Sequence[Failure]:
        """The failures that a Dagster run left, oldest first."""

    def record_baseline(self, baseline: Baseline) -> None:
        """Append what a good run looked like."""

    def baselines(self, connector_id: str, dlt_resource: str, limit: int) -> Sequence[Baseline]:
        """The resource's latest baselines, newest first."""

    def open_case(
        self,
        failure: Failure,
        fingerprint: str,
        mode: HealMode,
        parameters: Mapping[str, str],
        now: datetime,
    ) -> tuple[HealCase, bool]:
        """Open a case for a failure (recorded before), or join the open one.

        There is at most one case that is not closed for each (connector, dlt resource,
        fingerprint), also under simultaneous calls. Joining counts the occurrence and moves the
        case's failure and run to this one, unless this failure was counted before.

        Returns:
            The case, and whether it is new.
        """

    def case(self, case_id: str) -> HealCase | None:
        """The case of this id."""

    def cases(
        self, connector_id: str | None = None, states: Sequence[CaseState] = (), limit: int = 100
    ) -> Sequence[HealCase]:
        """Cases, newest first; no state means all."""

    def due_cases(self, now: datetime) -> Sequence[HealCase]:
        """Cases that a worker should take up, oldest first.

        `CaseState.is_healing`, `due_at` passed or None, and no unexpired lease on
        ``heal_case/CASE_ID``.
        """

    def advance_case(
        self,
        case_id: str,
        to: CaseState,
        lease: Lease | None,
        now: datetime,
        *,
        reason: str | None = None,
        winner: int | None = None,
        submitted_version: str | None = None,
        monitored_runs: int | None = None,
        due_at: datetime | None = None,
        mode: HealMode | None = None,
        parameters: Mapping[str, str] | None = None,
    ) -> HealCase:
        """Move a case along `CASE_TRANSITIONS`; the same state is allowed and updates the rest.

        What is None keeps its value, except `due_at`, which is always set. Each change of state
        is appended to the case's history.

        Raises:
            InvalidCaseStateError: If the transition is not in the table.
            LeaseLostError: If the lease has passed on.
        """

    def case_history(self, case_id: str) -> Sequence[tuple[datetime, CaseState, str]]:
        """The case's states with their times and reasons, oldest first."""

    def save_step(self, case_id: str, step: Step, result: str, lease: Lease) -> None:
        """Keep a step's result (JSON text); a second save replaces the first."""

    def step(self, case_id: str, step: Step) -> str | None:
        """The step's result; None while it is not done."""

    def save_candidates(self, candidates: Sequence[Candidate], lease: Lease) -> None:
        """Keep all candidates of a case at once, replacing earlier ones."""

    def candidates(self, case_id: str) -> Sequence[Candidate]:
        """The case's candidates by number."""

    def save_trial(self, trial: Trial, lease: Lease) -> None:
        """Keep a trial with its checks; a second save of the same number replaces the first."""

    def trials(self, case_id: str) -> Sequence[Trial]:
        """The case's trials by number."""

    def save_waiver(self, case_id: str, suspicions: Sequence[Suspicion], now: datetime) -> None:
        """Release what a case held: each suspicion is waived for the connector's next run."""

    def waivers(self, connector_id: str) -> Sequence[tuple[str, SuspicionKind, str, str | None]]:
        """Unused waivers: case id, kind, table, column."""

    def use_waivers(self, connector_id: str, case_ids: Sequence[str], now: datetime) -> None:
        """Mark the waivers of these cases as used."""

    def save_version(self, version: ConnectorVersion) -> None:
        """Keep a version's row; keeping it twice is keeping it once (the first stands)."""

    def version_row(self, connector_id: str, version_id: str) -> ConnectorVersion | None:
        """The version of this id."""

    def version_rows(self, connector_id: str) -> Sequence[ConnectorVersion]:
        """All versions of a connector, oldest first."""

    def active_version(self, connector_id: str) -> str | None:
        """The id of the version that runs; None: the installed code."""

    def activate(
        self, connector_id: str, expected: str | None, version_id: str | None, now: datetime
    ) -> None:
        """Compare-and-swap of the active version; already `version_id` is success.

        Raises:
            VersionConflictError: If the active version is neither `expected` nor `version_id`.
        """

    def get_note(self, key: str) -> str | None:
        """A small named value (sensor watermarks, limiter states)."""

    def set_note(self, key: str, value: str) -> None:
        """Set a small named value."""


class ConnectorRegistry(Protocol):
    """Connector versions: their text on disk, their rows in the store, the active pointer."""

    def save(self, version: ConnectorVersion) -> None:
        """Keep a version: the files first (written beside, then renamed), then the row.

        Saving a version that is there already changes nothing.

        Raises:
            RegistryNotWritableError: If the directory cannot be written; nothing is half-written.
        """

    def version(self, connector_id: str, version_id: str) -> ConnectorVersion:
        """A version with its code.

        Raises:
            UnknownVersionError: If there is none.
        """

    def versions(self, connector_id: str) -> Sequence[ConnectorVersion]:
        """All versions, oldest first."""

    def active(self, connector_id: str) -> ConnectorVersion | None:
        """The active version; None while nothing but installed code ever ran."""

    def activate(self, connector_id: str, expected: str | None, version_id: str) -> None:
        """Make a saved version active by compare-and-swap.

        Raises:
            UnknownVersionError: If the version was never saved.
            VersionConflictError: If another version became active meanwhile.
        """

    def installed_code(self, entry_point: str, import_paths: Sequence[str]) -> ConnectorCode:
        """The code as it is installed: the entry point's module and what it imports of its package.

        Raises:
            ConnectorLoadError: If the module cannot be found.
        """


class Sandbox(Protocol):
    """Runs a connector's text in a child process, never the production pipeline."""

    def run(self, request: SandboxRequest) -> SandboxOutcome:
        """Run to the end, a limit or the timeout.

        A fresh throw-away dlt directory and DuckDB file for each call; what a connector does is an
        outcome, never an exception.

        Raises:
            SandboxError: If no child could be started.
        """

    def close(self) -> None:
        """End the fork server and remove the throw-away directories of all runs."""


class DataJudge(Protocol):
    """Compares what a candidate loaded with the data that were there before."""

    def snapshot(self, runtime: ConnectorRuntime, tables: Sequence[str], to_path: str) -> None:
        """Copy the production tables (those that exist) into a DuckDB file, schema ``before``.

        Reads only. Waits for a destination that another writer has locked.

        Raises:
            DestinationBusyError: If it stays locked.
        """

    def compare(
        self,
        before_path: str,
        outcome: SandboxOutcome,
        baselines: Mapping[str, Sequence[Baseline]],
        runtime: ConnectorRuntime,
    ) -> tuple[CheckResult, ...]:
        """The data checks H2-H8 and S1-S5 for each resource that was run."""

    def records(self, cassettes: Sequence[str], limit: int) -> Iterator[tuple[str, list[object]]]:
        """Records found in recorded answers: the endpoint and at most `limit` records of it."""


class CaseFiles(Protocol):
    """Where the files of failures and heals lie."""

    def cassette(self, cassette_id: str) -> str | None:
        """The path of a recorded cassette; None where it was pruned or never written."""

    def case_path(self, case_id: str, name: str) -> str:
        """The path of a case's own file (its folder is made); the file need not exist."""

    def exists(self, path: str) -> bool:
        """Whether the file is there, whole."""

    def read_text(self, path: str) -> str:
        """The text of a file; empty where it is not there."""

    def write_text(self, path: str, text: str) -> None:
        """Write a file beside its place and rename it into it."""

    def tidy(self, case_id: str, keep: Sequence[str]) -> None:
        """Remove the case's own files, half-written ones included, but those of these names."""


class Branches(Protocol):
    """Delivers a submitted version into the version control that the connector lives in."""

    def submit(
        self, version: ConnectorVersion, parent: ConnectorCode, import_paths: Sequence[str]
    ) -> Branch | None:
        """Make a branch with one commit on top of what is checked out; nothing is pushed.

        Done twice, it is the same commit. Never raises: without the branch the version stands.

        Args:
            version: What was submitted.
            parent: The text that failed.
            import_paths: Where the connector's modules are installed.

        Returns:
            None where the connector is not under version control, or what is committed is not
            the text that failed.
        """


class DiagnosticsCollector(Protocol):
    """Asks the system in which a failure happened what it knows of it; reads only."""

    def collect(self, commands: Sequence[FollowUpCommand]) -> tuple[CollectedEvidence, ...]:
        """Ask each command, in order; as many answers as commands.

        What the system, the network or a missing right make of it is an outcome, never an
        exception; so is a command that is no plain ``.show``, which is refused and not sent. What
        is given back holds no secret.
        """


class Progress(Protocol):
    """Told what a long heal is doing; it must not raise."""

    def step(self, case_id: str, step: Step, text: str) -> AbstractContextManager[None]:
        """A step begins; the context ends with it."""


__all__ = [
    "Branches",
    "CaseFiles",
    "Clock",
    "ConnectorRegistry",
    "DataJudge",
    "DiagnosticsCollector",
    "EndpointObservation",
    "HealStore",
    "Leases",
    "Progress",
    "Sandbox",
]
