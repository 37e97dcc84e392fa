"""Where cassettes lie, and how long."""

from collections.abc import Collection
from datetime import datetime, timedelta
from pathlib import Path

from connector_healing.runtime.cassette.writer import CASSETTE_SUFFIX

#: Cassettes that are kept of each connector.
KEEP_CASSETTES = 20
#: Cassettes older than this are removed, whatever their number.
MAX_CASSETTE_AGE = timedelta(days=14)


def cassette_path(directory: Path, connector_id: str, cassette_id: str) -> Path:
    """The file of a cassette."""
    return directory / connector_id / f"{cassette_id}{CASSETTE_SUFFIX}"


def prune_cassettes(
    directory: Path,
    now: datetime,
    *,
    keep: int = KEEP_CASSETTES,
    max_age: timedelta = MAX_CASSETTE_AGE,
    in_use: Collection[str] = (),
    connector_id: str | None = None,
) -> int:
    """Remove old cassettes, and what an interrupted writer left.

    Args:
        directory: Holds a folder for each connector.
        now: The time that ages are counted to.
        keep: How many of each connector stay, the newest.
        max_age: Older ones go.
        in_use: Ids of cassettes that an open heal case needs: they stay and do not count.
        connector_id: Whose cassettes to look at; None: all connectors'.

    Returns:
        How many cassettes were removed.
    """
    removed = 0
    folders = directory.glob("*") if connector_id is None else [directory / connector_id]
    for folder in sorted(p for p in folders if p.is_dir()):
        for left in folder.glob(".*.tmp"):
            if _age(left, now) > max_age:
                left.unlink(missing_ok=True)
        found = [
            p
            for p in folder.glob(f"*{CASSETTE_SUFFIX}")
            if p.name.removesuffix(CASSETTE_SUFFIX) not in in_use
        ]
        found.sort(key=lambda p: (_age(p, now), p.name))
        for index, path in enumerate(found):
            if index >= keep or _age(path, now) > max_age:
                path.unlink(missing_ok=True)
                removed += 1
    return removed


def _age(path: Path, now: datetime) -> timedelta:
    """The file's age; a file that is gone meanwhile has none."""
    try:
        written = path.stat().st_mtime
    except FileNotFoundError:
        return timedelta(0)
    return now - datetime.fromtimestamp(written, tz=now.tzinfo)
