"""Opening what is there already, and making nothing where there is nothing."""

from connector_healing.errors import StoreUnavailableError
from connector_healing.orchestration.services import RunServices, run_services
from connector_healing.runtime.home import HOME_VARIABLE, chosen_store_url, plugin_home
from connector_healing.store.location import StoreLocation, default_store_url, locate


def store_location() -> StoreLocation:
    """Where the project's store is, or would be.

    Raises:
        StoreUnavailableError: If ``CONNECTOR_HEALING_STORE_URL`` is no URL of a store.
    """
    return locate(chosen_store_url() or default_store_url(plugin_home()))


def is_missing(location: StoreLocation) -> bool:
    """Whether it is a file that nobody has made yet."""
    return location.path is not None and not location.path.exists()


def existing_services() -> RunServices:
    """The store and the registry of the project.

    Raises:
        StoreUnavailableError: If nothing has run here yet, or the store cannot be opened.
    """
    location = store_location()
    if is_missing(location):
        reason = (
            "Nothing is there yet: run the command in the project's folder or set "
            f"{HOME_VARIABLE}; the first run of a connector makes the store."
        )
        raise StoreUnavailableError(location.shown, reason)
    return run_services()
