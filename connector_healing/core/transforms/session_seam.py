"""Letting all requests of a connector go through one kind of session."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import libcst as cst

from connector_healing.core.connector import ConnectorCode
from connector_healing.core.patch import PatchResult, TextEdit, Unpatchable
from connector_healing.core.transforms.http_calls import Site, SiteKind, sites
from connector_healing.core.transforms.imports import Import, header_edits, qualified
from connector_healing.core.transforms.literals import new_argument
from connector_healing.core.transforms.rest_api_config import configurations, session_edits
from connector_healing.core.transforms.syntax import Syntax, patch_of

#: Names of the module's own sessions.
_VARIABLES = {
    SiteKind.FUNCTION: ("http", "http_session"),
    SiteKind.HELPER: ("checked_http", "checked_http_session"),
}

#: Where `RESTClient` takes the session by position.
_SESSION_POSITION = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionMaker:
    """An expression that makes a session, and what it needs."""

    expression: str
    imports: tuple[Import, ...]


@dataclass(slots=True, kw_only=True)
class _Module:
    """The changes of one module."""

    syntax: Syntax
    edits: list[TextEdit] = field(default_factory=list)
    variables: dict[SiteKind, str] = field(default_factory=dict)  #: Of sessions for functions.


def use_session(
    code: ConnectorCode,
    maker: SessionMaker,
    rationale: str,
    kinds: Iterable[SiteKind] = (
        SiteKind.FUNCTION,
        SiteKind.HELPER,
        SiteKind.SESSION,
        SiteKind.CLIENT,
    ),
) -> PatchResult:
    """Make every client that the connector's text sets up use a session of ours.

    ``requests.get`` becomes the method of a session that the module makes once;
    ``requests.Session()`` becomes the session; `RESTClient` and `rest_api` clients are given one.
    """
    wanted = frozenset(kinds)
    found = sites(code)
    modules: dict[str, _Module] = {}
    reasons: list[str] = []
    for site in found:
        module = modules.setdefault(site.module, _Module(syntax=site.syntax))
        if site.kind in wanted:
            reason = _change(site, module, maker)
            reasons += [reason] if reason else []
    for configuration in configurations(code):
        module = modules.setdefault(configuration.module, _Module(syntax=configuration.syntax))
        changed = session_edits(configuration, maker.expression)
        if isinstance(changed, Unpatchable):
            reasons.append(changed.reason.rstrip(".").lower())
        else:
            module.edits += changed
    return _patch(code, modules, maker, reasons, rationale)


def _patch(
    code: ConnectorCode,
    modules: dict[str, _Module],
    maker: SessionMaker,
    reasons: Sequence[str],
    rationale: str,
) -> PatchResult:
    edits: list[TextEdit] = []
    for name, module in modules.items():
        if not module.edits:
            continue
        made = [_made(kind, variable, maker) for kind, variable in module.variables.items()]
        header = header_edits(name, module.syntax, maker.imports, made)
        if isinstance(header, str):
            return Unpatchable(reason=f"The session cannot be imported: {header}.")
        edits += [*header, *module.edits]
    if not edits:
        why = "; ".join(dict.fromkeys(reasons)) or "the text sets up no HTTP client that we know"
        return Unpatchable(reason=f"No session can be put in: {why}.")
    return patch_of(code, edits, rationale)


def _change(site: Site, module: _Module, maker: SessionMaker) -> str | None:
    """Make one site use the session; a reason where it cannot."""
    if site.kind in _VARIABLES:
        module.edits.append(_function_edit(site, module))
        return None
    if site.kind is SiteKind.SESSION:
        start, end = site.syntax.span(site.node)
        edit = TextEdit(module=site.module, start=start, end=end, replacement=maker.expression)
        module.edits.append(edit)
        return None
    return _give_session(site, module, maker)


def _function_edit(site: Site, module: _Module) -> TextEdit:
    """``requests.get`` as ``http.get``; also where the function was imported by itself."""
    syntax, func = site.syntax, site.node.func
    variable = module.variables.setdefault(site.kind, syntax.free_name(*_VARIABLES[site.kind]))
    if isinstance(func, cst.Attribute):
        start, end = syntax.span(func.value)
        text = variable
    else:
        start, end = syntax.span(func)
        name = (qualified(syntax, func) or site.method).rpartition(".")[2]
        text = f"{variable}.{name}"
    return TextEdit(module=site.module, start=start, end=end, replacement=text)


def _made(kind: SiteKind, variable: str, maker: SessionMaker) -> str:
    text = f"{variable} = {maker.expression}"
    if kind is SiteKind.HELPER:
        # As dlt's helper does; without it a bad status would pass for an answer.
        text += (
            f'\n{variable}.hooks["response"].append'
            "(lambda response, **_: response.raise_for_status())"
        )
    return text


def _give_session(site: Site, module: _Module, maker: SessionMaker) -> str | None:
    arguments = site.node.args
    for argument in arguments:
        if argument.star:
            return "the client's arguments are unpacked"
        if argument.keyword is not None and argument.keyword.value == "session":
            if site.syntax.source(argument.value) == maker.expression:
                return "it is already there"
            return "the client has a session of its own"
    if sum(a.keyword is None for a in arguments) > _SESSION_POSITION:
        return "the client has a session of its own"
    module.edits += new_argument(site.module, site.syntax, site.node, "session", maker.expression)
    return None
