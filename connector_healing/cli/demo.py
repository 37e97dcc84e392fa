"""The command `demo`."""

import contextlib
import os
import sys
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TextIO

import click

from connector_healing.cli.output import emit, json_option
from connector_healing.errors import HealingError

if TYPE_CHECKING:
    from connector_healing.demo.show import ShownCase, ShownDemo


@click.command()
@click.option("--ui", is_flag=True, help="Then open `dagster dev` on the demo's instance.")
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="NAME",
    help="Break the API in this way; repeatable.",
)
@click.option(
    "--keep", is_flag=True, help="Keep the sample API running, and broken, after the summary."
)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help="The API's; 0: any free one."
)
@click.option(
    "--ui-port", type=click.IntRange(1, 65535), default=3000, show_default=True, help="The UI's."
)
@json_option
def demo(
    faults: tuple[str, ...], port: int, ui_port: int, *, ui: bool, keep: bool, as_json: bool
) -> None:
    """Break three real connectors and watch them be diagnosed, patched, proven and healed.

    A sample API with real public data is started on loopback; Dagster runs three dlt connectors
    against it for days; the API breaks; two connectors heal, and the third, whose API answers
    wrong data, is held before it loads.
    """
    from connector_healing.demo.api.client import require_extra
    from connector_healing.demo.api.faults import find_faults
    from connector_healing.demo.api.listening import listen
    from connector_healing.demo.settings import demo_settings
    from connector_healing.orchestration.services import run_services

    # Bad input is found before Dagster is loaded, and anything started or cleared.
    require_extra()
    find_faults(faults)
    listen(port).close()
    if ui:
        listen(ui_port).close()
    settings = demo_settings()
    settings.require_writable()
    run_services()
    with contextlib.ExitStack() as running:
        with _progress(silent=as_json) as phase:
            with phase("Loading Dagster and dlt"):
                from connector_healing.orchestration import quiet

                quiet.be_quiet()
                from connector_healing.demo.show import FAULTS, Demo
            show = Demo(settings, faults or FAULTS, phase)
            api = running.enter_context(show.api(port))
            shown = show.run(api)
        emit(shown, lambda: _summary(shown), as_json=as_json)
        if ui or keep:
            # So that a person can run and heal the connectors by hand, on the broken API.
            api.set_faults(faults or FAULTS)
        if ui:
            from connector_healing.orchestration.user_interface import serve

            if serve(ui_port):
                raise HealingError("`dagster dev` ended with an error; it is shown above.")
        elif keep:
            click.echo(f"The sample API answers at {api.url} until you press Ctrl-C.", err=True)
            with contextlib.suppress(KeyboardInterrupt):
                threading.Event().wait()
    raise click.exceptions.Exit(0 if shown.status == "ok" else 1)


@contextlib.contextmanager
def _stderr_aside() -> Iterator[TextIO]:
    """Keep what Dagster, dlt and their children log off the terminal; yields the terminal itself.

    They write to the file descriptor, also from other processes, so it is the descriptor that is
    turned away. What the runs log stays in the Dagster instance.
    """
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    try:
        with os.fdopen(os.dup(kept), "w", encoding="utf-8") as terminal:
            yield terminal
    finally:
        sys.stderr.flush()
        os.dup2(kept, 2)
        os.close(kept)


@contextlib.contextmanager
def _progress(
    *, silent: bool
) -> Iterator[Callable[[str], contextlib.AbstractContextManager[Callable[[str], None]]]]:
    """A live line for the phase that runs, and a line with its time for each that is done."""
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(finished_text="[green]✓"), TextColumn("{task.description}"))
    with (
        _stderr_aside() as terminal,
        Progress(
            *columns, TimeElapsedColumn(), console=Console(file=terminal), disable=silent
        ) as progress,
    ):

        @contextlib.contextmanager
        def phase(title: str) -> Iterator[Callable[[str], None]]:
            task = progress.add_task(title, total=1)
            yield lambda detail: progress.update(task, description=f"{title}: {detail}")
            progress.update(task, description=title, completed=1)

        yield phase


def _told(case: "ShownCase") -> str:
    if case.healed:
        return "healed; its next runs are watched"
    return "not healed" if case.state == "abstained" else case.state.replace("_", " ")


def _summary(shown: "ShownDemo") -> None:
    from rich.console import Console
    from rich.panel import Panel
    from rich.syntax import Syntax
    from rich.text import Text

    console = Console()
    for case in shown.cases:
        text = Text()
        for label, told in (
            ("What broke", case.broke),
            ("What was found", case.found),
            ("What came of it", case.outcome),
            ("What refused a heal", ", ".join(case.refused_by)),
            ("What proved it", ", ".join(case.proof)),
            (
                "How long",
                f"{case.seconds} s from the failed run, {case.live_requests} live requests",
            ),
            ("Report", os.path.relpath(case.report)),
        ):
            if told:
                text.append(f"{label}: ", style="bold").append(f"{told}\n")
        console.print(Panel(text, title=f"{case.connector}: {_told(case)}", title_align="left"))
        if case.diff and console.is_terminal:
            console.print(Syntax(case.diff, "diff", background_color="default", word_wrap=True))
        elif case.diff:  # a whole line each, so that it can be read and applied
            click.echo(case.diff)
    if shown.unharmed:
        console.print(
            f"[green]Nothing broke[/green] for {', '.join(shown.unharmed)}: their runs on the broken "
            "API went well, and their tables hold what an unbroken extraction gives."
        )
    for wrong in shown.wrong:
        console.print(f"[red]Not as it should be:[/red] {wrong}")
    console.print(
        f"[bold]{shown.healed} healed, {shown.held} held[/bold] in {shown.seconds} s; the heals sent "
        f"{shown.live_requests} requests to the API, a full extraction takes "
        f"{shown.full_extraction_requests}."
    )
    console.print("Look around: connector-healing cases; `dagster dev` shows the runs and reports.")
