import json
from pathlib import Path

import pytest

from connector_healing_tests.benchmarks.drift import Prediction, main, predict, score

OLD = [{"id": f"k{n:03}", "title": f"name {n}", "gone": n % 2 == 0} for n in range(40)]
NEW = [{"id": f"k{n:03}", "label": f"name {n}", "fresh": n % 3 == 0} for n in range(40)]
CASE = {
    "old_records": OLD,
    "new_records": NEW,
    "key": {"old": "id"},
    "mapping": [
        {"old": "id", "new": "id", "transform": "identity"},
        {"old": "title", "new": "label", "transform": "identity"},
        {"old": "gone", "new": None, "transform": "removed"},
    ],
}


def test_a_case_is_predicted_and_scored() -> None:
    scored = score([CASE], [predict(CASE)])

    assert scored["precision"] == scored["recall"] == scored["identical_kept"] == 1
    assert scored["wrong_on_removed"] == 0


def test_wrong_proposals_cost_precision() -> None:
    wrong: Prediction = {
        "id": ("id", "identity"),
        "title": ("fresh", "identity"),
        "gone": ("label", "x"),
    }

    scored = score([CASE], [wrong])

    assert scored["precision"] == 0
    assert scored["wrong_on_removed"] == 1


def test_the_command_prints_both_points(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cases = tmp_path / "cases.jsonl"
    cases.write_text(json.dumps(CASE) + "\n")

    assert main([str(cases), "--json"]) == 0

    told = json.loads(capsys.readouterr().out)
    assert told["cases"] == 1
    assert told["propose"]["f1"] == pytest.approx(1)
    assert told["apply"]["precision"] == 1
