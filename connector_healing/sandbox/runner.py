"""The port `Sandbox`: one fork server, and one throw-away directory for each run."""

import os
import secrets
import shutil
import socket
import threading
import weakref
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from connector_healing.core.codec import from_json, to_json
from connector_healing.core.profile import PackageProfile
from connector_healing.core.redaction import Redactor
from connector_healing.core.reproduction import SandboxOutcome, SandboxRequest, SandboxStatus
from connector_healing.errors import HealingError, SandboxError
from connector_healing.runtime.cassette import cassette_header
from connector_healing.sandbox.abilities import SandboxAbility, abilities
from connector_healing.sandbox.confinement import (
    allowed_ports,
    forbidden_paths,
    readable_paths,
    runnable_paths,
)
from connector_healing.sandbox.credentials import resolve_credentials
from connector_healing.sandbox.directories import SandboxDirectory
from connector_healing.sandbox.forkserver import ForkServer
from connector_healing.sandbox.pipeline import DATABASE, DATASET
from connector_healing.sandbox.wire import (
    Assignment,
    ChannelClosedError,
    Ending,
    receive_frame,
    send_frame,
)

#: The server's start, a child's fork and the end of a killed run's processes, on a busy machine.
_OVERHEAD = timedelta(seconds=90)
_OUTPUT_LINES = 200
#: Variables that name certificates, wherever those lie.
_CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


class ProcessSandbox:
    """Runs connectors in child processes that are confined as far as this machine can.

    Safe for several threads: their runs go side by side. A server that died is started again.

    Args:
        home: Where throw-away directories are made; what a killed process left there before is
            removed.
    """

    def __init__(self, home: Path) -> None:
        self._home = home.absolute()
        self._directory = SandboxDirectory.create(self._home / "sandbox")
        self._server = ForkServer(self._directory.path)
        self._channels: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._finalizer = weakref.finalize(
            self, _close, self._server, self._channels, self._lock, self._directory
        )

    @property
    def server_pid(self) -> int | None:
        """The fork server's process id, while it runs."""
        return self._server.pid

    def start(self) -> None:
        """Start the fork server already now, so that the first run need not wait for its imports."""
        self._server.start()

    def run(self, request: SandboxRequest) -> SandboxOutcome:
        """See `connector_healing.ports.Sandbox.run`.

        Raises:
            SandboxError: If no child could be started, or its supervisor was killed.
            UnreadableCassetteError: If a cassette of the request cannot be read.
        """
        if not self._finalizer.alive:
            raise SandboxError("This sandbox is closed.")
        for cassette in request.cassettes:
            cassette_header(cassette)
        assignment = self._assignment(request)
        Path(assignment.work_dir).mkdir(mode=0o700)
        ending = self._supervised(assignment)
        try:
            return _outcome(assignment, ending)
        finally:
            _keep_database_only(Path(assignment.work_dir))

    def abilities(self) -> tuple[SandboxAbility, ...]:
        """What this machine gives the sandbox; one small connector is run for it."""
        project = self._directory.path / f"probe-{secrets.token_hex(4)}"
        project.mkdir(mode=0o700)
        try:
            return abilities(self.run, str(project))
        finally:
            shutil.rmtree(project, ignore_errors=True)

    def close(self) -> None:
        """See `connector_healing.ports.Sandbox.close`; runs that go on in other threads end."""
        self._finalizer()

    def _assignment(self, request: SandboxRequest) -> Assignment:
        run_id = secrets.token_hex(8)
        credentials = resolve_credentials(request.runtime)
        configured = {**credentials.configuration, **credentials.environment}
        certificates = [os.environ[name] for name in _CERTIFICATES if name in os.environ]
        forbidden = forbidden_paths(request.runtime, self._home)
        return Assignment(
            run_id=run_id,
            work_dir=str(self._directory.path / run_id),
            request=request,
            pipeline_name=f"ch_sandbox_{run_id}",
            configuration=credentials.configuration,
            environment=credentials.environment,
            secrets=credentials.secrets,
            readable=readable_paths(request, forbidden, more=certificates),
            runnable=runnable_paths(),
            ports=allowed_ports(request, configured),
        )

    def _supervised(self, assignment: Assignment) -> Ending:
        channel = self._server.channel()
        with self._lock:
            self._channels.add(channel)
        try:
            send_frame(channel, to_json(assignment))
            within = assignment.request.timeout + _OVERHEAD
            return from_json(receive_frame(channel, within=within), Ending)
        except (ChannelClosedError, OSError) as error:
            raise SandboxError(
                f"The sandbox run was lost: {error}. {self._server.log()}".strip()
            ) from error
        finally:
            with self._lock:
                self._channels.discard(channel)
            channel.close()


def _outcome(assignment: Assignment, ending: Ending) -> SandboxOutcome:
    """The child's own outcome, or what can be said where it had no time to give one."""
    redactor = Redactor(assignment.secrets)
    lines = tuple(redactor.text(ending.output).splitlines()[-_OUTPUT_LINES:])
    outcome: SandboxOutcome | None = None
    # What a child said before its time was up, or before a signal came, is not to be trusted.
    if ending.outcome and ending.exit_code == 0 and not ending.timed_out:
        with suppress(HealingError):
            outcome = from_json(ending.outcome, SandboxOutcome)
    if outcome is None:
        outcome = SandboxOutcome(
            status=SandboxStatus.TIMED_OUT if ending.timed_out else SandboxStatus.KILLED,
            failure=None,
            database=None,
            dataset=DATASET,
            profile=PackageProfile(),
            live_requests=ending.live_requests,
            replayed_requests=ending.replayed_requests,
            warnings=() if ending.timed_out else (_how_it_ended(ending),),
        )
    return replace(
        outcome,
        duration=ending.duration,
        log_tail=lines,
        cassette=_moved_cassette(assignment, outcome.cassette),
        source_state_before=assignment.request.source_state,
    )


def _how_it_ended(ending: Ending) -> str:
    if ending.signal is not None:
        return f"The child was ended by signal {ending.signal}."
    return f"The child ended with exit status {ending.exit_code} and said nothing."


def _moved_cassette(assignment: Assignment, recorded: str | None) -> str | None:
    """The recording at the place that was asked for, which the child could not write."""
    wanted = assignment.request.record_to
    if recorded is None or wanted is None:
        return None
    source, target = Path(recorded), Path(wanted)
    if not source.is_relative_to(assignment.work_dir) or source.is_symlink():
        return None
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f"{target.name}.{assignment.run_id}")
    shutil.move(source, partial)
    partial.replace(target)
    return str(target)


def _keep_database_only(work_dir: Path) -> None:
    """What dlt wrote on its way holds values and texts that nobody needs any more."""
    for entry in work_dir.iterdir():
        if entry.name.startswith(DATABASE) and not entry.is_symlink():
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            entry.unlink(missing_ok=True)


def _close(
    server: ForkServer,
    channels: set[socket.socket],
    lock: threading.Lock,
    directory: SandboxDirectory,
) -> None:
    with lock:
        open_channels = list(channels)
    for channel in open_channels:  # Their supervisors see it and end their runs.
        with suppress(OSError):
            channel.shutdown(socket.SHUT_RDWR)
    server.close()
    directory.remove()
