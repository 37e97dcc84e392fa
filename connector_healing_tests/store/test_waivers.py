import pytest

from connector_healing.core.failure import SuspicionKind
from connector_healing.core.policy import HealMode
from connector_healing.errors import UnknownCaseError
from connector_healing.store import SqlStore
from connector_healing_tests.store.builders import NOW, after, failure, open_case, suspicion

HALVED = SuspicionKind.TABLE_HALVED
GONE_NULL = SuspicionKind.COLUMN_GONE_NULL


def test_each_suspicion_is_waived(store: SqlStore) -> None:
    case = open_case(store)
    store.save_waiver(case.case_id, [suspicion(), suspicion(column="tail_number")], NOW)

    assert set(store.waivers("flights")) == {
        (case.case_id, HALVED, "flights", None),
        (case.case_id, GONE_NULL, "flights", "tail_number"),
    }
    assert store.waivers("hotels") == ()


def test_releasing_twice_waives_once(store: SqlStore) -> None:
    case = open_case(store)
    for table in ("flights", "flights", "planes"):
        store.save_waiver(case.case_id, [suspicion(table), suspicion(table)], NOW)

    assert [waiver[2] for waiver in store.waivers("flights")] == ["flights", "planes"]


def test_a_used_waiver_is_gone_and_can_be_given_again(store: SqlStore) -> None:
    case = open_case(store)
    store.save_waiver(case.case_id, [suspicion()], NOW)

    store.use_waivers("flights", [case.case_id], after(1))
    assert store.waivers("flights") == ()
    store.save_waiver(case.case_id, [suspicion()], after(2))
    assert store.waivers("flights") == ((case.case_id, HALVED, "flights", None),)


def test_only_the_named_cases_waivers_are_used(store: SqlStore) -> None:
    first, second = open_case(store, "f1", "a"), open_case(store, "f2", "b")
    hotel = failure("f3", connector_id="hotels")
    other, _ = store.open_case(hotel, "a", HealMode.PROPOSE, {}, NOW)
    for case in (first, second, other):
        store.save_waiver(case.case_id, [suspicion()], NOW)

    store.use_waivers("flights", [first.case_id, other.case_id], after(1))
    store.use_waivers("flights", [], after(1))

    assert [waiver[0] for waiver in store.waivers("flights")] == [second.case_id]
    assert [waiver[0] for waiver in store.waivers("hotels")] == [other.case_id]


def test_an_unknown_case_is_not_waived(store: SqlStore) -> None:
    with pytest.raises(UnknownCaseError):
        store.save_waiver("nothing", [suspicion()], NOW)


def test_no_suspicion_is_no_waiver(store: SqlStore) -> None:
    store.save_waiver(open_case(store).case_id, [], NOW)

    assert store.waivers("flights") == ()
