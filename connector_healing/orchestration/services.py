"""Puts the adapters together: the one place where store, registry and sandbox meet."""

import contextlib
import os
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from time import monotonic

from connector_healing.core.case import Step
from connector_healing.core.lease import Lease
from connector_healing.core.logs.user_rules import UserRule
from connector_healing.core.redaction import Redactor
from connector_healing.healing.services import CaseServices, HealServices
from connector_healing.ports import Progress
from connector_healing.registry.files import FileRegistry
from connector_healing.registry.git import GitBranches
from connector_healing.runtime.cassette import cassette_path
from connector_healing.runtime.home import chosen_store_url, plugin_home
from connector_healing.runtime.secret_values import secret_values
from connector_healing.store import SqlStore, default_store_url, open_store


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The current time, aware, UTC."""
        return datetime.now(UTC)


class Silent:
    """Tells nobody of a heal's progress."""

    @contextlib.contextmanager
    def step(self, case_id: str, step: Step, text: str) -> Iterator[None]:
        """A step begins."""
        del case_id, step, text
        yield


class Files:
    """Where the files of failures and heals lie, under the plugin's home: see `ports.CaseFiles`."""

    def __init__(self, home: Path) -> None:
        self._home = home

    def cassette(self, cassette_id: str) -> str | None:
        """The path of a recorded cassette, where it still is."""
        connector_id, _, name = cassette_id.rpartition("/")
        path = cassette_path(self._home / "cassettes", connector_id, name)
        return str(path) if path.is_file() else None

    def case_path(self, case_id: str, name: str) -> str:
        """The path of a case's own file."""
        folder = self._home / "cases" / case_id
        folder.mkdir(parents=True, exist_ok=True)
        return str(folder / name)

    def exists(self, path: str) -> bool:
        """Whether the file is there."""
        return Path(path).is_file()

    def read_text(self, path: str) -> str:
        """The text of a file; empty where it is not there."""
        return Path(path).read_text(encoding="utf-8") if self.exists(path) else ""

    def write_text(self, path: str, text: str) -> None:
        """Write a file beside its place and rename it into it."""
        beside = Path(f"{path}.{os.getpid()}.new")
        beside.write_text(text, encoding="utf-8")
        beside.rename(path)

    def tidy(self, case_id: str, keep: Sequence[str]) -> None:
        """Remove the case's own files but those of these names."""
        folder = self._home / "cases" / case_id
        for path in folder.iterdir() if folder.is_dir() else ():
            if path.name not in keep:
                path.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunServices:
    """What a run of a connector needs."""

    store: SqlStore
    registry: FileRegistry
    home: Path
    rules: tuple[UserRule, ...] = ()  #: The user's own, for the classifier.

    @property
    def cassettes(self) -> Path:
        """The folder of cassettes."""
        return self.home / "cassettes"

    @property
    def cases(self) -> CaseServices:
        """What looking at cases and moving them on takes."""
        return CaseServices(
            store=self.store,
            registry=self.registry,
            files=Files(self.home),
            clock=SystemClock(),
            rules=self.rules,
        )


@cache
def _opened(url: str) -> SqlStore:
    return open_store(url)


def run_services(
    home: Path | None = None, store_url: str | None = None, rules: Sequence[UserRule] = ()
) -> RunServices:
    """The store and the registry; one connection pool for each process and URL.

    Args:
        home: The plugin's folder; None: `runtime.home.plugin_home`.
        store_url: None: ``CONNECTOR_HEALING_STORE_URL``, else SQLite in the home.
        rules: The user's own, for the classifier.

    Raises:
        StoreUnavailableError: If the store cannot be opened.
    """
    home = home or plugin_home()
    store = _opened(store_url or chosen_store_url() or default_store_url(home))
    return RunServices(
        store=store, registry=FileRegistry(home, store), home=home, rules=tuple(rules)
    )


def every(interval: timedelta, work: Callable[[], None]) -> Callable[[], None]:
    """Do some work again and again in a thread; returns what ends it."""
    ended = threading.Event()

    def repeat() -> None:
        while not ended.wait(interval.total_seconds()):
            work()

    thread = threading.Thread(target=repeat, name="connector-healing-lease", daemon=True)
    thread.start()

    def stop() -> None:
        ended.set()
        thread.join()

    return stop


#: How often a condition that another process fulfils is looked at.
_LOOK = timedelta(milliseconds=100)


def awaited(ask: Callable[[], Lease | None], patience: timedelta) -> Lease | None:
    """Ask again and again until there is an answer or no patience is left."""
    waiting, until = threading.Event(), monotonic() + patience.total_seconds()
    while (found := ask()) is None and monotonic() < until:
        waiting.wait(_LOOK.total_seconds())
    return found


def _redacted(services: RunServices, connector_id: str, text: str) -> str:
    """A text without the secrets that the connector could have used in this process."""
    runtime = services.store.runtime(connector_id)
    return Redactor(secret_values(runtime.environment if runtime else ())).text(text)


@contextlib.contextmanager
def heal_services(
    services: RunServices, holder: str | None = None, progress: Progress | None = None
) -> Iterator[HealServices]:
    """Everything that a heal needs; the sandbox ends with the context.

    Args:
        services: Store and registry.
        holder: Who works; None: this host and process.
        progress: Told of each step.
    """
    from connector_healing.sandbox.data_judge import DuckDbDataJudge
    from connector_healing.sandbox.runner import ProcessSandbox

    sandbox = ProcessSandbox(services.home)
    try:
        yield HealServices(
            store=services.store,
            leases=services.store,
            registry=services.registry,
            sandbox=sandbox,
            data=DuckDbDataJudge(),
            files=Files(services.home),
            branches=GitBranches(),
            clock=SystemClock(),
            rules=services.rules,
            progress=progress or Silent(),
            holder=holder or f"{socket.gethostname()}/{os.getpid()}",
            every=every,
            awaited=awaited,
            redact=lambda connector_id, text: _redacted(services, connector_id, text),
        )
    finally:
        sandbox.close()
