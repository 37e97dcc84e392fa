"""Commands that only look: logs, code, versions, cases, report."""

from datetime import datetime

import click

from connector_healing.cli.output import ago, emit, json_option, table


@click.command()
@click.argument("connector")
@click.option(
    "--lines", type=click.IntRange(min=1), default=100, show_default=True, help="Log lines."
)
@json_option
def logs(connector: str, lines: int, *, as_json: bool) -> None:
    """A connector's recent executions, error messages, last success and configuration."""
    from connector_healing.core.codec import to_plain
    from connector_healing.core.records import RunStatus
    from connector_healing.orchestration.services import run_services

    services = run_services()
    runtime = services.cases.runtime(connector)
    runs = services.store.runs(connector, 20)
    good = [r for r in services.store.runs(connector, 1000) if r.status is RunStatus.SUCCEEDED]
    tail = [line for record in reversed(runs) for line in record.log][-lines:]
    value = {
        "connector": connector,
        "last_success": good[0].ended_at if good else None,
        "active_version": services.store.active_version(connector),
        "executions": runs,
        "errors": [{"at": r.ended_at, "message": r.message} for r in runs if r.message],
        "log": tail,
        "configuration": runtime,
    }

    def human() -> None:
        last = ago(good[0].ended_at) if good else "never"
        click.echo(f"{connector}: last success {last}, version {value['active_version']}\n")
        table(
            "Executions",
            ["ended (UTC)", "status", "version", "rows", "requests", "message"],
            [
                (
                    ago(r.ended_at),
                    r.status,
                    r.version_id,
                    sum(r.rows.values()),
                    r.requests,
                    r.message,
                )
                for r in runs
            ],
        )
        click.echo("\nConfiguration")
        for key, setting in to_plain(runtime).items():
            click.echo(f"  {key}: {setting}")
        click.echo(f"\nLast {len(tail)} log lines")
        for line in tail:
            click.echo(f"  {line}")

    emit(value, human, as_json=as_json)


@click.command()
@click.argument("connector")
@click.option("--version", "version_id", help="Which version; left out: the active one.")
@json_option
def code(connector: str, version_id: str | None, *, as_json: bool) -> None:
    """The Python text of a connector's version."""
    from connector_healing.errors import UnknownVersionError
    from connector_healing.orchestration.services import run_services

    services = run_services()
    services.cases.runtime(connector)
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
    from connector_healing.orchestration.services import run_services

    services = run_services()
    services.cases.runtime(connector)
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
            ["", "version", "parent", "created (UTC)", "by", "change"],
            [
                (
                    "active" if v.version_id == active else "",
                    v.version_id,
                    v.parent or "",
                    ago(v.created_at),
                    v.created_by,
                    v.change_summary,
                )
                for v in found
            ],
        )

    emit(value, human, as_json=as_json)


@click.command()
@click.option("--connector", help="Only this connector's.")
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True)
@json_option
def cases(connector: str | None, limit: int, *, as_json: bool) -> None:
    """The heal cases, newest first."""
    from connector_healing.orchestration.services import run_services

    services = run_services()
    if connector:
        services.cases.runtime(connector)
    found = services.store.cases(connector, limit=limit)

    def human() -> None:
        table(
            "Heal cases",
            ["case", "connector", "state", "opened (UTC)", "seen", "why"],
            [
                (c.case_id, c.connector_id, c.state, ago(c.opened_at), c.occurrences, c.reason)
                for c in found
            ],
        )

    emit({"cases": found}, human, as_json=as_json)


@click.command()
@click.argument("case")
@json_option
def report(case: str, *, as_json: bool) -> None:
    """The debug report of a heal case, as it stands now."""
    from connector_healing.core.report import render_report
    from connector_healing.healing.telling import report_facts
    from connector_healing.orchestration.services import SystemClock, run_services

    services = run_services()
    found = services.cases.case(case)
    text = render_report(report_facts(services.cases, found))
    written: datetime = SystemClock().now()

    def human() -> None:
        click.echo(text)

    emit({"case": found, "rendered_at": written, "markdown": text}, human, as_json=as_json)
