"""Where a heal case stands, in words: its status, what comes next, how to undo it."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from connector_healing.core.case import CaseState, Healed, NotHealed, NotReproduced
from connector_healing.core.markdown import prose
from connector_healing.core.report_facts import ReportFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One way in which a case can stand."""

    status: str  #: ``Failing`` or ``Fixed``, and why.
    steps: tuple[tuple[bool, str], ...] = ()  #: Done, and the step. ``{...}`` as `_names` has them.
    undo: tuple[str, ...] = ()  #: Commands.
    undo_text: str = "Nothing was changed, so nothing has to be undone."


_REMEDY = (False, "{remedy}")

STANDINGS: Mapping[str, Standing] = {
    "in_progress": Standing(
        status="Failing: the heal is at the state {state}",
        steps=((False, "Wait for the heal to end"),),
    ),
    "waits": Standing(
        status="Failing: a proven patch waits for approval",
        steps=(
            (True, "Prove the healed code"),
            (
                False,
                "Approve it: `connector-healing approve {case}`, or refuse it: `connector-healing reject {case}`",
            ),
            (False, "Monitor the next scheduled runs"),
        ),
        undo=("connector-healing reject {case}",),
        undo_text="Nothing runs yet that has to be undone. To refuse the patch for good:",
    ),
    "active": Standing(
        status="Fixed: version {version} is active, and its next runs are watched",
        steps=(
            (True, "Submit healed code"),
            (False, "Monitor next scheduled run: {runs} good so far"),
        ),
        undo=("connector-healing rollback {connector}",),
        undo_text="This makes the version before the heal active again:",
    ),
    "promoted": Standing(
        status="Fixed: version {version} has proven itself in {runs} runs",
        steps=((True, "Submit healed code"), (True, "Monitor next scheduled runs")),
        undo=("connector-healing rollback {connector}",),
        undo_text="This makes the version before the heal active again:",
    ),
    "rolled_back": Standing(
        status="Failing: the healed version was rolled back",
        steps=((True, "Submit healed code"), (True, "Roll back"), _REMEDY),
        undo_text="The version before the heal is active again already.",
    ),
    "abstained": Standing(
        status="Failing: not healed, no change was proven right",
        steps=(
            _REMEDY,
            (False, "Heal again once something has changed: `connector-healing heal {connector}`"),
        ),
    ),
    "held": Standing(
        status="Failing: the load package was held, and the destination still holds the good data",
        steps=(
            (False, "Find out whether the data that came are right"),
            (False, "If they are right: `connector-healing release {case}`"),
            _REMEDY,
        ),
        undo=("connector-healing release {case}",),
        undo_text="Nothing was loaded. If the data were right after all, this lets the next run load them:",
    ),
    "transient": Standing(
        status="Fixed: it no longer fails, and no change was made",
        steps=((True, "Run it again: it passed"), (False, "Watch whether it comes back")),
    ),
    "not_reproduced": Standing(
        status="Failing: the failure did not show again in the sandbox",
        steps=(
            _REMEDY,
            (False, "Heal again, live, if it goes on: `connector-healing heal {connector}`"),
        ),
    ),
    "rejected": Standing(
        status="Failing: a person refused the patch",
        steps=(_REMEDY,),
    ),
    "released": Standing(
        status="Fixed: a person released what was held; the next run loads it",
        steps=((True, "Release the load package"), (False, "Monitor next scheduled run")),
        undo_text="The release holds for one run and for these suspicions only.",
    ),
    "loaded": Standing(
        status="Fixed: a person released what was held, and a run has loaded it",
        steps=((True, "Release the load package"), (True, "Load it")),
        undo_text="The release held for that run and for these suspicions only.",
    ),
}

_OF_STATE = {
    CaseState.AWAITING_APPROVAL: "waits",
    CaseState.SUBMITTED: "active",
    CaseState.MONITORING: "active",
    CaseState.PROMOTED: "promoted",
    CaseState.ROLLED_BACK: "rolled_back",
    CaseState.TRANSIENT: "transient",
    CaseState.NOT_REPRODUCED: "not_reproduced",
    CaseState.ABSTAINED: "abstained",
    CaseState.REJECTED: "rejected",
}


def standing_of(facts: ReportFacts) -> Standing:
    """Where the case stands: by its state, and before it has moved by what was decided."""
    if facts.case.shown_state == "released":
        return STANDINGS["released" if facts.release_waits else "loaded"]
    name = _OF_STATE.get(facts.case.state) or _decided(facts)
    return STANDINGS["held" if facts.is_held and name == "abstained" else name]


def _decided(facts: ReportFacts) -> str:
    match facts.outcome:
        case Healed(active=active):
            return "active" if active else "waits"
        case NotHealed():
            return "abstained"
        case NotReproduced(transient=transient):
            return "transient" if transient else "not_reproduced"
        case None:
            return "in_progress"


def filled(text: str, facts: ReportFacts) -> str:
    """A text of a `Standing` with the case's names, as Markdown."""
    return text.format(**_names(facts))


def _names(facts: ReportFacts) -> dict[str, str]:
    case = facts.case
    version = case.submitted_version
    if version is None and isinstance(facts.outcome, Healed):
        version = facts.outcome.version_id
    remedy = facts.diagnosis.remedy if facts.diagnosis else "Look at the evidence."
    return {
        "case": shlex.quote(case.case_id),
        "connector": shlex.quote(case.connector_id),
        "state": prose(case.state.value.replace("_", " ")),
        "version": prose(version or "unknown"),
        "runs": str(case.monitored_runs),
        "remedy": prose(remedy),
    }
