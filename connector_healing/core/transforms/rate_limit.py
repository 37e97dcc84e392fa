"""Letting a connector keep to its API's rate limit."""

from connector_healing.core.connector import ConnectorCode
from connector_healing.core.patch import PatchResult
from connector_healing.core.transforms.imports import Import
from connector_healing.core.transforms.session_seam import SessionMaker, use_session

RATE_LIMITED = SessionMaker(
    expression="rate_limited_session()",
    imports=(Import("connector_healing.runtime.session", "rate_limited_session"),),
)


def limit_rate(code: ConnectorCode) -> PatchResult:
    """Send all requests through a session that learns the API's limit and keeps to it."""
    return use_session(
        code, RATE_LIMITED, "Sends all requests through a session that keeps to the rate limit."
    )
