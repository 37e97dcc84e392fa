"""Another process that has a DuckDB file open for writing."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_WRITER = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1])
connection.execute("CREATE TABLE IF NOT EXISTS mine (a INTEGER)")
print("locked", flush=True)
sys.stdin.read()
"""


@contextmanager
def written_by_another(path: Path) -> Iterator[subprocess.Popen[str]]:
    """The process; it lets go of the file at the end, or when its input ends before."""
    writer = subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert writer.stdout is not None
    assert writer.stdout.readline() == "locked\n"
    try:
        yield writer
    finally:
        writer.communicate()
