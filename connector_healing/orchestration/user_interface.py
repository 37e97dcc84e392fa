"""Opens `dagster dev` on the project and instance that the demo used."""

import os
import subprocess
import sys
from pathlib import Path

from connector_healing.runtime.home import HOME_VARIABLE, dagster_home, plugin_home

#: The port of the web server unless told otherwise, as `dagster dev` has it.
UI_PORT = 3000


def serve(port: int = UI_PORT) -> int:
    """Run `dagster dev` until it ends or is interrupted; returns its exit status.

    In a folder without a ``dagster.yaml`` it is given the instance that the demo used as
    ``DAGSTER_HOME``: by itself it would take a temporary one.

    Args:
        port: Of the web server.
    """
    command = [sys.executable, "-m", "dagster", "dev", "-p", str(port)]
    if not Path("workspace.yaml").is_file():
        command += ["-m", "connector_healing.demo.definitions"]
    environment = {**os.environ, HOME_VARIABLE: str(plugin_home())}
    if not Path("dagster.yaml").is_file():
        environment["DAGSTER_HOME"] = str(dagster_home())
    process = subprocess.Popen(command, env=environment)  # noqa: S603  # our own interpreter, fixed arguments
    try:
        return process.wait()
    except KeyboardInterrupt:
        process.terminate()
        return process.wait()
