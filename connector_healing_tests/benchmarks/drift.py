"""How well the field-mapping engine does on cases of real API changes.

``python -m connector_healing_tests.benchmarks.drift CASES.jsonl [--json]``

A case is one JSON object a line: `old_records`, `new_records`, `key.old`, and the truth as
`mapping`, a list of `old`, `new` (null: removed) and `transform`. Scoring is strict: a path is
right only if it is exactly the true one; a mapping of a removed field, or a same name kept that
now means something else, is a wrong proposal.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

from connector_healing.core.drift.engine import map_fields
from connector_healing.core.drift.mapping import FieldMapping, MappingVerdict

Case = Mapping[str, Any]
Prediction = dict[str, tuple[str | None, str]]


def mappings_of(case: Case) -> tuple[FieldMapping, ...]:
    """The engine's answer; `key` may be a path, an object with `old`, or null."""
    key = case.get("key")
    path = key.get("old") if isinstance(key, Mapping) else key
    return map_fields(case["old_records"], case["new_records"], path)


def predict(case: Case) -> Prediction:
    """New path and transform of each old path at the propose point: best guesses included."""
    return {
        m.old: (m.runner_up if m.verdict is MappingVerdict.UNSURE else m.new, m.transform)
        for m in mappings_of(case)
    }


def predict_applied(case: Case) -> Prediction:
    """New path and transform of each old path at the apply point: nothing that is unsure."""
    return {m.old: (m.new, m.transform) for m in mappings_of(case)}


def score(cases: Iterable[Case], predictions: Iterable[Prediction]) -> dict[str, float]:
    """Strict precision, recall and F1 of renamed fields, and the errors on removed ones."""
    told: Counter[str] = Counter()
    for case, predicted in zip(cases, predictions, strict=True):
        ignored = set(case.get("ignored_old") or ())
        for truth in case["mapping"]:
            if truth["old"] not in ignored:
                told.update(_outcome(truth, *predicted.get(truth["old"], (None, "removed"))))
    precision = told["right"] / max(1, told["proposed"])
    recall = told["right"] / max(1, told["renamed"])
    return {
        "renamed": told["renamed"],
        "precision": precision,
        "recall": recall,
        "f1": 2 * precision * recall / max(precision + recall, 1e-9),
        "removed": told["removed"],
        "wrong_on_removed": told["removed_mapped"] / max(1, told["removed"]),
        "identical_kept": told["kept"] / max(1, told["identical"]),
        "transform_right": told["transform_right"] / max(1, told["transformed"]),
    }


def _outcome(truth: Mapping[str, Any], path: str | None, transform: str) -> Iterable[str]:
    old, new = truth["old"], truth["new"]
    if new == old:
        yield "identical"
        yield "kept" if path == old else "proposed" if path else "abstained"
    else:
        yield "removed" if new is None else "renamed"
        if path is not None:
            yield "proposed"
            yield "removed_mapped" if new is None else "right" if path == new else "wrong"
    if new is not None and truth["transform"] not in {"identity", None}:
        yield "transformed"
        if path == new and transform == truth["transform"]:
            yield "transform_right"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the scores at both points."""
    parser = argparse.ArgumentParser(description="Score the field-mapping engine.")
    parser.add_argument("cases", type=Path, help="one case a line, as JSON")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args(arguments)
    cases = [json.loads(line) for line in given.cases.read_text().splitlines() if line.strip()]
    started = perf_counter()
    proposed = [predict(case) for case in cases]
    seconds = perf_counter() - started
    scores = {
        "propose": score(cases, proposed),
        "apply": score(cases, [predict_applied(case) for case in cases]),
    }
    if given.json:
        sys.stdout.write(json.dumps({"cases": len(cases), "seconds": seconds, **scores}) + "\n")
        return 0
    sys.stdout.write(f"{len(cases)} cases, {1000 * seconds / max(1, len(cases)):.1f} ms each\n")
    for point, numbers in scores.items():
        told = "  ".join(f"{name} {number:.3g}" for name, number in numbers.items())
        sys.stdout.write(f"{point:8} {told}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
