import json
from pathlib import Path

import pytest

from connector_healing_tests.benchmarks.kusto import DATA, load, main, report, score


def test_a_wrong_answer_costs() -> None:
    cases = load(DATA / "own_cases.jsonl")[:10]
    wrong = [
        {**case, "expected": {**case["expected"], "pattern": "x", "mode": "Single"}}
        for case in cases
    ]
    figures = report(score(wrong))
    assert figures["pattern"] == 0
    assert figures["wrongly_guessed_modes"] > 0


def test_main_prints_figures(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    path.write_text((DATA / "given_cases.jsonl").read_text("utf-8"), "utf-8")
    assert main([str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["c.jsonl"]["cases"] == 60
    assert main([str(path)]) == 0
    assert "must_ask_recall" in capsys.readouterr().out
