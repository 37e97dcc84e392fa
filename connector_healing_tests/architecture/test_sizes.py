"""Modules and functions stay small enough to be read at once."""

import ast
import statistics
from pathlib import Path

from connector_healing_tests.architecture.sources import PACKAGE, TESTS, Source, sources

MAX_MODULE = 400
MEDIAN_MODULE = 120
MAX_TEST_MODULE = 500
MAX_FUNCTION = 60
P90_FUNCTION = 30


def test_no_module_is_long() -> None:
    assert [(s.name, s.lines) for s in sources(PACKAGE) if s.lines > MAX_MODULE] == []
    assert [(s.name, s.lines) for s in sources(TESTS) if s.lines > MAX_TEST_MODULE] == []


def test_most_modules_are_short() -> None:
    assert statistics.median(s.lines for s in sources(PACKAGE) if s.lines > 1) <= MEDIAN_MODULE


def test_no_function_is_long() -> None:
    everywhere = (*sources(PACKAGE), *sources(TESTS))
    found = [f for source in everywhere for f in source.functions() if f[1] > MAX_FUNCTION]

    assert found == []


def test_most_functions_are_short() -> None:
    lengths = [length for source in sources(PACKAGE) for _, length in source.functions()]

    assert statistics.quantiles(lengths, n=10)[-1] <= P90_FUNCTION


def test_a_long_function_would_be_found() -> None:
    body = "".join(f"    x = {n}\n" for n in range(MAX_FUNCTION))
    text = f'class A:\n  def f(self):\n    """What."""\n{body}'
    source = Source(PACKAGE / Path("made_up.py"), text, ast.parse(text))

    assert list(source.functions()) == [("connector_healing/made_up.py:2 f", MAX_FUNCTION + 1)]
