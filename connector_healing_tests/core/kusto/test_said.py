"""What a user says is read in many wordings."""

from collections.abc import Mapping

import pytest

from connector_healing.core.kusto import KustoCase, triage

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
