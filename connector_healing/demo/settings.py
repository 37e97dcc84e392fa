"""Where the demo keeps things and finds its API."""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from connector_healing.errors import UsageError
from connector_healing.runtime.home import HOME_VARIABLE, plugin_home

#: The port that the sample API listens on unless told otherwise.
DEFAULT_PORT = 8913

_ADDRESS = "address"
_TOKEN = "token"  # noqa: S105  # the name of a file


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoSettings:
    """The demo's places. The token is minted once for each folder."""

    folder: Path

    @property
    def warehouse(self) -> Path:
        """The DuckDB file that the connectors load into."""
        return self.folder / "warehouse.duckdb"

    @property
    def pipelines(self) -> Path:
        """Dlt's working directories."""
        return self.folder / "pipelines"

    @property
    def api_url(self) -> str:
        """Where the sample API answers, or last answered."""
        path = self.folder / _ADDRESS
        if path.is_file():
            return path.read_text(encoding="utf-8").strip()
        return f"http://127.0.0.1:{DEFAULT_PORT}"

    @property
    def token(self) -> str:
        """The API's key, made on first use and readable by its owner alone."""
        path = self.folder / _TOKEN
        if not path.is_file():
            self.folder.mkdir(parents=True, exist_ok=True)
            _write_private(path, f"fo_{secrets.token_urlsafe(24)}")
        return path.read_text(encoding="utf-8")

    def require_writable(self) -> None:
        """Make sure that the demo can write where it has to; nothing is written.

        Raises:
            UsageError: If it cannot.
        """
        for path in (plugin_home(), self.folder):
            there = next(p for p in (path, *path.parents) if p.exists())
            if not (there.is_dir() and os.access(there, os.W_OK | os.X_OK)):
                raise UsageError(
                    "folder",
                    str(there),
                    f"It cannot be written, and the demo keeps its files in {path}: run it in a "
                    f"folder of your own, or set {HOME_VARIABLE}.",
                )

    def remember_api(self, url: str) -> None:
        """Keep where the API answers, for `dagster dev` and the command line."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / _ADDRESS).write_text(url, encoding="utf-8")

    def provide_token(self) -> None:
        """Put the token where dlt looks for secrets: in the demo's own ``.dlt/secrets.toml``.

        The folder becomes dlt's project, in this process and in its children.
        """
        from dlt.common.configuration.container import Container
        from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext

        path = self.folder / ".dlt" / "secrets.toml"
        if not path.is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            _write_private(path, f'[sources]\ntoken = "{self.token}"\n')
        os.environ["DLT_PROJECT_DIR"] = str(self.folder)
        Container()[PluggableRunContext].reload(str(self.folder))


def _write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)


def demo_settings() -> DemoSettings:
    """The demo's places under the plugin's home."""
    return DemoSettings(folder=plugin_home() / "demo")
