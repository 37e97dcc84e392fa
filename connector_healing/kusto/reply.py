"""What one request to a cluster came to, before it is judged."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Trouble(StrEnum):
    """Why there is no HTTP answer to judge."""

    LOGIN = "login"  #: No token was got, so nothing was asked.
    LATE = "late"
    TOO_LARGE = "too_large"
    TLS = "tls"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A result table as it came: values are JSON's, datetimes and timespans texts."""

    columns: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One request's answer, or why there is none."""

    trouble: Trouble | None = None
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    table: Table | None = None  #: Of an answer that could be read, perhaps in part.
    errors: tuple[str, ...] = ()  #: Codes and messages, in an error's body or beside rows.
    permanent: bool | None = None  #: What the service says of trying again.
