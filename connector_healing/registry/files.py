"""The registry of connector versions: text in files, rows in the store."""

import contextlib
import shutil
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import time

from connector_healing.core.codec import from_json, to_json
from connector_healing.core.connector import ConnectorCode, ConnectorVersion
from connector_healing.errors import (
    HealingError,
    RegistryNotWritableError,
    UnknownVersionError,
)
from connector_healing.ports import HealStore
from connector_healing.registry import discovery

_MANIFEST = "version.json"
#: What the names of folders begin with that are still being written.
_UNFINISHED = ".new-"
#: Nobody writes a version for so long.
_WRITING = timedelta(hours=1)


class FileRegistry:
    """Implements `ports.ConnectorRegistry` in ``HOME/versions/CONNECTOR/VERSION/``.

    Each folder holds the modules as plain files, to be read and compared with any tool, and a
    manifest. It is written beside its place and renamed into it, so that it is whole or absent.

    Args:
        home: The folder of the plugin's files.
        store: Where the rows and the active pointers are.
    """

    def __init__(self, home: Path, store: HealStore) -> None:
        self._root = home / "versions"
        self._store = store

    def save(self, version: ConnectorVersion) -> None:
        """Keep a version: see the port."""
        folder = self._folder(version.connector_id, version.version_id)
        if not (folder / _MANIFEST).is_file():
            self._write(folder, version)
        self._store.save_version(version)

    def version(self, connector_id: str, version_id: str) -> ConnectorVersion:
        """A version with its code: see the port."""
        row = self._store.version_row(connector_id, version_id)
        if row is None:
            known = [v.version_id for v in self._store.version_rows(connector_id)]
            raise UnknownVersionError(connector_id, version_id, known)
        return row if row.code.modules else self._read(connector_id, version_id)

    def versions(self, connector_id: str) -> Sequence[ConnectorVersion]:
        """All versions, oldest first: see the port."""
        return self._store.version_rows(connector_id)

    def active(self, connector_id: str) -> ConnectorVersion | None:
        """The active version: see the port."""
        version_id = self._store.active_version(connector_id)
        return self.version(connector_id, version_id) if version_id else None

    def activate(self, connector_id: str, expected: str | None, version_id: str) -> None:
        """Make a version active by compare-and-swap: see the port."""
        self.version(connector_id, version_id)
        self._store.activate(connector_id, expected, version_id, datetime.now(UTC))

    def installed_code(self, entry_point: str, import_paths: Sequence[str]) -> ConnectorCode:
        """The code as it is installed: see the port."""
        return discovery.installed_code(entry_point, import_paths)

    def folder(self, connector_id: str, version_id: str) -> Path:
        """Where a version's files lie, for a person to look at."""
        return self._folder(connector_id, version_id)

    def check_writable(self) -> None:
        """Try to write.

        Raises:
            RegistryNotWritableError: If it cannot be done.
        """
        try:
            self._root.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self._root):
                pass
        except OSError as error:
            raise RegistryNotWritableError(str(self._root), f"{error.strerror}.") from error

    def _folder(self, connector_id: str, version_id: str) -> Path:
        return self._root / connector_id / version_id

    def _write(self, folder: Path, version: ConnectorVersion) -> None:
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            _remove_abandoned(folder.parent)
            beside = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=folder.parent))
        except OSError as error:
            raise RegistryNotWritableError(str(self._root), f"{error.strerror}.") from error
        try:
            for module in version.code.modules:
                path = beside / module.path
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(module.text, encoding="utf-8", newline="")
            (beside / _MANIFEST).write_text(to_json(version), encoding="utf-8")
            beside.rename(folder)
        except OSError as error:
            shutil.rmtree(beside, ignore_errors=True)
            # Another process may have renamed the same content into place first.
            if not (folder / _MANIFEST).is_file():
                raise RegistryNotWritableError(str(self._root), f"{error.strerror}.") from error

    def _read(self, connector_id: str, version_id: str) -> ConnectorVersion:
        path = self._folder(connector_id, version_id) / _MANIFEST
        try:
            return from_json(path.read_text(encoding="utf-8"), ConnectorVersion)
        except OSError as error:
            raise HealingError(
                f"Version {version_id!r} of {connector_id!r} lost its file {path.name}: "
                f"{error.strerror}; restore the registry directory {self._root}."
            ) from error


def _remove_abandoned(folder: Path) -> None:
    """Remove what processes that were killed while they wrote a version left in a folder."""
    before = time() - _WRITING.total_seconds()
    for left in folder.glob(f"{_UNFINISHED}*"):
        with contextlib.suppress(OSError):  # its writer, or another process, was faster
            if left.stat().st_mtime < before:
                shutil.rmtree(left)
