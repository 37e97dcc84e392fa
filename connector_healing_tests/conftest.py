"""Fixtures that every part of the suite may use."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, settings

os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "1")
os.environ.setdefault("RUNTIME__DLTHUB_TELEMETRY", "false")

settings.register_profile(
    "default", deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
# CI repeats what it ran before; new examples are sought at every other run.
settings.register_profile("ci", settings.get_profile("default"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "default")


@pytest.fixture(scope="module", autouse=True)
def dlt_project() -> Iterator[None]:
    """Give dlt's project back: the demo makes its own folder the project of the whole process."""
    former = os.environ.get("DLT_PROJECT_DIR")
    yield
    if os.environ.get("DLT_PROJECT_DIR") == former:
        return
    from dlt.common.configuration.container import Container
    from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext

    if former is None:
        del os.environ["DLT_PROJECT_DIR"]
    else:
        os.environ["DLT_PROJECT_DIR"] = former
    Container()[PluggableRunContext].reload(".")


class FrozenClock:
    """A clock that stands still until it is moved."""

    def __init__(self, at: datetime = datetime(2013, 2, 1, tzinfo=UTC)) -> None:
        self._now = at

    def now(self) -> datetime:
        return self._now

    def move(self, by: timedelta) -> None:
        self._now += by


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock()


_skipped: list[str] = []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_logreport(report: pytest.TestReport) -> Iterator[None]:
    """Remember what was skipped: where the services are provided nothing may be."""
    yield
    if report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
        _skipped.append(f"{report.nodeid}: {reason}")


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Under CI a skipped test is a failed run."""
    if os.environ.get("CI") and _skipped and exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say why a run without a failed test still failed."""
    if os.environ.get("CI") and _skipped:
        terminalreporter.section("skipped, which CI does not allow", red=True)
        for line in _skipped:
            terminalreporter.write_line(line)
