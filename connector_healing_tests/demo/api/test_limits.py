from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from connector_healing.demo.api.limits import Hint, RateLimit, Windows

LIMIT = RateLimit(requests=3, window=timedelta(seconds=2))


@given(st.lists(st.floats(0, 1.5), max_size=60))
def test_no_window_lets_more_pass_than_the_limit(pauses: list[float]) -> None:
    windows = Windows()
    now = 0.0
    opened: float | None = None
    passed = 0
    for pause in pauses:
        now += pause
        if opened is None or now - opened >= 2:
            opened, passed = now, 0
        passed += windows.spend("weather", LIMIT, now).allowed
        assert passed <= 3


def test_what_is_told_of_the_limit_is_what_was_asked_for() -> None:
    told = {}
    for hint in Hint:
        windows = Windows()
        limit = RateLimit(requests=1, window=timedelta(seconds=5), hint=hint)
        passed = windows.spend("weather", limit, 100.0)
        refused = windows.spend("weather", limit, 101.0)
        assert (passed.allowed, refused.allowed) == (True, False)
        told[hint] = (dict(passed.headers), dict(refused.headers))
    assert told[Hint.NONE] == ({}, {})
    assert told[Hint.RETRY_AFTER] == ({}, {"Retry-After": "4"})
    assert told[Hint.HEADERS][1] == {
        "RateLimit-Limit": "1",
        "RateLimit-Remaining": "0",
        "RateLimit-Reset": "4",
    }


def test_a_request_passes_again_when_the_window_is_over() -> None:
    windows = Windows()
    answers = [windows.spend("weather", LIMIT, now).allowed for now in (0, 0.1, 0.2, 0.3, 2.0)]
    assert answers == [True, True, True, False, True]
