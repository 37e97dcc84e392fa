"""Where imports and module-level statements go."""

import ast

import pytest

from connector_healing.core.patch import apply_edits
from connector_healing.core.transforms.imports import Import, header_edits
from connector_healing.core.transforms.syntax import parsed
from connector_healing_tests.core.transforms.observing import MODULE, code_of

NAME = Import("lib.part", "name")


def added(text: str, *imports: Import, statements: tuple[str, ...] = ()) -> str:
    syntax = parsed(text)
    assert syntax is not None
    edits = header_edits(MODULE, syntax, imports or (NAME,), statements)
    assert not isinstance(edits, str)
    changed = apply_edits(code_of(text), edits).modules[0].text
    ast.parse(changed)
    return changed


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", "from lib.part import name\n"),
        ("x = 1\n", "from lib.part import name\n\nx = 1\n"),
        ('"""Doc."""\n\nx = 1\n', '"""Doc."""\n\nfrom lib.part import name\n\nx = 1\n'),
        ("#!/bin/x\n# note\nx = 1\n", "#!/bin/x\n# note\nfrom lib.part import name\n\nx = 1\n"),
        (
            '"""Doc."""\nfrom __future__ import annotations\n\nx = 1\n',
            '"""Doc."""\nfrom __future__ import annotations\nfrom lib.part import name\n\n\nx = 1\n',
        ),
        ("import abc\n", "import abc\n\nfrom lib.part import name\n"),
        ("import abc", "import abc\n\nfrom lib.part import name\n"),
        (
            "import abc\n\nimport dlt\nfrom zlib2 import y\n\nfrom .own import z\n",
            (
                "import abc\n\nimport dlt\nfrom lib.part import name\nfrom zlib2 import y\n\n"
                "from .own import z\n"
            ),
        ),
        ("from . import a\n", "from lib.part import name\n\nfrom . import a\n"),
        ("import dlt\r\nx = 1\r\n", "import dlt\r\nfrom lib.part import name\r\nx = 1\r\n"),
        (
            "import dlt  # note\nfrom (\n".replace("from (\n", "") + "x = 1\nimport late\n",
            "import dlt  # note\nfrom lib.part import name\nx = 1\nimport late\n",
        ),
        ("from lib.part import name\n", "from lib.part import name\n"),
    ],
)
def test_an_import_goes_among_its_like(text: str, wanted: str) -> None:
    assert added(text) == wanted
    assert added(wanted) == wanted


def test_the_standard_library_comes_first() -> None:
    text = "import dlt\n"
    both = added(text, Import("datetime", "timedelta"), NAME)
    assert both == "from datetime import timedelta\n\nimport dlt\nfrom lib.part import name\n"


def test_a_statement_stands_behind_all_imports() -> None:
    text = "import dlt\n\nfrom .own import z\n\n\ndef f():\n    return z\n"
    changed = added(text, statements=("http = name()",))
    assert changed == (
        "import dlt\nfrom lib.part import name\n\nfrom .own import z\n\nhttp = name()\n"
        "\n\ndef f():\n    return z\n"
    )


def test_many_names_are_listed() -> None:
    names = [Import("lib.part", f"a_name_that_is_rather_long_{n}") for n in range(4)]
    assert "from lib.part import (\n    a_name_that_is_rather_long_0,\n" in added("x = 1\n", *names)


@pytest.mark.parametrize(
    "text", ["import other as name\n", "def name():\n    pass\n", "name = 1\n", "class name:\n    a = 1\n"]
)  # fmt: skip
def test_a_name_that_is_taken_is_said(text: str) -> None:
    syntax = parsed(text)
    assert syntax is not None
    assert "name" in str(header_edits(MODULE, syntax, [NAME]))
    assert isinstance(header_edits(MODULE, syntax, [NAME]), str)
