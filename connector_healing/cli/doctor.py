"""The command `doctor`."""

import click

from connector_healing.cli.output import emit, json_option


@click.command()
@json_option
def doctor(*, as_json: bool) -> None:
    """Is everything in place: store, registry, Dagster, sensor, sandbox, connectors?

    Exit status 1 where something that healing needs is missing. A note is something without
    which healing works less well.
    """
    from connector_healing.orchestration.diagnosis import examine

    findings = examine()
    good = all(f.passed for f in findings if f.required)

    def human() -> None:
        for finding in findings:
            mark = "ok  " if finding.passed else ("FAIL" if finding.required else "note")
            click.echo(f"{mark}  {finding.name}: {finding.detail}")
            if not finding.passed and finding.next_step:
                click.echo(f"      {finding.next_step}")

    emit({"status": "ok" if good else "failed", "findings": findings}, human, as_json=as_json)
    raise click.exceptions.Exit(0 if good else 1)
