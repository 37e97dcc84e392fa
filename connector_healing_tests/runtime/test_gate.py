import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import requests
from dlt.sources.helpers.rest_client.client import RESTClient

from connector_healing.core.redaction import Redactor
from connector_healing.errors import (
    LiveLimitError,
    MethodRefusedError,
    NoRecordedAnswerError,
    TrafficRefusedError,
)
from connector_healing.runtime.cassette import CassettePlayer
from connector_healing.runtime.gate import gated
from connector_healing.runtime.recorder import recording
from connector_healing_tests.runtime.loopback import Answer, Asked, LoopbackApi

SECRET = "s3cr3t-Value-77"
ORIGINAL = requests.Session.get_adapter


def handler(asked: Asked) -> Answer:
    match asked.path:
        case "/token":
            return Answer({"access_token": SECRET, "expires_in": 60})
        case "/moved":
            return Answer(status=302, headers=(("Location", "/flights"),))
        case "/cut":
            return Answer(b"x" * 99, cut=True)
        case "/broken":
            return Answer({"error": "no"}, 500)
        case _:
            return Answer({"data": [{"page": asked.query.get("page", "1")}]})


@pytest.fixture
def api() -> Iterator[LoopbackApi]:
    with LoopbackApi(handler) as served:
        yield served


@pytest.fixture
def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def recorded(api: LoopbackApi, folder: Path, *calls: tuple[str, str]) -> CassettePlayer:
    redactor = Redactor([SECRET])
    with recording() as seen:
        for method, path in calls:
            requests.request(method, api.url + path, timeout=5)
    api.asked.clear()
    seen.write(folder / "c", redactor, sample=False)
    return CassettePlayer([folder / "c"] if calls else [], redactor)


def test_recorded_answers_take_the_way_of_live_ones(api: LoopbackApi, tmp_path: Path) -> None:
    player = recorded(api, tmp_path, ("GET", "/moved"), ("GET", "/broken"))
    with gated(player) as gate:
        followed = requests.get(f"{api.url}/moved", timeout=5)
        assert followed.json() == {"data": [{"page": "1"}]}
        assert [r.status_code for r in followed.history] == [302]
        with pytest.raises(requests.HTTPError, match="500"):
            list(RESTClient(api.url, session=requests.Session()).paginate("/broken"))
    assert requests.Session.get_adapter is ORIGINAL
    assert api.asked == []
    assert (gate.replayed_requests, gate.live_requests) == (3, 0)
    assert gate.recorded.exchanges == ()


def test_a_recorded_failure_is_raised_and_not_recorded_as_live(
    api: LoopbackApi, tmp_path: Path
) -> None:
    with recording() as seen, pytest.raises(requests.exceptions.ChunkedEncodingError):
        requests.get(f"{api.url}/cut", timeout=5)
    seen.write(tmp_path / "c", Redactor([]), sample=False)
    player = CassettePlayer([tmp_path / "c"], Redactor([]))
    with gated(player) as gate, pytest.raises(requests.exceptions.ChunkedEncodingError):
        requests.get(f"{api.url}/cut", timeout=5)
    assert gate.recorded.exchanges == ()
    assert gate.replayed_requests == 1


def test_what_is_not_recorded_fails_without_live_requests(api: LoopbackApi, tmp_path: Path) -> None:
    player = recorded(api, tmp_path, ("GET", "/flights?page=1"))
    with gated(player) as gate, pytest.raises(NoRecordedAnswerError, match="/flights") as caught:
        requests.get(f"{api.url}/flights?page=2&api_key={SECRET}", timeout=5)
    assert SECRET not in str(caught.value)
    assert api.asked == []
    assert gate.refusals == [caught.value]


def test_live_requests_pass_up_to_the_limit_and_are_recorded(
    api: LoopbackApi, tmp_path: Path
) -> None:
    player = recorded(api, tmp_path, ("GET", "/flights?page=1"))
    with gated(player, live_limit=2) as gate:
        for page in (1, 2, 3):
            requests.get(f"{api.url}/flights?page={page}", timeout=5)
        with pytest.raises(LiveLimitError, match="2 live requests"):
            requests.get(f"{api.url}/flights?page=4", timeout=5)
    assert [a.query["page"] for a in api.asked] == ["2", "3"]
    assert (gate.replayed_requests, gate.live_requests) == (1, 2)
    assert [e.url[-1] for e in gate.recorded.exchanges] == ["2", "3"]


@pytest.mark.parametrize(
    ("path", "good"), [("/flights", 1), ("/moved", 2), ("/broken", 0), ("/cut", 0)]
)
def test_good_answers_are_counted(api: LoopbackApi, path: str, good: int) -> None:
    with gated(CassettePlayer([], Redactor([])), live_limit=2) as gate, suppress(OSError):
        requests.get(f"{api.url}{path}", timeout=5)
    assert gate.good_answers == good


def test_a_refused_connection_is_no_good_answer(unused_port: int) -> None:
    with (
        gated(CassettePlayer([], Redactor([])), live_limit=2) as gate,
        pytest.raises(requests.ConnectionError),
    ):
        requests.get(f"http://127.0.0.1:{unused_port}/", timeout=5)
    assert (gate.live_requests, gate.good_answers) == (1, 0)


def test_a_redirect_hop_counts(api: LoopbackApi, tmp_path: Path) -> None:
    with (
        gated(CassettePlayer([], Redactor([])), live_limit=1) as gate,
        pytest.raises(LiveLimitError),
    ):
        requests.get(f"{api.url}/moved", timeout=5)
    assert gate.live_requests == 1


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_methods_that_change_things_are_refused(api: LoopbackApi, method: str) -> None:
    with (
        gated(CassettePlayer([], Redactor([])), live_limit=9),
        pytest.raises(MethodRefusedError),
    ):
        requests.request(method, f"{api.url}/flights", timeout=5)
    assert api.asked == []


def test_the_refusal_is_no_requests_exception_that_a_retry_would_swallow() -> None:
    assert not issubclass(TrafficRefusedError, requests.RequestException)


def test_known_reading_posts_pass_and_mutations_do_not(api: LoopbackApi) -> None:
    player = CassettePlayer([], Redactor([]))
    with gated(player, live_limit=9, read_posts=["/graphql", "/search"]):
        assert requests.post(f"{api.url}/search", json={"q": "x"}, timeout=5).ok
        assert requests.post(f"{api.url}/graphql", json={"query": "{ mutation }"}, timeout=5).ok
        for document in (
            "mutation { drop }",
            "# read\n mutation X { a }",
            "query A {b} mutation B",
        ):
            with pytest.raises(MethodRefusedError):
                requests.post(f"{api.url}/graphql", json={"query": document}, timeout=5)
        with pytest.raises(MethodRefusedError):
            requests.delete(f"{api.url}/search", timeout=5)


def test_a_masked_token_is_replayed_offline_and_fetched_anew_live(
    api: LoopbackApi, tmp_path: Path
) -> None:
    player = recorded(api, tmp_path, ("POST", "/token"))
    with gated(player):
        assert requests.post(f"{api.url}/token", timeout=5).json()["access_token"] == "***"
    assert api.asked == []
    with gated(player, live_limit=1) as gate:
        assert requests.post(f"{api.url}/token", timeout=5).json()["access_token"] == SECRET
    assert gate.live_requests == 1
