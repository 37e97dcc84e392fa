"""The checks of a trial, for a report."""

from collections.abc import Iterator, Sequence

from connector_healing.core.case import Trial
from connector_healing.core.checks import CheckLevel, CheckResult
from connector_healing.core.markdown import block, code, in_cell, prose, table

MAX_CHECKS = 200
MAX_STATEMENTS = 40


def quality(trial: Trial) -> str:
    """The verdict over a trial's data in one line of Markdown."""
    if not trial.checks:
        return "not judged"
    failed = [c for c in trial.checks if not c.passed and c.level is CheckLevel.HARD]
    doubted = [c for c in trial.checks if not c.passed and c.level is CheckLevel.SOFT]
    counted = [c for c in trial.checks if c.level is not CheckLevel.INFO]
    passed = sum(c.passed for c in counted)
    verdict = f"{'Fail' if failed else 'Pass'}, {passed} of {len(counted)} checks passed"
    if failed:
        verdict += f"; refused by {_named(failed)}"
    if doubted:
        verdict += f"; a person should look at {_named(doubted)}"
    if not trial.has_history:
        verdict += "; too little history to decide without a person"
    return verdict


def check_lines(checks: Sequence[CheckResult]) -> Iterator[str]:
    """A table of the checks, failed ones first, and the SQL of each."""
    ordered = sorted(checks, key=lambda c: (c.passed, c.name, c.table, c.column or ""))
    yield from table(
        ("Check", "Level", "On", "Result", "Observed", "Bound", "Rows"),
        (_row(check) for check in ordered[:MAX_CHECKS]),
    )
    if len(ordered) > MAX_CHECKS:
        yield ""
        yield f"({len(ordered) - MAX_CHECKS} more checks are kept with the trial.)"
    statements: dict[str, list[CheckResult]] = {}
    for check in ordered:
        if check.sql.strip():
            statements.setdefault(check.sql, []).append(check)
    for sql, of_checks in list(statements.items())[:MAX_STATEMENTS]:
        yield ""
        yield f"{_named(of_checks)}:"
        yield ""
        yield from block(sql, "sql")
    if len(statements) > MAX_STATEMENTS:
        yield ""
        yield f"({len(statements) - MAX_STATEMENTS} more statements are kept with the trial.)"


def _row(check: CheckResult) -> tuple[str, ...]:
    return (
        prose(check.name),
        check.level.value,
        in_cell(_place(check)) or "-",
        "pass" if check.passed else "**fail**",
        prose(check.observed),
        prose(check.bound),
        f"{check.rows:,}",
    )


def _place(check: CheckResult) -> str:
    """Where it looked, as Markdown; empty where it is about the whole run."""
    place = ".".join(part for part in (check.table, check.column) if part)
    return code(place) if place else ""


def _named(checks: Sequence[CheckResult]) -> str:
    shown = [" on ".join(filter(None, (prose(c.name), _place(c)))) for c in checks[:5]]
    more = f" and {len(checks) - len(shown)} more" if len(checks) > len(shown) else ""
    return ", ".join(shown) + more
