"""Authentication, network, throttling and the service's own errors."""

from connector_healing.core.kusto.commands import Command
from connector_healing.core.kusto.facts import Facts
from connector_healing.core.kusto.pattern import Pattern, Written, any_of, sig
from connector_healing.core.kusto.patterns.conditions import (
    OPERATION,
    TEMP,
    both,
    ingest_side,
    is_distributed,
    is_read,
    is_single,
    is_write,
    of_connector,
    opposite,
)
from connector_healing.core.kusto.vocabulary import Ask, Surface

_METADATA = (
    "when trying to retrieve cluster metadata",
    "when trying to retrieve cloudinfo",
    "error in metadata endpoint",
)
_UNREACHABLE = (
    "connection refused",
    "connectexception",
    "connection timed out",
    "connect timed out",
    "connecttimeout",
    "httphostconnectexception",
    "sockettimeoutexception",
    "no route to host",
    "network is unreachable",
    "connection reset",
)
_UNKNOWN_HOST = ("unknownhostexception", "name or service not known", "failed to resolve", "nodename nor servname")
_TLS = (
    "pkix path",
    "sslhandshakeexception",
    "unable to find valid certification path",
    "certificate_unknown",
    "certificateexception",
    "sslpeerunverified",
)
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
_BLANK_FORBIDDEN = ("statuscode='403'", "status code='403'", "statuscode=403", "status code 403")
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
    "status code 401",
    "unauthorized (401",
)
_PROGRESS = (
    "queued blob for ingestion",
    "successfully created temporary table",
    "polling on ingestion results",
    "moving extents",
    "ingestion to kusto succeeded",
    "after 1 hour",
    "after an hour",
    "after one hour",
    "streaming final batch",
    "got 1 storage sas",
)


def _metadata(facts: Facts) -> bool:
    return any(text in facts.failing for text in _METADATA)


def _ingest_host(facts: Facts) -> bool:
    """The host in the message, or the frames, are those of the ingest endpoint."""
    return ingest_side(facts)


def _got_far(facts: Facts) -> bool:
    """The same credential worked before, in the same run."""
    return any(text in facts.lower or text in facts.said for text in _PROGRESS)


def _fixed_token(facts: Facts) -> bool:
    return bool(facts.option("accessToken")) or "device code" in facts.lower or not facts.options


def _exports(facts: Facts) -> bool:
    return any(text in facts.failing for text in _EXPORT_CONTAINERS)


def _query(facts: Facts) -> bool:
    """What was throttled was a query: a single read, or the look at the schema."""
    loading = ".load." in facts.failing or ".load\n" in facts.failing
    return is_read(facts) and (loading or not is_distributed(facts))


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
        fix=(
            "Set kustoAadAppSecret to the secret's value, not its id; check the application id.",
        ),
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
            "Check kustoAadAppId and kustoAadAuthorityID (the tenant): the application is not"
            " there.",
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
            "Use an application (kustoAadAppId with secret or certificate) or"
            " tokenProviderCallbackClasspath, which renew the token.",
        ),
        retryable=False,
        written=Written.BY_MODE,
        signatures=(
            any_of(*_EXPIRED, when=of_connector),
            sig(some=_UNAUTHORIZED, when=both(_got_far, _fixed_token)),
        ),
        ask_when=((Ask.AUTH_METHOD, _unknown_auth),),
        commands=(*TEMP, Command.COMMANDS),
        surface=Surface.DRIVER_EXCEPTION,
    ),
    Pattern(
        id="auth.managed_identity",
        cause="The managed identity cannot be used here.",
        fix=(
            "Set managedIdentityAuth=true and, for a user-assigned identity,"
            " managedIdentityClientId; every executor must reach IMDS (169.254.169.254).",
            "Elsewhere use an application (kustoAadAppId).",
        ),
        retryable=False,
        written=Written.NOTHING,
        signatures=(
            any_of(
                "managed identity authentication failed",
                "169.254.169.254",
                "managedidentitycredential",
                "managed identity",
                "imds",
            ),
        ),
        ask_when=((Ask.PLATFORM, lambda f: not f.case.platform and not f.options),),
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
            any_of(
                "no authentication method was supplied",
                "chainedtokencredential authentication failed",
                "devicecodecredential",
                "failed to acquire token with device code",
            ),
        ),
        surface=Surface.DRIVER_EXCEPTION,
    ),
    Pattern(
        id="auth.ingest.forbidden",
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
                when=_exports,
            ),
        ),
        commands=(Command.EXPORT_CONTAINERS, Command.DATABASE_PRINCIPALS),
        surface=Surface.DRIVER_EXCEPTION,
    ),
    Pattern(
        id="auth.engine.forbidden",
        cause="The engine refused the principal.",
        fix=(
            "Grant the right: viewer on the database for reads (.add database ... viewers), user"
            " and table admin for transactional writes.",
        ),
        retryable=False,
        written=Written.NOTHING,
        signatures=(
            any_of(*_FORBIDDEN, when=of_connector),
            any_of(*_BLANK_FORBIDDEN, when=both(is_single, of_connector)),
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

NETWORK = (
    Pattern(
        id="network.tls_trust",
        cause="The certificate that the host shows is not trusted.",
        fix=(
            "Import the certificate authority of the proxy into the trust store of driver and"
            " executors (javax.net.ssl.trustStore), or take the TLS-inspecting proxy out of the"
            " path.",
        ),
        retryable=False,
        written=Written.NOTHING,
        signatures=(any_of(*_TLS, when=of_connector),),
        ask=(Ask.TLS_PROXY,),
        surface=Surface.DRIVER_EXCEPTION,
    ),
    Pattern(
        id="network.ingest.unreachable",
        cause="The ingest endpoint does not answer: connection refused or timed out.",
        fix=(
            "Open the firewall for ingest-<cluster>, port 443, from driver and executors; check the"
            " private endpoint.",
        ),
        retryable=True,
        written=Written.NOTHING,
        signatures=(
            sig("ingest-", some=_UNREACHABLE, when=of_connector),
            sig(some=_UNREACHABLE, when=both(_metadata, _ingest_host)),
        ),
        commands=(Command.INGESTION_RESOURCES, Command.EXPORT_CONTAINERS),
        surface=Surface.EXECUTOR_LOG,
    ),
    Pattern(
        id="network.ingest.cloudinfo",
        cause="The first contact with the ingest endpoint failed: its metadata could not be read.",
        fix=(
            "Check DNS and firewall for ingest-<cluster>; Log Analytics and App Insights have no"
            " ingest endpoint: read them with ForceSingleMode.",
            "An old SDK keeps a failed look-up: restart the driver, upgrade to 7.0.5 or later.",
        ),
        retryable=True,
        written=Written.NOTHING,
        signatures=(
            sig(when=both(_metadata, _ingest_host)),
            sig("ingest-", some=_UNKNOWN_HOST, when=of_connector),
        ),
        commands=(Command.INGESTION_RESOURCES, Command.EXPORT_CONTAINERS),
        surface=Surface.DRIVER_EXCEPTION,
    ),
    Pattern(
        id="network.engine.unreachable",
        cause="The engine does not answer: connection refused or timed out.",
        fix=(
            "Open the firewall for the cluster, port 443; check the private endpoint and whether"
            " the cluster runs.",
        ),
        retryable=True,
        written=Written.NOTHING,
        signatures=(
            sig(some=_UNREACHABLE, when=_metadata),
            sig(some=_UNREACHABLE, when=lambda f: "kusto." in f.failing and "in post request" in f.failing),
        ),
        surface=Surface.DRIVER_EXCEPTION,
    ),
    Pattern(
        id="network.engine.cloudinfo",
        cause="The metadata endpoint of the engine answered with an error.",
        fix=(
            "The metadata endpoint failed: retry; a proxy or gateway may answer in its place.",
            "An old SDK keeps a failed look-up: restart the driver, upgrade to 7.0.5 or later.",
        ),
        retryable=True,
        written=Written.NOTHING,
        signatures=(
            any_of("error in metadata endpoint"),
            sig("retrieve cloudinfo", none=_UNKNOWN_HOST),
        ),
        surface=Surface.DRIVER_EXCEPTION,
    ),
    Pattern(
        id="network.engine.dns",
        cause="The name of the cluster does not resolve.",
        fix=(
            "Check DNS and the spelling of kustoCluster: give the full URL (an alias is taken for"
            " *.kusto.windows.net; Fabric has *.kusto.fabric.microsoft.com).",
        ),
        retryable=False,
        written=Written.NOTHING,
        signatures=(
            sig(when=_metadata),
            sig(some=_UNKNOWN_HOST, when=lambda f: "kusto." in f.failing),
        ),
        surface=Surface.DRIVER_EXCEPTION,
    ),
    Pattern(
        id="read.tls_client_bug",
        cause="The TLS client of Java broke the answer (an open bug of SDK or Java).",
        fix=("Read with ForceDistributedMode; upgrade SDK (the connector) and Java.",),
        retryable=None,
        written=Written.NOTHING,
        signatures=(any_of("incorrect inner plaintext"),),
        ask_when=(
            (Ask.CONNECTOR_VERSION, lambda f: not f.case.connector_version),
            (Ask.JAVA_VERSION, lambda f: not f.case.java_version),
        ),
        commands=(Command.QUERIES,),
        surface=Surface.DRIVER_EXCEPTION,
    ),
    Pattern(
        id="network.connection_closed",
        cause="The connection was lost after the first contact.",
        fix=(
            "Retry: the connection was closed; a proxy, firewall or load balancer may cut long"
            " requests.",
        ),
        retryable=True,
        written=Written.BY_MODE,
        signatures=(
            any_of(
                "iodataserviceexception",
                "prematurely closed",
                "ioexception in async post request",
                "ioexception in post request",
                "prematurecloseexception",
            ),
            any_of("connection reset by peer", "connection has been closed", when=of_connector),
        ),
        commands=(Command.QUERIES, Command.COMMANDS),
        surface=Surface.DRIVER_EXCEPTION,
    ),
)

_COMMAND_429 = ("throttleexception", "request was throttled", "too many requests", "statuscode='429'")

SERVICE = (
    Pattern(
        id="throttle.requests",
        cause="The service throttled the query (429); its text is dropped by the SDK.",
        fix=("Run again with backoff; run fewer queries at once.",),
        retryable=True,
        written=Written.NOTHING,
        signatures=(any_of(*_COMMAND_429, when=both(_query, of_connector)),),
        commands=(Command.QUERIES, Command.CAPACITY, Command.WORKLOAD_GROUPS),
        surface=Surface.DRIVER_EXCEPTION,
    ),
    Pattern(
        id="throttle.body_dropped",
        cause="The service throttled a command (429); the policy that it named is lost.",
        fix=(
            "Run again with backoff; run fewer reads and writes at once.",
            "Look at capacity and workload groups: the SDK drops the text that names the policy.",
        ),
        retryable=True,
        written=Written.BY_MODE,
        signatures=(any_of(*_COMMAND_429, when=of_connector),),
        commands=(Command.CAPACITY, Command.COMMANDS, Command.WORKLOAD_GROUPS, *TEMP),
        surface=Surface.DRIVER_EXCEPTION,
    ),
    Pattern(
        id="query.database_missing",
        cause="The cluster has no database of this name, or the principal may not see it.",
        fix=("Correct the database name in kustoDatabase (the case counts), or the cluster.",),
        retryable=False,
        written=Written.NOTHING,
        signatures=(
            sig("of kind 'database'", "not found"),
            sig("database", "could not be found", when=of_connector),
            sig("kind 'database' was not found"),
        ),
        commands=(Command.DATABASES,),
        surface=Surface.DRIVER_EXCEPTION,
    ),
    Pattern(
        id="service.bad_gateway_html",
        cause="A proxy or gateway answered with a page in place of the service.",
        fix=(
            "Look at the proxy or gateway in the path; retry, since a gateway's 502, 503 or 504"
            " may pass.",
        ),
        retryable=True,
        written=Written.BY_MODE,
        signatures=(
            any_of("<html", "<!doctype html", "502 bad gateway", "bad gateway", when=of_connector),
        ),
        surface=Surface.DRIVER_EXCEPTION,
    ),
    Pattern(
        id="service.bad_json",
        cause="The answer was no JSON though its code was 200: a proxy or a wrong endpoint.",
        fix=("Check the proxy and the endpoint in kustoCluster: something else answers there.",),
        retryable=None,
        written=Written.NOTHING,
        signatures=(
            any_of("json processing error occurred", "unexpected character ('<'"),
        ),
        surface=Surface.DRIVER_EXCEPTION,
    ),
    Pattern(
        id="service.not_found",
        cause="The host answered 404: a wrong host or path.",
        fix=("Check kustoCluster (and kustoIngestionUri): the host or path is not Kusto's.",),
        retryable=False,
        written=Written.NOTHING,
        signatures=(
            any_of("statuscode='404'", "statuscode=404", "404 not found", "status code 404", when=of_connector),
        ),
        surface=Surface.DRIVER_EXCEPTION,
    ),
    Pattern(
        id="service.internal_error",
        cause="The service failed itself, in four tries.",
        fix=("Retry later; if it stays, open a support ticket with the ActivityId.",),
        retryable=True,
        written=Written.BY_MODE,
        signatures=(
            any_of(
                "internal server error",
                "internalserviceerror",
                "general_internalservererror",
                "statuscode='500'",
                "statuscode='502'",
                "statuscode='503'",
                "statuscode='504'",
                "service unavailable",
                "gateway timeout",
                "internal service error",
                when=of_connector,
            ),
        ),
        commands=(Command.QUERIES, Command.COMMANDS, *OPERATION),
        surface=Surface.DRIVER_EXCEPTION,
    ),
)
