"""What is left when no system's own words were found, and what must not decide at all."""

import pytest

from connector_healing.core.logs.matching import without_addresses
from connector_healing.core.logs.prose import reads_like_prose
from connector_healing.core.logs.reduce import reduce_log
from connector_healing.core.rules.class_names import by_package, codes_in
from connector_healing.core.rules.signature import Weight
from connector_healing_tests.core.logs.cases import diagnose_text

SURE = 0.8


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("ERROR: unable to authenticate against the ledger service", "authentication"),
        ("ERROR: you are not allowed to access this ledger", "authorization"),
        ("ERROR: take a break for 3 minutes before asking more", "rate_limit"),
        ("ERROR: the paging cookie was not accepted", "pagination"),
        (
            "ERROR: schema validation failed: [$.total: string found, number expected]",
            "data_format",
        ),
        ("ERROR: the conn_id `erp` isn't defined", "configuration"),
        ("ERROR: the report took too long", "timeout"),
    ],
)
def test_a_thing_and_a_verdict_name_the_kind_but_never_surely(text: str, category: str) -> None:
    diagnosis = diagnose_text(text)
    assert diagnosis.category == category
    assert diagnosis.confidence < SURE


@pytest.mark.parametrize(
    ("line", "subcategory"),
    [
        ('{"error": {"code": "CALL_RATE_EXCEEDED"}}', "rate_limited"),
        ("OperationErrors: ErrorCode = CallRateExceeded", "rate_limited"),
        ("automatic bind not successful - invalidCredentials", "credentials_rejected"),
        ("authorization_error: DEVELOPER_TOKEN_NOT_APPROVED", "permission_missing"),
    ],
)
def test_codes_are_read_by_their_words(line: str, subcategory: str) -> None:
    assert [found.subcategory for found in codes_in(line)][:1] == [subcategory]


def test_plain_words_and_calls_are_no_codes() -> None:
    assert not list(codes_in("the rate was exceeded in RateTable.lookup(x) of acme/TokenExpired"))


def test_a_package_is_the_least_of_signs() -> None:
    known = by_package("kafka.errors.NodeNotReadyError")
    assert known is not None
    assert known.weight is Weight.SYMPTOM
    assert by_package("acme.kafka.LedgerError") is None
    assert diagnose_text("kafka.errors.NodeNotReadyError: coordinator-0").category == "kafka_broker"


@pytest.mark.parametrize(
    "address",
    [
        "https://kafka-proxy.spark.example.com/permission/page?page=2&token=abc",
        "https://api.example.com/v1/kusto/quota?rate_limit=1",
    ],
)
def test_the_words_of_an_address_do_not_decide(address: str) -> None:
    said = "sqlite3.OperationalError: table orders has no column named total"
    tried = f"2026-03-02 04:11:08,100 ERROR [etl] attempt 1: GET {address}\n{said}"
    assert diagnose_text(tried).category == diagnose_text(said).category == "destination"


def test_hosts_that_say_what_answers_are_kept() -> None:
    text = "get https://adx.kusto.windows.net/v1/rest and https://www.spark.example.com/kafka"
    assert without_addresses(text) == "get https://adx.kusto.windows.net and https://"
    assert "schema-registry" in without_addresses("http://schema-registry:8081/subjects")


@pytest.mark.parametrize(
    ("text", "prose"),
    [
        ("Please check the quota before the rate limit changes on Friday.", True),
        ("- Fixed: timeouts when the server returned 502\n- Added: retries", True),
        ("502 Bad Gateway", False),
        ("KeyError: 'rows'", False),
        ('{"error": "denied"}', False),
    ],
)
def test_prose_is_told_from_what_programs_print(text: str, prose: bool) -> None:
    assert reads_like_prose(reduce_log(text)) is prose
    assert not prose or diagnose_text(text).category == "unknown"


@pytest.mark.parametrize(
    "prefix",
    [
        "2026-04-02T06:16:40.049630297Z stderr F ",
        "loader_1  | ",
        "Mar 02 04:11:09 host-1 etl[771]: ",
        "2026-03-02 04:11:09 source > ",
        "> ",
    ],
)
def test_what_collectors_put_before_lines_hides_no_frames_and_causes(prefix: str) -> None:
    text = (
        "Traceback (most recent call last):\n"
        '  File "/usr/lib/python3.11/os.py", line 679, in __getitem__\n'
        "    raise KeyError(key) from None\n"
        "KeyError: 'ERP_PORTAL_ID'"
    )
    log = reduce_log("\n".join(prefix + line for line in text.split("\n")))
    assert [line.text for line in log.lines] == ["KeyError: 'ERP_PORTAL_ID'"]
    assert log.frames == {"os.environ"}


def test_a_log_record_in_json_is_not_the_answer_that_it_speaks_of() -> None:
    body = '{\\"errors\\": [{\\"message\\": \\"You are not permitted to read this\\"}]}'
    record = f'{{"level": "error", "message": "{body}"}}'
    assert diagnose_text(record, {"status": 200}).category == "authorization"


@pytest.mark.parametrize(
    ("text", "context", "subcategory"),
    [
        ("psycopg.errors.QueryCanceled: canceling statement due to statement timeout",
         {"stage": "extract"}, "deadline_exceeded"),
        ("ValueError: start must match YYYY-MM-DD", {"stage": "configure"}, "configuration_invalid"),
        ('{"message": "no token"}',
         {"status": 401, "declared": {"auth": "oauth2_refresh_token"}}, "session_expired"),
        ("INVALID_SESSION_ID: Invalid Session ID found",
         {"declared": {"auth": "static_token"}}, "token_expired"),
    ],
)  # fmt: skip
def test_what_is_known_besides_changes_the_meaning(
    text: str, context: dict[str, object], subcategory: str
) -> None:
    assert diagnose_text(text, context).subcategory == subcategory


def test_what_the_project_itself_declares_needs_no_person() -> None:
    diagnosis = diagnose_text("yaml.scanner.ScannerError: mapping values are not allowed here")
    assert diagnosis.subcategory == "declaration_invalid"
    assert not diagnosis.human_needed
    assert not diagnosis.retryable


@pytest.mark.parametrize(
    ("text", "subcategory"),
    [
        ("dlt.pipeline.exceptions.PipelineNeverRan: no run", "configuration_invalid"),
        ("dlt.extract.exceptions.ParametrizedResourceUnbound: bind it", "declaration_invalid"),
        ("dlt.destinations.exceptions.DatabaseUndefinedRelation: orders", "table_mismatch"),
        ("dagster._core.errors.DagsterHomeNotSetError: not set", "configuration_invalid"),
        ("dlt.pipeline.exceptions.PipelineStepFailed: KeyErrors aside", "unclassified"),
        ("myapp.exceptions.PipelineNeverRan: of another library", "unclassified"),
        (
            (
                "requests.exceptions.HTTPError: 401 Client Error: Unauthorized\n\n"
                "The above exception was the direct cause of the following exception:\n\n"
                "dlt.extract.exceptions.SourceExhausted: consequence"
            ),
            "credentials_rejected",
        ),
    ],
)
def test_a_frameworks_own_names_only_where_nothing_else_says_more(
    text: str, subcategory: str
) -> None:
    assert diagnose_text(text).subcategory == subcategory


@pytest.mark.parametrize(
    ("text", "subcategory"),
    [
        ("psycopg.errors.ConnectionDoesNotExist: gone", "destination_busy"),
        ("asyncpg.exceptions.ReadOnlySQLTransactionError: no", "destination_refused"),
        ("myapp.ConnectionDoesNotExist: no database's", "unclassified"),
        ("KafkaError{code=OFFSET_NOT_AVAILABLE,val=78}", "broker_busy"),
        ("KafkaError{code=OFFSET_METADATA_TOO_LARGE,val=12}", "consumer_misused"),
    ],
)
def test_rare_codes_of_databases_and_brokers(text: str, subcategory: str) -> None:
    assert diagnose_text(text).subcategory == subcategory
