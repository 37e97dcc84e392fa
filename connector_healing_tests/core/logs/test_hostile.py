"""Nothing that is pasted crashes the classifier or keeps it busy."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector_healing.core.logs.reduce import MAX_KEPT, MAX_LINE, reduce_log
from connector_healing.core.taxonomy import SUBCATEGORY_FACTS
from connector_healing_tests.core.logs.cases import cases, diagnose_text

_PIECES = st.sampled_from([case.text for case in cases()]) | st.text(max_size=80)
_NAMES = st.sampled_from(["status", "headers", "url", "body", "stage", "declared", "method", "x"])
_VALUES = st.none() | st.integers() | st.text() | st.dictionaries(st.text(), st.text(), max_size=2)


@settings(deadline=None, max_examples=150)
@given(st.lists(_PIECES, max_size=4), st.dictionaries(_NAMES, _VALUES, max_size=4))
def test_any_mixture_is_answered_from_the_closed_list(
    pieces: list[str], context: dict[str, object]
) -> None:
    diagnosis = diagnose_text("\n".join(pieces), context)
    facts = SUBCATEGORY_FACTS[diagnosis.subcategory]
    assert (diagnosis.category, diagnosis.remedy) == (facts.category, facts.remedy)
    assert 0 < diagnosis.confidence <= 1
    assert diagnosis.subcategory not in diagnosis.also_possible


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=2_000))
def test_bytes_that_are_no_text_are_answered(raw: bytes) -> None:
    diagnose_text(raw.decode("utf-8", "replace"))
    diagnose_text(raw.decode("utf-8", "surrogateescape"))


@pytest.mark.parametrize(
    "text",
    [
        "a" * 1_000_000,
        '{"error":' * 100_000,
        "(" * 500_000,
        "a." * 300_000 + "!",
        " " * 500_000 + "x",
        "403 " * 200_000,
        "\x1b[31m" * 100_000,
        "[A_" * 200_000,
        "Caused by: " * 100_000,
        "Error: " * 100_000,
        "\u0130" * 100_000 + " timed out",
        "the table " * 50_000 + "does not exist",
    ],
    ids=range(12),
)
def test_bombs(text: str) -> None:
    assert diagnose_text(text).confidence > 0


@pytest.mark.parametrize("alphabet", ["\n\r\x00\x1bé\u2028abc 0{}[]\"'", "error failed 403:\n"])
def test_megabytes_of_noise(alphabet: str) -> None:
    noise = "".join(random.Random(7).choices(alphabet, k=100_000)) * 20
    log = reduce_log(noise)
    assert len(log.lines) <= 2 * MAX_KEPT
    assert all(len(line.text) <= MAX_LINE for line in log.lines)
    diagnose_text(noise)


def test_a_cause_within_megabytes_of_chatter_is_found() -> None:
    chatter = "26/02/25 12:00:03 INFO BlockManager: Removing RDD %d\n"
    start = "".join(chatter % n for n in range(20_000))
    cause = "26/02/25 12:00:04 ERROR YarnScheduler: Lost executor 2 on nm3: Executor heartbeat timed out\n"
    assert diagnose_text(start + cause + start).subcategory == "executor_lost"


def test_a_failure_in_the_midst_of_a_long_log_is_found() -> None:
    words = [
        "".join(random.Random(n).choices("abcdefghijklmnopqrstuvwxyz", k=12)) for n in range(9_000)
    ]
    rows = [f"row {word} was written" for word in words]
    rows[4_500] = "java.lang.OutOfMemoryError: Java heap space"
    diagnosis = diagnose_text("\n".join(rows))
    assert diagnosis.category == "spark_memory"
    assert diagnosis.evidence[0].where == "line 4501"
