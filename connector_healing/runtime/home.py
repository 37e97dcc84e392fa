"""Where the plugin keeps its files: one place for the demo, `dagster dev` and the command line."""

import os
from pathlib import Path

HOME_VARIABLE = "CONNECTOR_HEALING_HOME"
STORE_VARIABLE = "CONNECTOR_HEALING_STORE_URL"
_FOLDER = ".connector_healing"


def plugin_home() -> Path:
    """The folder of versions, cassettes and the embedded store.

    ``CONNECTOR_HEALING_HOME`` where it is set, else ``connector_healing`` in ``DAGSTER_HOME``,
    else ``.connector_healing`` in the working directory.
    """
    chosen = os.environ.get(HOME_VARIABLE)
    if chosen:
        return Path(chosen).expanduser().resolve()
    dagster_home = os.environ.get("DAGSTER_HOME")
    if dagster_home:
        return Path(dagster_home).expanduser().resolve() / "connector_healing"
    return Path.cwd() / _FOLDER


def dagster_home() -> Path:
    """The folder of the Dagster instance: ``DAGSTER_HOME``, else a folder in the plugin's home."""
    chosen = os.environ.get("DAGSTER_HOME")
    if chosen:
        return Path(chosen).expanduser().resolve()
    return plugin_home() / "dagster"


def chosen_store_url() -> str | None:
    """``CONNECTOR_HEALING_STORE_URL``, where it is set."""
    return os.environ.get(STORE_VARIABLE) or None
