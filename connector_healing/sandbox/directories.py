"""The sandbox's throw-away directories, and those that a killed process left behind."""

import fcntl
import os
import secrets
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

_LOCK = "owner.lock"


@dataclass(frozen=True, slots=True)
class SandboxDirectory:
    """A directory that belongs to one sandbox, for as long as its owner holds the lock in it."""

    path: Path
    _lock: int

    @classmethod
    def create(cls, root: Path) -> Self:
        """Make a new one under the root, after removing those whose owner is gone."""
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        for other in root.iterdir():
            _remove_if_abandoned(other)
        path = root / f"{os.getpid()}-{secrets.token_hex(4)}"
        # Locked before it stands under its name: another process never finds it without an owner.
        beginning = root / f".{path.name}"
        beginning.mkdir(mode=0o700)
        lock = os.open(beginning / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)
        beginning.rename(path)
        return cls(path, lock)

    def remove(self) -> None:
        """Remove it with all that is in it, and the root where it was the last."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)
        with suppress(OSError):
            self.path.parent.rmdir()


def _remove_if_abandoned(path: Path) -> None:
    try:
        lock = os.open(path / _LOCK, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return
    else:
        shutil.rmtree(path, ignore_errors=True)
    finally:
        os.close(lock)
