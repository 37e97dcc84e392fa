"""Commands by which a person decides: approve, reject, release, rollback."""

import getpass

import click

from connector_healing.cli.output import emit, json_option


@click.command()
@click.argument("case")
@json_option
def approve(case: str, *, as_json: bool) -> None:
    """Make the version that a case proposes the one that runs."""
    from connector_healing.healing import persons
    from connector_healing.orchestration.services import run_services

    services = run_services().cases
    persons.approve(services, case, getpass.getuser())
    found = services.case(case)
    text = f"Version {found.submitted_version} of {found.connector_id} is active; its next runs are watched."
    emit({"case": found}, lambda: click.echo(text), as_json=as_json)


@click.command()
@click.argument("case")
@click.option("--reason", default="", help="Why, for the case's history.")
@json_option
def reject(case: str, reason: str, *, as_json: bool) -> None:
    """Refuse what a case proposes; the present version stays."""
    from connector_healing.healing import persons
    from connector_healing.orchestration.services import run_services

    services = run_services().cases
    found = persons.reject(services, case, getpass.getuser(), reason)
    emit({"case": found}, lambda: click.echo(found.reason), as_json=as_json)


@click.command()
@click.argument("case")
@json_option
def release(case: str, *, as_json: bool) -> None:
    """Say that held data were right: the connector's next run loads them."""
    from connector_healing.healing import persons
    from connector_healing.orchestration.services import run_services

    services = run_services().cases
    found = persons.release(services, case, getpass.getuser())
    text = (
        f"{found.reason} With the failure sensor on, that run is asked for now; "
        f"else materialise the assets of {found.connector_id}."
    )
    emit({"case": found}, lambda: click.echo(text), as_json=as_json)


@click.command()
@click.argument("connector")
@json_option
def rollback(connector: str, *, as_json: bool) -> None:
    """Make the version before the active one the one that runs."""
    from connector_healing.healing import persons
    from connector_healing.orchestration.services import run_services

    version_id = persons.rollback(run_services().cases, connector, getpass.getuser())
    value = {"connector": connector, "active": version_id}
    text = f"Version {version_id} of {connector} is active again."
    emit(value, lambda: click.echo(text), as_json=as_json)
