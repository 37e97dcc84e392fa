"""The command line: it parses, calls and prints. Heavy imports wait until a command needs them."""

from connector_healing.cli.main import main as main
