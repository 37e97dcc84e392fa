"""Edits of dlt `rest_api` configurations that stand in the text as dict literals."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import libcst as cst

from connector_healing.core.connector import ConnectorCode
from connector_healing.core.drift.mapping import FieldMapping
from connector_healing.core.patch import PatchResult, TextEdit, Unpatchable
from connector_healing.core.transforms.aliasing import ALIAS_FIELDS, record_alias
from connector_healing.core.transforms.imports import header_edits
from connector_healing.core.transforms.literals import (
    alias_call,
    assigned,
    entry,
    first_item,
    new_entry,
    new_value,
    text_value,
)
from connector_healing.core.transforms.syntax import Syntax, modules_of, patch_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """One `rest_api` configuration."""

    module: str
    syntax: Syntax
    literal: cst.Dict

    @property
    def client(self) -> cst.Dict | None:
        """The client's dict literal."""
        return self.dict_at(self.literal, "client")

    def dict_at(self, literal: cst.Dict, key: str) -> cst.Dict | None:
        """The dict literal that an entry holds, directly or by a variable."""
        found = entry(literal, key)
        value = assigned(self.syntax, found.value) if found is not None else None
        return value if isinstance(value, cst.Dict) else None

    def resources(self) -> Iterator[tuple[str, cst.Dict | cst.SimpleString]]:
        """The resources that are literals, by name."""
        found = entry(self.literal, "resources")
        listed = assigned(self.syntax, found.value) if found is not None else None
        for element in listed.elements if isinstance(listed, cst.List) else ():
            item = assigned(self.syntax, element.value)
            if isinstance(item, cst.SimpleString):
                name = text_value(item)
            elif isinstance(item, cst.Dict):
                named = entry(item, "name")
                name = text_value(named.value) if named is not None else None
            else:
                continue
            if name is not None and isinstance(item, cst.Dict | cst.SimpleString):
                yield name, item

    def in_entry(self, literal: cst.Dict, key: str, value: str) -> tuple[TextEdit, ...]:
        """Edits that set an entry, there already or not."""
        found = entry(literal, key)
        if found is None:
            return new_entry(self.module, self.syntax, literal, key, value)
        return (new_value(self.module, self.syntax, found.value, value),)


def configurations(code: ConnectorCode) -> tuple[Configuration, ...]:
    """All `rest_api` configurations in the connector's text."""
    return tuple(
        Configuration(module=name, syntax=syntax, literal=literal)
        for name, syntax in modules_of(code)
        for literal in syntax.all(cst.Dict)
        if entry(literal, "client") is not None and entry(literal, "resources") is not None
    )


def add_record_alias(
    code: ConnectorCode, dlt_resource: str, mappings: Sequence[FieldMapping]
) -> PatchResult:
    """Fill the old fields of a resource's records from the new ones, before its other steps."""
    alias = record_alias(mappings)
    if isinstance(alias, Unpatchable):
        return alias
    found = _resource(code, dlt_resource)
    if isinstance(found, Unpatchable):
        return found
    configuration, resource = found
    syntax, module = configuration.syntax, configuration.module
    start = syntax.span(resource)[0]
    indentation = syntax.indentation(start) + (
        "" if isinstance(resource, cst.SimpleString) else "    "
    )
    beside = len('"processing_steps": [{"map": }],')
    step = f'{{"map": {alias_call(alias, indentation, beside)}}}'
    if " ".join(step.split()) in " ".join(syntax.text.split()):
        return Unpatchable(reason="The record alias is already there.")
    edits = _step_edits(configuration, resource, step)
    if isinstance(edits, Unpatchable):
        return edits
    header = header_edits(module, syntax, [ALIAS_FIELDS])
    if isinstance(header, str):
        return Unpatchable(reason=f"The alias cannot be imported: {header}.")
    shown = ", ".join(f"{old} from {new}" for old, new in list(alias.items())[:3])
    return patch_of(code, [*header, *edits], f"Fills {shown} in the records of {dlt_resource}.")


def _resource(
    code: ConnectorCode, dlt_resource: str
) -> tuple[Configuration, cst.Dict | cst.SimpleString] | Unpatchable:
    found = [
        (configuration, resource)
        for configuration in configurations(code)
        for name, resource in configuration.resources()
        if name == dlt_resource
    ]
    if len(found) != 1:
        many = "more than one" if found else "no"
        reason = f"The text holds {many} rest_api configuration of the resource {dlt_resource}."
        return Unpatchable(reason=reason)
    return found[0]


def _step_edits(
    configuration: Configuration, resource: cst.Dict | cst.SimpleString, step: str
) -> tuple[TextEdit, ...] | Unpatchable:
    if isinstance(resource, cst.SimpleString):
        literal = resource.value
        text = f'{{"name": {literal}, "processing_steps": [{step}]}}'
        return (new_value(configuration.module, configuration.syntax, resource, text),)
    steps = entry(resource, "processing_steps")
    if steps is None:
        return configuration.in_entry(resource, "processing_steps", f"[{step}]")
    listed = assigned(configuration.syntax, steps.value)
    if not isinstance(listed, cst.List):
        return Unpatchable(reason="The resource's processing steps are no list literal.")
    return (first_item(configuration.module, configuration.syntax, listed, step),)


def session_edits(configuration: Configuration, session: str) -> tuple[TextEdit, ...] | Unpatchable:
    """Edits that give one configuration's client a session."""
    client = configuration.client
    if client is None:
        return Unpatchable(reason="The client of the rest_api configuration is no dict literal.")
    own = entry(client, "session")
    if own is not None:
        same = configuration.syntax.source(own.value) == session
        what = "already there" if same else "another one already"
        return Unpatchable(reason=f"The client's session is {what}.")
    return configuration.in_entry(client, "session", session)
