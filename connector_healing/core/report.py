"""The debug report of a heal case, as Markdown."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from connector_healing.core.case import (
    HealCase,
    NotHealed,
    NotReproduced,
    Trial,
    TrialState,
    shown_state,
)
from connector_healing.core.drift.mapping import FieldMapping, MappingVerdict
from connector_healing.core.failure import Diagnosis
from connector_healing.core.kusto.automatic import triage_of
from connector_healing.core.kusto.report import triage_sections
from connector_healing.core.markdown import block, code, in_cell, prose, table
from connector_healing.core.patch import Candidate, PatchKind
from connector_healing.core.report_checks import check_lines, quality
from connector_healing.core.report_facts import ReportFacts
from connector_healing.core.report_standing import filled, standing_of

__all__ = ["ReportFacts", "render_report"]

#: The file with the change as ``git apply`` takes it, beside the report.
PATCH_FILE = "change.patch"
MAX_DIFF_LINES = 400
MAX_MAPPINGS = 40

_MADE_NOTHING = (PatchKind.ABSTAIN, PatchKind.REVERT)


def render_report(facts: ReportFacts) -> str:
    """The report: what failed, why, what was changed, what proved it, and what to do now."""
    sections = (
        ("Error Summary", _summary(facts)),
        ("Root Cause Analysis", _root_cause(facts)),
        ("Fix Applied", _fix(facts)),
        ("Validation Results", _validation(facts)),
        ("Next Steps", _next_steps(facts)),
        ("Evidence", _evidence(facts)),
        ("Kusto Triage", _kusto(facts)),
        ("Candidates Tried", _candidates(facts)),
        ("Checks", _checks(facts)),
        ("Cost", _cost(facts)),
        ("How to Undo", _undo(facts)),
        ("History", _history(facts)),
    )
    lines = [f"## Connector Debug Report: {prose(facts.case.connector_id)}", ""]
    for title, content in sections:
        told = tuple(content)
        lines += [f"### {title}", *told, ""] if told else []
    return "\n".join(lines)


def _summary(facts: ReportFacts) -> Iterator[str]:
    case, diagnosis = facts.case, facts.diagnosis
    yield f"- **Status**: {filled(standing_of(facts).status, facts)}"
    yield f"- **Last Success**: {_time(facts.last_success)}"
    if diagnosis is None:
        yield "- **Error Type**: not classified yet"
    else:
        yield f"- **Error Type**: {_words(diagnosis.category)} ({_words(diagnosis.subcategory)})"
    yield f"- **Error Message**: {code(facts.failure.message)}"
    where = f", dlt resource {code(case.dlt_resource)}" if case.dlt_resource else ""
    times = f", seen {case.occurrences} times" if case.occurrences > 1 else ""
    yield f"- **Where**: stage {facts.failure.stage.value}{where}, version {code(case.version_id)}"
    yield f"- **Case**: {code(case.case_id)}, opened {_time(case.opened_at)}{times}"


def _root_cause(facts: ReportFacts) -> Iterator[str]:
    diagnosis = facts.diagnosis
    if diagnosis is None:
        yield "The failure has not been classified yet."
        return
    yield prose(diagnosis.cause, limit=1_500)
    yield ""
    yield f"- **Confidence**: {diagnosis.confidence:.0%} (rule {code(diagnosis.rule)})"
    others = [s for s in diagnosis.also_possible if s is not diagnosis.subcategory]
    if others:
        yield f"- **Also possible**: {', '.join(map(_words, others))}"
    yield f"- **Remedy**: {prose(diagnosis.remedy)}"
    yield f"- **Passes by itself**: {_passes(diagnosis)}"
    yield from _mappings(facts.mappings)


def _passes(diagnosis: Diagnosis) -> str:
    if diagnosis.retryable:
        return "it may" + (", but a person should look at it" if diagnosis.human_needed else "")
    return "no, a person is needed" if diagnosis.human_needed else "no, the code must change"


def _mappings(mappings: tuple[FieldMapping, ...]) -> Iterator[str]:
    changed = [m for m in mappings if m.verdict is not MappingVerdict.SAME]
    if not changed:
        return
    yield ""
    yield from table(
        ("Field", "Became", "Found", "Why"),
        (
            (
                in_cell(code(m.old)),
                in_cell(code(m.new)) if m.new else "-",
                m.verdict.value,
                prose(m.why),
            )
            for m in changed[:MAX_MAPPINGS]
        ),
    )


def _kusto(facts: ReportFacts) -> Iterator[str]:
    """Nothing where the failure does not show the Kusto connector."""
    found = triage_of(facts.failure)
    if found is not None:
        yield from triage_sections(found, "####")


def _fix(facts: ReportFacts) -> Iterator[str]:
    winner = facts.winner
    if winner is None or winner.kind is PatchKind.ABSTAIN:
        yield f"No change was made. {_reason(facts)}".rstrip()
        return
    yield prose(winner.summary)
    if winner.kind is PatchKind.REVERT:
        yield ""
        yield f"The last good version {code(winner.version_id or '')} is made active again."
    if not winner.diff:
        return
    yield ""
    lines = winner.diff.splitlines()
    yield from block("\n".join(lines[:MAX_DIFF_LINES]), "diff")
    if len(lines) > MAX_DIFF_LINES:
        yield f"({len(lines) - MAX_DIFF_LINES} more lines.)"
    yield from _before_and_after(lines)
    yield ""
    yield f"{code(PATCH_FILE)} beside this report holds it as a patch file."
    if facts.branch:
        yield f"In git it is one commit on the branch {code(facts.branch)}; nothing was pushed."


def _before_and_after(diff: list[str]) -> Iterator[str]:
    shown = [line for line in diff if not line.startswith(("---", "+++"))][:MAX_DIFF_LINES]
    for title, sign in (("Before", "-"), ("After", "+")):
        found = [line[1:] for line in shown if line.startswith((" ", sign))]
        yield ""
        yield f"**{title}**"
        yield ""
        yield from block("\n".join(found), "python")


def _reason(facts: ReportFacts) -> str:
    outcome = facts.outcome
    if isinstance(outcome, NotHealed | NotReproduced) and outcome.reason:
        return prose(outcome.reason)
    return prose(facts.case.reason)


def _validation(facts: ReportFacts) -> Iterator[str]:
    trial = facts.shown_trial
    if trial is None:
        yield "- Test run: none was made"
        yield "- Records loaded: none"
        yield "- Data quality: not judged"
        return
    passed = trial.state in {TrialState.PASSED, TrialState.REFUSED}
    of_which = "" if trial.number == facts.case.winner else f" (candidate {trial.number})"
    yield f"- Test run: {'Success' if passed else 'Failure'}{of_which}. {prose(trial.reason)}".rstrip()
    yield f"- Records loaded: {_rows(trial)}"
    yield f"- Data quality: {quality(trial)}"
    refused = facts.outcome.refused_by if isinstance(facts.outcome, NotHealed) else ()
    if refused:
        yield f"- Refused by: {', '.join(prose(name) for name in refused)}"


def _rows(trial: Trial) -> str:
    if not trial.rows:
        return "none"
    tables = ", ".join(f"{code(name)}: {n:,}" for name, n in sorted(trial.rows.items()))
    return f"{sum(trial.rows.values()):,} ({tables})"


def _next_steps(facts: ReportFacts) -> Iterator[str]:
    for done, step in standing_of(facts).steps:
        yield f"- [{'x' if done else ' '}] {filled(step, facts)}"
    released = facts.case.shown_state == "released"
    if facts.diagnosis is not None and facts.diagnosis.human_needed and not released:
        yield "- [ ] A person must act: no change of the code can do it"


def _evidence(facts: ReportFacts) -> Iterator[str]:
    evidence = facts.diagnosis.evidence if facts.diagnosis else ()
    if not evidence:
        yield "None was kept."
    for piece in evidence:
        yield f"- {prose(piece.where)}: {code(piece.text)}"
    for warning in facts.warnings:
        yield f"- Sandbox: {prose(warning)}"


def _candidates(facts: ReportFacts) -> Iterator[str]:
    if not facts.candidates:
        yield "None."
        return
    trials = {trial.number: trial for trial in facts.trials}
    yield from table(
        ("No.", "Candidate", "Kind", "Level", "Size", "Trial", "Why"),
        (_candidate(c, trials.get(c.number), facts.case) for c in facts.candidates),
    )


def _candidate(candidate: Candidate, trial: Trial | None, case: HealCase) -> tuple[str, ...]:
    chosen = " (chosen)" if candidate.number == case.winner else ""
    return (
        f"{candidate.number}{chosen}",
        prose(candidate.summary),
        _words(candidate.kind),
        candidate.level.name,
        "-" if candidate.kind in _MADE_NOTHING else f"{candidate.size} characters",
        _words(trial.state) if trial else "not tried",
        prose(trial.reason) if trial else "",
    )


def _checks(facts: ReportFacts) -> Iterator[str]:
    trial = facts.shown_trial
    if trial is None or not trial.checks:
        yield "No check was run."
        return
    yield "`before` is the data that were there, `after` the data that the candidate loaded."
    yield ""
    yield from check_lines(trial.checks)


def _cost(facts: ReportFacts) -> Iterator[str]:
    yield f"- Time: {_seconds(facts.duration)}"
    yield f"- Live requests: {facts.live_requests:,}"
    yield f"- Replayed requests: {facts.replayed_requests:,}"
    tried = sum(t.state is not TrialState.SKIPPED for t in facts.trials)
    yield f"- Candidates tried: {tried} of {len(facts.candidates)}"


def _undo(facts: ReportFacts) -> Iterator[str]:
    standing = standing_of(facts)
    yield standing.undo_text
    if standing.undo:
        yield ""
        yield from block("\n".join(filled(command, facts) for command in standing.undo), "bash")


def _history(facts: ReportFacts) -> Iterator[str]:
    if not facts.history:
        yield f"- {_time(facts.case.updated_at)}: {_words(facts.case.shown_state)}"
        return
    yield from table(
        ("When", "State", "Why"),
        (
            (_time(at), _words(shown_state(state, why)), prose(why))
            for at, state, why in facts.history
        ),
    )


def _words(name: str) -> str:
    return prose(name.replace("_", " "))


def _time(at: datetime | None) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if at else "none is on record"


def _seconds(duration: timedelta) -> str:
    return f"{duration.total_seconds():,.1f} s"
