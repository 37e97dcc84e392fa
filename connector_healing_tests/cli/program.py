"""Calling the program, in this process and in one of its own."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from connector_healing.cli import main


@dataclass(frozen=True)
class Ended:
    """What came of one call."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as the one JSON object that it has to be."""
        value = json.loads(self.out)
        assert isinstance(value, dict)
        return value

    @property
    def error(self) -> str:
        """Standard error as the one line that it has to be, with nothing on standard output."""
        assert self.out == ""
        assert self.err.count("\n") == 1, self.err
        return self.err.removesuffix("\n")


class Program:
    """The program as its entry point runs it."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: str) -> Ended:
        self._capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        out, err = self._capsys.readouterr()
        code = ended.value.code
        assert isinstance(code, int)
        return Ended(code, out, err)


def spawn(*arguments: str, python: tuple[str, ...] = ("-m", "connector_healing")) -> Ended:
    """The program in a process of its own."""
    ended = subprocess.run(
        [sys.executable, *python, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, "NO_COLOR": "1"},
    )
    return Ended(ended.returncode, ended.stdout, ended.stderr)


def everything_under(folder: Path) -> dict[str, bytes]:
    """Each file with its content; the store's log beside it left out."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix not in {".db-shm", ".db-wal"}
    }
