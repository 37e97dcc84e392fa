"""What every command prints alike."""

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import click

json_option = click.option(
    "--json", "as_json", is_flag=True, help="One JSON object on standard output, nothing else."
)


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
        click.echo(json.dumps(plain, ensure_ascii=False, indent=2, default=str))
    else:
        human()


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    made = Table(*columns, title=title, title_justify="left", title_style="bold")
    for row in rows:
        made.add_row(*(Text(str(cell)) for cell in row))
    Console().print(made)


def ago(at: object) -> str:
    """A time to the second, in UTC."""
    return f"{at:%Y-%m-%d %H:%M:%S}"
