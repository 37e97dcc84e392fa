"""Bringing a case to any state the way that the table allows."""

from collections import deque

from connector_healing.core.case import CASE_TRANSITIONS, CaseState, HealCase
from connector_healing.store import SqlStore
from connector_healing_tests.store.builders import after


def path_to(target: CaseState) -> list[CaseState]:
    """The shortest way from `open`, `open` left out."""
    ways: dict[CaseState, list[CaseState]] = {CaseState.OPEN: []}
    waiting = deque([CaseState.OPEN])
    while waiting:
        state = waiting.popleft()
        for following in sorted(CASE_TRANSITIONS[state]):
            if following not in ways:
                ways[following] = [*ways[state], following]
                waiting.append(following)
    return ways[target]


def bring(store: SqlStore, case: HealCase, target: CaseState) -> HealCase:
    for minutes, state in enumerate(path_to(target), start=1):
        case = store.advance_case(case.case_id, state, None, after(minutes), reason=state.value)
    return case
