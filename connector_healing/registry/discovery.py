"""Finding a connector's own code as it is installed, without running it."""

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path

from connector_healing.core.connector import ConnectorCode, SourceModule
from connector_healing.errors import ConnectorLoadError
from connector_healing.runtime.loading import installed_file


def installed_code(entry_point: str, import_paths: Sequence[str]) -> ConnectorCode:
    """The entry point's module and the modules of its own package that it imports.

    Imports are followed wherever they stand, relative ones included; a module that imports
    Dagster is definitions, not connector code, and is left out. A module without a package
    has the modules in its own folder as its package.

    Args:
        entry_point: ``package.module:function``.
        import_paths: Folders to look in, as `sys.path`.

    Raises:
        ConnectorLoadError: If the entry point's module cannot be found or parsed.
    """
    start = entry_point.partition(":")[0]
    found: dict[str, SourceModule] = {}
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        path = _own_file(name, start, import_paths)
        if path is None:
            if name == start:
                raise ConnectorLoadError(
                    f"The module {name!r} of entry point {entry_point!r} is not installed; "
                    "correct the connector's entry_point or the import path."
                )
            continue
        tree, text = _parsed(path, name)
        if name != start and imports_dagster(tree):
            continue
        is_package = path.name == "__init__.py"
        found[name] = SourceModule(
            name=name, path=_relative(name, is_package=is_package), text=text, is_package=is_package
        )
        for names in _imported(tree, name, is_package=is_package):
            waiting += [n for n in names if _own_file(n, start, import_paths)][:1]
    return ConnectorCode(modules=tuple(found[name] for name in sorted(found)))


def imports_dagster(tree: ast.Module) -> bool:
    """Whether a module imports Dagster or one of its integrations."""
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            names = [node.module]
        if any(name.partition(".")[0].startswith("dagster") for name in names):
            return True
    return False


def _own_file(name: str, start: str, import_paths: Sequence[str]) -> Path | None:
    top = start.partition(".")[0]
    if name.partition(".")[0] == top:
        return installed_file(name, import_paths)
    if "." in start:
        return None
    home = installed_file(start, import_paths)
    beside = home.with_name(f"{name.partition('.')[0]}.py") if home else None
    return beside if beside and beside.is_file() and "." not in name else None


def _parsed(path: Path, name: str) -> tuple[ast.Module, str]:
    try:
        text = path.read_text(encoding="utf-8")
        return ast.parse(text), text
    except (OSError, UnicodeDecodeError, SyntaxError) as error:
        raise ConnectorLoadError(
            f"The module {name!r} cannot be read as Python: {error}"
        ) from error


def _relative(name: str, *, is_package: bool) -> str:
    path = name.replace(".", "/")
    return f"{path}/__init__.py" if is_package else f"{path}.py"


def _imported(tree: ast.Module, name: str, *, is_package: bool) -> Iterator[tuple[str, ...]]:
    """What the module imports: each time the possible dotted names, of which the first that is a module counts."""
    package = name if is_package else name.rpartition(".")[0]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield (alias.name,)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, base] if base else above)
            # Where every name is a submodule, the package's own text brings nothing.
            for alias in node.names:
                yield (f"{base}.{alias.name}", base)
