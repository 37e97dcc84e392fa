import copy
import pickle
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import BytesIO
from time import monotonic

import dlt
import pytest
import requests
from dlt.sources.helpers.rest_client.client import RESTClient
from dlt.sources.helpers.rest_client.paginators import PageNumberPaginator
from dlt.sources.rest_api import rest_api_source

from connector_healing.runtime.recorder import recording
from connector_healing.runtime.session import rate_limited_session, retrying_session
from connector_healing_tests.runtime.loopback import Answer, Asked, LoopbackApi

ROWS = 17


class Limited:
    """Real time: so many requests in each window of a second, then a refusal."""

    def __init__(self, refusal: Callable[[], Answer], limit: int = 8) -> None:
        self.refusal = refusal
        self.limit = limit
        self.seen: list[float] = []
        self.refused = 0

    def __call__(self, asked: Asked) -> Answer:
        now = monotonic()
        if asked.path == "/moved":
            return Answer(status=307, headers=(("Location", "/flights"),))
        self.seen = [at for at in self.seen if at > now - 1]
        if len(self.seen) >= self.limit:
            self.refused += 1
            return self.refusal()
        self.seen.append(now)
        page = int(asked.query.get("page", "0"))
        return Answer({"data": [{"id": page}], "total_pages": ROWS})


def flaky(statuses: list[int]) -> Callable[[Asked], Answer]:
    def handler(asked: Asked) -> Answer:
        status = statuses.pop(0) if statuses else 200
        return Answer(b"x" * 1000, cut=True) if status == 0 else Answer({"data": []}, status)

    return handler


@pytest.fixture(
    params=[
        Answer({}, 429),
        Answer({}, 429, (("Retry-After", "1"),)),
        Answer({}, 503, (("Retry-After", "1"),)),
        Answer({"message": "API rate limit exceeded"}, 403),
    ],
    ids=["429", "429 with Retry-After", "503 with Retry-After", "403"],
)
def limited(request: pytest.FixtureRequest) -> Iterator[tuple[LoopbackApi, Limited]]:
    handler = Limited(lambda: request.param)
    with LoopbackApi(handler) as api:
        yield api, handler


def test_plain_requests_get_through_a_limit(limited: tuple[LoopbackApi, Limited]) -> None:
    api, handler = limited
    with recording() as seen:
        answers = [
            rate_limited_session().get(f"{api.url}/flights", params={"page": page})
            for page in range(ROWS)
        ]
    assert [a.json()["data"][0]["id"] for a in answers] == list(range(ROWS))
    assert handler.refused <= 4
    assert seen.request_count == ROWS + handler.refused


@pytest.fixture
def refusing() -> Iterator[tuple[LoopbackApi, Limited]]:
    handler = Limited(lambda: Answer({}, 429))
    with LoopbackApi(handler) as api:
        yield api, handler


def test_a_rest_client_gets_through_a_limit(refusing: tuple[LoopbackApi, Limited]) -> None:
    api, handler = refusing
    client = RESTClient(
        api.url,
        session=rate_limited_session(),
        paginator=PageNumberPaginator(base_page=0, total_path="total_pages"),
        data_selector="data",
    )
    assert [row["id"] for page in client.paginate("/flights") for row in page] == list(range(ROWS))
    assert 0 < handler.refused <= 4


def test_a_rest_api_configuration_gets_through_a_limit(
    refusing: tuple[LoopbackApi, Limited],
) -> None:
    api, handler = refusing
    source = rest_api_source(
        {
            "client": {
                "base_url": api.url,
                "session": rate_limited_session(),
                "paginator": PageNumberPaginator(base_page=0, total_path="total_pages"),
            },
            "resources": [
                {"name": "flights", "endpoint": {"path": "flights", "data_selector": "data"}}
            ],
        }
    )
    with dlt.common.configuration.container.Container().injectable_context(
        dlt.common.pipeline.StateInjectableContext(state={})
    ):
        assert [row["id"] for row in source.resources["flights"]] == list(range(ROWS))
    assert 0 < handler.refused <= 4


def test_patience_ends_with_the_apis_own_answer() -> None:
    with LoopbackApi(lambda _: Answer({"why": "limit"}, 429, (("Retry-After", "60"),))) as api:
        answer = rate_limited_session(patience=timedelta(seconds=5)).get(api.url)
    assert (answer.status_code, answer.json()) == (429, {"why": "limit"})
    assert len(api.asked) == 1


def test_redirects_are_followed_and_do_not_wait_for_themselves() -> None:
    with LoopbackApi(Limited(lambda: Answer({}, 429))) as api:
        session = rate_limited_session(limit=1, window=timedelta(milliseconds=50))
        answer = session.get(f"{api.url}/moved", timeout=5)
        stopped = session.get(f"{api.url}/moved", timeout=5, allow_redirects=False)
    assert [r.status_code for r in (*answer.history, answer)] == [307, 200]
    assert (stopped.status_code, stopped.history) == (307, [])


def test_hooks_see_the_last_answer_only() -> None:
    shown: list[int] = []
    with LoopbackApi(flaky([500, 502])) as api:
        session = retrying_session(timedelta(seconds=30))
        session.get(api.url, hooks={"response": lambda r, **_: shown.append(r.status_code)})
    assert shown == [200]


def test_a_stream_that_cannot_be_sent_again_is_sent_once() -> None:
    with LoopbackApi(lambda _: Answer({}, 429)) as api:
        answer = rate_limited_session().post(api.url, data=BytesIO(b"once"))
    assert answer.status_code == 429
    assert [a.body for a in api.asked] == [b"once"]


@pytest.mark.parametrize("statuses", [[500], [503, 502], [0]])
def test_an_outage_is_outlasted(statuses: list[int]) -> None:
    with LoopbackApi(flaky(statuses)) as api:
        assert retrying_session(timedelta(seconds=30)).get(api.url).status_code == 200


def test_a_server_that_comes_back_is_waited_for() -> None:
    with LoopbackApi(flaky([])) as gone:
        url = gone.url
    with pytest.raises(requests.ConnectionError):
        retrying_session(timedelta(seconds=1)).get(url)


@pytest.mark.parametrize(("status", "method"), [(404, "GET"), (501, "GET"), (500, "POST")])
def test_what_no_retry_would_change_is_given_back_at_once(status: int, method: str) -> None:
    with LoopbackApi(flaky([status] * 9)) as api:
        answer = retrying_session(timedelta(seconds=30)).request(method, api.url)
    assert answer.status_code == status
    assert len(api.asked) == 1


def test_a_wrong_certificate_is_not_tried_again() -> None:
    # With an hour's patience a second try would never let this test end.
    with LoopbackApi(flaky([])) as api, pytest.raises(requests.exceptions.SSLError):
        retrying_session(timedelta(hours=1)).get(api.url.replace("http:", "https:"))


def test_the_last_answer_is_given_back_when_patience_ends() -> None:
    with LoopbackApi(flaky([500] * 99)) as api:
        answer = retrying_session(timedelta(milliseconds=200)).get(api.url)
    assert answer.status_code == 500


def test_a_retry_after_beyond_patience_is_not_begun() -> None:
    with LoopbackApi(lambda _: Answer({}, 503, (("Retry-After", "50"),))) as api:
        assert retrying_session(timedelta(seconds=9)).get(api.url).status_code == 503
    assert len(api.asked) == 1


def test_sessions_share_connections_and_nothing_else() -> None:
    first, second = rate_limited_session(), rate_limited_session()
    first.headers["Authorization"] = "Bearer x"
    first.cookies.set("a", "b")
    assert "Authorization" not in second.headers
    assert not second.cookies
    assert first.get_adapter("https://a/") is second.get_adapter("https://a/")


def test_a_session_can_be_copied() -> None:
    session = rate_limited_session(limit=3, window=timedelta(seconds=2))
    for twin in (copy.deepcopy(session), pickle.loads(pickle.dumps(session))):
        assert (twin.limit, twin.window, twin.patience) == (3, session.window, session.patience)
