"""The keys of dlt's configuration that a connector's own code names.

A connector may read ``dlt.secrets["vendor.api_key"]`` by itself, in place of having dlt inject it.
"""

import ast
from collections.abc import Iterable, Iterator

from connector_healing.core.connector import ConnectorCode

#: dlt's two accessors: ``dlt.secrets`` and ``dlt.config``.
_ACCESSORS = frozenset({"secrets", "config"})


def used_keys(code: ConnectorCode, seen: Iterable[str]) -> frozenset[str]:
    """What the connector uses of dlt's configuration.

    Args:
        code: Of the version that runs. The keys that it reads from the accessors as constants
            count; a module that is no Python is passed over.
        seen: Dotted keys that dlt looked up while it ran. Those of sources and those without
            sections are its own; any other counts where the code holds its last part, since
            other connectors of the process read theirs in the same way.
    """
    texts = [module.text for module in code.modules]
    own = {key for key in seen if _is_of_source(key) or _is_named(key, texts)}
    return frozenset(own.union(*(_constants(text) for text in texts)))


def _is_of_source(key: str) -> bool:
    return "." not in key or key.startswith("sources.")


def _is_named(key: str, texts: Iterable[str]) -> bool:
    last = key.rpartition(".")[2]
    return any(last in text for text in texts)


def _constants(text: str) -> set[str]:
    try:
        return set(_keys(ast.parse(text)))
    except (SyntaxError, ValueError):
        return set()


def _keys(tree: ast.AST) -> Iterator[str]:
    """The constants in ``dlt.secrets[...]`` and ``dlt.secrets.get(...)``."""
    for node in ast.walk(tree):
        match node:
            case ast.Subscript(value=accessor, slice=ast.Constant(value=str(key))):
                pass
            case ast.Call(
                func=ast.Attribute(value=accessor, attr="get"),
                args=[ast.Constant(value=str(key)), *_],
            ):
                pass
            case _:
                continue
        if _is_accessor(accessor) and key:
            yield key


def _is_accessor(node: ast.expr) -> bool:
    """``dlt.secrets``, or ``secrets`` alone as ``from dlt import secrets`` makes it."""
    match node:
        case ast.Attribute(value=ast.Name(id="dlt"), attr=name) | ast.Name(id=name):
            return name in _ACCESSORS
        case _:
            return False
