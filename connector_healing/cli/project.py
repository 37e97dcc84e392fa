"""The project that a command works on: its store and files, and who gives the command."""

import getpass
import os
from typing import TYPE_CHECKING

from connector_healing.errors import StoreUnavailableError

if TYPE_CHECKING:
    from connector_healing.orchestration.services import RunServices


def opened_services() -> "RunServices":
    """The store and the registry of the project; none is made where there is none.

    Raises:
        StoreUnavailableError: If nothing has run here yet, or the store cannot be opened.
    """
    from connector_healing.orchestration.services import run_services
    from connector_healing.runtime.home import HOME_VARIABLE, chosen_store_url, plugin_home
    from connector_healing.store.location import default_store_url, locate

    location = locate(chosen_store_url() or default_store_url(plugin_home()))
    if location.path is not None and not location.path.exists():
        reason = (
            "Nothing is there yet: run the command in the project's folder or set "
            f"{HOME_VARIABLE}; the first run of a connector makes the store."
        )
        raise StoreUnavailableError(location.shown, reason)
    return run_services()


def person() -> str:
    """Who gives the command, for a case's history."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # In a container a user may have no name.
        return f"user {os.getuid()}"
