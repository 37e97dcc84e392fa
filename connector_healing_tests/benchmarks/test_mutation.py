import json

import pytest

from connector_healing_tests.benchmarks import __main__ as benchmarks
from connector_healing_tests.benchmarks.mutation import CLEAN, Score, report, run
from connector_healing_tests.benchmarks.mutators import MUTATORS


@pytest.fixture(scope="module")
def scores() -> dict[str, Score]:
    return run(trials=2, seed=3)


@pytest.mark.parametrize("mutator", [m.name for m in MUTATORS])
def test_a_corruption_is_rejected(scores: dict[str, Score], mutator: str) -> None:
    assert scores[mutator].ours == scores[mutator].trials, scores[mutator].by


def test_clean_data_are_accepted(scores: dict[str, Score]) -> None:
    assert scores[CLEAN].ours == 0, scores[CLEAN].by


def test_the_usual_checks_miss_most(scores: dict[str, Score]) -> None:
    summary = report(scores, 1.0)
    assert float(str(summary["rejected_of_corrupted_by_usual_checks"])) < 0.5
    assert summary["rejected_of_corrupted"] == 1.0


def test_one_json_object_and_a_status(capsys: pytest.CaptureFixture[str]) -> None:
    assert benchmarks.main(["mutation", "--trials", "1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["trials"] == 1


def test_an_unknown_benchmark_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert benchmarks.main(["nothing"]) == 2
    assert "mutation" in capsys.readouterr().err
