import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import requests

from connector_healing.runtime.limiter import AdaptiveLimiter, Limiters, limiter_key
from connector_healing.runtime.rate_policy import RatePolicy

SECOND = timedelta(seconds=1)
SECRET = "s3cr3t-Value-77"


class MovingClock:
    """Time passes only where somebody waits."""

    def __init__(self) -> None:
        self._now = datetime(2013, 2, 1, tzinfo=UTC)
        self.waits: list[timedelta] = []
        self._lock = threading.Lock()

    def now(self) -> datetime:
        return self._now

    def wait(self, duration: timedelta) -> None:
        with self._lock:
            self.waits.append(duration)
            self._now += duration


def answer(status: int, **headers: str) -> requests.Response:
    response = requests.Response()
    response.status_code = status
    response.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    response._content = b""
    return response


def limiter(clock: MovingClock, policy: RatePolicy | None = None) -> AdaptiveLimiter:
    return AdaptiveLimiter(policy, clock=clock, wait=clock.wait)


def test_a_refused_request_is_sent_again_after_the_wait() -> None:
    clock, answers = MovingClock(), [answer(429, Retry_After="20"), answer(200)]
    found = limiter(clock).call(lambda: answers.pop(0))
    assert found.status_code == 200
    assert sum(clock.waits, timedelta(0)) == 20 * SECOND


def test_patience_ends_with_the_apis_own_refusal() -> None:
    clock, sent = MovingClock(), []

    def send() -> requests.Response:
        sent.append(clock.now())
        return answer(429, Retry_After="400")

    found = limiter(clock).call(send, patience=timedelta(minutes=15))
    assert found.status_code == 429
    assert len(sent) == 3
    assert sum(clock.waits, timedelta(0)) <= timedelta(minutes=15)


def test_a_wait_beyond_patience_is_not_begun() -> None:
    clock = MovingClock()
    one = limiter(clock)
    assert one.call(lambda: answer(429, Retry_After="3600")).status_code == 429
    assert one.call(lambda: answer(429, Retry_After="3600")).status_code == 429
    assert clock.waits == []


def test_an_exception_frees_its_place() -> None:
    clock = MovingClock()
    one = limiter(clock, RatePolicy(limit=1, window=SECOND))

    def broken() -> requests.Response:
        raise requests.ConnectionError

    for _ in range(3):
        with pytest.raises(requests.ConnectionError):
            one.call(broken)
    assert one.call(lambda: answer(200)).status_code == 200
    assert clock.waits == []


def test_threads_share_one_limit() -> None:
    clock = MovingClock()
    one = limiter(clock, RatePolicy(limit=10, window=10 * SECOND))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: one.call(lambda: answer(200)), range(40)))
    assert clock.now() >= datetime(2013, 2, 1, tzinfo=UTC) + 30 * SECOND


def prepared(
    url: str = "https://api.example.com/v1/x", token: str = ""
) -> requests.PreparedRequest:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return requests.Request("GET", url, headers=headers).prepare()


def test_a_limit_belongs_to_host_and_credential() -> None:
    keys = {
        limiter_key(prepared()),
        limiter_key(prepared(token=SECRET)),
        limiter_key(prepared(token="other-Value-88")),
        limiter_key(prepared("https://other.example.com/")),
        limiter_key(prepared(f"https://api.example.com/v1/x?api_key={SECRET}")),
    }
    assert len(keys) == 5
    assert not any(SECRET in key for key in keys)
    assert limiter_key(prepared()) == limiter_key(prepared("https://api.example.com/v1/y?page=2"))


def test_a_refreshed_token_begins_with_what_the_old_one_learned() -> None:
    clock = MovingClock()
    limiters = Limiters(clock=clock, wait=clock.wait)
    limiters.of(prepared(token="a-token-1"), 5, 60 * SECOND)
    fresh = limiters.of(prepared(token="a-token-2"))
    assert fresh is not limiters.of(prepared(token="a-token-1"))
    assert fresh._policy.limit == 5


def test_what_was_learned_outlives_the_process() -> None:
    clock = MovingClock()
    first, second = Limiters(clock=clock, wait=clock.wait), Limiters(clock=clock, wait=clock.wait)
    first.of(prepared(token=SECRET), 7, 60 * SECOND)
    notes = first.to_notes()
    assert SECRET not in str(notes)
    second.restore({**notes, "broken.example.com/-": "{}"})
    assert second.of(prepared(token=SECRET))._policy.limit == 7
    assert set(second.to_notes()) == set(notes)
