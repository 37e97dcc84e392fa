"""What the demo tells of itself at its end, at a terminal and in a file."""

import os
import pty
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from click import unstyle

from connector_healing.cli.demo import _summary
from connector_healing.demo.show import ShownCase, ShownDemo

DIFF = """\
--- a/flights.py
+++ b/flights.py
@@ -55,6 +56,7 @@
 def flatten(row: dict[str, Any]) -> dict[str, Any]:
+    row = alias_fields({"departure": "times.departure", "carrier": "op_code", "id": "key"})(row)
     departure = row["departure"]
"""


def shown(*, diff: str = "", unharmed: tuple[str, ...] = ()) -> ShownDemo:
    case = ShownCase(
        connector="flights",
        case_id="c1",
        state="monitoring",
        broke="KeyError: 'departure'",
        found="The API changed its records.",
        outcome="Candidate 1 passed every hard check.",
        diff=diff,
        proof=("H2 key",),
        refused_by=(),
        seconds=5.4,
        live_requests=6,
        report=str(Path("report.md").resolve()),
    )
    return ShownDemo(
        status="ok",
        healed=1,
        held=0,
        seconds=58.9,
        live_requests=36,
        full_extraction_requests=203,
        unharmed=unharmed,
        cases=(case,),
    )


@pytest.mark.parametrize("columns", ["40", "80"])
def test_a_diff_in_a_file_is_whole(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    _summary(shown(diff=DIFF))
    assert DIFF in capsys.readouterr().out


def test_a_diff_at_a_narrow_terminal_is_wrapped_and_not_cut() -> None:
    ours, its = pty.openpty()
    script = f"from {__name__} import DIFF, _summary, shown; _summary(shown(diff=DIFF))"
    with subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=its,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "50"},
    ):
        os.close(its)
        told = ""
        with suppress(OSError):  # the other end is closed
            while got := os.read(ours, 65_536):
                told += got.decode()
    os.close(ours)
    lines = unstyle(told).splitlines()
    assert max(map(len, lines)) <= 50
    assert "".join(DIFF.split()) in "".join("".join(lines).split())


def test_what_nothing_broke_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    _summary(shown(unharmed=("weather", "airports")))
    told = " ".join(capsys.readouterr().out.split())
    assert "Nothing broke for weather, airports: their runs on the broken API went well" in told
    _summary(shown())
    assert "Nothing broke" not in capsys.readouterr().out
