"""Whoever stops the process stops its run, whatever Dagster makes of the signal."""

import logging
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import dagster as dg
import pytest

from connector_healing.orchestration.in_process import LocalProject
from connector_healing.orchestration.stopping import stopped_by_signals


class _StopsAtTheEnd(logging.Handler):
    """Sends the signal when Dagster tells of the run's end: no op that could raise it comes after."""

    def emit(self, record: logging.LogRecord) -> None:
        if "RUN_SUCCESS" in record.getMessage():
            signal.raise_signal(signal.SIGINT)


@dg.logger
def _late(_: dg.InitLoggerContext) -> logging.Logger:
    logger = logging.getLogger(__name__)
    logger.setLevel(logging.DEBUG)
    logger.handlers = [_StopsAtTheEnd()]
    return logger


@contextmanager
def project(
    work: Callable[[], object], logger: dg.LoggerDefinition | None = None
) -> Iterator[tuple[LocalProject, dg.DagsterInstance]]:
    @dg.op(name="work")
    def op() -> None:
        work()

    @dg.job(name="job", logger_defs={"late": logger} if logger else None)
    def job() -> None:
        op()

    with dg.DagsterInstance.ephemeral() as instance:
        yield LocalProject(dg.Definitions(jobs=[job]), instance), instance


REQUEST = dg.RunRequest(job_name="job")


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Dagster leaves its meaning of SIGTERM behind."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    # What runs in a shell's background is begun with this signal ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_in_the_midst_of_a_run(number: signal.Signals) -> None:
    with project(lambda: signal.raise_signal(number)) as (local, instance):
        with pytest.raises(KeyboardInterrupt):
            local.execute(REQUEST)
        [run] = instance.get_runs()
    assert run.status is dg.DagsterRunStatus.FAILURE


def test_a_signal_that_comes_too_late_for_the_run() -> None:
    with project(lambda: None, _late) as (local, instance):
        with pytest.raises(KeyboardInterrupt):
            local.execute(dg.RunRequest(job_name="job", run_config={"loggers": {"late": {}}}))
        [run] = instance.get_runs()
    assert run.status is dg.DagsterRunStatus.SUCCESS


def test_a_run_that_nobody_stops() -> None:
    def fail() -> None:
        raise ValueError("broken")

    with project(lambda: None) as (local, _):
        assert local.execute(REQUEST)
    with project(fail) as (local, _):
        assert not local.execute(REQUEST)


def test_what_the_work_raised_is_the_context() -> None:
    def work() -> None:
        with stopped_by_signals():
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)
            raise ValueError("wrapped")

    with pytest.raises(KeyboardInterrupt) as stopped:
        work()
    assert isinstance(stopped.value.__context__, ValueError)


def test_the_descriptor_is_put_back_and_other_threads_work() -> None:
    read, write = os.pipe()
    os.set_blocking(write, False)
    before = signal.set_wakeup_fd(write)
    try:
        with stopped_by_signals():
            pass
        assert signal.set_wakeup_fd(before) == write
    finally:
        os.close(read)
        os.close(write)

    ended: list[str] = []

    def elsewhere() -> None:
        with stopped_by_signals():
            ended.append("well")

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert ended == ["well"]
