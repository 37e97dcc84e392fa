"""Loading a version under its own module names."""

import importlib
import inspect
import sys
import traceback
from pathlib import Path

import pytest

from connector_healing.core.connector import Connector
from connector_healing.errors import ConnectorLoadError
from connector_healing.registry.discovery import installed_code
from connector_healing.runtime.loading import build_source, loaded

ORDERS = """
import dlt
from .client import fetch

@dlt.resource
def orders(n=2):
    from ver_shop.late import SUFFIX
    for i in range(n):
        yield {"id": i, "name": fetch() + SUFFIX}

@dlt.source
def shop(n=2):
    return orders(n)

def broken():
    raise RuntimeError("in the version")

def data():
    from pathlib import Path
    return (Path(__file__).parent / "data.txt").read_text()
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    package = tmp_path / "ver_shop"
    package.mkdir()
    for name, text in {
        "__init__.py": "",
        "orders.py": ORDERS,
        "client.py": "def fetch():\n    return 'installed'\n",
        "late.py": "SUFFIX = '!'",
        "data.txt": "beside",
    }.items():
        (package / name).write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield_paths = [str(tmp_path)]
    for name in [n for n in sys.modules if n.partition(".")[0] == "ver_shop"]:
        del sys.modules[name]
    return yield_paths


def names(source: object) -> list[str]:
    return [row["name"] for row in source]  # type: ignore[attr-defined]  # a dlt source iterates


CONNECTOR = Connector(id="shop", entry_point="ver_shop.orders:shop", arguments={"n": 1})


def test_the_version_runs_and_the_installed_code_is_back_after(shop: list[str]) -> None:
    installed = installed_code(CONNECTOR.entry_point, shop)
    version = installed.with_text("ver_shop.client", "def fetch():\n    return 'healed'\n")
    before = importlib.import_module("ver_shop.orders")
    with loaded(version):
        source = build_source(CONNECTOR)
        assert source.name == "shop"
        assert names(source) == ["healed!"]
    assert importlib.import_module("ver_shop.orders") is before
    assert importlib.import_module("ver_shop").orders is before
    assert names(build_source(CONNECTOR)) == ["installed!"]


def test_nothing_of_a_version_stays_where_nothing_was_imported(shop: list[str]) -> None:
    with loaded(installed_code(CONNECTOR.entry_point, shop)):
        build_source(CONNECTOR)
    assert "ver_shop.orders" not in sys.modules
    assert not hasattr(sys.modules["ver_shop"], "orders")


def test_tracebacks_and_inspect_show_the_versions_text(shop: list[str]) -> None:
    code = installed_code(CONNECTOR.entry_point, shop)
    module = code.module("ver_shop.orders")
    assert module is not None
    changed = code.with_text("ver_shop.orders", "# one more line\n" + module.text)
    with loaded(changed):
        orders = importlib.import_module("ver_shop.orders")
        assert "in the version" in inspect.getsource(orders.broken)
        with pytest.raises(RuntimeError) as caught:
            orders.broken()
        assert 'raise RuntimeError("in the version")' in "".join(
            traceback.format_exception(caught.value)
        )
        assert orders.data() == "beside"


def test_an_entry_point_that_is_missing_or_no_source_is_refused(shop: list[str]) -> None:
    del shop
    with pytest.raises(ConnectorLoadError, match="nothing_here"):
        build_source(Connector(id="shop", entry_point="ver_shop.orders:nothing_here"))
    with pytest.raises(ConnectorLoadError, match="returned str"):
        build_source(Connector(id="shop", entry_point="ver_shop.orders:data"))
