"""Versions on disk: whole or absent, whatever happened to who wrote them."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connector_healing.core.connector import ConnectorCode, ConnectorVersion, SourceModule
from connector_healing.registry.files import FileRegistry
from connector_healing.store import default_store_url, open_store


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[FileRegistry]:
    store = open_store(default_store_url(tmp_path))
    yield FileRegistry(tmp_path, store)
    store.close()


def version(text: str) -> ConnectorVersion:
    module = SourceModule(name="vendor", path="vendor.py", text=text, is_package=False)
    code = ConnectorCode(modules=(module,))
    return ConnectorVersion(
        connector_id="vendor",
        version_id=code.version_id,
        code=code,
        parent=None,
        change_summary="Installed code.",
        created_at=datetime(2013, 2, 1, tzinfo=UTC),
        created_by="a person",
    )


def test_what_a_killed_writer_left_goes_with_a_later_version(
    registry: FileRegistry, tmp_path: Path
) -> None:
    folder = tmp_path / "versions" / "vendor"
    abandoned, young = folder / ".new-abandoned", folder / ".new-young"
    for left in (abandoned, young):
        left.mkdir(parents=True)
        (left / "vendor.py").write_text("half a ver")
    long_ago = (datetime.now(UTC) - timedelta(hours=2)).timestamp()
    os.utime(abandoned, (long_ago, long_ago))

    saved = version("RATE = 1\n")
    registry.save(saved)

    assert {p.name for p in folder.iterdir()} == {saved.version_id, young.name}
    assert registry.version("vendor", saved.version_id) == saved


def test_a_version_is_kept_once(registry: FileRegistry, tmp_path: Path) -> None:
    saved = version("RATE = 1\n")
    registry.save(saved)
    text = tmp_path / "versions" / "vendor" / saved.version_id / "vendor.py"
    before = text.stat().st_mtime_ns
    registry.save(saved)

    assert text.stat().st_mtime_ns == before
    assert registry.versions("vendor") == (saved,)
