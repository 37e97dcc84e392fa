"""The benchmark of the classifier runs, and measures what it says."""

import json

import pytest

from connector_healing_tests.benchmarks.classify import main, scores
from connector_healing_tests.core.logs.cases import Case


def test_it_prints_scores_and_speeds(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--megabytes", "0.05", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["accuracy_lenient"] > 0.95
    assert told["driver_log_mb_per_s"] > 0


def test_wrong_answers_lower_the_scores() -> None:
    right = Case(id="1", text="MemoryError", category="resource", retryable=True, human_needed=True)
    wrong = Case(id="2", text="MemoryError", category="quota", retryable=False, human_needed=True)
    found = scores([right, wrong])
    assert (found["accuracy_lenient"], found["retryable_accuracy"]) == (0.5, 0.5)
    assert found["human_needed_accuracy"] == 1.0
    assert found["macro_f1_lenient"] == pytest.approx(1 / 3)
