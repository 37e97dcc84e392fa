"""Finding a connector's own code."""

from pathlib import Path

import pytest

from connector_healing.errors import ConnectorLoadError
from connector_healing.registry.discovery import installed_code


def write(root: Path, files: dict[str, str]) -> list[str]:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return [str(root)]


def test_follows_the_imports_of_its_own_package_only(tmp_path: Path) -> None:
    paths = write(
        tmp_path,
        {
            "shop_a/__init__.py": "BOOM = 1 / 0",
            "shop_a/orders.py": "import json, requests\nfrom .client import fetch\nfrom shop_a.sub import deep, y\n\ndef orders():\n    from . import lazy\n",
            "shop_a/client.py": "from shop_a import settings\ndef fetch(): ...",
            "shop_a/settings.py": "PAGE = 1",
            "shop_a/lazy.py": "",
            "shop_a/sub/__init__.py": "from shop_a.sub.deep import x\ny = x",
            "shop_a/sub/deep.py": "x = 1",
            "shop_a/unrelated.py": "",
        },
    )
    code = installed_code("shop_a.orders:orders", paths)
    assert [m.name for m in code.modules] == [
        "shop_a.client",
        "shop_a.lazy",
        "shop_a.orders",
        "shop_a.settings",
        "shop_a.sub",
        "shop_a.sub.deep",
    ]
    assert code.modules[4].is_package
    assert code.modules[4].path == "shop_a/sub/__init__.py"


def test_leaves_dagster_definitions_out(tmp_path: Path) -> None:
    paths = write(
        tmp_path,
        {
            "shop_b/orders.py": "from shop_b.definitions import defs\nfrom shop_b.client import c",
            "shop_b/definitions.py": "import dagster as dg\nfrom shop_b.hidden import h",
            "shop_b/hidden.py": "",
            "shop_b/client.py": "",
        },
    )
    code = installed_code("shop_b.orders:orders", paths)
    assert [m.name for m in code.modules] == ["shop_b.client", "shop_b.orders"]


def test_a_lone_module_has_its_folder_as_package(tmp_path: Path) -> None:
    paths = write(tmp_path, {"lone_orders.py": "import lone_client, json", "lone_client.py": ""})
    code = installed_code("lone_orders:orders", paths)
    assert [m.name for m in code.modules] == ["lone_client", "lone_orders"]


def test_the_version_is_the_content_not_the_place(tmp_path: Path) -> None:
    one = write(tmp_path / "one", {"shop_c/orders.py": "X = 1"})
    two = write(tmp_path / "two", {"shop_c/orders.py": "X = 1"})
    other = write(tmp_path / "three", {"shop_c/orders.py": "X = 2"})
    version = installed_code("shop_c.orders:o", one).version_id
    assert installed_code("shop_c.orders:o", two).version_id == version
    assert installed_code("shop_c.orders:o", other).version_id != version


@pytest.mark.parametrize(
    ("files", "entry_point"),
    [({}, "nowhere_at_all.orders:o"), ({"shop_d/orders.py": "def ("}, "shop_d.orders:o")],
)
def test_says_what_cannot_be_found_or_read(
    tmp_path: Path, files: dict[str, str], entry_point: str
) -> None:
    with pytest.raises(ConnectorLoadError, match=entry_point.partition(":")[0]):
        installed_code(entry_point, write(tmp_path, files))
