"""Who may ask: the service's key, and tokens for client credentials that expire."""

import base64
import binascii
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import parse_qs

from connector_healing.demo.api.exchange import Answer, json_answer, problem

CLIENT_ID = "flight-operations-demo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What the service accepts; never shown."""

    token: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    client_secret: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    client_id: str = CLIENT_ID


class Access:
    """The tokens that are out, and until when."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials
        self._expiries: dict[str, float] = {}

    def refusal(self, authorization: str | None, now: float) -> Answer | None:
        """The 401 for a request with this ``Authorization`` header, or None if it may pass.

        Args:
            authorization: The header's text.
            now: Seconds on a clock that never goes back.
        """
        scheme, _, token = (authorization or "").partition(" ")
        if not token:
            return _unauthorized("invalid_request", "A bearer token is needed.")
        if scheme.lower() == "bearer" and _same(token, self._credentials.token):
            return None
        expiry = self._expiries.get(token)
        if scheme.lower() != "bearer" or expiry is None:
            return _unauthorized("invalid_token", "The access token is not known.")
        if now >= expiry:
            return _unauthorized("invalid_token", "The access token expired.")
        return None

    def grant(
        self, form: bytes, authorization: str | None, lifetime: timedelta, now: float
    ) -> Answer:
        """Answer a request to the token endpoint (RFC 6749, section 4.4).

        Args:
            form: The body, URL-encoded.
            authorization: ``Basic`` credentials, if they are not in the form.
            lifetime: How long the token will do.
            now: Seconds on a clock that never goes back.
        """
        fields = {
            name: values[-1] for name, values in parse_qs(form.decode(errors="replace")).items()
        }
        if fields.get("grant_type") != "client_credentials":
            return json_answer({"error": "unsupported_grant_type"}, 400)
        client, secret = _client(fields, authorization)
        known = _same(client, self._credentials.client_id)
        if not (_same(secret, self._credentials.client_secret) and known):
            return json_answer({"error": "invalid_client"}, 401, WWW_Authenticate="Basic")
        token = secrets.token_urlsafe(24)
        self._expiries[token] = now + lifetime.total_seconds()
        return json_answer(
            {
                "access_token": token,
                "token_type": "Bearer",
                "expires_in": int(lifetime.total_seconds()),
            },
            Cache_Control="no-store",
        )


def _client(fields: Mapping[str, str], authorization: str | None) -> tuple[str, str]:
    scheme, _, encoded = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        return fields.get("client_id", ""), fields.get("client_secret", "")
    try:
        client, _, secret = base64.b64decode(encoded).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return client, secret


def _same(given: str, right: str) -> bool:
    return hmac.compare_digest(given.encode(), right.encode())


def _unauthorized(code: str, message: str) -> Answer:
    challenge = f'Bearer error="{code}", error_description="{message}"'
    return problem(401, code, message, WWW_Authenticate=challenge)
