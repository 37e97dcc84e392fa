"""What every command prints alike."""

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from connector_healing.core.case import HealCase

json_option = click.option(
    "--json", "as_json", is_flag=True, help="One JSON object on standard output, nothing else."
)

#: Characters of a line in a table that no terminal shows.
_PIPED_WIDTH = 200


def emit(value: object, human: Callable[[], None], *, as_json: bool) -> None:
    """Print a value as JSON, or for a person.

    Args:
        value: Plain, or made of the package's dataclasses.
        human: Prints it for a person.
        as_json: Which of the two.
    """
    if as_json:
        from connector_healing.core.codec import to_plain

        plain: Any = to_plain(value)
        click.echo(json.dumps(plain, ensure_ascii=False, indent=2))
    else:
        human()


def case_value(case: "HealCase") -> dict[str, object]:
    """A case for `emit`: as the store holds it, and its state in the word that a person is told."""
    from connector_healing.core.codec import to_plain

    return {**to_plain(case), "shown_state": case.shown_state}


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table; its first column is never cut or wrapped.

    Args:
        title: What the rows are.
        columns: Their headings.
        rows: Their cells; None is shown as nothing.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    made = Table(title=title, title_justify="left", title_style="bold")
    for number, column in enumerate(columns):
        made.add_column(column, no_wrap=number == 0, overflow="fold")
    empty = True
    for row in rows:
        made.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
        empty = False
    if empty:
        click.echo(f"{title}: none")
        return
    console = Console()
    if not console.is_terminal:
        console = Console(width=_PIPED_WIDTH)
    console.print(made)


def at(time: datetime) -> str:
    """A time to the second, in UTC."""
    return f"{time:%Y-%m-%d %H:%M:%S}"
