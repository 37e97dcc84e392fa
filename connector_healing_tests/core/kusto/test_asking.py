"""Questions, and what their answers do."""

import pytest

from connector_healing.core.kusto import KustoCase, triage
from connector_healing.core.kusto.asking import answered
from connector_healing.core.kusto.case import case_from, options_from
from connector_healing.core.kusto.report import render_triage
from connector_healing.core.kusto.vocabulary import QUESTIONS, Ask, Mode
from connector_healing.errors import UsageError

_MISSING = KustoCase(user_text="we write to kusto, no error, rows are missing")


def test_every_question_says_where_to_find_its_answer() -> None:
    assert set(QUESTIONS) == set(Ask)
    assert all(question.endswith("?") and where for question, where in QUESTIONS.values())


def test_the_mode_that_is_answered_decides() -> None:
    assert triage(_MISSING).pattern == "unknown.need_mode"
    found = triage(answered(_MISSING, Ask.WRITE_MODE, "queued"))
    assert (found.pattern, found.mode) == ("queued.silent", Mode.QUEUED)
    assert Ask.WRITE_MODE not in found.must_ask


def test_an_unknown_answer_is_not_asked_again() -> None:
    assert Ask.WRITE_MODE not in triage(answered(_MISSING, Ask.WRITE_MODE, "")).must_ask


def test_an_exception_that_is_answered_is_evidence() -> None:
    text = "java.util.concurrent.TimeoutException: Timed out polling on ingestion status"
    assert triage(answered(_MISSING, Ask.EXCEPTION_TEXT, text)).pattern == "write.timeout.await"


def test_an_id_that_is_answered_fills_the_commands() -> None:
    guid = "e2f0b7aa-6f0d-4b44-9d1e-0c3a55d7c9b2"
    case = KustoCase(
        options={"kustoQuery": "T", "readMode": "ForceDistributedMode"},
        evidence="java.util.NoSuchElementException: None.get",
    )
    assert Ask.OPERATION_ID in triage(case).must_ask
    found = triage(answered(case, Ask.OPERATION_ID, guid))
    assert Ask.OPERATION_ID not in found.must_ask
    assert f".show operations {guid}" in [c.text for c in found.follow_up_commands]


def test_an_answer_of_no_choice_is_refused() -> None:
    with pytest.raises(UsageError, match=r"write_mode.*Transactional, Queued, KustoStreaming"):
        answered(_MISSING, Ask.WRITE_MODE, "Fast")


@pytest.mark.parametrize(
    ("value", "named"),
    [
        ([], "case"),
        ({"context": 3}, "case: context"),
        ({"context": {"options": "x"}}, "case: context.options"),
        ({"context": {"options": {"a": []}}}, "case: context.options.a"),
        ({"context": {"options_complete": "yes"}}, "case: context.options_complete"),
        ({"evidence": {}}, "case: evidence"),
        ({"context": {"libraries": "x"}}, "case: context.libraries"),
    ],
)
def test_a_bad_case_is_named(value: object, named: str) -> None:
    with pytest.raises(UsageError) as refused:
        case_from(value)
    assert refused.value.field == named


def test_options_are_texts() -> None:
    assert options_from({"a": True, "b": 3, "c": None}) == {"a": "true", "b": "3", "c": None}


def test_the_report_has_its_sections_and_questions() -> None:
    text = render_triage(triage(_MISSING))
    headings = [line for line in text.splitlines() if line.startswith("### ")]
    assert headings == [
        "### Error Summary",
        "### Root Cause Analysis",
        "### Remedy",
        "### Next Steps",
        "### Diagnostics to Collect",
        "### Warnings",
    ]
    assert "`write_mode`" in text


@pytest.mark.parametrize(
    ("ask", "case", "told"),
    [
        (
            Ask.DRIVER_ALIVE,
            KustoCase(user_text="there is a table sparkTempTable_a_T_1 left in kusto"),
            KustoCase(user_text="the driver was killed, sparkTempTable_a_T_1 is left in kusto"),
        ),
        (
            Ask.QUERY_STOPPED_ON_PURPOSE,
            KustoCase(
                evidence="SparkException: Job 3 cancelled by user", options={"kustoQuery": "T"}
            ),
            KustoCase(
                evidence="SparkException: Job 3 cancelled by user",
                options={"kustoQuery": "T"},
                user_text="I cancelled it myself",
            ),
        ),
        (
            Ask.SPARK_VERSION,
            KustoCase(
                evidence="java.lang.NoSuchMethodError: scala.Predef$.refArrayOps",
                options={"kustoQuery": "T"},
            ),
            KustoCase(
                evidence="java.lang.NoSuchMethodError: scala.Predef$.refArrayOps",
                options={"kustoQuery": "T"},
                platform="Databricks 17.3",
            ),
        ),
    ],
    ids=lambda value: str(value) if isinstance(value, Ask) else "",
)
def test_what_is_told_is_not_asked(ask: Ask, case: KustoCase, told: KustoCase) -> None:
    assert ask in triage(case).must_ask
    assert triage(told).pattern == triage(case).pattern
    assert ask not in triage(told).must_ask
