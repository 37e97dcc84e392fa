"""Bringing a database to this release's schema, once, whoever opens it first."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from connector_healing.errors import StoreUnavailableError
from connector_healing.store.engine import Database
from connector_healing.store.file_lock import folder_lock

#: All schema revisions, oldest first. A new migration is named here too: so an open store whose
#: schema is current never loads Alembic, which takes longer than the rest of a heal's start.
REVISIONS = ("0001", "0002")
#: Not Alembic's usual name: the database may be shared with Dagster's own storage.
VERSION_TABLE = "healing_schema_version"
_MIGRATIONS = Path(__file__).with_name("migrations")
_ADVISORY_LOCK = 5_927_310_946_211_873  # any number that others are unlikely to have chosen


def ensure_schema(database: Database) -> None:
    """Upgrade the database where its schema is not this release's.

    Of several processes that open it at once, one upgrades and the others wait.

    Raises:
        StoreUnavailableError: If it cannot be reached, read or written, or is of a later release.
    """
    try:
        with _folder(database, exclusive=False), database.reading() as connection:
            found = stored_revision(connection)
        if found == REVISIONS[-1]:
            return
        if found is not None and found not in REVISIONS:
            raise StoreUnavailableError(
                database.location.shown,
                f"Its schema ({found}) is of a later release of this package: upgrade the package.",
            )
        _upgrade(database)
    except (SQLAlchemyError, OSError) as error:
        raise database.unavailable(error) from None  # a driver's text may hold the password


def stored_revision(connection: Connection) -> str | None:
    """The schema revision of the database; None where there are no tables yet."""
    if not connection.dialect.has_table(connection, VERSION_TABLE):
        return None
    found = connection.scalar(text(f"SELECT version_num FROM {VERSION_TABLE}"))  # noqa: S608  # a constant
    return str(found) if found is not None else None


def _upgrade(database: Database) -> None:
    with _folder(database, exclusive=True):
        if database.location.path is not None:
            database.keep_log_ahead()
        with database.writing() as connection:
            if not database.location.is_sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": _ADVISORY_LOCK})
            if stored_revision(connection) != REVISIONS[-1]:
                migrate(connection)


def migrate(connection: Connection, revision: str = "head") -> None:
    """Run the migrations up to a revision, in the connection's transaction."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    config.attributes["version_table"] = VERSION_TABLE
    command.upgrade(config, revision)


@contextmanager
def _folder(database: Database, *, exclusive: bool) -> Iterator[None]:
    path = database.location.path
    if path is None:
        yield
        return
    with folder_lock(path.parent, exclusive=exclusive):
        yield
