"""What one look of `doctor` finds."""

import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """One thing that healing needs, and whether it is there."""

    name: str
    passed: bool
    detail: str
    next_step: str = ""  #: What to do where it is not there.
    required: bool = True  #: False: healing works without it, less well.


def guarded(
    name: str, look: Callable[[], Iterable[Examined]], next_step: str = ""
) -> Iterator[Examined]:
    """What a look finds; that it broke off is a finding too."""
    try:
        yield from look()
    except Exception as error:  # noqa: BLE001  # a doctor that breaks off helps nobody
        said = " ".join(str(error).split()) or type(error).__name__
        yield Examined(name=name, passed=False, detail=said, next_step=next_step)


def obstacle(folder: Path) -> str:
    """Why nothing can be made in a folder, there already or not; empty where something can.

    Something is made, and gone at once: permissions alone do not tell (a file system may be
    read-only, or not made of files at all).
    """
    above = next(p for p in (folder.absolute(), *folder.absolute().parents) if p.exists())
    try:
        with tempfile.TemporaryDirectory(prefix=".connector-healing-", dir=above):
            return ""
    except OSError as error:
        return f"{above} cannot be written: {error.strerror}"
