import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connector_healing.core.redaction import Redactor
from connector_healing.errors import UnreadableCassetteError
from connector_healing.runtime.cassette import CassetteWriter, Exchange
from connector_healing.sandbox.cassette_records import largest_list
from connector_healing.sandbox.data_judge import DuckDbDataJudge


def written(path: Path, answers: list[tuple[str, int, object]]) -> str:
    writer = CassetteWriter(path, Redactor([]))
    for number, (url, status, answer) in enumerate(answers):
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        writer.add(
            Exchange(
                sequence=number,
                method="GET",
                url=url,
                request_headers=(),
                request_digest=None,
                status=status,
                reason="",
                response_headers=(("content-type", "application/json"),),
                body=body,
                elapsed=timedelta(0),
                recorded_at=datetime(2013, 1, 1, tzinfo=UTC),
            )
        )
    writer.close()
    return str(path)


def page(first: int) -> dict[str, object]:
    return {"meta": {"tags": [{"t": 1}]}, "data": {"items": [{"id": first + n} for n in range(3)]}}


def test_records_come_by_endpoint_up_to_the_limit(tmp_path: Path) -> None:
    path = written(
        tmp_path / "one.cassette",
        [
            ("https://api.example.com/v1/flights?page=1", 200, page(0)),
            ("https://api.example.com/v1/flights?page=2", 200, page(3)),
            ("https://api.example.com/v1/flights/8211/legs", 200, [{"leg": 1}]),
            ("https://api.example.com/v1/status", 500, [{"error": "x"}]),
            ("https://api.example.com/v1/text", 200, b"<html>"),
        ],
    )
    found = list(DuckDbDataJudge().records([path, path], 5))
    assert found == [
        ("/v1/flights", [{"id": 0}, {"id": 1}, {"id": 2}]),
        ("/v1/flights", [{"id": 3}, {"id": 4}]),
        ("/v1/flights/{id}/legs", [{"leg": 1}]),
        ("/v1/flights/{id}/legs", [{"leg": 1}]),
    ]


def test_a_cassette_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UnreadableCassetteError):
        list(DuckDbDataJudge().records([str(tmp_path / "none")], 5))


@pytest.mark.parametrize(
    ("answer", "records"),
    [
        ([{"a": 1}], [{"a": 1}]),
        ({"results": [{"a": 1}, {"a": 2}], "links": [{"rel": "next"}]}, [{"a": 1}, {"a": 2}]),
        ({"id": 7, "name": "x"}, [{"id": 7, "name": "x"}]),
        ({"ids": [1, 2, 3]}, [{"ids": [1, 2, 3]}]),
        ([], []),
        ("text", []),
        (None, []),
    ],
)
def test_where_the_records_of_an_answer_are(answer: object, records: list[object]) -> None:
    assert largest_list(answer) == records
