"""Where a connector's text makes HTTP requests."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import libcst as cst

from connector_healing.core.connector import ConnectorCode
from connector_healing.core.transforms.imports import dotted, qualified
from connector_healing.core.transforms.literals import text_value
from connector_healing.core.transforms.syntax import Syntax, modules_of

_METHODS = frozenset({"get", "post", "put", "patch", "delete", "head", "options", "request"})
_READING = frozenset({"get", "head", "options"})
_PLAIN = frozenset({"requests", "requests.api"})
_DLT_HELPER = "dlt.sources.helpers.requests"
_SESSIONS = frozenset(
    {
        "requests.Session",
        "requests.session",
        "requests.sessions.Session",
    }
)
_OUR_SESSIONS = frozenset(
    {
        "connector_healing.runtime.session.rate_limited_session",
        "connector_healing.runtime.session.retrying_session",
    }
)


class SiteKind(StrEnum):
    """What a call has to do with HTTP."""

    FUNCTION = "function"  #: ``requests.get(...)``
    HELPER = "helper"  #: The same of dlt's helper, which raises for bad statuses by itself.
    SESSION = "session"  #: ``requests.Session()``
    CALL = "call"  #: ``session.get(...)``
    CLIENT = "client"  #: ``RESTClient(...)``


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One call."""

    module: str
    syntax: Syntax
    node: cst.Call
    kind: SiteKind

    @property
    def method(self) -> str:
        """The name of the called function or method, for requests: ``get``, ``request`` ..."""
        func = self.node.func
        return func.attr.value if isinstance(func, cst.Attribute) else dotted(func) or ""

    @property
    def reads_only(self) -> bool:
        """Whether it sends a request that changes nothing."""
        if self.method == "request" and self.node.args:
            sent = text_value(self.node.args[0].value)
            return sent is not None and sent.lower() in _READING
        return self.method in _READING


def sites(code: ConnectorCode) -> tuple[Site, ...]:
    """All calls that make or configure HTTP requests, module by module."""
    return tuple(site for name, syntax in modules_of(code) for site in _of_module(name, syntax))


def _of_module(name: str, syntax: Syntax) -> Iterator[Site]:
    held = _session_variables(syntax)
    for call in syntax.all(cst.Call):
        kind = _kind(syntax, call, held)
        if kind is not None:
            yield Site(module=name, syntax=syntax, node=call, kind=kind)


def _kind(syntax: Syntax, call: cst.Call, held: frozenset[str]) -> SiteKind | None:
    path = qualified(syntax, call.func)
    if path is not None:
        owner, _, last = path.rpartition(".")
        if last == "RESTClient" and owner.startswith("dlt."):
            return SiteKind.CLIENT
        if path in _SESSIONS:
            return SiteKind.SESSION
        if last in _METHODS and owner in _PLAIN:
            return SiteKind.FUNCTION
        if last in _METHODS and owner in {_DLT_HELPER, f"{_DLT_HELPER}.client"}:
            return SiteKind.HELPER
    match call.func:
        case cst.Attribute(value=value, attr=cst.Name(value=method)) if method in _METHODS:
            return SiteKind.CALL if dotted(value) in held else None
        case _:
            return None


def _session_variables(syntax: Syntax) -> frozenset[str]:
    """Names and attributes (``self.session``) that are assigned a session, or annotated as one."""
    found: set[str | None] = set()
    for node in syntax.nodes:
        match node:
            case cst.Assign(targets=targets, value=value) if _is_session(syntax, value):
                found |= {dotted(t.target) for t in targets}
            case cst.WithItem(item=value, asname=cst.AsName(name=name)) if _is_session(
                syntax, value
            ):
                found.add(dotted(name))
            case cst.Param(name=name, annotation=cst.Annotation(annotation=kind)):
                if qualified(syntax, kind) in _SESSIONS:
                    found.add(name.value)
            case cst.AnnAssign(target=target, annotation=cst.Annotation(annotation=kind)):
                if qualified(syntax, kind) in _SESSIONS:
                    found.add(dotted(target))
            case _:
                continue
    return frozenset(name for name in found if name is not None)


def _is_session(syntax: Syntax, value: cst.BaseExpression) -> bool:
    if not isinstance(value, cst.Call):
        return False
    return qualified(syntax, value.func) in _SESSIONS | _OUR_SESSIONS
