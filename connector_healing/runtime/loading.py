"""Loading one version of a connector under its own module names.

dlt reads a module's name for the sections of its configuration, so a version must be imported
as ``package.module``, not beside it. Within `loaded`, the version's modules stand in
`sys.modules` in the place of the installed ones; afterwards those are back.
"""

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, ModuleType
from typing import TYPE_CHECKING

from connector_healing.core.connector import Connector, ConnectorCode, SourceModule
from connector_healing.errors import ConnectorLoadError

if TYPE_CHECKING:
    from dlt.extract.source import DltSource

_LOADING = threading.RLock()


class _VersionLoader(importlib.abc.InspectLoader):
    """Runs a version's text; the text is also what tracebacks and `inspect` show."""

    def __init__(self, module: SourceModule, version_id: str, installed: str | None) -> None:
        self._module = module
        self._installed = installed
        self._filename = f"connector-version-{version_id}/{module.path}"

    def get_source(self, fullname: str) -> str:
        del fullname
        return self._module.text

    def get_code(self, fullname: str) -> CodeType:
        del fullname
        return compile(self._module.text, self._filename, "exec", dont_inherit=True)

    def is_package(self, fullname: str) -> bool:
        del fullname
        return self._module.is_package

    def exec_module(self, module: ModuleType) -> None:
        # The code may open files that lie beside it: they lie beside the installed text.
        if self._installed:
            module.__file__ = self._installed
        super().exec_module(module)


class _VersionFinder(importlib.abc.MetaPathFinder):
    """Finds the modules of one version, before any other finder."""

    def __init__(self, code: ConnectorCode) -> None:
        self._modules = {m.name: m for m in code.modules}
        self._version_id = code.version_id

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> importlib.machinery.ModuleSpec | None:
        module = self._modules.get(fullname)
        if module is None:
            return None
        installed = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        origin = installed.origin if installed else None
        loader = _VersionLoader(module, self._version_id, origin)
        spec = importlib.util.spec_from_loader(fullname, loader, is_package=module.is_package)
        if spec and module.is_package and installed and installed.submodule_search_locations:
            spec.submodule_search_locations = list(installed.submodule_search_locations)
        return spec


def _take_out(names: Sequence[str]) -> dict[str, tuple[ModuleType | None, ModuleType | None]]:
    """Remove modules; returns what stood in `sys.modules` and on the parent package."""
    former: dict[str, tuple[ModuleType | None, ModuleType | None]] = {}
    for name in names:
        parent, _, leaf = name.rpartition(".")
        on_parent = getattr(sys.modules.get(parent), leaf, None) if parent else None
        former[name] = (
            sys.modules.pop(name, None),
            on_parent if isinstance(on_parent, ModuleType) else None,
        )
    return former


def _put_back(former: dict[str, tuple[ModuleType | None, ModuleType | None]]) -> None:
    for name, (module, on_parent) in former.items():
        sys.modules.pop(name, None)
        if module is not None:
            sys.modules[name] = module
        parent, _, leaf = name.rpartition(".")
        package = sys.modules.get(parent) if parent else None
        if package is None:
            continue
        if on_parent is not None:
            setattr(package, leaf, on_parent)
        elif isinstance(getattr(package, leaf, None), ModuleType):
            delattr(package, leaf)


@contextmanager
def loaded(code: ConnectorCode) -> Iterator[None]:
    """Import from this version's text while the context lasts.

    The connector must be built *and run* inside, since extraction is lazy and functions may
    import when they are called. One version at a time in a process: another thread waits.
    """
    names = sorted(m.name for m in code.modules)
    with _LOADING:
        former = _take_out(names)
        finder = _VersionFinder(code)
        sys.meta_path.insert(0, finder)
        try:
            yield
        finally:
            sys.meta_path.remove(finder)
            _put_back(former)


def build_source(connector: Connector) -> "DltSource":
    """Call the connector's entry point with its arguments.

    Returns:
        A dlt source; a bare dlt resource is wrapped in one of the resource's name.

    Raises:
        ConnectorLoadError: If the entry point is missing or returns something else.
            What the connector's own code raises passes through.
    """
    from dlt.extract.resource import DltResource
    from dlt.extract.source import DltSource

    module = importlib.import_module(connector.module_name)
    function = getattr(module, connector.function_name, None)
    if function is None:
        raise ConnectorLoadError(
            f"Connector {connector.id!r}: module {connector.module_name!r} has no "
            f"{connector.function_name!r}; correct the connector's entry_point."
        )
    built = function(**connector.arguments)
    if isinstance(built, DltSource):
        return built
    if isinstance(built, DltResource):
        from dlt import Schema

        return DltSource(Schema(built.name), built.section or built.name, [built])
    raise ConnectorLoadError(
        f"Connector {connector.id!r}: {connector.entry_point} returned {type(built).__name__}; "
        "it has to return a dlt source or resource."
    )


def installed_file(module_name: str, import_paths: Sequence[str]) -> Path | None:
    """The file that a module's text is installed in, found without importing it or its parents."""
    top, _, rest = module_name.partition(".")
    spec = importlib.machinery.PathFinder.find_spec(top, list(import_paths))
    spec = spec or _spec_of_top_level(top)
    if spec is None:
        return None
    if not rest:
        return Path(spec.origin) if spec.origin and spec.origin.endswith(".py") else None
    parts = rest.split(".")
    for location in spec.submodule_search_locations or ():
        stem = Path(location).joinpath(*parts)
        for path in (stem.with_name(f"{stem.name}.py"), stem / "__init__.py"):
            if path.is_file():
                return path
    return None


def _spec_of_top_level(name: str) -> importlib.machinery.ModuleSpec | None:
    """Also found: what an editable install's own finder knows."""
    try:
        return importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return None
