"""How well the Kusto triage answers: pattern, mode, questions, commands, look-alikes.

``python -m connector_healing_tests.benchmarks kusto [CASES.jsonl ...] [--json]``

A case is one JSON object a line: `id`, `context`, `evidence` and `expected`. Without files the
cases of the test data are scored: those that were given, those cut from runs of the real connector,
our own, and those that were written before anyone looked at how they are answered (`unseen`). Commands are compared with white space folded, and one is right if it is among those
that the triage gives. A mode that is stated where none (or another) is expected is a wrong guess.
"""

import argparse
import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from connector_healing.core.kusto import triage
from connector_healing.core.kusto.case import case_from

Case = Mapping[str, Any]

DATA = Path(__file__).parents[1] / "core" / "kusto" / "data"
SETS = ("given_cases.jsonl", "recorded_cases.jsonl", "own_cases.jsonl", "unseen_cases.jsonl")

_EXACT = ("surface", "operation", "retryable", "rerun_may_duplicate")


@dataclass(slots=True)
class Figures:
    """Counts of right answers and of what was wanted."""

    right: dict[str, int] = field(default_factory=dict)
    wanted: dict[str, int] = field(default_factory=dict)
    wrong_modes: int = 0
    wrong: list[tuple[str, str, str]] = field(default_factory=list)

    def add(self, name: str, right: int, wanted: int = 1) -> None:
        self.right[name] = self.right.get(name, 0) + right
        self.wanted[name] = self.wanted.get(name, 0) + wanted

    def share(self, name: str) -> float:
        wanted = self.wanted.get(name, 0)
        return self.right.get(name, 0) / wanted if wanted else 1.0


def load(path: Path) -> list[Case]:
    """The cases of a file."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


def score(cases: Iterable[Case]) -> Figures:
    """Answer the cases and count."""
    figures = Figures()
    for case in cases:
        _count(figures, case, triage(case_from(case)).to_json())
    return figures


def _count(figures: Figures, case: Case, got: Mapping[str, Any]) -> None:
    want = case["expected"]
    right = got["pattern"] == want["pattern"]
    figures.add("pattern", right)
    if not right:
        figures.wrong.append((case["id"], want["pattern"], str(got["pattern"])))
    mode = _known(got["mode"]) == _known(want["mode"])
    figures.add("mode", mode)
    figures.wrong_modes += not mode and _known(got["mode"]) is not None
    for name in _EXACT:
        if name in want:
            figures.add(name, _known(got[name]) == _known(want[name]))
    asked, wanted = set(got["must_ask"]), set(want["must_ask"])
    if wanted:
        figures.add("must_ask_recall", len(asked & wanted), len(wanted))
    else:
        figures.add("asked_needlessly", bool(asked))
    commands = {_folded(command) for command in got["follow_up_commands"]}
    expected = [_folded(command) for command in want["follow_up_commands"]]
    figures.add("commands", sum(c in commands for c in expected), len(expected))
    if want["is_kusto_connector_failure"] is False:
        figures.add("look_alikes_rejected", got["is_kusto_connector_failure"] is False)


def _known(word: object) -> object:
    return None if word in {None, "", "unknown"} else word


def _folded(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip().lower()


def report(figures: Figures) -> dict[str, float]:
    """The figures by name, as shares; wrongly guessed modes as a count."""
    shares = {name: round(figures.share(name), 3) for name in figures.wanted}
    return {
        "cases": figures.wanted["pattern"],
        **shares,
        "wrongly_guessed_modes": figures.wrong_modes,
    }


def main(arguments: Sequence[str]) -> int:
    """Score files of cases, each alone."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", type=Path, default=[DATA / name for name in SETS])
    parser.add_argument("--json", action="store_true", dest="as_json")
    options = parser.parse_args(arguments)
    found = {path.name: score(load(path)) for path in options.cases}
    if options.as_json:
        sys.stdout.write(json.dumps({name: report(f) for name, f in found.items()}) + "\n")
        return 0
    for name, figures in found.items():
        told = "\n".join(f"  {key}: {value}" for key, value in report(figures).items())
        sys.stdout.write(f"{name}\n{told}\n")
        for identity, want, got in figures.wrong:
            sys.stdout.write(f"  {identity}: {want}, answered {got}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
