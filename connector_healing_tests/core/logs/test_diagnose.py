"""The classifier of texts against recorded cases, and the mistakes that cost most."""

from collections.abc import Iterable

import pytest

from connector_healing.core.classify import classify
from connector_healing.core.failure import Diagnosis
from connector_healing.core.logs.reading import failure_of_text
from connector_healing_tests.core.logs.cases import Case, cases, diagnose_text, driver_log

SURE = 0.8


def _diagnosed() -> list[tuple[Case, Diagnosis]]:
    return [(case, diagnose_text(case.text, case.context)) for case in cases()]


def _share(values: Iterable[bool]) -> float:
    listed = list(values)
    return sum(listed) / len(listed)


def _right(case: Case, diagnosis: Diagnosis) -> bool:
    return diagnosis.category in {case.category, *case.accept}


def test_recorded_cases_are_named_right() -> None:
    found = _diagnosed()
    wrong = [(c.id, c.category, d.category.value, d.rule) for c, d in found if not _right(c, d)]
    assert len(wrong) <= 0.01 * len(found), wrong
    assert _share(d.category == c.category for c, d in found) >= 0.96
    assert _share(d.retryable == c.retryable for c, d in found) >= 0.98
    assert _share(d.human_needed == c.human_needed for c, d in found) >= 0.97


def test_what_is_answered_surely_is_right() -> None:
    sure = [
        _right(c, d) for c, d in _diagnosed() if d.confidence >= SURE and d.category != "unknown"
    ]
    assert _share(sure) >= 0.99


@pytest.mark.parametrize(
    "text",
    [
        "We discussed the rate limit policy; permissions are reviewed and timeouts stay.",
        "2026-03-01 02:00:00 INFO  loaded 14 assets\n2026-03-01 02:00:09 INFO  run finished",
        "Order 403 was shipped. Use code 429 at the till.",
        "acme.errors.DunningRuleError: customer 4711 has two active contracts",
        "",
    ],
)
def test_prose_and_user_code_are_unknown(text: str) -> None:
    assert diagnose_text(text).category == "unknown"


def test_the_earliest_cause_beats_its_consequences() -> None:
    lost = "26/02/25 ERROR YarnScheduler: Lost executor 2 on nm3: remote Rpc client disassociated"
    after = "org.apache.spark.shuffle.MetadataFetchFailedException: Missing an output location"
    assert diagnose_text(f"{lost}\n{after}").subcategory == "executor_lost"
    assert diagnose_text(after).subcategory == "shuffle_lost"


@pytest.mark.parametrize(
    ("refused", "category"),
    [
        ("httpx.HTTPStatusError: Client error '401 Unauthorized' for url 'x'", "authentication"),
        ("RuntimeError: GET /v1/items -> HTTP 503: upstream", "server_error"),
        ("INFO loaded the page of 401 rows", "data_format"),
    ],
)
def test_a_refusal_beats_the_unreadable_data_that_it_left(refused: str, category: str) -> None:
    unreadable = "pandas.errors.EmptyDataError: No columns to parse from file"
    stamp = "2026-03-02 04:11:1{},117 ERROR [etl] {}\n"
    assert (
        diagnose_text(stamp.format(0, refused) + stamp.format(1, unreadable)).category == category
    )
    assert (
        diagnose_text(stamp.format(0, unreadable) + stamp.format(1, refused)).category
        == "data_format"
    )


def test_a_wrapper_never_wins_over_what_it_wraps() -> None:
    wrapper = "py4j.protocol.Py4JJavaError: An error occurred while calling o88.save.\n"
    cause = "Caused by: java.lang.OutOfMemoryError: Java heap space\n\tat org.apache.spark.X.y(X:1)"
    diagnosis = diagnose_text(wrapper + cause)
    assert diagnosis.category == "spark_memory"
    assert "job_code_failed" in diagnosis.also_possible
    assert diagnosis.evidence[0].where == "line 2"


def test_an_error_while_handling_another_is_its_consequence() -> None:
    text = (
        'Traceback (most recent call last):\n  File "/a.py", line 1, in f\n    x()\n'
        "requests.exceptions.ReadTimeout: Read timed out.\n\n"
        "During handling of the above exception, another exception occurred:\n\n"
        "AttributeError: 'NoneType' object has no attribute 'close'"
    )
    assert diagnose_text(text).subcategory == "read_timeout"


def test_one_function_serves_texts_and_live_failures() -> None:
    failure = failure_of_text("KafkaError{code=TOPIC_AUTHORIZATION_FAILED,val=29}")
    assert classify(failure) == diagnose_text("KafkaError{code=TOPIC_AUTHORIZATION_FAILED,val=29}")
    assert classify(failure).category == "kafka_auth"


@pytest.mark.parametrize(
    ("declared", "subcategory"),
    [
        ({"first_run": True}, "target_unknown"),
        ({"last_success": "2026-03-01"}, "endpoint_gone"),
        ({"same_request_minutes_after": 200}, "intermittent"),
        ({"repo_exists_for_owner": True}, "permission_missing"),
        ({"page_11_status": 200}, "pagination_broken"),
    ],
)
def test_what_is_known_of_the_request_tells_what_a_404_means(
    declared: dict[str, object], subcategory: str
) -> None:
    context = {"status": 404, "declared": declared}
    assert diagnose_text("HTTPError: 404 Client Error", context).subcategory == subcategory


def test_secrets_do_not_survive() -> None:
    secret = "hunter2hunter2"
    text = f"HTTPError: 401 Client Error: Unauthorized for url: https://x.example/?api_key={secret}"
    text += f'\nAuthorization: Bearer {secret}\n{{"client_secret": "{secret}", "error": "invalid_client"}}'
    assert secret not in repr(diagnose_text(text))


def test_a_real_driver_log() -> None:
    assert diagnose_text(driver_log()).category == "spark_memory"


def test_spark_parameters_stand_in_the_cause() -> None:
    text = "AnalysisException: [PATH_NOT_FOUND] Path does not exist: file:/no/such/path. SQLSTATE: 42K03"
    assert "path file:/no/such/path" in diagnose_text(text).cause
