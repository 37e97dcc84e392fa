"""One fault of the sample API, from the broken run to the verdict on what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from time import perf_counter

from connector_healing.core.case import CaseState, HealCase, Step
from connector_healing.core.codec import from_json
from connector_healing.core.records import RunRecord, RunStatus
from connector_healing.core.steps import Decision, Finding
from connector_healing.demo.api.faults import find_faults
from connector_healing.healing.persons import approve
from connector_healing.orchestration.in_process import LocalProject
from connector_healing_tests.benchmarks.broken_days import BrokenDays

#: Before a fault's name: it is over when the heal begins.
PASSED = "passed:"

#: Between the names of faults that come together.
AND = "+"

#: Which connector asks for a resource of the API.
CONNECTOR_OF = {
    "flights": "flights",
    "weather": "weather",
    "airports": "airports",
    "planes": "airports",
    "airlines": "airports",
}

#: Faults behind which the right data are still to be had.
HEALABLE = frozenset(
    {
        "field_renamed_and_moved",
        "field_renamed_similar",
        "type_changed",
        "envelope_changed",
        "rate_limited",
        "rate_limited_retry_after",
        "rate_limited_headers",
        "endpoint_moved",
        "version_retired",
        "renamed_beside_the_old",
        "cursor_as_text",
        "unit_in_value",
        "measure_renamed",
        "cursor_renamed",
        "column_renamed",
        "key_renamed",
        "server_error_sometimes",
    }
)


def connector_of(fault: str) -> str:
    """The connector that a fault, or several, break.

    Raises:
        UsageError: If a fault is not known.
    """
    return CONNECTOR_OF[find_faults(fault.removeprefix(PASSED).split(AND))[0].resource]


class Verdict(StrEnum):
    """What the product made of a fault."""

    NO_HARM = "no harm"  #: The run succeeded, and the data are right.
    MISSED = "missed"  #: The run succeeded, and wrong data were loaded.
    RIGHT_HEAL = "right heal"
    RIGHT_PROPOSAL = "right proposal"  #: A person had to approve it, and the data are right then.
    RIGHT_REFUSAL = "right refusal"
    COULD_HAVE_HEALED = "could have healed"
    FALSE_HEAL = "FALSE HEAL"  #: Healed or proposed, and the next run failed or loaded wrong data.


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What one fault came to."""

    fault: str
    connector: str
    verdict: Verdict
    run: str  #: How the broken run ended.
    message: str = ""  #: What it said.
    category: str = ""
    subcategory: str = ""
    cause: str = ""
    outcome: str = ""  #: The state that the heal left the case in.
    reason: str = ""
    template: str = ""  #: Of the winner.
    refused_by: tuple[str, ...] = ()
    live_requests: int = 0  #: Counted at the API.
    allowed_requests: int = 0
    seconds: float = 0.0  #: Of the heal.
    wrong: tuple[str, ...] = field(default=())  #: What else is not as it should be.


def play(days: BrokenDays, fault: str) -> Played:
    """Break the API, run, heal in apply mode, run again, compare.

    Args:
        days: The project with its history.
        fault: ``NAME`` or ``NAME@RESOURCE``, or several of one connector with `AND` between them;
            with `PASSED` before it, it is over after the run.
    """
    names = fault.removeprefix(PASSED).split(AND)
    passed = fault.startswith(PASSED)
    connector = connector_of(fault)
    with days.broken(*names) as project:
        before = days.loaded(connector)
        project.run_connector(connector)
        record = days.services.store.runs(connector, 1)[0]
        if record.status is RunStatus.SUCCEEDED:
            differences = days.differences(connector)
            return Played(
                fault=fault,
                connector=connector,
                verdict=Verdict.MISSED if differences else Verdict.NO_HARM,
                run=record.status.value,
                wrong=tuple(differences),
            )
        wrong = [] if days.loaded(connector) == before else ["the failed run changed the warehouse"]
        if passed:
            days.api.set_faults(())
        healed = _Heal(days, project, connector, record)
        wrong += healed.wrong
        healable = not passed and all(n.partition("@")[0] in HEALABLE for n in names)
        verdict, more = _verdict(days, project, healed, healable=healable)
        return healed.told(fault, verdict, (*wrong, *more))


class _Heal:
    """The heals that the sensor asks for after a broken run, and the case that they leave."""

    def __init__(
        self, days: BrokenDays, project: LocalProject, connector: str, record: RunRecord
    ) -> None:
        self._store = days.services.store
        self._record = record
        self._allowed = days.allowed[connector]
        self.connector = connector
        self.wrong: list[str] = []
        mark, begun = days.api.requests().mark, perf_counter()
        requests = project.tick()
        if len(requests) != 1:
            self.wrong.append(f"the sensor asked for {len(requests)} heals")
        for request in requests:
            if not project.execute(request):
                self.wrong.append("the heal broke off")
        self._seconds = perf_counter() - begun
        self._sent = days.api.requests(mark).total
        self.case: HealCase = self._store.cases(connector, limit=1)[0]
        self.wrong += self._left_over(days)

    def _left_over(self, days: BrokenDays) -> list[str]:
        wrong = []
        if self._sent > self._allowed:
            wrong.append(f"{self._sent} live requests, of {self._allowed} allowed")
        if leases := self._store.held():
            wrong.append(f"{len(leases)} leases are still held")
        if self.case.state.is_healing:
            wrong.append(f"the case stands at {self.case.state.value}: {self.case.reason}")
        key = days.settings.token.encode()
        files = [p for p in (days.services.home / "cases").rglob("*") if p.is_file()]
        wrong += [f"{p.name} holds the API's key" for p in files if key in p.read_bytes()]
        told = self._decision()
        if told and told.live_requests != self._sent:
            wrong.append(f"{told.live_requests} live requests are told, {self._sent} were sent")
        return wrong

    def _decision(self) -> Decision | None:
        text = self._store.step(self.case.case_id, Step.VALIDATE)
        return from_json(text, Decision) if text else None

    def told(self, fault: str, verdict: Verdict, wrong: Sequence[str]) -> Played:
        """Everything that the store knows of it."""
        text = self._store.step(self.case.case_id, Step.CLASSIFY)
        diagnosis = from_json(text, Finding).diagnosis if text else None
        decision = self._decision()
        candidates = self._store.candidates(self.case.case_id)
        return Played(
            fault=fault,
            connector=self.connector,
            verdict=verdict,
            run=self._record.status.value,
            message=self._record.message,
            category=diagnosis.category.value if diagnosis else "",
            subcategory=diagnosis.subcategory.value if diagnosis else "",
            cause=diagnosis.cause if diagnosis else "",
            outcome=self.case.state.value,
            reason=self.case.reason,
            template=next((c.template for c in candidates if c.number == self.case.winner), ""),
            refused_by=decision.refused_by if decision else (),
            live_requests=self._sent,
            allowed_requests=self._allowed,
            seconds=round(self._seconds, 1),
            wrong=tuple(wrong),
        )


def _verdict(
    days: BrokenDays, project: LocalProject, heal: _Heal, *, healable: bool
) -> tuple[Verdict, list[str]]:
    state = heal.case.state
    proposed = state is CaseState.AWAITING_APPROVAL
    if proposed:
        approve(days.services.cases, heal.case.case_id, "the benchmark")
    if proposed or state is CaseState.MONITORING:
        right = project.run_connector(heal.connector)
        differences = days.differences(heal.connector)
        if not right or differences:
            failed = [] if right else ["the run after the heal failed"]
            return Verdict.FALSE_HEAL, [*failed, *differences]
        return Verdict.RIGHT_PROPOSAL if proposed else Verdict.RIGHT_HEAL, []
    # The API is put right: nothing of the heal may be in the way.
    days.api.set_faults(())
    wrong = [] if project.run_connector(heal.connector) else ["the run after the fault failed"]
    wrong += days.differences(heal.connector)
    return Verdict.COULD_HAVE_HEALED if healable else Verdict.RIGHT_REFUSAL, wrong
