"""Giving a connector's requests time to be answered."""

from datetime import timedelta

import libcst as cst

from connector_healing.core.connector import ConnectorCode
from connector_healing.core.patch import Patch, PatchResult, TextEdit, Unpatchable
from connector_healing.core.transforms.http_calls import Site, SiteKind, sites
from connector_healing.core.transforms.imports import Import
from connector_healing.core.transforms.literals import assigned, new_argument, new_value
from connector_healing.core.transforms.session_seam import SessionMaker, use_session
from connector_healing.core.transforms.syntax import patch_of

_CALLS = frozenset({SiteKind.FUNCTION, SiteKind.HELPER, SiteKind.CALL})


def set_timeout(code: ConnectorCode, limit: timedelta) -> PatchResult:
    """Give every request this timeout where it has none or a shorter one.

    Clients of dlt (`RESTClient`, `rest_api`) take it with a session of dlt's own request client.
    """
    seconds = f"{limit.total_seconds():g}"
    edits: list[TextEdit] = []
    for site in sites(code):
        if site.kind in _CALLS:
            edits += _call_edits(site, seconds)
    maker = SessionMaker(
        expression=f"Client(request_timeout={seconds}, raise_for_status=False).session",
        imports=(Import("dlt.sources.helpers.requests", "Client"),),
    )
    rationale = f"Waits up to {seconds} s for an answer."
    clients = use_session(code, maker, rationale, kinds=(SiteKind.CLIENT,))
    if isinstance(clients, Patch):
        edits += clients.edits
    if not edits:
        return Unpatchable(
            reason=f"No request without a timeout of {seconds} s was found in the connector's text."
        )
    return patch_of(code, edits, rationale)


def _call_edits(site: Site, seconds: str) -> tuple[TextEdit, ...]:
    given = [a for a in site.node.args if a.keyword is not None and a.keyword.value == "timeout"]
    if not given:
        if any(a.star for a in site.node.args):
            return ()
        return new_argument(site.module, site.syntax, site.node, "timeout", seconds)
    value = assigned(site.syntax, given[0].value)
    shorter = _shorter(value, float(seconds)) if value is not None else None
    if shorter is None:
        return ()
    return (new_value(site.module, site.syntax, shorter, seconds),)


def _shorter(value: cst.BaseExpression, seconds: float) -> cst.BaseExpression | None:
    """The literal that sets a shorter time to wait for an answer."""
    match value:
        case cst.Integer() | cst.Float():
            return value if float(value.evaluated_value) < seconds else None
        case cst.Tuple(elements=elements) if elements:
            return _shorter(elements[-1].value, seconds)
        case _:
            return None
