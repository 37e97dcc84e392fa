"""The sample project on one broken day, again and again: six good days are made once and put back."""

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb

from connector_healing.demo.api.client import RunningApi, start_api
from connector_healing.demo.settings import DemoSettings, demo_settings
from connector_healing.orchestration.in_process import LocalProject
from connector_healing.orchestration.services import run_services
from connector_healing.runtime.home import HOME_VARIABLE

#: The day that the first run loads up to; a run follows each day after it.
FIRST_DAY = date(2013, 1, 25)

#: Good runs before the API breaks: the policy asks for five.
GOOD_DAYS = 6

#: The day on which the API is broken.
BROKEN_DAY = FIRST_DAY + timedelta(days=GOOD_DAYS)

#: Requests that a heal may send beyond one full extraction.
SPARE_REQUESTS = 10

#: Of Dagster: its log is not what is looked at here.
_SILENT = {"python_logs": {"python_log_level": "CRITICAL"}}

#: What the project writes into the environment; put back in the end.
_VARIABLES = (HOME_VARIABLE, "SOURCES__TOKEN")


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the warehouse holds of one connector: each table's rows as one number."""

    tables: Mapping[str, tuple[int, int]]  #: By name: rows, and a sum over their hashes.


class BrokenDays:
    """The project with its history; see `broken_days`.

    Args:
        folder: Where everything is kept.
        api: The sample API.
        settings: The demo's places, inside the folder.
        connectors: Those that have a history.
    """

    def __init__(
        self, folder: Path, api: RunningApi, settings: DemoSettings, connectors: Sequence[str]
    ) -> None:
        self.api = api
        self.settings = settings
        self.connectors = tuple(connectors)
        self.allowed: dict[str, int] = {}  #: Live requests that a heal may send, by connector.
        self._folder = folder
        self._truth: dict[str, Path] = {}
        self.services = run_services()
        self._make_history()

    @contextmanager
    def broken(self, *faults: str) -> Iterator[LocalProject]:
        """The morning of the broken day: the history as it was, the API broken, nothing run yet."""
        self._put_back()
        self.api.set_faults(())
        self.api.set_day(BROKEN_DAY)
        self.api.set_faults(faults)
        with _project(self.settings) as project:
            yield project
        self.api.set_faults(())

    def differences(self, connector: str) -> list[str]:
        """How the warehouse differs from an extraction on that day that nothing broke."""
        from connector_healing.demo.truth import differences_from, unbroken

        if connector not in self._truth:
            folder = self._folder / "truth"
            folder.mkdir(exist_ok=True)
            self.api.set_faults(())
            self.api.set_day(BROKEN_DAY)
            self._truth[connector] = unbroken(self.settings, connector, folder)
        return differences_from(self._truth[connector], self.settings, connector)

    def loaded(self, connector: str) -> Loaded:
        """What the warehouse holds of a connector, dlt's own tables included."""
        with duckdb.connect(str(self.settings.warehouse), read_only=True) as connection:
            names = connection.execute(
                "SELECT table_name FROM duckdb_tables() WHERE schema_name = ? ORDER BY 1",
                [connector],
            ).fetchall()
            return Loaded({name: _sum(connection, connector, name) for (name,) in names})

    def _make_history(self) -> None:
        with _project(self.settings) as project:
            for number in range(GOOD_DAYS):
                self.api.set_day(FIRST_DAY + timedelta(days=number))
                for connector in self.connectors:
                    mark = self.api.requests().mark
                    if not project.run_connector(connector):
                        told = self.services.store.runs(connector, 1)
                        raise AssertionError(f"{connector} failed on a good day: {told}")
                    sent = self.api.requests(mark).total
                    self.allowed.setdefault(connector, sent + SPARE_REQUESTS)
        self.services.store.close()
        shutil.copytree(self.services.home, self._folder / "kept")

    def _put_back(self) -> None:
        self.services.store.close()
        shutil.rmtree(self.services.home)
        shutil.copytree(self._folder / "kept", self.services.home)


@contextmanager
def broken_days(connectors: Sequence[str]) -> Iterator[BrokenDays]:
    """Start the sample API and let the good days pass for these connectors.

    Everything lies in a temporary folder; the environment is as before afterwards.
    """
    former = {name: os.environ.get(name) for name in _VARIABLES}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        try:
            os.environ[HOME_VARIABLE] = str(Path(folder) / "home")
            settings = demo_settings()
            settings.provide_token()
            with start_api(token=settings.token) as api:
                settings.remember_api(api.url)
                days = BrokenDays(Path(folder), api, settings, connectors)
                try:
                    yield days
                finally:
                    days.services.store.close()
        finally:
            for name, value in former.items():
                os.environ.pop(name, None)
                os.environ.update({name: value} if value is not None else {})


@contextmanager
def _project(settings: DemoSettings) -> Iterator[LocalProject]:
    # Its module makes the project in the plugin's home as soon as it is imported.
    from connector_healing.demo.project import demo_definitions

    with dg.DagsterInstance.ephemeral(settings=_SILENT) as instance:
        yield LocalProject(demo_definitions(settings), instance)


def _sum(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> tuple[int, int]:
    found: Any = connection.execute(
        f'SELECT count(*), coalesce(sum(hash(t)::hugeint), 0) FROM "{schema}"."{table}" t'
    ).fetchone()
    return int(found[0]), int(found[1])
