"""The program `connector-healing`."""

import importlib
import sys
from typing import NoReturn

import click

from connector_healing.errors import HealingError, UsageError
from connector_healing.version import __version__

#: Exit status for bad input, as the shell's own and click's.
BAD_INPUT = 2

#: Exit status for what could not be done.
FAILED = 1

_COMMANDS: dict[str, tuple[str, str]] = {
    "demo": ("connector_healing.cli.demo", "Break a connector and watch it heal, on real parts."),
    "heal": ("connector_healing.cli.heal", "Heal a connector's last failure."),
    "logs": ("connector_healing.cli.logs", "A connector's executions, errors and configuration."),
    "code": ("connector_healing.cli.look", "The text of a connector's version."),
    "versions": ("connector_healing.cli.look", "The versions of a connector."),
    "cases": ("connector_healing.cli.look", "The heal cases."),
    "report": ("connector_healing.cli.look", "The debug report of a heal case."),
    "approve": ("connector_healing.cli.review", "Make the version that a case proposes active."),
    "reject": ("connector_healing.cli.review", "Refuse what a case proposes."),
    "release": (
        "connector_healing.cli.review",
        "Held data were right: load them with the next run.",
    ),
    "rollback": ("connector_healing.cli.review", "Make a connector's former version active again."),
    "triage": ("connector_healing.cli.triage", "What failed in a Spark job that uses Kusto."),
    "classify": (
        "connector_healing.cli.classify",
        "What an error text or log means, and what to do.",
    ),
    "doctor": ("connector_healing.cli.doctor", "Is everything in place that healing needs?"),
}


class _LazyGroup(click.Group):
    """Loads a command's module when the command is called, so that ``--help`` is quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(_COMMANDS[cmd_name][0])
        command: click.Command = getattr(module, cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in _COMMANDS.items()])


@click.group(
    cls=_LazyGroup, no_args_is_help=False, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(__version__, prog_name="connector-healing")
def connector_healing() -> None:
    """Reproduces, patches, proves and heals broken data connectors.

    The store and the files lie in .connector_healing, in DAGSTER_HOME/connector_healing where
    DAGSTER_HOME is set, or where CONNECTOR_HEALING_HOME and CONNECTOR_HEALING_STORE_URL say.

    Exit status: 0 done; 1 it could not be done (a heal that abstains, say); 2 bad input.
    What went wrong is one line on standard error.
    """


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the program; ends the process with its exit status.

    Args:
        arguments: The command line without the program's name; None: the process's own.
    """
    try:
        # Of a command that ends by `click.exceptions.Exit` this is the status, else nothing.
        status = connector_healing.main(arguments, standalone_mode=False)
    except click.Abort:
        _ended("Stopped.", FAILED)
    except click.ClickException as error:
        _ended(f"Error: {error.format_message()}{_where_to_read(error)}", error.exit_code)
    except UsageError as error:
        _ended(f"Error: {error}", BAD_INPUT)
    except HealingError as error:
        _ended(f"Error: {error}", FAILED)
    except OSError as error:
        _ended(f"Error: {error}", FAILED)
    sys.exit(status or 0)


def _where_to_read(error: click.ClickException) -> str:
    context = error.ctx if isinstance(error, click.UsageError) else None
    return f" See `{context.command_path} --help`." if context else ""


def _ended(line: str, status: int) -> NoReturn:
    click.echo(" ".join(line.split("\n")), err=True)
    sys.exit(status)
