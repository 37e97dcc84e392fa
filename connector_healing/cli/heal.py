"""The command `heal`: a whole heal in this process, without Dagster."""

import contextlib
from collections.abc import Iterator

import click

from connector_healing.cli.output import emit, json_option
from connector_healing.core.case import Healed, HealOutcome, NotHealed, NotReproduced, Step
from connector_healing.core.policy import HealMode


class _Shown:
    """Tells a person of each step on standard error."""

    def __init__(self, *, silent: bool) -> None:
        from rich.console import Console

        self._console = Console(stderr=True, quiet=silent)

    @contextlib.contextmanager
    def step(self, case_id: str, step: Step, text: str) -> Iterator[None]:
        del case_id
        shown = step.value if text == step.value else f"{step.value}: {text}"
        with self._console.status(shown):
            yield
        self._console.print(f"[green]done[/green] {shown}")


@click.command()
@click.argument("connector")
@click.option(
    "--mode",
    type=click.Choice([m.value for m in HealMode]),
    default=HealMode.PROPOSE.value,
    show_default=True,
    help="diagnose: no patch; propose: a person approves; apply: within the policy.",
)
@click.option("--run", "run_id", help="The failed Dagster run; left out: the latest failure.")
@click.option(
    "--sample-size",
    type=click.IntRange(min=30),
    default=1000,
    show_default=True,
    help="Known rows that a trial should see again.",
)
@click.option("--cassette", "offline", is_flag=True, help="Recorded answers only, no live request.")
@json_option
def heal(
    connector: str, mode: str, run_id: str | None, sample_size: int, *, offline: bool, as_json: bool
) -> None:
    """Heal a connector's last failure: reproduce, classify, patch, prove, submit."""
    from connector_healing.healing.persons import open_by_hand
    from connector_healing.healing.workflow import HealWorkflow
    from connector_healing.orchestration.services import heal_services, run_services

    parameters = {"sample_size": str(sample_size)}
    if offline:
        parameters["traffic"] = "cassette"
    with heal_services(run_services(), progress=_Shown(silent=as_json)) as services:
        case = open_by_hand(services, connector, HealMode(mode), parameters, run_id)
        outcome = HealWorkflow(services).run(case.case_id)
        found = services.case(case.case_id)
        path = services.files.case_path(case.case_id, "report.md")
    value = {"outcome": type(outcome).__name__, "case": found, "result": outcome, "report": path}

    def human() -> None:
        click.echo(told(outcome))
        click.echo(f"Report: {path} (or: connector-healing report {case.case_id})")

    emit(value, human, as_json=as_json)
    raise click.exceptions.Exit(_status(outcome, mode))


def told(outcome: HealOutcome) -> str:
    """An outcome as one sentence to a person at a terminal."""
    match outcome:
        case Healed(active=True):
            return f"Healed: version {outcome.version_id} is active. {outcome.summary}"
        case Healed():
            return (
                f"Proven, and waiting for you: {outcome.summary} "
                f"Approve with: connector-healing approve {outcome.case_id}"
            )
        case NotHealed():
            return f"Not healed: {outcome.reason}"
        case NotReproduced():
            return f"Not reproduced: {outcome.reason}"


def _status(outcome: HealOutcome, mode: str) -> int:
    if isinstance(outcome, NotHealed):
        return 0 if mode == HealMode.DIAGNOSE else 1
    return 0
