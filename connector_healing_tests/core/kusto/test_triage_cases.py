"""The triage on cases whose answers are known; the goals are those of the product."""

import re

import pytest

from connector_healing.core.kusto import KustoCase, triage
from connector_healing.core.kusto.case import case_from
from connector_healing.core.kusto.patterns import PATTERNS
from connector_healing_tests.benchmarks.kusto import DATA, SETS, load, score


@pytest.mark.parametrize("name", SETS)
def test_the_goals_are_met(name: str) -> None:
    figures = score(load(DATA / name))
    assert figures.share("pattern") >= 0.95, figures.wrong
    assert figures.share("mode") >= 0.98
    assert figures.share("surface") >= 0.95
    assert figures.share("must_ask_recall") >= 0.95
    assert figures.share("asked_needlessly") <= 0.10
    assert figures.share("commands") >= 0.95
    assert figures.share("look_alikes_rejected") >= 0.95


def test_no_mode_is_guessed() -> None:
    assert {name: score(load(DATA / name)).wrong_modes for name in SETS} == dict.fromkeys(SETS, 0)


def test_every_pattern_of_the_vocabulary_is_known_and_reached() -> None:
    names = set((DATA / "pattern_ids.txt").read_text("utf-8").split())
    assert {pattern.id for pattern in PATTERNS} == names
    cases = [case for name in SETS for case in load(DATA / name)]
    assert {triage(case_from(case)).pattern for case in cases} == names


def test_collected_evidence_changes_the_answer() -> None:
    case = KustoCase(
        options={"kustoQuery": "T", "readMode": "ForceDistributedMode"},
        options_complete=True,
        evidence="java.util.NoSuchElementException: None.get\n\tat com.microsoft.kusto.spark.utils."
        "KustoDataSourceUtils$.verifyAsyncCommandCompletion(KustoDataSourceUtils.scala:911)",
    )
    row = (
        '{"OperationId": "e2f0b7aa-6f0d-4b44-9d1e-0c3a55d7c9b2", "Operation": "DataExport",'
        ' "StartedOn": "x", "LastUpdatedOn": "y", "State": "Completed", "Status": ""}'
    )
    assert triage(case).pattern == "async_op.timeout.masked_none_get"
    assert triage(case.with_evidence(row)).pattern == "async_op.completed_after_timeout"


def test_an_id_in_other_letters_makes_no_other_pattern() -> None:
    for case in load(DATA / "own_cases.jsonl"):
        other = re.sub(r"7d3a1c52", "99999999", case["evidence"])
        changed = case_from({**case, "evidence": other})
        assert triage(changed).pattern == triage(case_from(case)).pattern
