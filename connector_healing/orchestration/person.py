"""Who gives a command or launches a run, for a case's history."""

import getpass
import os


def person() -> str:
    """The name of the user of this process, or its number where it has none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # In a container a user may have no name.
        return f"user {os.getuid()}"
