"""Corruptions of healed data, by name: what a wrong heal would do to a right table.

Each works on a table with the columns of `simulation.COLUMNS`. What the API answered is told
beside it, because a page that was never fetched shows in the answers and a row that the connector
drops does not.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

PAGE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The table to corrupt."""

    table: str
    previous_max: int  #: The newest id of the data before.
    newest: int  #: The newest id of the data now.
    random: Random

    def some(self, share: float) -> str:
        """A condition that holds for about this share of the rows, another one each time."""
        salt = self.random.randrange(2**31)
        return f"hash(id, {salt}) % 10000 < {round(share * 10_000)}"

    def page(self, above: int, below: int) -> str:
        """A condition that holds for a page of neighbouring ids."""
        start = self.random.randint(above, max(above, below - PAGE))
        return f"id > {start} AND id <= {start + PAGE}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutator:
    """One kind of corruption."""

    name: str
    statements: Callable[[Target], Sequence[str]]
    never_fetched: bool = False  #: The rows that are gone were in no answer.
    page_repeated: bool = False  #: One answer came twice.


def _update(assignment: str, share: float | None = None) -> Callable[[Target], Sequence[str]]:
    def statements(t: Target) -> Sequence[str]:
        where = f" WHERE {t.some(share)}" if share is not None else ""
        return [f"UPDATE {t.table} SET {assignment}{where}"]

    return statements


def _repeat_page(t: Target) -> Sequence[str]:
    """One page comes in the place of another; a merge keeps one row a key."""
    return [f"DELETE FROM {t.table} WHERE {t.page(0, t.previous_max)}"]


def _shift_rows(t: Target) -> Sequence[str]:
    shifted = "coalesce(lag(customer) OVER (ORDER BY id), customer) AS customer"
    return [f"CREATE OR REPLACE TABLE {t.table} AS SELECT * REPLACE ({shifted}) FROM {t.table}"]


def _retype(column: str) -> Callable[[Target], Sequence[str]]:
    return lambda t: [f"ALTER TABLE {t.table} ALTER {column} TYPE VARCHAR"]


MUTATORS: tuple[Mutator, ...] = (
    Mutator(
        name="rows lost",
        statements=lambda t: [f"DELETE FROM {t.table} WHERE {t.some(0.02)}"],
    ),
    Mutator(
        name="page lost",
        statements=lambda t: [f"DELETE FROM {t.table} WHERE {t.page(0, t.previous_max)}"],
        never_fetched=True,
    ),
    Mutator(
        name="page lost in new keys",
        statements=lambda t: [f"DELETE FROM {t.table} WHERE {t.page(t.previous_max, t.newest)}"],
        never_fetched=True,
    ),
    Mutator(name="stale page repeated", statements=_repeat_page, page_repeated=True),
    Mutator(
        name="duplicates 1 %",
        statements=lambda t: [f"INSERT INTO {t.table} FROM {t.table} WHERE {t.some(0.01)}"],
    ),
    Mutator(name="wrong field", statements=_update("customer = email")),
    Mutator(
        name="columns swapped",
        statements=_update("created_at = updated_at, updated_at = created_at"),
    ),
    Mutator(name="rows shifted", statements=_shift_rows),
    Mutator(name="units x100", statements=_update("amount = amount * 100")),
    Mutator(
        name="time zone shifted", statements=_update("created_at = created_at + INTERVAL 5 HOUR")
    ),
    Mutator(name="rounded", statements=_update("amount = round(amount)")),
    Mutator(
        name="now() default, 3 %", statements=_update("created_at = TIMESTAMPTZ '{now}'", 0.03)
    ),
    Mutator(name="now() default, all", statements=_update("created_at = TIMESTAMPTZ '{now}'")),
    Mutator(name="'' default", statements=_update("customer = ''")),
    Mutator(name="'' default, 3 %", statements=_update("customer = ''", 0.03)),
    Mutator(name="one value for all", statements=_update("status = 'open'")),
    Mutator(name="nulls, 3 %", statements=_update("country = NULL", 0.03)),
    Mutator(name="column gone null", statements=_update("note = NULL")),
    Mutator(name="texts truncated", statements=_update("email = left(email, 8)")),
    Mutator(name="numbers to text", statements=_retype("quantity")),
)
