"""Where a store is: its URL read, checked, and shown without its password."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from connector_healing.errors import StoreUnavailableError

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

MASK = "***"
_MEMORY = ":memory:"
_FILE_NAME = "store.db"
_POSTGRESQL = frozenset({"postgresql", "postgresql+psycopg"})
_USER_INFO = re.compile(r":.*@", re.DOTALL)
_OPTION = re.compile(r"=[^&]*")
#: Options of a PostgreSQL URL that hold no secret; the values of all others are masked.
_OPEN_OPTIONS = frozenset({"host", "port", "sslmode", "connect_timeout", "application_name"})


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreLocation:
    """A store URL that can be used."""

    url: "URL" = field(repr=False)
    shown: str  #: The URL with every secret masked.

    @property
    def in_memory(self) -> bool:
        """Whether the store lives and dies with its one connection."""
        return self.is_sqlite and self.url.database == _MEMORY

    @property
    def is_sqlite(self) -> bool:
        """Whether it is SQLite; otherwise it is PostgreSQL."""
        return self.url.get_backend_name() == "sqlite"

    @property
    def path(self) -> Path | None:
        """The SQLite file; None in memory and on a server."""
        database = self.url.database
        return Path(database) if self.is_sqlite and database and not self.in_memory else None

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not show in any text: the password and masked options, as given and quoted."""
        options = [
            value
            for name, values in self.url.normalized_query.items()
            if name not in _OPEN_OPTIONS
            for value in values
        ]
        given = [value for value in (self.url.password, *options) if value]
        return tuple(sorted({*given, *map(quote, given)}, key=len, reverse=True))


def default_store_url(home: Path) -> str:
    """The URL of the embedded store in the folder of this project's healing files."""
    # The characters that would end the path in a URL, and the one that quotes.
    path = quote(str(home.resolve() / _FILE_NAME), safe="/ :@+,;=()[]")
    return f"sqlite:///{path}"


def locate(url: str) -> StoreLocation:
    """Read a store URL.

    Raises:
        StoreUnavailableError: If it is malformed, of another database, or names no database.
    """
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise StoreUnavailableError(_masked_text(url), "It is not a database URL.") from None
    if parsed.drivername in _POSTGRESQL:
        parsed = parsed.set(drivername="postgresql+psycopg")
    shown = _shown(parsed)
    refusal = _refusal(parsed)
    if refusal:
        raise StoreUnavailableError(shown, refusal)
    return StoreLocation(url=parsed, shown=shown)


def _refusal(url: "URL") -> str | None:
    if url.drivername not in {"sqlite", "sqlite+pysqlite", "postgresql+psycopg"}:
        return f"{url.drivername!r} is none of the databases that a store can be in."
    if not url.database:
        return "It names no database."
    if "@" in (url.host or ""):
        return "An @ in the user or the password is written %40."
    if url.drivername.startswith("sqlite") and url.query:
        return "A SQLite URL takes no options."
    return None


def _shown(url: "URL") -> str:
    if url.get_backend_name() == "sqlite":
        return f"{url.drivername}:///{url.database or ''}"
    open_options = {name: v for name, v in url.query.items() if name in _OPEN_OPTIONS}
    masked = "".join(f" {name}={MASK}" for name in url.query if name not in _OPEN_OPTIONS)
    shown = url.set(query=open_options).render_as_string(hide_password=True) + masked
    # An unquoted @ ends the password too early: what follows it would show as the host.
    return _masked_text(shown) if "@" in (url.host or "") else shown


def _masked_text(text: str) -> str:
    """A text that is no URL, but may hold a password all the same."""
    without_user = _USER_INFO.sub(f":{MASK}@", text)
    return _OPTION.sub(f"={MASK}", without_user)
