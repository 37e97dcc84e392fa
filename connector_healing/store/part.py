"""What every part of the store stands on."""

from connector_healing.store.engine import Database


class StorePart:
    """Some of a store's methods; the parts together are `SqlStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database
