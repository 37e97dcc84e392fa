"""The options with which `triage kusto` asks the cluster itself, and the asking."""

import functools
import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import click

from connector_healing.core.kusto.collected import Collection
from connector_healing.core.kusto.commands import FollowUpCommand
from connector_healing.errors import UnknownCaseError, UsageError

_CREDENTIALS = ("az-cli", "app", "token", "managed-identity", "device-code")


def _a_number(ctx: click.Context, param: click.Parameter, value: float) -> float:
    """The value; click lets what is no number through any bounds."""
    if math.isnan(value):
        raise click.BadParameter("nan is not a number of seconds.", ctx, param)
    return value


_OPTIONS = (
    click.option(
        "--collect", is_flag=True, help="Ask the cluster the follow-up commands; triage again."
    ),
    click.option("--cluster", help="https://NAME.REGION.kusto.windows.net, or NAME alone."),
    click.option("--database", help="The database of the failed read or write."),
    click.option(
        "--credential",
        type=click.Choice(_CREDENTIALS),
        default="az-cli",
        show_default=True,
        help="az-cli: who is logged in; app: AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET; "
        "token: KUSTO_ACCESS_TOKEN; managed-identity: this machine's, or AZURE_CLIENT_ID's; "
        "device-code: a code to type in a browser.",
    ),
    click.option(
        "--ingest-url", help="The ingest endpoint, where it is not the cluster's with ingest-."
    ),
    click.option(
        "--allow-host",
        "allowed_hosts",
        multiple=True,
        help="A host beside Kusto's own that may be sent your token; may be repeated.",
    ),
    click.option(
        "--max-rows",
        type=click.IntRange(min=1, max=10_000),
        default=500,
        show_default=True,
        help="Rows kept of one answer.",
    ),
    click.option(
        "--command-seconds",
        type=click.FloatRange(min=1, max=3600),
        callback=_a_number,
        default=30.0,
        show_default=True,
        help="How long one command may take.",
    ),
    click.option(
        "--attach", "case_id", metavar="CASE", help="Keep the answers in this heal case too."
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Collecting:
    """What a person asked for with the options of `collect_options`."""

    collect: bool
    cluster: str | None
    database: str | None
    credential: str
    ingest_url: str | None
    allowed_hosts: tuple[str, ...]
    max_rows: int
    command_seconds: float
    case_id: str | None


def collect_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a click command the options of collecting, as one argument `collecting`."""
    names = tuple(Collecting.__dataclass_fields__)

    @functools.wraps(command)
    def gathered(**given: object) -> None:
        _refuse_without_collect(given)
        asked = Collecting(**{name: given.pop(name) for name in names})  # type: ignore[arg-type]  # click has made them of these types
        command(collecting=asked, **given)

    return functools.reduce(lambda made, option: option(made), reversed(_OPTIONS), gathered)


def _refuse_without_collect(given: Mapping[str, object]) -> None:
    """What only collecting reads would be ignored silently."""
    if given["collect"]:
        return
    context = click.get_current_context()
    for parameter in context.command.params:
        name = parameter.name or ""
        typed = context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE
        if name in Collecting.__dataclass_fields__ and typed:
            raise UsageError(parameter.opts[0], "without --collect", "Give --collect too.")


def collected(commands: Sequence[FollowUpCommand], asked: Collecting) -> Collection | None:
    """Ask the cluster, and keep the answers in the case where one is named.

    Returns:
        None where ``--collect`` was not given.

    Raises:
        UsageError: If an option that collecting needs is missing, or its value cannot be used.
        UnknownCaseError: If there is no such heal case; nothing is asked then.
        MissingExtraError: If the extra ``kusto`` is not installed.
    """
    if not asked.collect:
        return None
    for name in ("cluster", "database"):
        if not getattr(asked, name):
            raise UsageError(name, None, f"--collect needs --{name}.")
    keep = _keeper(asked.case_id) if asked.case_id else None

    from connector_healing.kusto.collector import collect
    from connector_healing.kusto.credentials import CredentialKind, credential_from
    from connector_healing.kusto.hosts import cluster_at
    from connector_healing.kusto.limits import CollectionLimits

    cluster = cluster_at(
        asked.cluster or "", ingest=asked.ingest_url, allowed_hosts=asked.allowed_hosts
    )
    credential = credential_from(CredentialKind(asked.credential), os.environ)
    limits = CollectionLimits(
        max_rows=asked.max_rows, command_time=timedelta(seconds=asked.command_seconds)
    )
    database = asked.database or ""
    found = collect(commands, cluster, database, credential, limits, prompt=_prompt)
    collection = Collection(
        cluster=cluster.engine, database=database, collected_at=datetime.now(UTC), evidence=found
    )
    if keep is not None:
        keep(collection)
    return collection


def _keeper(case_id: str) -> Callable[[Collection], str]:
    """What keeps a collection in a case that exists."""
    from connector_healing.cli.project import opened_services
    from connector_healing.healing.collecting import attach
    from connector_healing.orchestration.services import Files

    services = opened_services()
    if services.store.case(case_id) is None:
        raise UnknownCaseError(case_id, (case.case_id for case in services.store.cases()))
    return functools.partial(attach, Files(services.home), case_id)


def _prompt(link: str, code: str, until: datetime) -> None:
    """On standard error: standard output is the triage's."""
    click.echo(f"Open {link} and type {code} (until {until:%H:%M} UTC).", err=True)
