"""What a user says is read in many wordings."""

from collections.abc import Mapping

import pytest

from connector_healing.core.kusto import KustoCase, triage
from connector_healing.core.kusto.case import case_from
from connector_healing.core.kusto.saying import normalised
from connector_healing.core.kusto.vocabulary import Ask
from connector_healing_tests.benchmarks.kusto import DATA, load

TARGET = {"kustoCluster": "https://c.kusto.windows.net", "kustoDatabase": "d"}
WHOLE = {**TARGET, "kustoTable": "T"}
QUEUED = {**WHOLE, "writeMode": "Queued"}
READ = {**TARGET, "kustoQuery": "T | where Day > ago(7d)"}


@pytest.mark.parametrize(
    ("pattern", "options", "said"),
    [
        (
            "queued.silent",
            QUEUED,
            "after yesterday's run only 60k of 100k records can be found in the table",
        ),
        (
            "queued.silent",
            QUEUED,
            "pipeline finished OK at 02:00, at 09:00 the table still lacks the data",
        ),
        ("queued.silent", QUEUED, "Spark reports success but Kusto shows nothing for today"),
        (
            "queued.pending_batching",
            QUEUED,
            "the notebook finished one minute ago; the table is empty",
        ),
        ("queued.pending_batching", QUEUED, "I ran it just now and I can't see the rows"),
        ("queued.pending_batching", QUEUED, "finished 3 min ago, count() returns 0"),
        (
            "write.duplicates_on_task_retry",
            QUEUED,
            "we get more rows than we sent, some executors were preempted",
        ),
        (
            "write.duplicates_on_task_retry",
            QUEUED,
            "row count is higher than expected after speculative execution",
        ),
        (
            "schema.positional_shift",
            WHOLE,
            "data ended up in the wrong fields, e.g. price in the name column",
        ),
        (
            "schema.positional_shift",
            WHOLE,
            "column values are mixed up after we reordered the DataFrame",
        ),
        (
            "read.timezone",
            READ,
            "datetime values differ by 5 hours between Kusto explorer and Spark",
        ),
        (
            "read.estimate_unsupported",
            READ,
            "df.count() waits about 6 minutes before any job starts",
        ),
        (
            "write.orphan_temp_table",
            WHOLE,
            "the database is full of sparkTempTable_ tables after the driver was killed",
        ),
        ("unknown.need_mode", {"kustoTable": "T"}, "the job succeeds but rows never show up"),
        (
            "unknown.need_mode",
            {},
            "we write to ADX with the spark connector; success, but part of the data is not there",
        ),
        (
            "config.request_id_reused",
            {**WHOLE, "requestId": "daily"},
            "two notebooks run at the same time with requestId 'daily' and rows vanish",
        ),
        ("config.unknown_option_ignored", {**QUEUED, "isAsync": "true"}, "async does not work"),
        (
            "write.ingest_if_not_exists_ignored",
            {**QUEUED, "sparkIngestionPropertiesJson": '{"ingestIfNotExists":["x"]}'},
            "rerun wrote everything a second time",
        ),
        (
            "diag.operation_too_old",
            {**READ, "readMode": "ForceDistributedMode"},
            ".show operations e2f0b7aa-6f0d-4b44-9d1e-0c3a55d7c9b2 gives an empty result today",
        ),
        (
            "read.trailing_comment",
            {**READ, "kustoQuery": "T | take 5 // test"},
            "my filter is not applied",
        ),
        ("config.table_name_hyphen", {**QUEUED, "kustoTable": "a-b"}, "rows don't arrive in a-b"),
        ("unknown.need_evidence", {}, "Kusto spark connector: does not work"),
        ("unknown.need_evidence", WHOLE, "job runs for hours"),
    ],
)
def test_the_words_of_a_user(pattern: str, options: Mapping[str, str], said: str) -> None:
    whole = len(options) > 1
    found = triage(KustoCase(options=options, options_complete=whole, user_text=said))
    assert found.pattern == pattern


OPTIONS: Mapping[str, Mapping[str, str]] = {
    "nothing": {},
    "part": {"kustoDatabase": "d", "kustoTable": "T"},
    "queued": QUEUED,
    "transactional": {**WHOLE, "writeMode": "Transactional"},
    "streaming": {**WHOLE, "writeMode": "KustoStreaming"},
    "read": READ,
    "single": {**READ, "readMode": "ForceSingleMode"},
    "distributed": {**READ, "readMode": "ForceDistributedMode"},
}


def _pattern(options: str, said: str, evidence: str = "") -> str:
    whole = options not in {"nothing", "part"}
    case = KustoCase(
        options=OPTIONS[options], options_complete=whole, user_text=said, evidence=evidence
    )
    return triage(case).pattern


def test_loose_words_are_understood() -> None:
    cases = load(DATA / "said_cases.jsonl")
    wrong = [
        (case["said"], case["pattern"], found)
        for case in cases
        if (found := _pattern(case["options"], case["said"])) != case["pattern"]
    ]
    assert len(wrong) <= len(cases) * 0.02, wrong


def test_words_do_not_outweigh_a_failure_that_is_shown() -> None:
    evidence = (
        "Py4JJavaError: An error occurred while calling o1.save.\n: "
        "com.microsoft.kusto.spark.exceptions.RetriesExhaustedException: "
        "Failed to move extents after 11 tries."
    )
    cases = load(DATA / "said_cases.jsonl")
    found = {_pattern("transactional", case["said"], evidence) for case in cases}
    assert found == {"write.move_extents.retries_exhausted"}


def test_a_trace_in_the_users_words_is_evidence() -> None:
    said = "we get java.util.concurrent.TimeoutException: Timed out polling on ingestion status"
    assert _pattern("transactional", said) == "write.timeout.await"


def test_short_forms_and_blanks_are_made_alike() -> None:
    assert normalised("I dont\n SEE  it, it isn\u2019t there") == "i don't see it, it isn't there"


def test_the_minutes_of_the_context_count_as_answered() -> None:
    line = {"options": QUEUED, "options_complete": True, "user_text": "rows are not there"}
    soon = triage(case_from({"context": {**line, "minutes_since_end": 2}}))
    late = triage(case_from({"context": {**line, "minutes_since_end": 90}}))
    assert (soon.pattern, late.pattern) == ("queued.pending_batching", "queued.silent")
    assert Ask.MINUTES_SINCE_END not in late.must_ask
