from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from connector_healing.core.checks import CheckLevel
from connector_healing.core.connector import ResourceExpectations
from connector_healing.core.profile import Churn
from connector_healing.sandbox.state import encode_state
from connector_healing_tests.sandbox.judged import ENDED, ITEMS, ORDERS, Shop, names

QUIET = Churn(
    shared_keys=400,
    changed_share={"customer": 0.0, "price": 0.0, "status": 0.0, "seen": 0.0},
    lost_share=0.0,
)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def test_the_same_data_pass_every_check(shop: Shop) -> None:
    results = shop.with_items().judged()
    assert [r for r in results if not r.passed] == []
    assert {r.code for r in results} >= {"H2", "H3", "H4", "H5", "H6", "H7", "H8", "S1", "S2"}
    assert all(r.observed and r.bound for r in results)


def test_every_check_of_rows_can_be_run_again_from_its_sql(shop: Shop) -> None:
    results = shop.with_items().judged()
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{shop.folder}/previous.duckdb' AS b (READ_ONLY)")
        connection.execute(f"ATTACH '{shop.folder}/after.duckdb' AS a (READ_ONLY)")
        connection.execute("CREATE SCHEMA before; CREATE SCHEMA after")
        for table in shop.before:
            connection.execute(f"CREATE VIEW before.{table} AS FROM b.before.{table}")
            connection.execute(f"CREATE VIEW after.{table} AS FROM a.healed.{table}")
        for result in results:
            if result.code != "H7":
                assert connection.execute(result.sql).fetchall(), result.name
        changed = next(
            r for r in results if r.name == "H4 overlap equality" and r.column == "price"
        )
        assert connection.execute(changed.sql).fetchall() == [(400, 0)]
        assert "0 of 400" in changed.observed


@pytest.mark.parametrize(
    ("edit", "refusal"),
    [
        ("SELECT * FROM {} UNION ALL SELECT * FROM {} WHERE id < 3", ("H2", "id")),
        ("SELECT * REPLACE (CASE WHEN id > 5 THEN id END AS id) FROM {}", ("H2", "id")),
        ("SELECT * FROM {} WHERE id % 10 <> 0", ("H3", "id")),
        ("SELECT * REPLACE (price * 100 AS price) FROM {}", ("H4", "price")),
        ("SELECT * REPLACE (status AS customer) FROM {}", ("H4", "customer")),
        ("SELECT * REPLACE (seen + INTERVAL 5 HOUR AS seen) FROM {}", ("H4", "seen")),
        ("SELECT * REPLACE ('' AS customer) FROM {}", ("H5", "customer")),
        ("SELECT * REPLACE (NULL::VARCHAR AS customer) FROM {}", ("H5", "customer")),
        (
            "SELECT * REPLACE (CASE WHEN id % 20 > 0 THEN status END AS status) FROM {}",
            ("H6", "status"),
        ),
        ("SELECT * EXCLUDE (customer) FROM {}", ("H8", "customer")),
        ("SELECT * REPLACE (price::VARCHAR AS price) FROM {}", ("H8", "price")),
        ("SELECT *, price AS price__v_text FROM {}", ("H8", "price__v_text")),
    ],
)
def test_wrong_data_are_refused(shop: Shop, edit: str, refusal: tuple[str, str | None]) -> None:
    shop.churn = QUIET
    shop.after["orders"] = edit.replace("{}", f"({ORDERS})")
    assert refusal in shop.refused()


def test_new_rows_and_columns_are_no_reason_to_refuse(shop: Shop) -> None:
    shop.after["orders"] = (
        f"SELECT *, 'x' AS coupon FROM ({ORDERS.replace('range(400)', 'range(420)')})"
    )
    results = shop.judged()
    assert shop.refused() == set()
    schema = next(r for r in results if r.code == "H8")
    assert "new: coupon" in schema.observed


def test_what_changes_from_load_to_load_may_have_changed(shop: Shop) -> None:
    shop.after["orders"] = (
        f"SELECT * REPLACE (CASE WHEN id % 20 = 0 THEN 'paid' ELSE status END AS status) FROM ({ORDERS})"
    )
    shop.churn = QUIET
    assert ("H4", "status") in shop.refused()
    shop.churn = replace(QUIET, changed_share={**QUIET.changed_share, "status": 0.06})
    assert shop.refused() == set()


TOUCHED = replace(QUIET, changed_share={**QUIET.changed_share, "seen": 0.9, "status": 0.06})
#: One status of forty is another; the cursor says of the second half of them that it was touched.
RARELY_WRONG = (
    "SELECT * REPLACE (CASE WHEN id % 40 = 0 THEN 'lost' ELSE status END AS status, {seen} AS seen) "
    f"FROM ({ORDERS})"
)


@pytest.mark.parametrize(
    ("seen", "churn", "unmodified"),
    [
        ("seen", TOUCHED, 10),
        ("CASE WHEN id % 40 = 0 THEN seen + INTERVAL 90 DAY ELSE seen END", TOUCHED, None),
        # The cursor stays the same for ever: it is no sign of changes.
        ("seen", replace(TOUCHED, changed_share={**TOUCHED.changed_share, "seen": 0.0}), None),
    ],
)
def test_rows_that_the_api_did_not_touch_are_as_they_were(
    shop: Shop, seen: str, churn: Churn, unmodified: int | None
) -> None:
    shop.expected = ResourceExpectations(primary_key=("id",), cursor_field="seen")
    shop.churn = churn
    shop.after["orders"] = RARELY_WRONG.format(seen=seen)

    results = [r for r in shop.judged() if r.name == "H4 unmodified rows"]

    refused = [r for r in results if not r.passed]
    assert [(r.column, r.level) for r in refused] == (
        [("status", CheckLevel.HARD)] if unmodified else []
    )
    if unmodified:
        assert refused[0].observed == f"{unmodified} of 400 rows with the same seen differ"
        assert refused[0].sql
    assert ("H4", "status") in shop.refused() or not unmodified


def test_without_history_the_checks_still_run_and_are_wider(shop: Shop) -> None:
    shop.loads = 0
    assert shop.refused() == set()
    shop.after["orders"] = f"SELECT * FROM ({ORDERS}) WHERE id % 4 <> 0"
    assert shop.refused() == {("H3", "id")}


def test_without_a_key_a_person_decides(shop: Shop) -> None:
    shop.expected = None
    assert shop.refused() == set()
    assert ("H2", None) in shop.doubted()
    shop.after["orders"] = f"SELECT * REPLACE (price * 100 AS price) FROM ({ORDERS})"
    assert ("H3", None) in shop.doubted()


def test_without_previous_data_a_person_decides(shop: Shop) -> None:
    shop.before = {}
    results = shop.judged()
    assert ("H3", None) in shop.doubted()
    assert shop.refused() == set()
    assert "H2 key" in names(results)


def test_a_full_load_that_made_no_table_is_refused(shop: Shop) -> None:
    shop.after = {}
    assert ("H3", None) in shop.refused()


def test_a_resource_that_is_gone_from_the_profile_is_refused(shop: Shop) -> None:
    shop.after = {"others": ORDERS}
    assert ("H3", None) in shop.refused()


def test_too_few_shared_keys_prove_nothing(shop: Shop) -> None:
    shop.before = {"orders": f"SELECT * FROM ({ORDERS}) WHERE id < 12"}
    assert ("H4", None) in shop.doubted()


# Incremental loads: only what the run's window had to bring again is missed.


def since(value: object) -> dict[str, object]:
    return {"resources": {"orders": {"incremental": {"seen": {"last_value": value}}}}}


SINCE = since("2013-01-10T00:00:00Z")
MARKED = encode_state(since(datetime(2013, 1, 10, tzinfo=UTC)))
WINDOW = f"SELECT * FROM ({ORDERS}) WHERE id >= 217"


@pytest.mark.parametrize("state", [SINCE, MARKED, None])
def test_a_window_is_compared_with_the_same_window(
    shop: Shop, state: dict[str, object] | None
) -> None:
    shop.disposition = "merge"
    shop.expected = ResourceExpectations(primary_key=("id",), cursor_field="seen")
    shop.state_before = state
    shop.after["orders"] = WINDOW
    results = shop.judged()
    assert [r for r in results if not r.passed] == []
    contained = next(r for r in results if r.name == "H3 containment")
    assert contained.rows == (183 if state else 182)


def test_rows_lost_inside_of_the_window_are_missed(shop: Shop) -> None:
    shop.disposition = "append"
    shop.state_before = SINCE
    shop.after["orders"] = f"SELECT * FROM ({WINDOW}) WHERE id % 5 <> 0"
    assert ("H3", "id") in shop.refused()


def test_rows_lost_at_the_start_of_the_window_are_missed(shop: Shop) -> None:
    shop.disposition = "merge"
    shop.state_before = SINCE
    shop.after["orders"] = f"SELECT * FROM ({WINDOW}) WHERE id > 260"
    assert ("H3", "id") in shop.refused()


def test_an_append_without_a_cursor_says_that_it_cannot_tell(shop: Shop) -> None:
    shop.disposition = "append"
    shop.after["orders"] = WINDOW
    assert shop.refused() == set()
    assert ("H3", None) in shop.doubted()


def test_keys_that_were_appended_twice_are_compared_by_their_latest_row(shop: Shop) -> None:
    shop.disposition = "append"
    old = f"SELECT * REPLACE ('open' AS status, 'load0' AS _dlt_load_id) FROM ({ORDERS})"
    shop.before["orders"] = f"{old} UNION ALL {ORDERS}"
    shop.churn = QUIET
    assert shop.refused() == set()


# Child tables.


@pytest.mark.parametrize(
    ("edit", "refusal"),
    [
        ("SELECT * FROM {} WHERE _dlt_list_idx = 0", ("H3", None)),
        ("SELECT * REPLACE (sku || '!' AS sku) FROM {}", ("H4", "sku")),
        ("SELECT * REPLACE (1 AS pieces) FROM {}", ("H4", "pieces")),
        ("SELECT * REPLACE (pieces::VARCHAR AS pieces) FROM {}", ("H8", "pieces")),
    ],
)
def test_wrong_child_rows_are_refused(
    shop: Shop, edit: str, refusal: tuple[str, str | None]
) -> None:
    shop.with_items().edit(edit, "orders__items")
    assert refusal in shop.refused()


def test_items_that_swap_their_values_are_refused(shop: Shop) -> None:
    """Each column's values are still the same in each order; the rows are not."""
    shop.with_items()
    moved = ITEMS.replace("n + 1 AS pieces", "2 - n AS pieces")
    shop.after["orders__items"] = (
        f"SELECT * REPLACE (_dlt_parent_id || 'x' AS _dlt_parent_id) FROM ({moved})"
    )
    assert shop.refused() == {("H4", None)}


def test_a_child_table_that_is_gone_is_refused(shop: Shop) -> None:
    shop.with_items()
    del shop.after["orders__items"]
    assert ("H3", None) in shop.refused()


# Completeness.


@pytest.mark.parametrize(
    ("change", "level"),
    [
        ({"items": 300}, CheckLevel.HARD),
        ({"repeated": True}, CheckLevel.HARD),
        ({"declared_total": None, "ended": False}, CheckLevel.HARD),
        ({"declared_total": None}, CheckLevel.SOFT),
        ({"declared_total": None, "said_last": True}, None),
        ({"declared_total": None, "last_page_items": 40}, None),
        ({"declared_total": None, "items": 100, "requests": 1}, None),
        ({"items": 405}, None),
    ],
)
def test_an_extraction_has_to_be_complete(
    shop: Shop, change: dict[str, object], level: CheckLevel | None
) -> None:
    shop.endpoints = (replace(ENDED, **change),)  # type: ignore[arg-type]  # the test's shorthand
    complete = [r for r in shop.judged() if r.name == "H7 completeness" and not r.passed]
    assert [r.level for r in complete] == ([level] if level else [])


def test_without_answers_a_person_decides_and_the_newest_row_counts(shop: Shop) -> None:
    shop.endpoints = ()
    shop.expected = ResourceExpectations(primary_key=("id",), cursor_field="seen")
    assert ("H7", None) in shop.doubted()
    shop.after["orders"] = f"SELECT * FROM ({ORDERS}) WHERE id < 399"
    assert ("H7", "seen") in shop.refused()


# What a person should look at.


def test_another_distribution_is_doubted(shop: Shop) -> None:
    # Not in the shared keys: these are judged by equality.
    new = ORDERS.replace("range(400)", "range(400, 900)").replace("id / 4", "id * 50")
    shop.after["orders"] = f"{ORDERS} UNION ALL {new}"
    assert ("S2", "price") in shop.doubted()
    assert ("S1", None) in shop.doubted()
    assert shop.refused() == set()


def test_new_categories_are_doubted(shop: Shop) -> None:
    new = ORDERS.replace("range(400)", "range(400, 520)").replace("'paid'", "'bezahlt'")
    shop.after["orders"] = f"{ORDERS} UNION ALL {new}"
    assert ("S4", "status") in shop.doubted()


def test_stale_data_are_doubted(shop: Shop) -> None:
    shop.expected = ResourceExpectations(primary_key=("id",), cursor_field="seen")
    assert not {code for code, _ in shop.doubted()} & {"S3", "S5"}


def test_names_that_need_quoting(shop: Shop) -> None:
    odd = """SELECT id, customer AS "select ""x"" --", _dlt_id FROM """
    shop.before["orders"] = f"{odd} ({ORDERS})"
    shop.after["orders"] = f"{odd} ({ORDERS})"
    assert shop.refused() == set()
