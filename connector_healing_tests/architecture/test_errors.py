"""Every exception of the package is a sentence that holds what it was given."""

import importlib
import inspect
import re
from collections.abc import Iterator
from typing import Any

import pytest

from connector_healing import errors
from connector_healing.errors import HealingError, UsageError
from connector_healing_tests.architecture.sources import PACKAGE, sources

#: Modules that define errors of their own, found by their text.
_OWN = [s for s in sources(PACKAGE) if re.search(r"^class \w+Error\(", s.text, re.MULTILINE)]


def _below(kind: type[HealingError]) -> Iterator[type[HealingError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from _below(child)


def kinds() -> list[type[HealingError]]:
    for source in _OWN:
        importlib.import_module(
            ".".join(source.path.relative_to(PACKAGE.parent).with_suffix("").parts)
        )
    return sorted({*_below(HealingError)}, key=lambda kind: kind.__qualname__)


def given(name: str, annotation: Any) -> Any:
    """A value that is seen again where it shows."""
    if annotation in {int, float}:
        return annotation(4711)
    if "Iterable" in str(annotation):
        return [f"<{name} one>", f"<{name} two>"]
    return f"<{name}>"


def made(kind: type[HealingError]) -> tuple[HealingError, dict[str, Any]]:
    if not composes(kind):
        return kind("<reason>"), {}
    values = {
        p.name: given(p.name, p.annotation)
        for p in inspect.signature(kind).parameters.values()
        if p.kind is not inspect.Parameter.VAR_POSITIONAL
    }
    return kind(**values), values


def composes(kind: type[HealingError]) -> bool:
    """Whether the class makes its own text, rather than whoever raises it."""
    return "__init__" in {name for k in kind.__mro__[:-3] for name in vars(k)}


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.__name__)
def test_an_error_is_one_line_with_all_that_it_was_given(kind: type[HealingError]) -> None:
    error, values = made(kind)
    text = str(error)

    assert "\n" not in text
    for name, value in values.items():
        for each in value if isinstance(value, list) else [value]:
            kept = getattr(error, name, None)
            assert str(each) in text or kept == value, f"{name} is lost: {text}"
    assert isinstance(error, HealingError)


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.__name__)
def test_an_error_says_more_than_its_values(kind: type[HealingError]) -> None:
    error, values = made(kind)
    if not composes(kind) or {"reason", "allowed"} & values.keys():
        return  # The words come from whoever raises it.
    words = str(error)
    for value in values.values():
        for each in value if isinstance(value, list) else [value]:
            words = words.replace(str(each), "")

    assert len(re.findall(r"[A-Za-z]{2,}", words)) >= 3, str(error)


def test_a_usage_error_names_field_value_and_what_is_allowed() -> None:
    for kind in kinds():
        if issubclass(kind, UsageError):
            error, _ = made(kind)
            assert isinstance(error, UsageError)
            for part in (error.field, error.allowed):
                assert part
                assert part in str(error)
            assert repr(error.value) in str(error)


def test_what_is_known_is_told_in_one_line_however_much_it_is() -> None:
    few = str(errors.UnknownConnectorError("x", ["b", "a"]))
    many = str(errors.UnknownConnectorError("x", [f"c{n:03}" for n in range(500)]))

    assert few.endswith("Known connectors: a, b.")
    assert many.endswith("c009 and 490 more.")
    assert "No connector is known yet" in str(errors.UnknownConnectorError("x"))


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    drawn: dict[str, str] = {}
    above: list[tuple[int, str]] = []
    for line in (errors.__doc__ or "").splitlines():
        match = re.match(r"^ {4}([ │├└─]*)(\w+Error)\b", line)
        if match is None:
            continue
        depth, name = len(match[1]), match[2]
        above = [(d, n) for d, n in above if d < depth]
        if above:
            drawn[name] = above[-1][1]
        above.append((depth, name))
    real = {
        name: kind.__mro__[1].__name__
        for name, kind in vars(errors).items()
        if inspect.isclass(kind) and issubclass(kind, HealingError) and kind is not HealingError
    }

    assert drawn == real
