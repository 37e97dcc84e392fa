"""Names, connections and certificates on the way to the cluster."""

from connector_healing.core.kusto.commands import Command
from connector_healing.core.kusto.facts import Facts
from connector_healing.core.kusto.pattern import Pattern, Written, any_of, sig
from connector_healing.core.kusto.patterns.conditions import (
    both,
    ingest_side,
    of_connector,
)
from connector_healing.core.kusto.vocabulary import Ask, Mode, Surface

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
_UNKNOWN_HOST = (
    "unknownhostexception",
    "name or service not known",
    "failed to resolve '",
    "nodename nor servname",
)
_TLS = (
    "pkix path",
    "sslhandshakeexception",
    "unable to find valid certification path",
    "certificate_unknown",
    "certificateexception",
    "sslpeerunverified",
)


def _metadata(facts: Facts) -> bool:
    return any(text in facts.failing for text in _METADATA)


def _ingest_host(facts: Facts) -> bool:
    """The host in the message, or the frames, are those of the ingest endpoint."""
    return ingest_side(facts)


def _without_ingest(facts: Facts) -> bool:
    """The cluster is a proxy in front of Azure Monitor's data."""
    cluster = facts.option("kustoCluster").lower()
    return any(host in cluster for host in ("ade.loganalytics.", "ade.applicationinsights."))


NETWORK = (
    Pattern(
        id="network.tls_trust",
        cause="The certificate that the host shows is not trusted.",
        fix=(
            (
                "Import the certificate authority of the proxy into the trust store of driver and"
                " executors (javax.net.ssl.trustStore), or take the TLS-inspecting proxy out of the"
                " path."
            ),
        ),
        retryable=False,
        written=Written.NOTHING,
        signatures=(any_of(*_TLS, when=of_connector),),
        ask=(Ask.TLS_PROXY,),
        surface=Surface.DRIVER_EXCEPTION,
    ),
    Pattern(
        id="network.ingest.unreachable",
        mode_of_read=Mode.DISTRIBUTED,
        cause="The ingest endpoint does not answer: connection refused or timed out.",
        fix=(
            (
                "Open the firewall for ingest-<cluster>, port 443, from driver and executors; check the"
                " private endpoint."
            ),
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
        mode_of_read=Mode.DISTRIBUTED,
        cause="Log Analytics and App Insights have no ingest endpoint, and larger reads need one.",
        fix=(
            "Set readMode ForceSingleMode, and read in parts: Log Analytics has no ingest endpoint.",
        ),
        retryable=False,
        written=Written.NOTHING,
        signatures=(sig(when=both(_metadata, both(_ingest_host, _without_ingest))),),
        surface=Surface.DRIVER_EXCEPTION,
    ),
    Pattern(
        id="network.ingest.cloudinfo",
        mode_of_read=Mode.DISTRIBUTED,
        cause="The first contact with the ingest endpoint failed: its metadata could not be read.",
        fix=(
            (
                "Check DNS and firewall for ingest-<cluster>; Log Analytics and App Insights have no"
                " ingest endpoint: read them with ForceSingleMode."
            ),
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
            (
                "Open the firewall for the cluster, port 443; check the private endpoint and whether"
                " the cluster runs."
            ),
        ),
        retryable=True,
        written=Written.NOTHING,
        signatures=(
            sig(some=_UNREACHABLE, when=_metadata),
            sig(
                some=_UNREACHABLE,
                when=lambda f: "kusto." in f.failing and "in post request" in f.failing,
            ),
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
            (
                "Check DNS and the spelling of kustoCluster: give the full URL (an alias is taken for"
                " *.kusto.windows.net; Fabric has *.kusto.fabric.microsoft.com)."
            ),
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
            (
                "Retry: the connection was closed; a proxy, firewall or load balancer may cut long"
                " requests."
            ),
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
