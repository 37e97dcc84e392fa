"""Credentials and rights, of engine and ingest endpoint."""

from connector_healing.core.kusto.commands import Command
from connector_healing.core.kusto.facts import Facts
from connector_healing.core.kusto.pattern import Pattern, Written, any_of, sig
from connector_healing.core.kusto.patterns.conditions import (
    FAILURES,
    TEMP,
    both,
    either,
    grows,
    is_read,
    is_single,
    is_write,
    of_connector,
    opposite,
)
from connector_healing.core.kusto.saying import Saying, says
from connector_healing.core.kusto.vocabulary import Ask, Mode, Surface

_FORBIDDEN = (
    "is not authorized to",
    "is not authorized",
    '"code": "forbidden"',
    '"code":"forbidden"',
    "unauthorizeddatabaseaccess",
    "unauthorizedtableaccess",
    "unauthorizedaccessexception",
    "caller is not authorized",
    "403 forbidden",
    "forbidden (403",
    "does not have permission",
    "access denied",
)
_BLANK_FORBIDDEN = ("statuscode='403'", "status code='403'", "statuscode=403")
_EXPORT_CONTAINERS = (
    "gettempblobsforexport",
    "getexportcontainers",
    "show export containers",
    "create export containers",
)
_EXPIRED = (
    "token is expired",
    "token has expired",
    "token expired",
    "access token expired",
    "idx10223",
    "lifetime validation failed",
    "expired token",
    "aadsts700082",
    "aadsts50173",
    "aadsts70043",
    "aadsts50078",
    "token's lifetime",
    "tokenexpired",
    "expired on",
)
_UNAUTHORIZED = (
    "statuscode='401'",
    "statuscode=401",
    "401 unauthorized",
    "unauthorized (401",
)
_PROGRESS = (
    "queued blob for ingestion",
    "successfully created temporary table",
    "polling on ingestion results",
    "moving extents",
    "ingestion to kusto succeeded",
    "streaming final batch",
    "got 1 storage sas",
)


def _got_far(facts: Facts) -> bool:
    """The same credential worked before, in the same run."""
    logged = any(text in facts.lower for text in _PROGRESS)
    return logged or says(facts.said, Saying.HOUR)


def _fixed_token(facts: Facts) -> bool:
    return bool(facts.option("accessToken")) or "device code" in facts.lower or not facts.options


def _engine_only(facts: Facts) -> bool:
    """A single read, and the look at the schema in load(), talk to the engine alone."""
    loading = ".load." in facts.failing or ".load\n" in facts.failing
    return is_single(facts) or (is_read(facts) and loading)


def _exports(facts: Facts) -> bool:
    return any(text in facts.failing for text in _EXPORT_CONTAINERS)


def _unknown_auth(facts: Facts) -> bool:
    names = ("kustoaadappid", "accesstoken", "managedidentityauth", "keyvaulturi")
    return not any(name in facts.options for name in names)


AUTHENTICATION = (
    Pattern(
        id="auth.aad.secret_expired",
        cause="The secret of the AAD application is expired.",
        fix=("Rotate secret of the application (kustoAadAppSecret), or use a certificate.",),
        retryable=False,
        written=Written.NOTHING,
        signatures=(
            any_of("aadsts7000222", "client secret keys for app", "client secret is expired"),
        ),
        surface=Surface.DRIVER_EXCEPTION,
    ),
    Pattern(
        id="auth.aad.bad_secret",
        cause="The secret of the AAD application is wrong.",
        fix=("Set kustoAadAppSecret to the secret's value, not its id; check the application id.",),
        retryable=False,
        written=Written.NOTHING,
        signatures=(
            any_of("aadsts7000215", "invalid client secret", "aadsts700027", "aadsts7000216"),
        ),
        surface=Surface.DRIVER_EXCEPTION,
    ),
    Pattern(
        id="auth.aad.app_not_found",
        cause="AAD does not know the application in this tenant.",
        fix=(
            (
                "Check kustoAadAppId and kustoAadAuthorityID (the tenant): the application is not"
                " there."
            ),
        ),
        retryable=False,
        written=Written.NOTHING,
        signatures=(
            any_of(
                "aadsts700016",
                "aadsts90002",
                "aadsts900023",
                "aadsts500011",
                "aadsts700038",
                "aadsts65001",
                "aadsts7000229",
                "aadsts500014",
            ),
        ),
        surface=Surface.DRIVER_EXCEPTION,
    ),
    Pattern(
        id="auth.token_expired",
        cause="The access token expired: accessToken and the device code's token stay the same for "
        "the client's life, about an hour.",
        fix=(
            (
                "Use an application (kustoAadAppId with secret or certificate) or"
                " tokenProviderCallbackClasspath, which renew the token."
            ),
        ),
        retryable=False,
        written=Written.BY_MODE,
        signatures=(
            any_of(*_EXPIRED, when=of_connector),
            sig(some=_UNAUTHORIZED, when=both(_got_far, _fixed_token)),
        ),
        ask_when=((Ask.AUTH_METHOD, _unknown_auth),),
        commands=(*TEMP, Command.COMMANDS, Command.QUERIES, *FAILURES),
        surface=Surface.DRIVER_EXCEPTION,
    ),
    Pattern(
        id="auth.managed_identity",
        cause="The managed identity cannot be used here.",
        fix=(
            (
                "Set managedIdentityAuth=true and, for a user-assigned identity,"
                " managedIdentityClientId; every executor must reach IMDS (169.254.169.254)."
            ),
            "Elsewhere use an application (kustoAadAppId).",
        ),
        retryable=False,
        written=Written.NOTHING,
        signatures=(
            any_of(
                "managed identity authentication failed",
                "169.254.169.254",
                "managedidentitycredential",
            ),
            sig("managed identity", some=("unavailable", "not available", "failed", "imds")),
        ),
        surface=Surface.DRIVER_EXCEPTION,
    ),
    Pattern(
        id="auth.none_given",
        cause="No authentication option was given: the connector fell back to the device code, "
        "which nobody can enter here.",
        fix=("Set an authentication option: kustoAadAppId with kustoAadAppSecret, for instance.",),
        retryable=False,
        written=Written.NOTHING,
        signatures=(
            sig("no authentication method was supplied", none=("dataserviceexception",)),
            any_of(
                "chainedtokencredential authentication failed",
                "devicecodecredential",
                "failed to acquire token with device code",
            ),
        ),
        surface=Surface.DRIVER_EXCEPTION,
    ),
    Pattern(
        id="auth.ingest.forbidden",
        mode_of_read=Mode.DISTRIBUTED,
        cause="The ingest endpoint refused the principal: a distributed read gets its export "
        "containers from there.",
        fix=(
            "Grant the principal the right on the ingest endpoint: it needs export containers.",
            "Or set readMode ForceSingleMode for small results, or give transientStorage.",
        ),
        retryable=False,
        written=Written.NOTHING,
        signatures=(
            sig(some=(*_FORBIDDEN, *_BLANK_FORBIDDEN), when=both(_exports, opposite(is_write))),
            sig(
                some=("acquiring applicationaccesstoken", "acquiring token", *_UNAUTHORIZED),
                when=either(_exports, grows),
            ),
        ),
        commands=(Command.EXPORT_CONTAINERS, Command.DATABASE_PRINCIPALS),
        surface=Surface.DRIVER_EXCEPTION,
    ),
    Pattern(
        id="auth.engine.forbidden",
        cause="The engine refused the principal.",
        fix=(
            (
                "Grant the right: viewer on the database for reads (.add database ... viewers), user"
                " and table admin for transactional writes."
            ),
        ),
        retryable=False,
        written=Written.NOTHING,
        signatures=(
            any_of(*_FORBIDDEN, when=of_connector),
            any_of(*_BLANK_FORBIDDEN, when=both(_engine_only, of_connector)),
        ),
        commands=(Command.DATABASE_PRINCIPALS, Command.QUERIES, Command.COMMANDS),
        surface=Surface.DRIVER_EXCEPTION,
    ),
    Pattern(
        id="auth.forbidden_endpoint_unknown",
        cause="A 403 with an empty body: whether engine or ingest endpoint refused is not to be "
        "told.",
        fix=(
            "Grant viewer/admin on engine, and ingestor on ingest endpoint.",
            "Rule out the network (403 from private link).",
        ),
        retryable=False,
        written=Written.NOTHING,
        signatures=(any_of(*_BLANK_FORBIDDEN, when=of_connector),),
        ask=(Ask.ENDPOINT,),
        commands=(Command.DATABASE_PRINCIPALS, Command.INGESTION_RESOURCES),
        surface=Surface.DRIVER_EXCEPTION,
    ),
    Pattern(
        id="auth.unauthorized",
        cause="The token was refused (401).",
        fix=(
            "Check the token: its audience (cluster uri), its tenant, whether it is still valid.",
        ),
        retryable=False,
        written=Written.NOTHING,
        signatures=(
            any_of(*_UNAUTHORIZED, when=of_connector),
            any_of("acquiring applicationaccesstoken", "aadsts"),
        ),
        ask=(Ask.ENDPOINT,),
        commands=(Command.DATABASE_PRINCIPALS,),
        surface=Surface.DRIVER_EXCEPTION,
    ),
)
