"""The column types that differ between the databases."""

from datetime import UTC, datetime

from sqlalchemy import TIMESTAMP, BigInteger, Dialect, Integer, String, Text, func
from sqlalchemy.sql.functions import Function
from sqlalchemy.types import TypeDecorator, TypeEngine

_ISO_LENGTH = 32  # 2013-02-01T00:00:00.000000+00:00

#: A number that grows with each row: the order of rows of one time.
Sequence = BigInteger().with_variant(Integer(), "sqlite")


class UtcTime(TypeDecorator[datetime]):
    """An aware time to the microsecond: `timestamptz`, in SQLite ISO 8601 in UTC.

    The text has one width, so that it sorts as the times do.
    """

    impl = String(_ISO_LENGTH)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[datetime] | TypeEngine[str]:
        """The database's own type."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(String(_ISO_LENGTH))
        return dialect.type_descriptor(TIMESTAMP(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | str | None:
        """The time as it is stored."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without a time zone cannot be stored: {value.isoformat()}")
        return utc_text(value) if dialect.name == "sqlite" else value

    def process_result_value(
        self, value: datetime | str | None, dialect: Dialect
    ) -> datetime | None:
        """The time in UTC."""
        del dialect
        if isinstance(value, str):
            return datetime.fromisoformat(value)
        return value.astimezone(UTC) if value is not None else None


class ForeignText(TypeDecorator[str]):
    """Text that others wrote: what no database can hold (NUL, half a surrogate pair) is replaced."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """The text as it is stored."""
        del dialect
        if value is None:
            return None
        return value.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def utc_text(value: datetime) -> str:
    """An aware time as SQLite holds it."""
    return value.astimezone(UTC).isoformat(timespec="microseconds")


def database_time() -> Function[datetime]:
    """The database's clock at the moment of the call, as an SQL expression.

    SQLite has no clock finer than a millisecond: there, connections define the function
    (see `engine`).
    """
    return func.clock_timestamp(type_=UtcTime())
