"""What is asked often is answered from an index, however much the store holds."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection, event

from connector_healing.core.case import CaseState
from connector_healing.store import SqlStore, open_store
from connector_healing_tests.store.builders import HOUR, NOW, open_case

QUESTIONS: dict[str, Callable[[SqlStore], object]] = {
    "baselines": lambda store: store.baselines("flights", "departures", 20),
    "runs": lambda store: store.runs("flights", 20),
    "failures_of_run": lambda store: store.failures_of_run("run-1"),
    "cases": lambda store: store.cases(),
    "cases of a connector": lambda store: store.cases("flights"),
    "case": lambda store: store.case("c1"),
    "case_history": lambda store: store.case_history("c1"),
    "trials": lambda store: store.trials("c1"),
    "waivers": lambda store: store.waivers("flights"),
    "version_row": lambda store: store.version_row("flights", "v1"),
    "version_rows": lambda store: store.version_rows("flights"),
    "active_version": lambda store: store.active_version("flights"),
    "claim": lambda store: store.claim("work", "a", HOUR),
    "open_case": lambda store: open_case(store, "f9", "fp9"),
    "advance_case": lambda store: store.advance_case(
        store.cases("flights")[0].case_id, CaseState.OPEN, None, NOW
    ),
}
#: The newest of all, read in the order of an index until the limit.
LISTED = {"cases"}
#: Few rows are left to sort where the index has chosen them.
SORTED = {"version_rows", "waivers"}


@contextmanager
def statements(store: SqlStore) -> Iterator[list[tuple[str, object]]]:
    seen: list[tuple[str, object]] = []

    def note(_: Connection, __: object, statement: str, parameters: object, *___: object) -> None:
        seen.append((statement, parameters))

    event.listen(store._database._engine, "before_cursor_execute", note)
    event.listen(store._database._writer, "before_cursor_execute", note)
    yield seen
    event.remove(store._database._writer, "before_cursor_execute", note)
    event.remove(store._database._engine, "before_cursor_execute", note)


@pytest.mark.parametrize("name", QUESTIONS)
def test_no_table_is_read_whole(name: str) -> None:
    with open_store("sqlite:///:memory:") as store:
        open_case(store)
        with statements(store) as seen:
            QUESTIONS[name](store)
        plans = [plan for statement in seen for plan in plan_of(store, *statement)]

    assert plans
    assert [p for p in plans if p.startswith("SCAN healing") and name not in LISTED] == []
    assert [p for p in plans if "TEMP B-TREE" in p and name not in SORTED] == []


def plan_of(store: SqlStore, statement: str, parameters: object) -> list[str]:
    if not statement.startswith(("SELECT", "UPDATE", "DELETE")):
        return []
    with store._database.reading() as connection:
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)  # type: ignore[arg-type]  # as they were given
        return [row[3] for row in rows]
