"""The command `heal`: a whole heal in this process, without Dagster."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from connector_healing.cli.output import case_value, emit, json_option
from connector_healing.cli.project import opened_services
from connector_healing.core.case import (
    HealCase,
    Healed,
    HealOutcome,
    NotHealed,
    NotReproduced,
    Step,
)
from connector_healing.core.policy import MIN_SAMPLE_ROWS, HealMode

if TYPE_CHECKING:
    from connector_healing.core.failure import Diagnosis
    from connector_healing.healing.services import HealServices
    from connector_healing.orchestration.services import RunServices


class _Shown:
    """Tells a person of each step on standard error."""

    def __init__(self, *, silent: bool) -> None:
        from rich.console import Console
        from rich.markup import escape

        self._console = Console(stderr=True, quiet=silent)
        self._escape = escape

    @contextlib.contextmanager
    def step(self, case_id: str, step: Step, text: str) -> Iterator[None]:
        del case_id
        shown = self._escape(step.value if text == step.value else f"{step.value}: {text}")
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
    type=click.IntRange(min=MIN_SAMPLE_ROWS),
    default=1000,
    show_default=True,
    help="Known rows that a trial should see again.",
)
@click.option("--cassette", "offline", is_flag=True, help="Recorded answers only, no live request.")
@json_option
def heal(
    connector: str, mode: str, run_id: str | None, sample_size: int, *, offline: bool, as_json: bool
) -> None:
    """Heal a connector's last failure: reproduce, classify, patch, prove, submit.

    Exit status 0: healed, waiting for approval, diagnosed, or it does not fail any more. 1: not
    healed or not reproduced, and the case says why.
    """
    parameters = {"sample_size": str(sample_size)}
    if offline:
        parameters["traffic"] = "cassette"
    services = opened_services()
    _require_usable(services, connector, run_id, offline=offline)

    from connector_healing.healing.persons import open_by_hand
    from connector_healing.healing.workflow import HealWorkflow
    from connector_healing.orchestration.services import heal_services

    with heal_services(services, progress=_Shown(silent=as_json)) as working:
        case = open_by_hand(working, connector, HealMode(mode), parameters, run_id)
        outcome = HealWorkflow(working).run(case.case_id)
        found = working.case(case.case_id)
        path = working.files.case_path(case.case_id, "report.md")
        diagnosis = _diagnosis(working, found)
        # A heal that is to be begun again, since the destination was busy, has written none yet.
        report = path if working.files.exists(path) else None
    value = {
        "outcome": type(outcome).__name__,
        "case": case_value(found),
        "result": outcome,
        "diagnosis": diagnosis,
        "report": report,
    }

    def human() -> None:
        click.echo(f"Diagnosis: {diagnosis.cause} {diagnosis.remedy}")
        click.echo(told(outcome))
        ask = f"connector-healing report {case.case_id}"
        click.echo(f"Report: {report} (or: {ask})" if report else f"Report so far: {ask}")

    emit(value, human, as_json=as_json)
    raise click.exceptions.Exit(0 if did_what_it_could(outcome, found) else 1)


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


def did_what_it_could(outcome: HealOutcome, case: HealCase) -> bool:
    """Whether the launch came to what was asked of it."""
    match outcome:
        case Healed():
            return True
        case NotReproduced():
            return outcome.transient
        case NotHealed():
            return case.mode is HealMode.DIAGNOSE and case.state.is_closed


def _require_usable(
    services: "RunServices", connector: str, run_id: str | None, *, offline: bool
) -> None:
    """Find bad input before a case is opened.

    Raises:
        UsageError: If there is nothing to heal, versions could not be written, or the recorded
            answers cannot be read.
    """
    from connector_healing.errors import UnreadableCassetteError
    from connector_healing.healing.persons import failure_to_heal
    from connector_healing.runtime.cassette import cassette_path, read_cassette

    failure = failure_to_heal(services.cases, connector, run_id)
    services.registry.check_writable()
    folder, _, name = (failure.cassette_id or "").rpartition("/")
    path: Path | None = cassette_path(services.cassettes, folder, name) if name else None
    if path is not None and path.is_file():
        for _ in read_cassette(path):
            continue
    elif offline:
        shown = failure.cassette_id or "none"
        raise UnreadableCassetteError(shown, "The failed run left none, or it was pruned.")


def _diagnosis(services: "HealServices", case: HealCase) -> "Diagnosis":
    """What the heal found; where it came to no finding, what the failure itself says."""
    from connector_healing.core.classify import classify
    from connector_healing.core.codec import from_json
    from connector_healing.core.steps import Finding

    text = services.store.step(case.case_id, Step.CLASSIFY)
    if text:
        return from_json(text, Finding).diagnosis
    return classify(services.failure(case), services.rules)
