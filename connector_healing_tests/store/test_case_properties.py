"""Whatever is asked of cases, in whatever order, the rules about them hold."""

from uuid import uuid4

from hypothesis import given, settings
from hypothesis import strategies as st

from connector_healing.core.case import CASE_TRANSITIONS, CaseState
from connector_healing.core.policy import HealMode
from connector_healing.errors import InvalidCaseStateError
from connector_healing.store import SqlStore
from connector_healing_tests.store.builders import after, failure

STATES = st.sampled_from(list(CaseState))


def moved(store: SqlStore, case_id: str, to: CaseState, minute: int) -> bool:
    try:
        store.advance_case(case_id, to, None, after(minute), reason=f"minute {minute}")
    except InvalidCaseStateError:
        return False
    return True


@settings(max_examples=40)
@given(wanted=st.lists(STATES, min_size=1, max_size=20))
def test_no_sequence_of_requests_leaves_the_table(store: SqlStore, wanted: list[CaseState]) -> None:
    name = uuid4().hex
    case, _ = store.open_case(failure(name), name, HealMode.PROPOSE, {}, after(0))
    expected = [(after(0), CaseState.OPEN, "")]

    for minute, to in enumerate(wanted, start=1):
        at = expected[-1][1]
        allowed = to is at or to in CASE_TRANSITIONS[at]
        assert moved(store, case.case_id, to, minute) == allowed
        if allowed and to is not at:
            expected.append((after(minute), to, f"minute {minute}"))

    found = store.case(case.case_id)
    assert found is not None
    assert found.state is expected[-1][1]
    assert store.case_history(case.case_id) == tuple(expected)


@settings(max_examples=40)
@given(
    actions=st.lists(
        st.tuples(st.integers(0, 3), st.one_of(st.none(), STATES)), min_size=1, max_size=20
    ),
    dlt_resource=st.sampled_from(["departures", None]),
)
def test_one_failure_never_has_two_open_cases(
    store: SqlStore, actions: list[tuple[int, CaseState | None]], dlt_resource: str | None
) -> None:
    """An action without a state is an occurrence; one with a state moves one of the cases."""
    name = uuid4().hex
    case_ids: list[str] = []
    for minute, (which, to) in enumerate(actions):
        if to is None or not case_ids:
            seen = failure(f"{name}{which}", dlt_resource=dlt_resource)
            case, is_new = store.open_case(seen, name, HealMode.PROPOSE, {}, after(minute))
            assert is_new == (case.case_id not in case_ids)
            case_ids += [case.case_id] if is_new else []
        else:
            moved(store, case_ids[which % len(case_ids)], to, minute)

        now = [found for case_id in case_ids if (found := store.case(case_id))]
        assert sum(not each.state.is_closed for each in now) <= 1
        assert all(1 <= each.occurrences <= 4 for each in now)
