"""Commands by which a person decides: approve, reject, release, rollback."""

import click

from connector_healing.cli.output import case_value, emit, json_option
from connector_healing.cli.project import opened_services
from connector_healing.orchestration.person import person


@click.command()
@click.argument("case")
@json_option
def approve(case: str, *, as_json: bool) -> None:
    """Make the version that a case proposes the one that runs.

    Exit status 1 where another version became active meanwhile: then nothing is changed.
    """
    from connector_healing.core.case import Healed
    from connector_healing.healing import persons

    services = opened_services().cases
    outcome = persons.approve(services, case, person())
    found = services.case(case)
    if isinstance(outcome, Healed):
        text = (
            f"Version {outcome.version_id} of {found.connector_id} is active; "
            "its next runs are watched."
        )
    else:
        text = f"Not approved: {outcome.reason}"
    emit({"case": case_value(found)}, lambda: click.echo(text), as_json=as_json)
    raise click.exceptions.Exit(0 if isinstance(outcome, Healed) else 1)


@click.command()
@click.argument("case")
@click.option("--reason", default="", help="Why, for the case's history.")
@json_option
def reject(case: str, reason: str, *, as_json: bool) -> None:
    """Refuse what a case proposes; the present version stays."""
    from connector_healing.healing import persons

    found = persons.reject(opened_services().cases, case, person(), reason)
    emit({"case": case_value(found)}, lambda: click.echo(found.reason), as_json=as_json)


@click.command()
@click.argument("case")
@json_option
def release(case: str, *, as_json: bool) -> None:
    """Say that held data were right: the connector's next run loads them."""
    from connector_healing.healing import persons

    found = persons.release(opened_services().cases, case, person())
    text = (
        f"{found.reason} The next run loads them: with the failure sensor on it is asked for now; "
        f"else materialise the assets of {found.connector_id}."
    )
    emit({"case": case_value(found)}, lambda: click.echo(text), as_json=as_json)


@click.command()
@click.argument("connector")
@json_option
def rollback(connector: str, *, as_json: bool) -> None:
    """Make the version before the active one the one that runs."""
    from connector_healing.healing import persons

    version_id = persons.rollback(opened_services().cases, connector, person())
    value = {"connector": connector, "active": version_id}
    text = f"Version {version_id} of {connector} is active again."
    emit(value, lambda: click.echo(text), as_json=as_json)
