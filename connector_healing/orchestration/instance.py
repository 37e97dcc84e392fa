"""One persistent Dagster instance, the same for the demo, `dagster dev` and the command line."""

import os
from pathlib import Path

import dagster as dg

from connector_healing.errors import UsageError
from connector_healing.runtime.home import dagster_home

_CONFIG = "dagster.yaml"


def open_instance() -> dg.DagsterInstance:
    """The instance: of ``DAGSTER_HOME``, else of the working directory's ``dagster.yaml``.

    `dagster dev` does the same, but keeps its runs in a folder that it deletes unless the file
    names a folder for them; so does this project's. Where there is neither, the instance lies in
    the plugin's home.

    Raises:
        UsageError: If its folder cannot be made.
    """
    try:
        return _opened()
    except OSError as error:
        raise UsageError(
            "Dagster folder",
            str(error.filename or dagster_home()),
            f"{error.strerror}. Set DAGSTER_HOME to a folder that can be written, or name one in "
            f"{_CONFIG}.",
        ) from error


def _opened() -> dg.DagsterInstance:
    if os.environ.get("DAGSTER_HOME"):
        return dg.DagsterInstance.get()
    if Path(_CONFIG).is_file():
        return dg.DagsterInstance.from_config(str(Path.cwd()), _CONFIG)
    home = dagster_home()
    home.mkdir(parents=True, exist_ok=True)
    return dg.DagsterInstance.from_config(str(home), _CONFIG)
