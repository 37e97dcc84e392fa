"""Every declared fault of the sample API, held against an extraction that nothing broke.

``python -m connector_healing_tests.benchmarks faults [--fault NAME ...] [--json]``

For each fault: six good days, the API breaks, the connector runs, the failure sensor asks for a
heal, the heal may apply what it proves, the connector runs again, and the warehouse is compared
with what an unbroken connector would have loaded. Exit status 1 where anything was healed wrongly.
"""

import argparse
import json
import sys
import traceback
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from rich.console import Console
from rich.table import Table

from connector_healing.core.codec import to_plain
from connector_healing.demo.api.faults import FAULTS
from connector_healing.errors import UsageError
from connector_healing.orchestration.quiet import be_quiet
from connector_healing_tests.benchmarks.broken_days import BrokenDays, broken_days
from connector_healing_tests.benchmarks.fault_verdicts import (
    AND,
    PASSED,
    Played,
    Verdict,
    connector_of,
    play,
)

#: Faults that make sense elsewhere too, and where.
ELSEWHERE = {
    "envelope_changed": ("weather", "planes", "airlines"),
    "rate_limited": ("flights", "planes"),
    "rows_lost": ("flights", "weather", "planes", "airlines"),
    "empty": ("flights", "weather", "planes", "airlines"),
    "not_json": ("weather", "airports", "planes", "airlines"),
    "server_error": ("weather", "airlines"),
    "unauthorized": ("weather", "airports"),
    "forbidden": ("weather", "airports"),
    "gone": ("weather", "airlines"),
    "endpoint_moved": ("weather", "airports", "planes"),
    "version_retired": ("weather", "airports"),
    "deprecated": ("weather", "airports"),
    "pages_lost": ("weather", "airports", "airlines"),
    "rows_doubled": ("flights", "airports"),
}

#: Faults that may be over when the heal begins.
OVER = ("server_error@weather", "not_json", "unauthorized@weather", "rows_lost", "rate_limited")

#: Faults that come together: what a heal of the first would load is wrong by the second.
TOGETHER = (
    ("field_renamed_similar", "pages_lost"),
    ("field_renamed_similar", "rows_lost@flights"),
    ("wrong_data_right_names", "field_renamed_similar"),
    ("measure_renamed", "pages_lost@weather"),
    ("measure_renamed", "rate_limited"),
    ("column_renamed", "rows_doubled"),
    ("column_renamed", "rows_lost@planes"),
    ("rate_limited", "rows_doubled@weather"),
)


def all_faults() -> Iterator[str]:
    """Every fault that the benchmark knows."""
    for name in FAULTS:
        yield name
        yield from (f"{name}@{resource}" for resource in ELSEWHERE.get(name, ()))
    yield from (f"{PASSED}{name}" for name in OVER)
    yield from (AND.join(names) for names in TOGETHER)


def connectors_for(faults: Iterable[str]) -> list[str]:
    """The connectors that these faults break."""
    return sorted({connector_of(fault) for fault in faults})


def main(arguments: Sequence[str] | None = None) -> int:
    """Play the faults, print the table."""
    parser = argparse.ArgumentParser(prog="faults", description="Heal every declared fault.")
    parser.add_argument("--fault", action="append", metavar="NAME", help="only this one; again")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--reasons", action="store_true", help="say why, for each fault")
    given = parser.parse_args(arguments)
    faults = given.fault or list(all_faults())
    try:
        connectors = connectors_for(faults)
    except UsageError as error:
        parser.error(str(error))
    be_quiet()
    progress = Console(stderr=True)
    with broken_days(connectors) as days:
        played = [p for fault in faults for p in _played(days, fault, progress)]
    crashed = len(faults) - len(played)
    if given.json:
        sys.stdout.write(json.dumps([to_plain(p) for p in played]) + "\n")
    else:
        _print(played, reasons=given.reasons)
    return 1 if crashed or any(p.verdict is Verdict.FALSE_HEAL for p in played) else 0


def _played(days: BrokenDays, fault: str, progress: Console) -> Iterator[Played]:
    try:
        played = play(days, fault)
    except Exception:  # noqa: BLE001  # one fault's crash must not cost the table of the others
        progress.print(f"{fault}: crashed\n{traceback.format_exc()}", markup=False)
        return
    progress.print(f"{fault}: {played.verdict.value} ({played.seconds} s)", markup=False)
    yield played


def _print(played: Sequence[Played], *, reasons: bool) -> None:
    console = Console(width=None if sys.stdout.isatty() else 220)
    table = Table(show_edge=False, pad_edge=False)
    for name in ("fault", "run", "found", "outcome", "refused by", "requests", "s", "verdict"):
        table.add_column(name, overflow="fold")
    for p in played:
        found = f"{p.category}/{p.subcategory}" if p.category else ""
        outcome = f"{p.outcome} ({p.template})" if p.template else p.outcome
        requests = f"{p.live_requests}/{p.allowed_requests}" if p.outcome else ""
        verdict = p.verdict.value + ("".join(f"\n! {w}" for w in p.wrong) if p.outcome else "")
        cells = (p.fault, p.run, found, outcome, ", ".join(p.refused_by), requests)
        table.add_row(*cells, f"{p.seconds:.1f}", verdict)
    console.print(table)
    for p in played if reasons else ():
        if p.outcome:
            told = f"\n{p.fault}\n  run: {p.message}\n  cause: {p.cause}\n  outcome: {p.reason}"
            console.print(told, markup=False, highlight=False)
    counts = Counter(p.verdict.value for p in played)
    console.print("\n" + ", ".join(f"{count} {verdict}" for verdict, count in counts.items()))


if __name__ == "__main__":
    raise SystemExit(main())
