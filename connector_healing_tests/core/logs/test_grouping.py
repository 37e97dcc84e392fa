"""The same failure with other ids, times and hosts is one group."""

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
