"""How right and how fast the classifier of texts is.

``python -m connector_healing_tests.benchmarks classify [CASES.jsonl] [--megabytes N] [--json]``

A case is one JSON object a line: `id`, `text`, `context`, `category`, `accept`, `retryable`,
`human_needed`, `hard`. Speed is taken on a real Spark driver's log and on the cases' own texts,
both with numbers that differ from copy to copy, and on noise; all rules are on.
"""

import argparse
import json
import random
import re
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from time import process_time

from connector_healing.core.failure import Diagnosis
from connector_healing_tests.core.logs.cases import Case, cases, diagnose_text, driver_log

_MEGABYTE = 1_000_000
_SURE = 0.8
_NUMBER = re.compile(r"\d{2,}")


def scores(known: Sequence[Case]) -> dict[str, float]:
    """Shares of what is right, from 0 to 1."""
    found = [(case, diagnose_text(case.text, case.context)) for case in known]
    hard = [(c, d) for c, d in found if c.hard]
    sure = [(c, d) for c, d in found if d.confidence >= _SURE and d.category != "unknown"]
    return {
        "accuracy_lenient": _share(found, _accepted),
        "accuracy_strict": _share(found, lambda c, d: d.category == c.category),
        "macro_f1_lenient": _macro_f1(found),
        "hard_accuracy_lenient": _share(hard, _accepted),
        "retryable_accuracy": _share(found, lambda c, d: d.retryable == c.retryable),
        "human_needed_accuracy": _share(found, lambda c, d: d.human_needed == c.human_needed),
        "confident_precision": _share(sure, _accepted),
        "confident_share": len(sure) / max(1, len(found)),
    }


def _accepted(case: Case, diagnosis: Diagnosis) -> bool:
    return diagnosis.category in {case.category, *case.accept}


def _share(
    found: Sequence[tuple[Case, Diagnosis]], right: Callable[[Case, Diagnosis], bool]
) -> float:
    return sum(right(c, d) for c, d in found) / len(found) if found else 0.0


def _macro_f1(found: Sequence[tuple[Case, Diagnosis]]) -> float:
    """The mean of F1 over the categories; an accepted answer counts as the true one."""
    pairs = [(c.category, c.category if _accepted(c, d) else d.category.value) for c, d in found]
    true, told = Counter(t for t, _ in pairs), Counter(p for _, p in pairs)
    hits = Counter(t for t, p in pairs if t == p)
    return sum(2 * hits[name] / (true[name] + told[name]) for name in true) / max(1, len(true))


def speeds(megabytes: float) -> dict[str, float]:
    """Megabytes a second of processor time, on one core."""
    chance = random.Random(7)
    tracebacks = "\n\n".join(case.text for case in cases())
    noise = "".join(chance.choices("abc 01{}[]\"':\n\x1bé", k=100_000))
    diagnose_text(tracebacks)  # Patterns are compiled when they are first needed.
    return {
        "driver_log_mb_per_s": _speed(_copies(driver_log(), megabytes, chance)),
        "tracebacks_mb_per_s": _speed(_copies(tracebacks, megabytes, chance)),
        "noise_mb_per_s": _speed(noise * max(1, int(megabytes * 10))),
        "one_line_mb_per_s": _speed("a1 " * int(megabytes * _MEGABYTE / 3)),
    }


def _copies(text: str, megabytes: float, chance: random.Random) -> str:
    """Copies of a text, with other numbers in each."""

    def other(match: re.Match[str]) -> str:
        return str(chance.randrange(10 ** len(match.group())))

    count = max(1, round(megabytes * _MEGABYTE / len(text)))
    return "\n".join(_NUMBER.sub(other, text) for _ in range(count))


def _speed(text: str) -> float:
    started = process_time()
    diagnose_text(text)
    return len(text) / _MEGABYTE / (process_time() - started)


def _read(path: Path) -> list[Case]:
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]
    names = Case.__dataclass_fields__
    return [Case(**{k: v for k, v in row.items() if k in names}) for row in rows]


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="classify")
    parser.add_argument("cases", nargs="?", type=Path)
    parser.add_argument("--megabytes", type=float, default=5.0)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(arguments)
    known = _read(asked.cases) if asked.cases else cases()
    result: Mapping[str, float] = {**scores(known), **speeds(asked.megabytes)}
    if asked.json:
        sys.stdout.write(json.dumps({"cases": len(known), **result}) + "\n")
    else:
        sys.stdout.write(f"{len(known)} cases\n")
        for name, value in result.items():
            sys.stdout.write(f"{name:24} {value:8.3f}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
