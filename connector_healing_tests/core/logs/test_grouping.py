"""The same failure with other ids, times and hosts is one group."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector_healing.core.logs.grouping import grouped, records_of, text_fingerprint
from connector_healing_tests.core.logs.cases import diagnose_text

LINE = "2026-03-02 04:11:{second:02d},482 ERROR [etl] ConnectTimeout: HTTPSConnectionPool(host='h{host}.example', port=443): Max retries exceeded with url: /v2/orders/{order}"


def _fingerprint(text: str) -> str:
    return text_fingerprint(diagnose_text(text))


@given(st.integers(0, 59), st.integers(1, 99), st.integers(1, 10**9))
def test_times_hosts_and_ids_do_not_count(second: int, host: int, order: int) -> None:
    first = LINE.format(second=0, host=1, order=1)
    assert _fingerprint(LINE.format(second=second, host=host, order=order)) == _fingerprint(first)


def test_another_failure_has_another_fingerprint() -> None:
    texts = [
        "KeyError: 'customer'",
        "requests.exceptions.ReadTimeout: Read timed out.",
        "[PATH_NOT_FOUND] Path does not exist: s3://a. SQLSTATE: 42K03",
        "[TABLE_OR_VIEW_NOT_FOUND] The table or view `a` cannot be found. SQLSTATE: 42P01",
    ]
    assert len({_fingerprint(text) for text in texts}) == len(texts)


def test_groups_are_counted_largest_first() -> None:
    log = "\n".join(
        [
            LINE.format(second=1, host=1, order=5),
            "2026-03-02 04:12:00,000 ERROR [etl] OSError: [Errno 28] No space left on device",
            LINE.format(second=3, host=2, order=6),
        ]
    )
    found = [(name, diagnose_text(text)) for name, text in records_of(log)]
    first, second = grouped(found)
    assert (first.count, first.ids) == (2, ("line 1", "line 3"))
    assert (second.count, second.diagnosis.subcategory) == (1, "disk_full")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("KeyError: 'user_id'", "KeyError: 'amount'"),
        ("KeyError: 'address1'", "KeyError: 'address2'"),
        ("RuntimeError: failed at job.py:12", "RuntimeError: failed at load.py:12"),
        ("KeyError: 'order-id'", "KeyError: 'line-id'"),
        (
            "[UNRESOLVED_COLUMN.WITH_SUGGESTION] A column with name `foo` cannot be resolved.",
            "[UNRESOLVED_COLUMN.WITH_SUGGESTION] A column with name `bar` cannot be resolved.",
        ),
        (
            "FileNotFoundError: [Errno 2] No such file or directory: '/data/a.csv'",
            "FileNotFoundError: [Errno 2] No such file or directory: '/etc/config.yaml'",
        ),
        (
            'psycopg.errors.UndefinedTable: relation "orders" does not exist',
            'psycopg.errors.UndefinedTable: relation "users" does not exist',
        ),
        (
            "UnknownTopicOrPartitionError: topic 'orders' does not exist",
            "UnknownTopicOrPartitionError: topic 'users' does not exist",
        ),
        (
            "[PATH_NOT_FOUND] Path does not exist: s3://lake/orders. SQLSTATE: 42K03",
            "[PATH_NOT_FOUND] Path does not exist: s3://lake/users. SQLSTATE: 42K03",
        ),
        (
            "requests.exceptions.HTTPError: 404 Client Error: Not Found for url: https://a.com/v1/x",
            "requests.exceptions.HTTPError: 404 Client Error: Not Found for url: https://a.com/v1/y",
        ),
        (
            "java.lang.ClassNotFoundException: com.acme.Io",
            "java.lang.ClassNotFoundException: com.acme.Db",
        ),
    ],
)
def test_names_count(one: str, other: str) -> None:
    assert _fingerprint(one) != _fingerprint(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            "requests.exceptions.HTTPError: 404 Client Error: Not Found for url: https://api.a.com/v1/users/123",
            "requests.exceptions.HTTPError: 404 Client Error: Not Found for url: https://api.b.com/v1/users/77?q=1",
        ),
        (
            "ConnectionRefusedError: connection refused to db1.prod.internal:5432",
            "ConnectionRefusedError: connection refused to db2.stage.internal:5432",
        ),
        (
            "ConnectionRefusedError: refused to db1:5432",
            "ConnectionRefusedError: refused to db2:5433",
        ),
        (
            "26/02/25 12:00:03 ERROR TaskSchedulerImpl: Lost executor 2 on 10.0.0.4: (10.0.0.4 executor 2)",
            "26/02/26 09:17:44 ERROR TaskSchedulerImpl: Lost executor 7 on host-b.internal: (host-b.internal executor 7)",
        ),
        (
            'could not translate host name "db1.prod" to address: Name or service not known',
            'could not translate host name "replica" to address: Name or service not known',
        ),
        (
            "FileNotFoundError: [Errno 2] No such file or directory: '/data/2026-03-01/a-17.csv'",
            "FileNotFoundError: [Errno 2] No such file or directory: '/data/2026-03-02/a-18.csv'",
        ),
        (
            "FileNotFoundError: [Errno 2] No such file or directory: '/tmp/tmpk3j2/x.json'",
            "FileNotFoundError: [Errno 2] No such file or directory: '/tmp/tmpz9q1/y.json'",
        ),
        ("KeyError: 'pod-7f9c4d5b6-xk2p9'", "KeyError: 'pod-5d8e1a2c3-b7q4z'"),
        ("KeyError: 'order_88211'", "KeyError: 'order_90417'"),
        (
            "ValueError: could not convert string to float: 'abc'",
            "ValueError: could not convert string to float: 'xyz'",
        ),
    ],
)
def test_hosts_ids_times_and_values_do_not_count(one: str, other: str) -> None:
    assert _fingerprint(one) == _fingerprint(other)
