"""Every public name says what it is."""

import ast
from collections.abc import Iterator

from connector_healing_tests.architecture.sources import PACKAGE, Function, Source, sources


def undocumented(source: Source) -> Iterator[str]:
    if source.text.strip() and ast.get_docstring(source.tree) is None:
        yield source.name
    yield from _below(source.tree, source.name)


def _below(parent: ast.Module | ast.ClassDef, place: str) -> Iterator[str]:
    for node in parent.body:
        if not isinstance(node, Function | ast.ClassDef) or node.name.startswith("_"):
            continue
        if any(ast.unparse(d).endswith(".setter") for d in node.decorator_list):
            continue  # The property's own docstring says it.
        if ast.get_docstring(node) is None:
            yield f"{place}:{node.lineno} {node.name}"
        if isinstance(node, ast.ClassDef):
            yield from _below(node, place)


def test_every_public_name_has_a_docstring() -> None:
    assert [name for source in sources(PACKAGE) for name in undocumented(source)] == []


def test_a_name_without_one_would_be_found() -> None:
    text = '"""M."""\nclass A:\n    """A."""\n    def b(self): ...\n    def _c(self): ...\ndef d(): ...\n'
    source = Source(PACKAGE / "made_up.py", text, ast.parse(text))

    assert list(undocumented(source)) == [
        "connector_healing/made_up.py:4 b",
        "connector_healing/made_up.py:6 d",
    ]
