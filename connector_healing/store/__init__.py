"""The durable store: SQLAlchemy Core on SQLite (the embedded default) or PostgreSQL.

The names are loaded on first use: naming the default store costs no SQLAlchemy.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from connector_healing.store.location import default_store_url as default_store_url
    from connector_healing.store.sql_store import SqlStore as SqlStore
    from connector_healing.store.sql_store import open_store as open_store

_LAZY = {
    "SqlStore": "connector_healing.store.sql_store",
    "default_store_url": "connector_healing.store.location",
    "open_store": "connector_healing.store.sql_store",
}

__all__ = ["SqlStore", "default_store_url", "open_store"]


def __getattr__(name: str) -> object:
    if name in _LAZY:
        return getattr(importlib.import_module(_LAZY[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
