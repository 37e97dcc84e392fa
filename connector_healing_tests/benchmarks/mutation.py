"""The heal mutation score: which corruptions of healed data our hard checks reject.

Beside it the score of the checks that are usually made: as many rows as before, no NULL key, and
the same range of dates.
"""

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import duckdb

from connector_healing.core.checks import CheckResult, Validation
from connector_healing.sandbox.data_judge import DuckDbDataJudge
from connector_healing_tests.benchmarks.mutators import MUTATORS, Mutator, Target
from connector_healing_tests.benchmarks.simulation import TABLE, World, lived, outcome, runtime

CLEAN = "clean"


@dataclass(slots=True)
class Score:
    """How often one kind of data was rejected."""

    trials: int = 0
    ours: int = 0
    usual: int = 0
    by: Counter[str] = field(default_factory=Counter)  #: Rejecting checks of ours.


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trial:
    """One simulated world, judged."""

    folder: Path
    world: World
    seed: int

    def now(self) -> datetime:
        """The world's time: the trial is its judge's clock."""
        return self.world.now

    @property
    def before(self) -> Path:
        return self.folder / "before.duckdb"

    def judged(self, mutator: Mutator | None) -> tuple[tuple[CheckResult, ...], bool]:
        """Our checks of the corrupted data, and whether the usual ones accept them."""
        world, connection = self.world, self.world.connection
        connection.execute("CREATE OR REPLACE TABLE healed AS FROM main.orders")
        if mutator is not None:
            target = Target(
                table="healed",
                previous_max=_number(connection, "SELECT max(id) FROM before.orders"),
                newest=world.newest,
                random=Random(self.seed),  # a simulation
            )
            for statement in mutator.statements(target):
                connection.execute(statement.replace("{now}", str(world.now)))
        rows = _number(connection, "SELECT count(*) FROM healed")
        after = self.folder / "after.duckdb"
        world.write(after, "healed", "main.healed")
        ran = outcome(
            after,
            rows,
            world.rows,
            rows if mutator and mutator.never_fetched else world.rows,
            page_repeated=bool(mutator and mutator.page_repeated),
        )
        judge = DuckDbDataJudge(clock=self)
        results = judge.compare(str(self.before), ran, {TABLE: world.baselines}, runtime())
        return results, usual_checks(connection, world)


def _number(connection: duckdb.DuckDBPyConnection, sql: str) -> int:
    return int(connection.execute(sql).fetchall()[0][0])


def run(trials: int, seed: int) -> dict[str, Score]:
    """Judge clean and corrupted data of as many simulated worlds; scores by mutator."""
    scores = {name: Score() for name in (CLEAN, *(m.name for m in MUTATORS))}
    with TemporaryDirectory(prefix="mutation-") as folder:
        for number in range(trials):
            world_seed = seed * 1_000_003 + number
            trial = _Trial(folder=Path(folder), world=lived(world_seed), seed=world_seed)
            trial.world.write(trial.before, "before", "before.orders")
            for mutator in (None, *MUTATORS):
                _count(scores[mutator.name if mutator else CLEAN], *trial.judged(mutator))
            trial.world.connection.close()
    return scores


def _count(score: Score, results: tuple[CheckResult, ...], usual: bool) -> None:
    refusals = Validation(checks=results, has_history=True).refusals
    score.trials += 1
    score.ours += bool(refusals)
    score.usual += not usual
    score.by.update({r.code for r in refusals})


def usual_checks(connection: duckdb.DuckDBPyConnection, world: World) -> bool:
    """Count not below the previous one, key never NULL, dates in the range that they had."""
    (accepted,) = connection.execute(
        "SELECT (SELECT count(*) FROM healed) >= (SELECT count(*) FROM before.orders) "
        "AND (SELECT count(*) FROM healed WHERE id IS NULL) = 0 "
        "AND (SELECT min(created_at) FROM healed) <= (SELECT min(created_at) FROM before.orders) + INTERVAL 1 DAY "
        "AND (SELECT max(created_at) FROM healed) >= (SELECT max(created_at) FROM before.orders) "
        "AND (SELECT max(created_at) FROM healed) <= ?",
        [world.now],
    ).fetchall()[0]
    return bool(accepted)


def report(scores: dict[str, Score], seconds: float) -> dict[str, object]:
    """The scores as plain values, shares from 0 to 1."""
    corrupted = [s for name, s in scores.items() if name != CLEAN]
    clean = scores[CLEAN]
    trials = sum(s.trials for s in corrupted)
    return {
        "trials": clean.trials,
        "rejected_of_corrupted": sum(s.ours for s in corrupted) / trials,
        "rejected_of_corrupted_by_usual_checks": sum(s.usual for s in corrupted) / trials,
        "false_rejects": clean.ours / clean.trials,
        "false_rejects_by_usual_checks": clean.usual / clean.trials,
        "seconds": round(seconds, 1),
        "mutators": {
            name: {
                "rejected": s.ours / s.trials,
                "rejected_by_usual_checks": s.usual / s.trials,
                "by": dict(s.by.most_common()),
            }
            for name, s in scores.items()
        },
    }


def _print(scores: dict[str, Score], summary: dict[str, object]) -> None:
    lines = [f"{'data':<24} {'ours':>7} {'usual':>7}  rejected by"]
    for name, s in scores.items():
        by = ", ".join(f"{code} {count}" for code, count in s.by.most_common())
        lines.append(f"{name:<24} {s.ours / s.trials:>7.1%} {s.usual / s.trials:>7.1%}  {by}")
    lines.append("")
    shares = (
        "rejected_of_corrupted",
        "rejected_of_corrupted_by_usual_checks",
        "false_rejects",
        "false_rejects_by_usual_checks",
    )
    lines += [f"{key.replace('_', ' '):<40} {summary[key]:>7.1%}" for key in shares]
    lines.append(f"{'seconds':<40} {summary['seconds']:>7}")
    sys.stdout.write("\n".join(lines) + "\n")


def main(arguments: Sequence[str]) -> int:
    """Print the scores; exit status 1 where they miss their aims."""
    parser = argparse.ArgumentParser(prog="mutation", description=__doc__)
    parser.add_argument("--trials", type=int, default=20, help="simulated worlds (20)")
    parser.add_argument("--seed", type=int, default=1, help="of the first of them (1)")
    parser.add_argument("--json", action="store_true", help="one JSON object, nothing else")
    options = parser.parse_args(arguments)
    began = time.monotonic()
    scores = run(options.trials, options.seed)
    summary = report(scores, time.monotonic() - began)
    if options.json:
        sys.stdout.write(json.dumps(summary) + "\n")
    else:
        _print(scores, summary)
    reached = (
        float(str(summary["rejected_of_corrupted"])) >= 0.99
        and float(str(summary["false_rejects"])) <= 0.02
    )
    return 0 if reached else 1
