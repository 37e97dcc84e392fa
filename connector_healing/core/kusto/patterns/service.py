"""Throttling and the service's own errors."""

from connector_healing.core.kusto.commands import Command
from connector_healing.core.kusto.facts import Facts
from connector_healing.core.kusto.pattern import Pattern, Written, any_of, sig
from connector_healing.core.kusto.patterns.conditions import (
    OPERATION,
    TEMP,
    both,
    is_distributed,
    is_read,
    of_connector,
)
from connector_healing.core.kusto.vocabulary import Surface


def _query(facts: Facts) -> bool:
    """What was throttled was a query: a single read, or the look at the schema."""
    loading = ".load." in facts.failing or ".load\n" in facts.failing
    return is_read(facts) and (loading or not is_distributed(facts))


_COMMAND_429 = (
    "throttleexception",
    "request was throttled",
    "too many requests",
    "statuscode='429'",
)

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
            (
                "Look at the proxy or gateway in the path; retry, since a gateway's 502, 503 or 504"
                " may pass."
            ),
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
        signatures=(any_of("json processing error occurred", "unexpected character ('<'"),),
        surface=Surface.DRIVER_EXCEPTION,
    ),
    Pattern(
        id="service.not_found",
        cause="The host answered 404: a wrong host or path.",
        fix=("Check kustoCluster (and kustoIngestionUri): the host or path is not Kusto's.",),
        retryable=False,
        written=Written.NOTHING,
        signatures=(
            any_of("statuscode='404'", "statuscode=404", "404 not found", when=of_connector),
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
