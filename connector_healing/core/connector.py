"""What a connector is: its declaration, its code, its versions."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from connector_healing.core.policy import HealPolicy
from connector_healing.errors import InvalidConnectorError

#: Dagster allows a tag 63 characters.
_ID = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,62}")
_ENTRY_POINT = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")


def _names(field_name: str, value: object) -> None:
    """Refuse what is no tuple of texts: a bare text would be read letter by letter."""
    if not isinstance(value, tuple) or not all(isinstance(v, str) and v for v in value):
        raise InvalidConnectorError(field_name, value, 'It is a tuple of names, as ("id",).')


def _is_json(value: object) -> bool:
    if isinstance(value, Mapping):
        return all(isinstance(k, str) and _is_json(v) for k, v in value.items())
    if isinstance(value, list | tuple):
        return all(_is_json(v) for v in value)
    return value is None or isinstance(value, str | int | float | bool)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceExpectations:
    """What is expected of the rows of one dlt resource; what is left out is learned.

    Raises:
        InvalidConnectorError: If a value is none of those allowed; it names the field.
    """

    primary_key: tuple[str, ...] = ()  #: Destination column names of the key.
    required_fields: tuple[str, ...] = ()  #: Destination columns that are never null.
    cursor_field: str | None = None  #: The destination column that incremental loading follows.
    min_rows: int | None = None  #: A load with fewer rows is suspicious.

    def __post_init__(self) -> None:
        _names("primary_key", self.primary_key)
        _names("required_fields", self.required_fields)
        rows: object = self.min_rows
        if rows is not None and not (isinstance(rows, int) and rows >= 0):
            raise InvalidConnectorError(
                "min_rows", self.min_rows, "It is a whole number, at least 0."
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Connector:
    """Code that pulls one external system, declared once.

    Raises:
        InvalidConnectorError: If a value is none of those allowed; it names the field.
    """

    id: str
    entry_point: str  #: ``package.module:source_function``; it returns a dlt source or resource.
    arguments: Mapping[str, object] = field(
        default_factory=dict
    )  #: Keyword arguments, JSON values.
    resources: Mapping[str, ResourceExpectations] = field(default_factory=dict)
    policy: HealPolicy = field(default_factory=HealPolicy)
    environment: tuple[str, ...] = ()  #: Environment variables that the code itself reads.

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.id):
            allowed = "A connector id is a letter, then up to 62 letters, digits, dots, dashes or underscores."
            raise InvalidConnectorError("connector id", self.id, allowed)
        if not _ENTRY_POINT.fullmatch(self.entry_point):
            allowed = "It is written package.module:source_function."
            raise InvalidConnectorError("entry_point", self.entry_point, allowed)
        _names("environment", self.environment)
        for name, expected in self.resources.items():
            if not isinstance(expected, ResourceExpectations):
                allowed = "It is a ResourceExpectations(...)."
                raise InvalidConnectorError(f"resources[{name!r}]", expected, allowed)
        for name, value in self.arguments.items():
            if not _is_json(value):
                allowed = "It is a text, number, boolean, None, or a list or dict of these."
                raise InvalidConnectorError(f"arguments[{name!r}]", type(value).__name__, allowed)

    @property
    def module_name(self) -> str:
        """The module that the entry point lives in."""
        return self.entry_point.partition(":")[0]

    @property
    def function_name(self) -> str:
        """The source function's name in its module."""
        return self.entry_point.partition(":")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceModule:
    """One module of a connector's code."""

    name: str  #: Dotted, as it is imported.
    path: str  #: Relative to the folder that holds the top-level package, with forward slashes.
    text: str
    is_package: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorCode:
    """A connector's own code: its module and the modules of its own package that it imports."""

    modules: tuple[SourceModule, ...]  #: Sorted by name.

    @property
    def version_id(self) -> str:
        """The content hash that names a version: 16 hexadecimal digits of SHA-256.

        Only module names and texts count, so that the same code at another place is the same version.
        """
        digest = hashlib.sha256()
        for module in sorted(self.modules, key=lambda m: m.name):
            digest.update(f"{module.name}\0{len(module.text)}\0{module.text}\0".encode())
        return digest.hexdigest()[:16]

    def module(self, name: str) -> SourceModule | None:
        """The module of this dotted name, if the connector has it."""
        return next((m for m in self.modules if m.name == name), None)

    def with_text(self, name: str, text: str) -> "ConnectorCode":
        """The same code with one module's text replaced."""
        changed = tuple(
            SourceModule(name=m.name, path=m.path, text=text, is_package=m.is_package)
            if m.name == name
            else m
            for m in self.modules
        )
        return ConnectorCode(modules=changed)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorVersion:
    """One text of a connector, as the registry keeps it."""

    connector_id: str
    version_id: str  #: `ConnectorCode.version_id` of the code.
    code: ConnectorCode
    parent: str | None  #: The version that it was made from; None for installed code.
    change_summary: str
    created_at: datetime
    created_by: str  #: ``installed``, ``heal`` or a person.
    case_id: str | None = None  #: The heal case that made it.
    diff: str = ""  #: Unified, against the parent.
