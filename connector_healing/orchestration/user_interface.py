"""Opens `dagster dev` on the project and instance that the demo used."""

import subprocess
import sys
from pathlib import Path

from connector_healing.runtime.home import dagster_home


def serve(port: int = 3000) -> int:
    """Run `dagster dev` until it ends or is interrupted; returns its exit status.

    Args:
        port: Of the web server.
    """
    command = [sys.executable, "-m", "dagster", "dev", "-p", str(port)]
    if not Path("workspace.yaml").is_file():
        command += ["-m", "connector_healing.demo.definitions"]
    if not Path("dagster.yaml").is_file():
        dagster_home().mkdir(parents=True, exist_ok=True)
    process = subprocess.Popen(command)  # noqa: S603  # our own interpreter, fixed arguments
    try:
        return process.wait()
    except KeyboardInterrupt:
        process.terminate()
        return process.wait()
