"""Commands that only look: code, versions, cases, report."""

import click

from connector_healing.cli.output import at, case_value, emit, json_option, table
from connector_healing.cli.project import opened_services


@click.command()
@click.argument("connector")
@click.option("--version", "version_id", help="Which version; left out: the active one.")
@json_option
def code(connector: str, version_id: str | None, *, as_json: bool) -> None:
    """The Python text of a connector's version."""
    from connector_healing.errors import UnknownVersionError

    services = opened_services()
    services.cases.require_known(connector)
    registry = services.registry
    version = registry.version(connector, version_id) if version_id else registry.active(connector)
    if version is None:
        raise UnknownVersionError(connector, "active")

    def human() -> None:
        for module in version.code.modules:
            click.echo(f"# {module.path}  (version {version.version_id})")
            click.echo(module.text)

    emit(version, human, as_json=as_json)


@click.command()
@click.argument("connector")
@json_option
def versions(connector: str, *, as_json: bool) -> None:
    """The versions of a connector, newest first, with what changed and why."""
    services = opened_services()
    services.cases.require_known(connector)
    active = services.store.active_version(connector)
    found = list(reversed(services.registry.versions(connector)))
    value = {
        "connector": connector,
        "active": active,
        "versions": [
            {
                "version_id": v.version_id,
                "active": v.version_id == active,
                "parent": v.parent,
                "created_at": v.created_at,
                "created_by": v.created_by,
                "case_id": v.case_id,
                "change_summary": v.change_summary,
                "diff": v.diff,
            }
            for v in found
        ],
    }

    def human() -> None:
        table(
            f"Versions of {connector}",
            ["version", "", "parent", "created (UTC)", "by", "case", "change"],
            [
                (
                    v.version_id,
                    "active" if v.version_id == active else "",
                    v.parent,
                    at(v.created_at),
                    v.created_by,
                    v.case_id,
                    v.change_summary,
                )
                for v in found
            ],
        )

    emit(value, human, as_json=as_json)


@click.command()
@click.option("--connector", help="Only this connector's.")
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=50,
    show_default=True,
    help="How many, at most.",
)
@json_option
def cases(connector: str | None, limit: int, *, as_json: bool) -> None:
    """The heal cases, newest first."""
    services = opened_services()
    if connector is not None:
        services.cases.require_known(connector)
    found = services.store.cases(connector, limit=limit)

    def human() -> None:
        table(
            "Heal cases",
            ["case", "connector", "state", "opened (UTC)", "seen", "why"],
            [
                (c.case_id, c.connector_id, c.shown_state, at(c.opened_at), c.occurrences, c.reason)
                for c in found
            ],
        )

    emit({"cases": [case_value(c) for c in found]}, human, as_json=as_json)


@click.command()
@click.argument("case")
@json_option
def report(case: str, *, as_json: bool) -> None:
    """The debug report of a heal case, as it stands now, in Markdown."""
    from connector_healing.core.report import render_report
    from connector_healing.healing.telling import report_facts

    services = opened_services().cases
    found = services.case(case)
    text = render_report(report_facts(services, found))
    value = {"case": case_value(found), "rendered_at": services.clock.now(), "markdown": text}
    emit(value, lambda: click.echo(text), as_json=as_json)
