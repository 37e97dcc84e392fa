"""Whether a load package looks wrong: the rules that are asked before anything is loaded."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from connector_healing.core.bounds import binomial_tail, wilson_lower
from connector_healing.core.connector import ResourceExpectations
from connector_healing.core.failure import Suspicion, SuspicionKind
from connector_healing.core.profile import (
    Baseline,
    ColumnProfile,
    PackageProfile,
    TableProfile,
)

#: Good loads that are looked back on; older ones say little about today's size.
HISTORY = 10
#: Good loads before "this never happens" is believed of a load whose size varies.
ENOUGH_LOADS = 5
#: The least rows that every one of them brought, for an empty load to be no quiet day.
NEVER_QUIET = 10
#: An incremental load this much smaller than the smallest good one is suspicious,
COLLAPSE = 0.1
#: where the smallest good one had this many rows.
COLLAPSE_FROM = 50
#: A full load whose size once fell by half within the history is one that varies.
STEADY = 0.5
#: A table of fewer rows may lose half of them on a good day.
HALVED_AT_LEAST = 4
#: Below this probability, chance is not the reason.
IMPROBABLE = 1e-6
#: A column is gone when less than this part of its lowest known share of values is left.
GONE = 0.1
#: A key is unique, as far as an approximate count of its values (within a few per cent) can tell,
UNIQUE = 0.85
#: and it repeats itself where this few of the rows have a value of their own,
REPEATED = 0.6
#: in a load of this many rows.
REPEATED_FROM = 20
#: Rows that a lost child table should have had.
CHILD_ROWS = 20


@dataclass(frozen=True, slots=True)
class _Load:
    """One root table of a package, its children, and what is known of them."""

    dlt_resource: str
    root: TableProfile
    children: tuple[TableProfile, ...]
    past: tuple[TableProfile, ...]  #: The root table in good loads, newest first.
    baselines: tuple[Baseline, ...]  #: The loads that `past` is from, in its order.
    expected: ResourceExpectations

    @property
    def sizes(self) -> list[int]:
        """Rows of the good loads, newest first."""
        return [t.rows for t in self.past]

    @property
    def is_full(self) -> bool:
        """Whether every load brings the whole table."""
        if self.root.write_disposition == "replace":
            return True
        if self.root.write_disposition != "merge" or self.expected.cursor_field:
            return False
        if any(has_cursor(b, self.dlt_resource) for b in self.baselines):
            return False
        sizes = self.sizes
        return bool(sizes) and min(sizes) >= STEADY * max(sizes)

    def suspicion(
        self,
        kind: SuspicionKind,
        observed: str,
        expected: str,
        *,
        table: str | None = None,
        column: str | None = None,
    ) -> Suspicion:
        """A reason to hold, at this resource."""
        return Suspicion(
            kind=kind,
            dlt_resource=self.dlt_resource,
            table=table or self.root.table,
            column=column,
            observed=observed,
            expected=expected,
        )


def judge(
    profile: PackageProfile,
    baselines: Mapping[str, Sequence[Baseline]],
    expectations: Mapping[str, ResourceExpectations],
) -> tuple[Suspicion, ...]:
    """Why a load package should not be loaded; nothing where it looks like the good ones.

    Only the resources in the package are judged: one that was not run is not missing.

    Args:
        profile: Of the normalised package.
        baselines: Good loads by dlt resource, newest first; none at all is allowed.
        expectations: What the connector declares, by dlt resource.
    """
    found: dict[tuple[SuspicionKind, str, str | None], Suspicion] = {}
    for load in _loads(profile, baselines, expectations):
        for rule in RULES:
            for suspicion in rule(load):
                found.setdefault((suspicion.kind, suspicion.table, suspicion.column), suspicion)
    return tuple(found.values())


def has_cursor(baseline: Baseline, dlt_resource: str) -> bool:
    """Whether dlt kept an incremental cursor for the resource before that load."""
    resources = baseline.source_state_before.get("resources")
    state = resources.get(dlt_resource) if isinstance(resources, Mapping) else None
    return isinstance(state, Mapping) and bool(state.get("incremental"))


def _loads(
    profile: PackageProfile,
    baselines: Mapping[str, Sequence[Baseline]],
    expectations: Mapping[str, ResourceExpectations],
) -> Iterable[_Load]:
    for name in sorted({t.dlt_resource for t in profile.tables.values() if t.dlt_resource}):
        tables = profile.of_resource(name)
        for root in (t for t in tables if t.parent is None):
            # What a person released is what the table holds, as long as it is the newest load;
            # once others came after it, it was an exception that proves nothing of the next one.
            past = [
                (found, b)
                for place, b in enumerate(baselines.get(name, ())[:HISTORY])
                if (place == 0 or not b.released)
                and (found := next((t for t in b.tables if t.table == root.table), None))
            ]
            yield _Load(
                dlt_resource=name,
                root=root,
                children=tuple(_descendants(root, tables)),
                past=tuple(table for table, _ in past),
                baselines=tuple(b for _, b in past),
                expected=expectations.get(name, ResourceExpectations()),
            )


def _descendants(root: TableProfile, tables: Iterable[TableProfile]) -> list[TableProfile]:
    family = {root.table}
    found: list[TableProfile] = []
    waiting = [t for t in tables if t.parent is not None]
    while born := [t for t in waiting if t.parent in family and t.table not in family]:
        family.update(t.table for t in born)
        found += born
    return found


def _no_rows(load: _Load) -> Iterable[Suspicion]:
    """Zero rows where there always were rows."""
    sizes = load.sizes
    if load.root.rows or not sizes or not all(sizes):
        return
    if load.root.write_disposition == "replace":
        yield load.suspicion(
            SuspicionKind.TABLE_EMPTIED,
            "0 rows would replace the table",
            f"about {sizes[0]} rows, as in the last good load",
        )
    elif load.is_full or (len(sizes) >= ENOUGH_LOADS and min(sizes) >= NEVER_QUIET):
        yield load.suspicion(
            SuspicionKind.NO_ROWS,
            "0 rows",
            f"rows, as in each of the last {len(sizes)} good loads (at least {min(sizes)})",
        )


def _halved(load: _Load) -> Iterable[Suspicion]:
    """A full load of at most half of the smallest good one."""
    sizes, rows = load.sizes, load.root.rows
    if not load.is_full or not rows or not sizes:
        return
    least = min(sizes)
    if 2 * rows <= least and least - rows >= HALVED_AT_LEAST:
        yield load.suspicion(
            SuspicionKind.TABLE_HALVED,
            f"{rows} rows",
            f"more than half of the {least} rows that every good load had",
        )


def _collapsed(load: _Load) -> Iterable[Suspicion]:
    """An incremental load far smaller than any good one."""
    sizes, rows = load.sizes, load.root.rows
    if load.is_full or not rows or len(sizes) < ENOUGH_LOADS:
        return
    least = min(sizes)
    if least >= COLLAPSE_FROM and rows < COLLAPSE * least:
        yield load.suspicion(
            SuspicionKind.BELOW_MIN_ROWS,
            f"{rows} rows",
            f"at least a tenth of the {least} rows that each of {len(sizes)} good loads had",
        )


def _below_min_rows(load: _Load) -> Iterable[Suspicion]:
    """Fewer rows than the connector declares."""
    least = load.expected.min_rows
    if least is not None and load.root.rows < least:
        yield load.suspicion(
            SuspicionKind.BELOW_MIN_ROWS,
            f"{load.root.rows} rows",
            f"at least the {least} rows that min_rows declares",
        )


def _column_gone_null(load: _Load) -> Iterable[Suspicion]:
    """A column whose values are gone, more than chance would take in a load of this size."""
    past_tables = [t for b in load.baselines for t in b.tables]
    for table in (load.root, *load.children):
        past = [t for t in past_tables if t.table == table.table and t.rows]
        known = sorted({name for t in past for name in t.columns})
        for name in known if table.rows else ():
            left = _values(table, name)
            share = _lowest_share(past, name, table.rows)
            if (
                share is not None
                and left <= GONE * share * table.rows
                and binomial_tail(table.rows, left, share) < IMPROBABLE
            ):
                yield load.suspicion(
                    SuspicionKind.COLUMN_GONE_NULL,
                    f"{left} of {table.rows} rows have a value",
                    f"a value in {share:.1%} of them or more",
                    table=table.table,
                    column=name,
                )


def _required_gone(load: _Load) -> Iterable[Suspicion]:
    """A required column without a single value; no history is needed to know."""
    rows = load.root.rows
    named = (*load.expected.required_fields, *load.expected.primary_key)
    for name in dict.fromkeys(named) if rows else ():
        if _values(load.root, name) == 0:
            yield load.suspicion(
                SuspicionKind.COLUMN_GONE_NULL,
                f"0 of {rows} rows have a value",
                "a value in every row, as the connector declares",
                column=name,
            )


def _child_table_lost(load: _Load) -> Iterable[Suspicion]:
    """A child table without rows that loads of this size always filled."""
    rows = load.root.rows
    present = {t.table for t in load.children if t.rows}
    known = {t.table for b in load.baselines for t in _descendants(load.root, b.tables)}
    like = [(t, b) for t, b in zip(load.past, load.baselines, strict=True) if 2 * t.rows >= rows]
    parents = sum(t.rows for t, _ in like)
    for name in sorted(known - present) if rows else ():
        counts = [sum(t.rows for t in b.tables if t.table == name) for _, b in like]
        enough = len(like) >= (1 if load.is_full else ENOUGH_LOADS)
        if enough and all(counts) and sum(counts) * rows >= CHILD_ROWS * parents:
            yield load.suspicion(
                SuspicionKind.CHILD_TABLE_LOST,
                f"0 rows beside {rows} parents",
                f"about {round(sum(counts) * rows / parents)} rows",
                table=name,
            )


def _key_repeated(load: _Load) -> Iterable[Suspicion]:
    """Rows that come twice by a key that never repeated itself; a merge would make one of them."""
    root, key = load.root, load.expected.primary_key
    if len(key) != 1 or root.write_disposition == "merge":
        return
    name = key[0]
    values = _values(root, name)  # a key that is gone is another reason
    if values < REPEATED_FROM:
        return
    past = [t for t in load.past if t.rows >= REPEATED_FROM and name in t.columns]
    if not past:
        return
    distinct = root.columns[name].distinct
    if distinct <= REPEATED * values and all(
        t.columns[name].distinct >= UNIQUE * t.rows for t in past
    ):
        yield load.suspicion(
            SuspicionKind.KEY_REPEATED,
            f"about {distinct} different values in {values} rows",
            "a value of its own in every row, as the connector declares and every good load had",
            column=name,
        )


def _values(table: TableProfile, column: str) -> int:
    found: ColumnProfile | None = table.columns.get(column)
    return table.rows - found.nulls if found else 0


def _lowest_share(past: Sequence[TableProfile], column: str, rows: int) -> float | None:
    """The lowest share of values that good loads of at least half this size had.

    It is never above what the share over all of them is at least, by a wide Wilson bound, so that
    few rows prove little.
    """
    holding = [t for t in past if column in t.columns]
    if not holding:
        return None
    pooled = wilson_lower(sum(_values(t, column) for t in holding), sum(t.rows for t in holding))
    like = [_values(t, column) / t.rows for t in holding if 2 * t.rows >= rows]
    return min([pooled, *like])


#: Each names its reasons, if any; all are asked.
RULES: tuple[Callable[[_Load], Iterable[Suspicion]], ...] = (
    _no_rows,
    _halved,
    _collapsed,
    _below_min_rows,
    _column_gone_null,
    _required_gone,
    _child_table_lost,
    _key_repeated,
)
