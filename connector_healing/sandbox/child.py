"""What runs in a sandbox child: confine yourself, run the connector, say what came of it."""

import logging
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from connector_healing.core.codec import to_json
from connector_healing.core.failure import Failure
from connector_healing.core.redaction import Redactor
from connector_healing.core.reproduction import (
    SandboxOutcome,
    SandboxRequest,
    SandboxStatus,
    Traffic,
)
from connector_healing.runtime.cassette import CassettePlayer, observe
from connector_healing.runtime.gate import Gate, gated, token_endpoints
from connector_healing.runtime.recorder import recording
from connector_healing.sandbox.connections import ConnectionGuard
from connector_healing.sandbox.credentials import install_configuration
from connector_healing.sandbox.landlock import READ, READ_AND_RUN, WRITE, Right, confine
from connector_healing.sandbox.limits import detach, limit_resources
from connector_healing.sandbox.pipeline import DATASET, Progress, run_connector
from connector_healing.sandbox.supervisor import Counters
from connector_healing.sandbox.tracing import Tracer, tracing
from connector_healing.sandbox.wire import Assignment, write_all

#: What was recorded of the live API, in the work directory; the parent moves it.
RECORDED = "recorded.cassette"
_COUNTING_SECONDS = 0.1


def run_child(assignment: Assignment, outcome_pipe: int, counters: Counters) -> None:
    """Run the assignment and write its `SandboxOutcome` to the pipe."""
    detach(os.getppid())
    _settle(assignment)
    warnings = _confine(assignment)
    outcome = _run(assignment, counters, warnings)
    sys.stdout.flush()
    sys.stderr.flush()
    write_all(outcome_pipe, to_json(outcome))


def _settle(assignment: Assignment) -> None:
    """Own directories, own environment, own configuration, the project's import paths."""
    work_dir = Path(assignment.work_dir)
    os.chdir(work_dir)
    for name in ("home", "dlt", "tmp"):
        Path(name).mkdir(mode=0o700)
    os.environ.update(
        HOME=str(work_dir / "home"),
        TMPDIR=str(work_dir / "tmp"),
        DLT_DATA_DIR=str(work_dir / "dlt"),
        DLT_PROJECT_DIR=str(work_dir),
    )
    os.environ.update(assignment.environment)
    known = set(sys.path)
    sys.path[:0] = [p for p in assignment.request.runtime.import_paths if p and p not in known]
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    install_configuration(assignment.configuration, str(work_dir))


def _confine(assignment: Assignment) -> tuple[str, ...]:
    limit_resources(
        memory_bytes=assignment.request.memory_bytes, timeout=assignment.request.timeout
    )
    rules: list[tuple[str, Right]] = [
        (assignment.work_dir, WRITE),
        ("/dev/null", READ | Right.WRITE_FILE),
        ("/dev/zero", READ),
        ("/dev/urandom", READ),
        ("/dev/random", READ),
        ("/proc/self", READ),
    ]
    rules += [(path, READ) for path in assignment.readable]
    rules += [(path, READ_AND_RUN) for path in assignment.runnable]
    return confine(rules, assignment.ports)


def _run(assignment: Assignment, counters: Counters, warnings: tuple[str, ...]) -> SandboxOutcome:
    request = assignment.request
    redactor = Redactor(assignment.secrets)
    progress = Progress()
    tracer = Tracer({m.name for m in request.code.modules})
    with ExitStack() as stack:
        gate = stack.enter_context(_gate(request, redactor))
        stack.enter_context(_counting(gate, counters))
        seen = stack.enter_context(recording())
        if request.trace:
            stack.enter_context(tracing(tracer))
        guard = ConnectionGuard()
        guard.install()
        error = _error_of(assignment, progress)
        # A refused request that the connector swallowed is no less a failure.
        refused = (*gate.refusals, *guard.refusals)
        error = error or next(iter(refused), None)
    redactor = redactor.merged(gate.recorded.sent_secrets() | seen.sent_secrets())
    failure = _failure(assignment, progress, error, redactor) if error is not None else None
    cassette = Path(assignment.work_dir, RECORDED)
    if request.record_to is not None:
        gate.recorded.write(cassette, redactor, sample=False)
    return SandboxOutcome(
        status=SandboxStatus.COMPLETED if failure is None else SandboxStatus.FAILED,
        failure=failure,
        database=progress.database,
        dataset=DATASET,
        profile=progress.profile,
        live_requests=gate.live_requests,
        good_answers=gate.good_answers,
        replayed_requests=gate.replayed_requests,
        accesses=tracer.accesses(),
        endpoints=observe(seen.exchanges),
        cassette=str(cassette) if cassette.is_file() else None,
        warnings=warnings,
        source_state=progress.source_state,
    )


def _gate(request: SandboxRequest, redactor: Redactor) -> AbstractContextManager[Gate]:
    """Recorded answers, the live API, or one after the other, as the request says."""
    mixed = request.traffic is Traffic.CASSETTE_THEN_LIVE
    # What had failed is asked anew where it may be: it may be what the candidate mends.
    known = CassettePlayer(request.cassettes, redactor, only_good=mixed)
    live = request.traffic is Traffic.LIVE
    return gated(
        CassettePlayer((), redactor) if live else known,
        live_limit=0 if request.traffic is Traffic.CASSETTE else request.live_requests,
        read_posts={*request.read_posts, *token_endpoints(known.exchanges)},
    )


@contextmanager
def _counting(gate: Gate, counters: Counters) -> Iterator[None]:
    """Keep the shared counters up to date, so that a run that is killed has been counted."""
    over = threading.Event()

    def count() -> None:
        while not over.wait(_COUNTING_SECONDS):
            counters.set(gate.live_requests, gate.replayed_requests)

    threading.Thread(target=count, name="counting", daemon=True).start()
    try:
        yield
    finally:
        over.set()


def _error_of(assignment: Assignment, progress: Progress) -> BaseException | None:
    """What the connector raised."""
    try:
        run_connector(assignment, progress)
    except BaseException as error:  # noqa: BLE001  # whatever the connector does is an outcome
        return error
    return None


def _failure(
    assignment: Assignment, progress: Progress, error: BaseException, redactor: Redactor
) -> Failure:
    from connector_healing.core.capture import capture_failure

    code = assignment.request.code
    return capture_failure(
        error,
        failure_id=assignment.run_id,
        connector_id=assignment.request.runtime.connector.id,
        run_id=None,
        version_id=code.version_id,
        occurred_at=datetime.now(UTC),
        code_modules={m.name for m in code.modules},
        redactor=redactor,
        stage=progress.stage,
    )
