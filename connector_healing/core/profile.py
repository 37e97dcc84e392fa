"""What a set of rows looks like, without the rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnProfile:
    """One column of one load or table."""

    name: str
    type: str  #: DuckDB's name of the type.
    nulls: int
    distinct: int  #: Approximate (HyperLogLog), as DuckDB's `approx_count_distinct`.
    minimum: str | None  #: As text; None where every value is null or the type has no order.
    maximum: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TableProfile:
    """One table of a load package."""

    table: str
    rows: int
    columns: Mapping[str, ColumnProfile] = field(default_factory=dict)
    parent: str | None = None  #: The parent table, for a child table that dlt unnested.
    dlt_resource: str | None = None  #: The resource that the rows came from.
    write_disposition: str = "append"  #: dlt's: append, replace, merge or skip.


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageProfile:
    """A normalised load package before it is loaded (dlt's own tables left out)."""

    tables: Mapping[str, TableProfile] = field(default_factory=dict)

    def of_resource(self, dlt_resource: str) -> tuple[TableProfile, ...]:
        """The resource's tables, root first."""
        found = [t for t in self.tables.values() if t.dlt_resource == dlt_resource]
        return tuple(sorted(found, key=lambda t: (t.parent is not None, t.table)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Churn:
    """How a load changed the rows that were there before: the yardstick of the equality checks.

    Shares are of the keys that both sides hold; `None` where no key was shared.
    """

    shared_keys: int
    changed_share: Mapping[str, float] = field(default_factory=dict)  #: By column.
    lost_share: float | None = None  #: Of the previous keys in a full (`replace`) load.


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """What one good run of one dlt resource looked like."""

    connector_id: str
    dlt_resource: str
    recorded_at: datetime
    run_id: str | None
    version_id: str
    tables: tuple[TableProfile, ...]  #: Root table first.
    churn: Churn | None = None  #: Of the root table against the destination before the load.
    requests: int = 0  #: HTTP requests that the whole run made.
    source_state_before: Mapping[str, object] = field(
        default_factory=dict
    )  #: dlt's source state before the run.
    signals: Mapping[str, str] = field(
        default_factory=dict
    )  #: Rate-limit, deprecation and sunset headers.
    cassette_id: str | None = None  #: Sampled exchanges of the run.
    released: bool = False  #: Whether it looked wrong, and a person said that it was right.

    @property
    def root(self) -> TableProfile | None:
        """The resource's own table."""
        return self.tables[0] if self.tables else None
