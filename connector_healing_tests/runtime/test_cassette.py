import gzip
import json
import os
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from connector_healing.core.redaction import Redactor
from connector_healing.errors import UnreadableCassetteError
from connector_healing.runtime.cassette import (
    NO_ANSWER,
    CassettePlayer,
    CassetteWriter,
    Exchange,
    cassette_header,
    cassette_path,
    endpoint_template,
    prune_cassettes,
    read_cassette,
)

SECRET = "s3cr3t-Value-77"
NOW = datetime(2013, 2, 1, tzinfo=UTC)


def exchange(
    sequence: int = 0,
    url: str = "https://api.example.com/v1/flights",
    body: object = b"",
    *,
    method: str = "GET",
    status: int = 200,
    reason: str = "OK",
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "application/json"),),
    request_body: bytes = b"",
    truncated: bool = False,
) -> Exchange:
    return Exchange(
        sequence=sequence,
        method=method,
        url=url,
        request_headers=(("Authorization", f"Bearer {SECRET}"),),
        request_digest=None,
        status=status,
        reason=reason,
        response_headers=headers,
        body=body if isinstance(body, bytes) else json.dumps(body).encode(),
        elapsed=timedelta(milliseconds=12),
        recorded_at=NOW,
        truncated=truncated,
        request_body=request_body,
    )


def written(
    folder: Path, exchanges: Sequence[Exchange], max_bytes: int = 2**24, name: str = "c"
) -> Path:
    path = folder / f"{name}.cassette.gz"
    with CassetteWriter(path, Redactor([SECRET]), max_bytes) as writer:
        for one in exchanges:
            writer.add(one)
    return path


def request(
    url: str = "https://api.example.com/v1/flights", method: str = "GET", data: object = None
) -> requests.PreparedRequest:
    return requests.Request(method, url, data=data).prepare()


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    one = exchange(
        3,
        body={"data": [{"carrier": "ÜA"}]},
        headers=(("Content-Type", "application/json"), ("Link", "<a>; rel=x"), ("Link", "<b>")),
    )
    [back] = read_cassette(written(tmp_path, [one]))
    assert (back.sequence, back.status, back.body) == (3, 200, one.body)
    assert back.response_headers == one.response_headers
    assert (back.elapsed, back.recorded_at) == (one.elapsed, one.recorded_at)
    assert not back.truncated
    assert not back.masked


@given(st.binary(max_size=200), st.sampled_from(["utf-8", "latin-1", "utf-16", "no-such", ""]))
def test_any_body_is_read_back_or_left_out_whole(body: bytes, charset: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        headers = (("Content-Type", f"text/csv; charset={charset}"),)
        [back] = read_cassette(written(Path(folder), [exchange(body=body, headers=headers)]))
    assert back.body == (b"" if back.truncated else body) or back.masked


@pytest.mark.parametrize("place", ["url", "header", "body", "answer", "binary", "reason"])
def test_a_secret_is_in_no_byte_of_the_file(tmp_path: Path, place: str) -> None:
    one = exchange(
        url=f"https://api.example.com/v1/{SECRET if place == 'url' else 'x'}?api_key={SECRET}",
        body=(b"\0\xff" + SECRET.encode()) if place == "binary" else {"access_token": SECRET},
        request_body=f"client_secret={SECRET}".encode() if place == "body" else b"",
        headers=(("Set-Cookie", f"session={SECRET}"), ("X-Echo", SECRET)),
        reason=SECRET if place == "reason" else "OK",
    )
    path = written(tmp_path, [one])
    assert SECRET not in gzip.decompress(path.read_bytes()).decode()
    assert not any(SECRET.encode() in back.body for back in read_cassette(path))
    assert SECRET not in repr(one)


def test_redaction_that_changes_a_body_is_marked(tmp_path: Path) -> None:
    path = written(tmp_path, [exchange(0, body={"access_token": SECRET}), exchange(1, body={})])
    assert [e.masked for e in read_cassette(path)] == [True, False]


def test_over_the_limit_the_first_of_each_endpoint_and_the_latest_stay(tmp_path: Path) -> None:
    page = {"data": [{"id": i} for i in range(100)]}
    url = "https://api.example.com/v1/flights?page={}"
    exchanges = [exchange(i, url.format(i), page) for i in range(100)]
    exchanges.insert(50, exchange(200, "https://api.example.com/v1/airports", page))
    path = written(tmp_path, exchanges, max_bytes=20_000)
    kept = [e.sequence for e in read_cassette(path)]
    header = cassette_header(path)
    assert kept[0] == 0
    assert kept[-2:] == [99, 200]
    assert kept[1:-1] == list(range(kept[1], 100))
    assert header.exchanges == len(kept) < 20
    assert header.dropped == 101 - len(kept)
    assert header.truncated
    assert len(gzip.decompress(path.read_bytes())) <= 20_000 + 200


def test_a_body_that_is_too_large_is_left_out_and_marked(tmp_path: Path) -> None:
    path = written(tmp_path, [exchange(body=b"x" * 9_000)], max_bytes=10_000)
    [back] = read_cassette(path)
    assert back.truncated
    assert back.body == b""


def test_a_writer_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def interrupted() -> None:
        with CassetteWriter(tmp_path / "c.cassette.gz", Redactor([])) as writer:
            writer.add(exchange())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        interrupted()
    assert list(tmp_path.iterdir()) == []


def test_the_file_is_for_its_owner_only(tmp_path: Path) -> None:
    assert written(tmp_path, [exchange()]).stat().st_mode & 0o077 == 0


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-30])


def _cut_lines(path: Path) -> None:
    lines = gzip.decompress(path.read_bytes()).splitlines(keepends=True)
    path.write_bytes(gzip.compress(b"".join(lines[:-1])))


def _foreign(path: Path) -> None:
    path.write_text('{"format": "other"}\n')


def _foreign_gzip(path: Path) -> None:
    path.write_bytes(gzip.compress(b'{"format": "other"}\n'))


def _later_version(path: Path) -> None:
    header = {"format": "connector-healing cassette", "version": 99, "exchanges": 0, "dropped": 0}
    path.write_bytes(gzip.compress(json.dumps(header).encode()))


def _other_lines(path: Path) -> None:
    lines = gzip.decompress(path.read_bytes()).splitlines(keepends=True)
    path.write_bytes(gzip.compress(lines[0] + b'{"url": 3}\n' * (len(lines) - 1)))


@pytest.mark.parametrize(
    "damage",
    [_cut, _cut_lines, _foreign, _foreign_gzip, _later_version, _other_lines, Path.unlink],
)
def test_an_unreadable_cassette_says_so(tmp_path: Path, damage: object) -> None:
    path = written(tmp_path, [exchange(i, body={"i": i}) for i in range(5)])
    assert callable(damage)
    damage(path)
    with pytest.raises(UnreadableCassetteError, match="cassette"):
        list(read_cassette(path))


def test_a_request_is_known_by_method_path_query_and_body(tmp_path: Path) -> None:
    url = "https://api.example.com/v1/flights?b=2&a=1"
    search = exchange(1, url, {"n": 2}, method="POST", request_body=b"q=1")
    player = CassettePlayer(
        [written(tmp_path, [exchange(0, url, {"n": 1}), search])], Redactor([SECRET])
    )
    answer = player.answer(request("https://api.example.com/v1/flights?a=1&b=2"))
    assert answer is not None
    assert answer.json() == {"n": 1}
    found = player.answer(request(url, "POST", "q=1"))
    assert found is not None
    assert found.json() == {"n": 2}
    for other in (
        request("https://api.example.com/v1/flights?a=1"),
        request("https://other.example.com/v1/flights?a=1&b=2"),
        request(url, "POST", "q=2"),
        request(url, "DELETE"),
    ):
        assert player.answer(other) is None
    assert (player.hits, player.misses) == (2, 4)


def test_secrets_are_taken_out_on_both_sides(tmp_path: Path) -> None:
    one = exchange(
        url=f"https://api.example.com/v1/x?api_key={SECRET}",
        method="POST",
        request_body=f"password={SECRET}".encode(),
    )
    path = written(tmp_path, [one])
    rotated = "another-Secret-88"
    player = CassettePlayer([path], Redactor([rotated]))
    asked = request(
        f"https://api.example.com/v1/x?api_key={rotated}", "POST", f"password={rotated}"
    )
    assert player.answer(asked) is not None


def test_the_same_request_gets_successive_answers_then_the_last(tmp_path: Path) -> None:
    path = written(tmp_path, [exchange(i, body={"n": i}) for i in range(3)])
    player = CassettePlayer([path], Redactor([]))
    answers = [player.answer(request()) for _ in range(5)]
    assert [a.json()["n"] for a in answers if a is not None] == [0, 1, 2, 2, 2]


def test_the_first_cassette_that_knows_a_request_answers(tmp_path: Path) -> None:
    paths = [
        written(tmp_path, [exchange(body={"n": 1})], name="a"),
        written(tmp_path, [exchange(body={"n": 2}), exchange(url="https://b/", body={})], name="b"),
    ]
    player = CassettePlayer(paths, Redactor([]))
    first = player.answer(request())
    assert first is not None
    assert first.json() == {"n": 1}
    assert player.answer(request("https://b/")) is not None


def test_what_is_not_whole_or_not_true_answers_nothing(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        [
            exchange(0, "https://a/cut", truncated=True),
            exchange(1, "https://a/token", {"access_token": SECRET}),
            exchange(2, "https://a/down", status=503),
            exchange(3, "https://a/page", headers=(("Content-Type", "text/html; charset=utf-8"),)),
        ],
    )
    player = CassettePlayer([path], Redactor([]), only_good=True)
    assert player.answer(request("https://a/cut")) is None
    assert player.answer(request("https://a/down")) is None
    assert player.answer(request("https://a/page")) is None
    assert player.answer(request("https://a/token"), masked=False) is None
    assert player.answer(request("https://a/token")) is not None


def test_a_recorded_failure_is_raised_again(tmp_path: Path) -> None:
    one = exchange(status=NO_ANSWER, reason="ReadTimeout", body=b"Read timed out.")
    foreign = exchange(1, "https://a/", status=NO_ANSWER, reason="NoSuchError")
    player = CassettePlayer([written(tmp_path, [one, foreign])], Redactor([]))
    with pytest.raises(requests.ReadTimeout, match=r"Read timed out\."):
        player.answer(request())
    with pytest.raises(requests.ConnectionError):
        player.answer(request("https://a/"))


@pytest.mark.parametrize(
    ("path", "template"),
    [
        ("/v2/flights/8211/legs", "/v2/flights/{id}/legs"),
        ("/v1/orders/3f2504e0-4f89-11d3-9a0c-0305e82c3301", "/v1/orders/{id}"),
        ("/api/customers/cus_9s6XKzkNRiz8i3", "/api/customers/{id}"),
        ("/days/2013-01-05.json", "/days/{id}.json"),
        ("/o/507f1f77bcf86cd799439011", "/o/{id}"),
        ("/bot***/getUpdates", "/{id}/getUpdates"),
        ("/v1.1/oauth2/token", "/v1.1/oauth2/token"),
        ("/feedback/facade/deadbeef", "/feedback/facade/deadbeef"),
        ("", "/"),
    ],
)
def test_ids_are_taken_out_of_an_endpoint(path: str, template: str) -> None:
    assert endpoint_template(f"https://api.example.com{path}?page=3") == template


def test_old_cassettes_are_removed_and_those_in_use_stay(tmp_path: Path) -> None:
    ages = {f"c{i}": timedelta(days=i) for i in range(8)}
    for name, age in ages.items():
        path = cassette_path(tmp_path, "flights", name)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"")
        os.utime(path, (at := (NOW - age).timestamp(), at))
    left = tmp_path / "flights" / ".x.tmp"
    left.write_bytes(b"")
    os.utime(left, (0, 0))
    removed = prune_cassettes(
        tmp_path, NOW, keep=3, max_age=timedelta(days=1, hours=1), in_use=["c7"]
    )
    kept = sorted(p.name for p in (tmp_path / "flights").iterdir())
    assert removed == 5
    assert kept == ["c0.cassette.gz", "c1.cassette.gz", "c7.cassette.gz"]
