import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from dlt.sources.helpers.requests import Client
from dlt.sources.helpers.rest_client.client import RESTClient
from dlt.sources.helpers.rest_client.paginators import SinglePagePaginator

from connector_healing.core.redaction import Redactor
from connector_healing.runtime.cassette import NO_ANSWER, observe, read_cassette
from connector_healing.runtime.recorder import recording
from connector_healing_tests.runtime.loopback import Answer, Asked, LoopbackApi

ORIGINAL = requests.Session.send
MOVED = {
    "/moved": (302, "/moved-again"),
    "/moved-again": (301, "/flights"),
    "/moved-to-cut": (302, "/cut"),
}


def handler(asked: Asked) -> Answer:
    if asked.path in MOVED:
        status, to = MOVED[asked.path]
        return Answer(status=status, headers=(("Location", to),))
    if asked.path == "/cut":
        return Answer(b"x" * 1000, cut=True)
    if asked.path == "/limited":
        return Answer({}, 429, (("Retry-After", "3"), ("X-RateLimit-Remaining", "0")))
    if asked.path == "/large":
        return Answer(b"y" * 300_000)
    page = int(asked.query.get("page", "1"))
    rows = [{"id": i} for i in range(page * 10, page * 10 + 10)]
    return Answer({"data": rows, "total": 30, "next": page + 1 if page < 3 else None})


@pytest.fixture
def api() -> Iterator[LoopbackApi]:
    with LoopbackApi(handler) as served:
        yield served


def test_every_client_is_seen_and_the_original_is_put_back(api: LoopbackApi) -> None:
    older = Client()
    with recording() as seen:
        requests.get(f"{api.url}/a", timeout=5)
        requests.Session().get(f"{api.url}/b")
        older.get(f"{api.url}/c")
        list(RESTClient(api.url, paginator=SinglePagePaginator()).paginate("/d"))
    assert requests.Session.send is ORIGINAL
    requests.get(f"{api.url}/after", timeout=5)
    assert [e.url.removeprefix(api.url) for e in seen.exchanges[:3]] == ["/a", "/b", "/c"]
    assert seen.request_count == len(seen.exchanges) == len(api.asked) - 1


def test_redirect_hops_are_exchanges_of_their_own(api: LoopbackApi) -> None:
    with recording() as seen:
        final = requests.get(f"{api.url}/moved", timeout=5)
    assert final.status_code == 200
    assert [(e.url.removeprefix(api.url), e.status) for e in seen.exchanges] == [
        ("/moved", 302),
        ("/moved-again", 301),
        ("/flights", 200),
    ]
    assert seen.exchanges[2].body == final.content


def test_recordings_nest_and_may_end_in_any_order(api: LoopbackApi) -> None:
    outer, inner = recording(), recording()
    seen_outer, seen_inner = outer.__enter__(), inner.__enter__()
    requests.get(api.url, timeout=5)
    outer.__exit__(None, None, None)
    requests.get(api.url, timeout=5)
    inner.__exit__(None, None, None)
    assert requests.Session.send is ORIGINAL
    assert (seen_outer.request_count, seen_inner.request_count) == (1, 2)


def test_a_patch_put_on_top_meanwhile_is_left_alone(
    api: LoopbackApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    with recording() as seen:
        below = requests.Session.send
        calls: list[str] = []

        def foreign(
            session: requests.Session, request: requests.PreparedRequest, **kwargs: object
        ) -> requests.Response:
            calls.append("foreign")
            return below(session, request, **kwargs)  # type: ignore[arg-type]  # passed through

        monkeypatch.setattr(requests.Session, "send", foreign)
    requests.get(api.url, timeout=5)
    assert (calls, seen.request_count) == (["foreign"], 0)
    monkeypatch.undo()
    with recording() as again:
        requests.get(api.url, timeout=5)
    assert again.request_count == 1
    assert requests.Session.send is ORIGINAL


def test_threads_lose_nothing(api: LoopbackApi) -> None:
    with recording() as seen, ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda i: requests.get(f"{api.url}/t?page={i}", timeout=5), range(100)))
    assert seen.request_count == 100
    assert sorted(e.sequence for e in seen.exchanges) == list(range(100))


def test_a_stream_is_left_to_its_reader(api: LoopbackApi) -> None:
    with recording() as seen:
        unread = requests.get(api.url, stream=True, timeout=5)
        assert not unread._content_consumed  # type: ignore[attr-defined]  # private to requests
        in_pieces = b"".join(
            requests.get(api.url, stream=True, timeout=5).iter_content(chunk_size=7)
        )
        whole = requests.get(api.url, stream=True, timeout=5)
        assert json.loads(in_pieces) == whole.json()
    assert [e.truncated for e in seen.exchanges] == [True, True, False]
    assert seen.exchanges[2].body == in_pieces
    unread.close()


def test_a_request_without_an_answer_is_recorded(api: LoopbackApi) -> None:
    with recording() as seen:
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            requests.get(f"{api.url}/cut", timeout=5)
        with pytest.raises(requests.ConnectionError):
            requests.get("http://127.0.0.1:9/", timeout=5)
    assert [(e.status, e.reason) for e in seen.exchanges] == [
        (NO_ANSWER, "ChunkedEncodingError"),
        (NO_ANSWER, "ConnectionError"),
    ]


def test_an_answer_that_a_hook_refuses_is_recorded_whole(api: LoopbackApi) -> None:
    with recording() as seen, pytest.raises(requests.HTTPError):
        list(RESTClient(api.url, session=requests.Session()).paginate("/limited"))
    [one] = seen.exchanges
    assert (one.status, one.body, one.header("retry-after")) == (429, b"{}", "3")


def test_a_failure_behind_a_redirect_is_recorded_once(api: LoopbackApi) -> None:
    with recording() as seen, pytest.raises(requests.exceptions.ChunkedEncodingError):
        requests.get(f"{api.url}/moved-to-cut", timeout=5)
    assert [(e.sequence, e.reason) for e in seen.exchanges] == [(1, "ChunkedEncodingError")]
    assert seen.request_count == 2


def test_signals_are_found(api: LoopbackApi) -> None:
    with recording() as seen:
        requests.get(f"{api.url}/limited", timeout=5)
    assert seen.signals() == {"retry-after": "3", "x-ratelimit-remaining": "0"}


def test_memory_is_bounded(api: LoopbackApi) -> None:
    with recording(max_bytes=2_000_000) as seen:
        for page in range(30):
            requests.get(f"{api.url}/large?page={page}", timeout=5)
        requests.get(f"{api.url}/flights", timeout=5)
    kept = [e.sequence for e in seen.exchanges]
    assert kept == [0, *range(kept[1], 31)]
    assert sum(len(e.body) for e in seen.exchanges) <= 2_000_000
    assert seen.dropped == 31 - len(kept) > 20


def test_an_answer_too_large_to_keep_keeps_its_head(api: LoopbackApi) -> None:
    with recording(max_bytes=400_000) as seen:
        requests.get(f"{api.url}/large", timeout=5)
    [one] = seen.exchanges
    assert (one.status, one.body, one.truncated) == (200, b"", True)


def test_a_failed_run_leaves_everything_and_a_good_one_a_sample(
    api: LoopbackApi, tmp_path: Path
) -> None:
    redactor = Redactor([])
    with recording() as seen:
        for page in range(1, 11):
            requests.get(f"{api.url}/flights", params={"page": page}, timeout=5)
    assert seen.write(tmp_path / "all", redactor, sample=False) == 10
    assert seen.write(tmp_path / "sample", redactor, sample=True) == 4
    assert [e.sequence for e in read_cassette(tmp_path / "sample")] == [0, 1, 2, 9]
    assert observe(read_cassette(tmp_path / "all"))[0].items == 100
    with recording() as nothing:
        pass
    assert nothing.write(tmp_path / "none", redactor, sample=False) == 0
    assert not (tmp_path / "none").exists()


def test_a_run_in_another_thread_is_seen_too(api: LoopbackApi) -> None:
    with recording() as seen:
        thread = threading.Thread(target=requests.get, args=(api.url,))
        thread.start()
        thread.join()
    assert seen.request_count == 1
