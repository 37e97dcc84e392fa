"""The collector with the real SDK against a cluster on loopback."""

import gzip
import importlib.util
import json
import time
from collections.abc import Callable
from datetime import timedelta

import pytest

from connector_healing.core.kusto.collected import CollectedEvidence, Outcome
from connector_healing.core.kusto.commands import Endpoint
from connector_healing.errors import MissingExtraError, UsageError
from connector_healing.kusto.collector import KustoCollector, collect
from connector_healing.kusto.credentials import AccessToken
from connector_healing.kusto.hosts import Cluster, cluster_at
from connector_healing.kusto.limits import CollectionLimits
from connector_healing.ports import DiagnosticsCollector
from connector_healing_tests.kusto.conftest import ID, PATIENT, QUICK, TOKEN, asking
from connector_healing_tests.kusto.fake_cluster import (
    Answer,
    FakeCluster,
    failed,
    one_api_error,
    one_table,
    table_of_contents,
)

OPERATIONS = f".show operations {ID}"
COLUMNS = ("OperationId", "State", "StartedOn", "Duration", "ShouldRetry")
ROW = [ID, "Throttled", "2026-07-01T02:00:00.1234567Z", "00:10:00.1234567", 0]
FORBIDDEN = one_api_error(
    "Forbidden",
    "Principal 'aadapp=1;2' is not authorized to read database 'telemetry'.",
    permanent=True,
)


def ask(
    cluster: Cluster, text: str = OPERATIONS, limits: CollectionLimits = PATIENT
) -> CollectedEvidence:
    return collect([asking(text)], cluster, "telemetry", TOKEN, limits)[0]


@pytest.mark.parametrize("shape", [one_table, table_of_contents])
def test_rows_come_as_they_are(
    fake: FakeCluster, here: Cluster, shape: Callable[..., Answer]
) -> None:
    fake.answers[OPERATIONS] = [shape(COLUMNS, [ROW])]

    found = ask(here)

    assert (found.outcome, found.row_count, found.truncated) == (Outcome.ANSWERED, 1, False)
    assert found.columns == COLUMNS
    assert json.loads(found.rows) == dict(zip(COLUMNS, ROW, strict=True))
    assert found.note == ""


def test_a_lone_surrogate_in_a_cell_can_be_written(fake: FakeCluster, here: Cluster) -> None:
    fake.answers[OPERATIONS] = [one_table(("Sta\ud800te",), [["a\udfff"], [{"\ud801": "b"}]])]

    found = ask(here)

    assert found.outcome is Outcome.ANSWERED
    assert [json.loads(line) for line in found.rows.splitlines()] == [
        {"Sta\ufffdte": "a\ufffd"},
        {"Sta\ufffdte": {"\ufffd": "b"}},
    ]
    found.rows.encode()
    "".join(found.columns).encode()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    ("location", "host"),
    [
        ("https://login.example:8443/a?token=secret", "login.example"),
        ("/elsewhere", "itself"),
        ("http://[", "an address that is none"),
    ],
)
def test_a_redirect_is_named_and_not_followed(
    fake: FakeCluster, here: Cluster, status: int, location: str, host: str
) -> None:
    fake.answers[OPERATIONS] = [Answer(status=status, headers={"Location": location})]

    found = ask(here)

    assert found.outcome is Outcome.FAILED
    assert found.note == f"The answer is none of Kusto's: it redirects to {host}: not followed"
    assert len(fake.asked) == 1


@pytest.mark.parametrize(
    "tables", [[], 5, None, [1], [{"Rows": 1}], [{"TableName": "T", "Rows": []}]]
)
def test_an_answer_without_a_table_says_so(
    fake: FakeCluster, here: Cluster, tables: object
) -> None:
    fake.answers[OPERATIONS] = [failed(200, {"Tables": tables})]

    found = ask(here)

    assert found.outcome is Outcome.FAILED
    assert "has no table" in found.note
    assert "Error" not in found.note


def test_a_packed_answer_is_unpacked(fake: FakeCluster, here: Cluster) -> None:
    packed = gzip.compress(one_table(COLUMNS, [ROW]).body)
    fake.answers[OPERATIONS] = [failed(200, packed, {"Content-Encoding": "gzip"})]

    assert ask(here).row_count == 1


def test_what_is_sent(fake: FakeCluster, here: Cluster) -> None:
    collect(
        [asking(OPERATIONS), asking(".show ingestion resources", Endpoint.INGEST)],
        here,
        "telemetry",
        TOKEN,
    )

    engine, ingest = fake.asked
    assert (engine.database, engine.command) == ("telemetry", OPERATIONS)
    assert engine.options == {
        "servertimeout": "0:00:30",
        "query_take_max_records": 501,
        "request_readonly": True,
    }
    assert engine.headers["x-ms-app"] == "connector-healing"
    assert engine.headers["x-ms-client-request-id"].startswith("connector-healing.triage;")
    assert (ingest.database, ingest.command) == ("NetDefaultDB", ".show ingestion resources")
    assert "notruncation" not in json.dumps([engine.options, ingest.options])


def test_what_may_not_be_sent_is_not(fake: FakeCluster, here: Cluster) -> None:
    found = collect(
        [asking(".drop table T"), asking(".show databases; .drop table T"), asking(OPERATIONS)],
        here,
        "telemetry",
        TOKEN,
    )

    assert [one.outcome for one in found] == [Outcome.REFUSED, Outcome.REFUSED, Outcome.ANSWERED]
    assert fake.commands() == [OPERATIONS]


def test_the_same_command_is_sent_once(fake: FakeCluster, here: Cluster) -> None:
    found = collect([asking(OPERATIONS), asking(OPERATIONS)], here, "telemetry", TOKEN)

    assert len(found) == 2
    assert fake.commands() == [OPERATIONS]


def test_an_empty_answer_is_no_proof(fake: FakeCluster, here: Cluster) -> None:
    fake.answers[OPERATIONS] = [one_table(COLUMNS, [])]
    fake.answers[".show ingestion failures"] = [table_of_contents(COLUMNS, [])]

    assert ask(here).outcome is Outcome.EMPTY
    assert "does not prove that nothing happened" in ask(here).note
    assert "6 hours" in ask(here).note
    assert (
        "does not prove that the ingestion succeeded" in ask(here, ".show ingestion failures").note
    )


@pytest.mark.parametrize(
    "answer",
    [
        Answer(status=403),
        Answer(status=401),
        failed(403, FORBIDDEN),
        failed(400, FORBIDDEN),
        failed(403, b"<html>Forbidden</html>"),
        failed(
            400,
            one_api_error(
                "General_BadRequest",
                "Entity ID 'telemetry' of kind 'Database' was not found.",
                permanent=True,
            ),
        ),
        one_table(COLUMNS, [{"OneApiErrors": [FORBIDDEN]}]),
        table_of_contents(COLUMNS, [], [(2, "Caller is not authorized to do this")]),
    ],
    ids=lambda answer: f"{answer.status}",
)
def test_what_may_not_be_seen_is_not_visible(
    fake: FakeCluster, here: Cluster, answer: Answer
) -> None:
    fake.answers[OPERATIONS] = [answer]

    found = ask(here)

    assert found.outcome is Outcome.NOT_VISIBLE
    assert found.rows == ""
    assert "does not prove that nothing happened" in found.note
    assert len(fake.asked) == 1


def test_a_wrong_token_is_not_visible_and_not_printed(here: Cluster) -> None:
    token = AccessToken(token="a-wrong-token-4711")

    found = collect([asking(OPERATIONS)], here, "telemetry", token)[0]

    assert found.outcome is Outcome.NOT_VISIBLE
    assert "a-wrong-token" not in repr((found, token))


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_busy_service_is_asked_again(fake: FakeCluster, here: Cluster, status: int) -> None:
    fake.answers[OPERATIONS] = [Answer(status=status), one_table(COLUMNS, [ROW])]

    assert ask(here).outcome is Outcome.ANSWERED
    assert len(fake.asked) == 2


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (Answer(status=429), Outcome.THROTTLED),
        (
            failed(400, one_api_error("Throttled", "aborted due to throttling", permanent=False)),
            Outcome.THROTTLED,
        ),
        (failed(503, b"<html>busy</html>"), Outcome.FAILED),
        (failed(500, one_api_error("Internal", "it broke", permanent=False)), Outcome.FAILED),
    ],
)
def test_the_tries_are_counted(
    fake: FakeCluster, here: Cluster, answer: Answer, outcome: Outcome
) -> None:
    fake.answers[OPERATIONS] = [answer]

    assert ask(here).outcome is outcome
    assert len(fake.asked) == 2


@pytest.mark.parametrize(
    "answer",
    [
        failed(500, one_api_error("Internal", "it broke for good", permanent=True)),
        failed(400, one_api_error("BadRequest", "Syntax error: SYN0002", permanent=True)),
        failed(404, b""),
        failed(400, {"unexpected": 1}),
        failed(302, b"", {"Location": "https://evil.example.com/"}),
        failed(200, b"<html>Log in</html>", {"Content-Type": "text/html"}),
        failed(200, {"Tables": []}),
        failed(200, {"nothing": "of Kusto's"}),
        failed(200, ["a list"]),
        failed(200, b""),
        failed(200, {"Tables": "none"}),
        failed(200, {"Tables": [{"Columns": None, "Rows": None}]}),
        one_table(COLUMNS, [{"OneApiErrors": ["a text"]}]),
        one_table(COLUMNS, [{"OneApiErrors": [{"error": "a text"}]}]),
    ],
)
def test_what_a_retry_would_not_help_fails_at_once(
    fake: FakeCluster, here: Cluster, answer: Answer
) -> None:
    fake.answers[OPERATIONS] = [answer]

    found = ask(here)

    assert found.outcome is Outcome.FAILED
    assert found.note
    assert len(fake.asked) == 1


def test_retry_after_is_kept(fake: FakeCluster, here: Cluster) -> None:
    wait = {"Retry-After": "1"}
    fake.answers[OPERATIONS] = [failed(429, {}, wait), one_table(COLUMNS, [ROW])]

    begun = time.monotonic()

    assert ask(here).outcome is Outcome.ANSWERED
    assert time.monotonic() - begun >= 1  # a lower bound: no slow machine breaks it


def test_a_wait_that_is_too_long_is_not_begun(fake: FakeCluster, here: Cluster) -> None:
    fake.answers[OPERATIONS] = [failed(429, {}, {"Retry-After": "3600"})]

    assert ask(here).outcome is Outcome.THROTTLED
    assert len(fake.asked) == 1


def test_an_error_amid_the_rows_is_seen(fake: FakeCluster, here: Cluster) -> None:
    broken = one_api_error("Internal", "a node was lost", permanent=False)
    fake.answers[OPERATIONS] = [one_table(COLUMNS, [ROW, {"OneApiErrors": [broken]}])]
    fake.answers[".show databases"] = [one_table(COLUMNS, [ROW, {"Exceptions": ["it broke off"]}])]
    fake.answers[".show capacity"] = [table_of_contents(COLUMNS, [ROW], [(2, "aborted midway")])]
    beside = json.loads(one_table(COLUMNS, [ROW]).body) | {"Exceptions": ["told beside"]}
    fake.answers[".show queries"] = [failed(200, beside)]

    for text, told in {
        OPERATIONS: "a node was lost",
        ".show databases": "it broke off",
        ".show capacity": "aborted midway",
        ".show queries": "told beside",
    }.items():
        found = ask(here, text)
        assert (found.outcome, found.row_count, found.truncated) == (Outcome.FAILED, 1, True)
        assert told in found.note


def test_warnings_are_no_errors(fake: FakeCluster, here: Cluster) -> None:
    fake.answers[OPERATIONS] = [table_of_contents(COLUMNS, [ROW], [(3, "slow"), (4, "done")])]

    assert ask(here).outcome is Outcome.ANSWERED


def test_the_clusters_truncation_is_told(fake: FakeCluster, here: Cluster) -> None:
    cut = one_api_error(
        "LimitsExceeded",
        "Query result set has exceeded the internal record count limit (E_QUERY_RESULT_SET_TOO_LARGE).",
        permanent=False,
    )
    fake.answers[OPERATIONS] = [one_table(COLUMNS, [ROW, ROW, {"OneApiErrors": [cut]}])]

    found = ask(here)

    assert (found.outcome, found.row_count, found.truncated) == (Outcome.ANSWERED, 2, True)
    assert "cut the answer short" in found.note


def test_rows_and_values_have_bounds(fake: FakeCluster, here: Cluster) -> None:
    fake.answers[OPERATIONS] = [one_table(("Text",), [["x" * 100]] * 4)]
    limits = CollectionLimits(max_rows=3, max_cell=10)

    found = ask(here, limits=limits)

    assert (found.row_count, found.truncated) == (3, True)
    assert json.loads(found.rows.splitlines()[0]) == {"Text": "x" * 10 + "..."}
    assert fake.asked[0].options["query_take_max_records"] == 4


def test_an_endless_answer_is_broken_off(fake: FakeCluster, here: Cluster) -> None:
    fake.answers[OPERATIONS] = [Answer(parts=[lambda: b" " * 65_536] * 40)]

    found = ask(here, limits=CollectionLimits(max_bytes=1_000_000))

    assert found.outcome is Outcome.FAILED
    assert "larger than is allowed" in found.note


@pytest.mark.parametrize("first", [b"", b"{"], ids=["before", "within"])
def test_a_slow_answer_is_given_up(fake: FakeCluster, here: Cluster, first: bytes) -> None:
    fake.answers[OPERATIONS] = [Answer(parts=[lambda: first or fake.hang(), fake.hang])]

    assert ask(here, limits=QUICK).outcome is Outcome.TIMED_OUT
    assert len(fake.asked) == 1


def test_a_trickle_is_given_up(fake: FakeCluster, here: Cluster) -> None:
    def drop() -> bytes:
        fake.stopped.wait(0.1)
        return b" "

    fake.answers[OPERATIONS] = [Answer(parts=[drop] * 600)]

    assert ask(here, limits=QUICK).outcome is Outcome.TIMED_OUT


@pytest.mark.parametrize(
    "answer",
    [
        Answer(status=504),
        failed(400, one_api_error("Timeout", "Request execution has timed out", permanent=False)),
    ],
)
def test_the_servers_time_limit_is_one(fake: FakeCluster, here: Cluster, answer: Answer) -> None:
    fake.answers[OPERATIONS] = [answer]

    assert ask(here).outcome is Outcome.TIMED_OUT
    assert len(fake.asked) == 1


def test_a_dead_endpoint_does_not_hide_the_other(fake: FakeCluster) -> None:
    dead = FakeCluster()
    dead._server.server_close()
    cluster = cluster_at(fake.url, ingest=dead.url, allowed_hosts=["127.0.0.1"])
    ingest = [
        asking(text, Endpoint.INGEST)
        for text in (".show ingestion resources", ".show export containers")
    ]

    first, second, engine = collect(
        [*ingest, asking(OPERATIONS)], cluster, "telemetry", TOKEN, PATIENT
    )

    assert (first.outcome, second.outcome) == (Outcome.FAILED, Outcome.FAILED)
    assert "not reached" in first.note
    assert second.note.startswith("Not asked again.")
    assert engine.outcome is Outcome.ANSWERED


def test_an_unknown_ingest_address_is_told(fake: FakeCluster) -> None:
    cluster = cluster_at(fake.url, allowed_hosts=["127.0.0.1"])

    found = collect([asking(".show export containers", Endpoint.INGEST)], cluster, "d", TOKEN)

    assert found[0].outcome is Outcome.REFUSED
    assert fake.asked == []


def test_the_whole_collection_has_an_end(fake: FakeCluster, here: Cluster) -> None:
    fake.answers[OPERATIONS] = [Answer(parts=[fake.hang])]
    limits = CollectionLimits(
        command_time=timedelta(milliseconds=300),
        answer_margin=timedelta(0),
        total_time=timedelta(milliseconds=200),
    )

    found = collect([asking(OPERATIONS), asking(".show databases")], here, "d", TOKEN, limits)

    assert [one.outcome for one in found] == [Outcome.TIMED_OUT] * 2
    assert found[1].note.startswith("Not asked")


def test_nothing_unprintable_is_kept(fake: FakeCluster, here: Cluster) -> None:
    fake.answers[OPERATIONS] = [one_table(("Text",), [["a\x1b[2J\x9b2J\u2028b\u202ec\né"]])]
    fake.answers[".show databases"] = [
        failed(400, one_api_error("Bad", "a\x1b[2J\x9bb", permanent=True))
    ]

    found = ask(here)

    assert found.rows.isprintable()
    assert json.loads(found.rows) == {"Text": "a\x1b[2J\x9b2J\u2028b\u202ec\né"}
    assert ask(here, ".show databases").note.isprintable()


def test_without_the_extra(here: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)

    with pytest.raises(MissingExtraError, match=r"pip install '\.\[kusto\]'"):
        collect([], here, "telemetry", TOKEN)


def test_it_is_the_port(here: Cluster) -> None:
    with KustoCollector(here, "telemetry", TOKEN) as made:
        port: DiagnosticsCollector = made
        assert port.collect([]) == ()


def test_a_database_has_a_name(here: Cluster) -> None:
    with pytest.raises(UsageError, match="database: 'a;b'"):
        collect([], here, "a;b", TOKEN)
