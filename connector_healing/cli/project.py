"""The project that a command works on."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from connector_healing.orchestration.services import RunServices


def opened_services() -> "RunServices":
    """The store and the registry of the project; none is made where there is none.

    Raises:
        StoreUnavailableError: If nothing has run here yet, or the store cannot be opened.
    """
    from connector_healing.orchestration.looking import existing_services

    return existing_services()
