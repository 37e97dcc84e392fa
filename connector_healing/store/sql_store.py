"""The store as a whole, and opening it."""

from types import TracebackType
from typing import Self

from connector_healing.store.advancing import CaseAdvancing
from connector_healing.store.baselines import BaselineTable
from connector_healing.store.cases import CaseTables
from connector_healing.store.engine import Database
from connector_healing.store.forgetting import ConnectorForgetting
from connector_healing.store.leases import LeaseTable
from connector_healing.store.location import locate
from connector_healing.store.opening import CaseOpening
from connector_healing.store.runs import RunTables
from connector_healing.store.upgrade import ensure_schema
from connector_healing.store.versions import VersionTables
from connector_healing.store.waivers import WaiverTable
from connector_healing.store.work import WorkTables


class SqlStore(
    RunTables,
    BaselineTable,
    CaseOpening,
    CaseTables,
    CaseAdvancing,
    WorkTables,
    WaiverTable,
    VersionTables,
    LeaseTable,
    ConnectorForgetting,
):
    """The ports `HealStore` and `Leases` in one database; usable from any thread.

    A database that cannot be reached while the store is open raises `StoreUnavailableError`;
    the transaction at hand is then undone.
    """

    @property
    def shown_url(self) -> str:
        """Where the store is, every secret masked."""
        return self._database.location.shown

    def close(self) -> None:
        """Close all connections; a store in memory is gone then."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"SqlStore({self._database.location.shown!r})"


def open_store(url: str) -> SqlStore:
    """Open a store; one that is not there yet is made, an older one is upgraded.

    Args:
        url: ``sqlite:///PATH``, ``sqlite:///:memory:`` or
            ``postgresql+psycopg://USER:PASSWORD@HOST/DATABASE``.

    Raises:
        StoreUnavailableError: If the URL is wrong, or the database cannot be reached or written.
        MissingExtraError: If the driver of PostgreSQL is not installed.
    """
    database = Database(locate(url))
    try:
        ensure_schema(database)
    except BaseException:
        database.close()
        raise
    return SqlStore(database)
