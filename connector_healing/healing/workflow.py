"""The heal: its steps in order, each idempotent, each resumable by another worker."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from types import TracebackType
from typing import TypeVar

from connector_healing.core.case import (
    CaseState,
    HealCase,
    HealOutcome,
    NotHealed,
    NotReproduced,
    Step,
    Trial,
)
from connector_healing.core.codec import from_json, to_json
from connector_healing.core.connector import ConnectorVersion
from connector_healing.core.lease import Lease
from connector_healing.core.policy import HealMode
from connector_healing.core.records import RunStatus
from connector_healing.core.report import render_report
from connector_healing.core.steps import Decision, Finding, Reproduction, ReproductionVerdict
from connector_healing.errors import DestinationBusyError, HealingError, LeaseLostError
from connector_healing.healing.candidates import generate
from connector_healing.healing.decision import decide
from connector_healing.healing.finding import find
from connector_healing.healing.holding import holding, let_go
from connector_healing.healing.reproduce import reproduce
from connector_healing.healing.services import HealServices
from connector_healing.healing.submission import submit
from connector_healing.healing.telling import duration_of, outcome_of, report_facts
from connector_healing.healing.trials import try_candidate

T = TypeVar("T")

#: How often a heal that broke off is begun again before a person is asked.
ATTEMPTS = 3

#: How long after a broken-off attempt the next one is due.
RETRY_AFTER = timedelta(minutes=2)

_ORDER = (CaseState.OPEN, CaseState.REPRODUCING, CaseState.GENERATING, CaseState.VALIDATING)


class HealWorkflow:
    """One worker's heal of a case.

    Each public method is one step: it takes the case's lease, returns at once where the step is
    done already, and leaves its result in the store. Kill the process anywhere; another worker
    that calls the same methods ends the case the same way.

    Args:
        services: The worker's ports.
    """

    def __init__(self, services: HealServices) -> None:
        self._services = services

    def run(self, case_id: str) -> HealOutcome:
        """All steps, to the end.

        Raises:
            CaseHeldError: If another worker is healing the case.
        """
        try:
            self.reproduce(case_id)
            self.classify(case_id)
            for number in self.candidates(case_id):
                self.trial(case_id, number)
            self.validate(case_id)
            self.report(case_id)
            return self.submit(case_id)
        except DestinationBusyError as error:
            return NotHealed(case_id=case_id, reason=str(error))

    def reproduce(self, case_id: str) -> None:
        """Make the failure happen again in the sandbox."""
        self._step(
            case_id,
            Step.REPRODUCE,
            CaseState.REPRODUCING,
            lambda case, _: reproduce(self._services, case),
        )

    def classify(self, case_id: str) -> None:
        """Say what the failure means."""
        if not self._reproduced(case_id):
            return
        reproduction = self._result(case_id, Step.REPRODUCE, Reproduction)
        self._step(
            case_id,
            Step.CLASSIFY,
            CaseState.REPRODUCING,
            lambda case, _: find(self._services, case, reproduction),
        )

    def candidates(self, case_id: str) -> list[int]:
        """Write the patches that are worth a trial; returns their numbers in order."""
        if not self._reproduced(case_id):
            return []
        finding = self._result(case_id, Step.CLASSIFY, Finding)
        reproduction = self._result(case_id, Step.REPRODUCE, Reproduction)

        def make(case: HealCase, lease: Lease) -> list[int]:
            if case.mode is HealMode.DIAGNOSE:
                return []
            services = self._services
            made = generate(
                case.case_id,
                services.failure(case),
                finding.diagnosis,
                services.code(case),
                accesses=(*finding.accesses, *reproduction.accesses),
                mappings=finding.mappings,
                last_good_version=_last_good_version(services, case),
                limit=services.runtime(case.connector_id).connector.policy.budget.candidates,
            )
            services.store.save_candidates(made, lease)
            return [c.number for c in made]

        self._step(case_id, Step.CANDIDATES, CaseState.GENERATING, make)
        return self._result(case_id, Step.CANDIDATES, list[int])

    def trial(self, case_id: str, number: int) -> Trial:
        """Run one candidate in the sandbox and judge what it loaded."""
        services = self._services
        with self._working(case_id, Step.TRIAL, f"candidate {number}") as (case, lease):
            done = next((t for t in services.store.trials(case_id) if t.number == number), None)
            if done is not None:
                return done
            self._move(case, CaseState.VALIDATING, lease)
            candidate = next(c for c in services.store.candidates(case_id) if c.number == number)
            trial = try_candidate(
                services,
                case,
                candidate,
                self._result(case_id, Step.REPRODUCE, Reproduction),
                self._result(case_id, Step.CLASSIFY, Finding),
            )
            services.store.save_trial(trial, lease)
            return trial

    def validate(self, case_id: str) -> None:
        """Choose the winner and decide what may be done with it."""
        if not self._reproduced(case_id):
            return
        services = self._services
        finding = self._result(case_id, Step.CLASSIFY, Finding)
        reproduction = self._result(case_id, Step.REPRODUCE, Reproduction)

        def judged(case: HealCase, _: Lease) -> Decision:
            trials = services.store.trials(case_id)
            earlier = services.store.cases(case.connector_id, [CaseState.ROLLED_BACK])
            decision = decide(
                case,
                services.runtime(case.connector_id).connector.policy,
                finding=finding,
                candidates=services.store.candidates(case_id),
                trials=trials,
                rolled_back=len(earlier),
            )
            live = sum(t.live_requests for t in trials)
            return replace(
                decision,
                live_requests=live + reproduction.live_requests + finding.live_requests,
                duration=duration_of(services, case),
            )

        self._step(case_id, Step.VALIDATE, CaseState.VALIDATING, judged)

    def report(self, case_id: str) -> str:
        """Write the debug report; returns it as Markdown."""
        services = self._services

        def written(case: HealCase, _: Lease) -> str:
            text = render_report(report_facts(services, case))
            services.files.write_text(services.files.case_path(case_id, "report.md"), text)
            return text

        self._step(case_id, Step.REPORT, None, written)
        return self._result(case_id, Step.REPORT, str)

    def submit(self, case_id: str) -> HealOutcome:
        """Do what was decided, close or hand on the case, give the lease back."""
        services = self._services
        with self._working(case_id, Step.SUBMIT, "submit") as (case, lease):
            done = services.store.step(case_id, Step.SUBMIT)
            if done is not None:
                let_go(services, lease)
                return _ended(services, case)
            outcome = self._closed(case, lease)
            services.store.save_step(case_id, Step.SUBMIT, to_json(type(outcome).__name__), lease)
            text = render_report(report_facts(services, services.case(case_id)))
            services.files.write_text(services.files.case_path(case_id, "report.md"), text)
            let_go(services, lease)
            return outcome

    def _closed(self, case: HealCase, lease: Lease) -> HealOutcome:
        services = self._services
        if self._reproduced(case.case_id):
            decision = self._result(case.case_id, Step.VALIDATE, Decision)
            if case.state.is_closed or case.state is CaseState.AWAITING_APPROVAL:
                return _ended(services, case)
            if case.state is CaseState.MONITORING:
                return _ended(services, case)
            if case.state is not CaseState.SUBMITTED:
                case = self._move(case, CaseState.VALIDATING, lease)
            return submit(services, case, decision, lease)
        seen = self._result(case.case_id, Step.REPRODUCE, Reproduction)
        transient = seen.verdict is ReproductionVerdict.TRANSIENT
        if not case.state.is_closed:
            to = CaseState.TRANSIENT if transient else CaseState.NOT_REPRODUCED
            case = self._move(case, CaseState.REPRODUCING, lease)
            services.store.advance_case(
                case.case_id, to, lease, services.clock.now(), reason=seen.reason
            )
        return NotReproduced(case_id=case.case_id, reason=seen.reason, transient=transient)

    def _step(
        self,
        case_id: str,
        step: Step,
        state: CaseState | None,
        work: Callable[[HealCase, Lease], object],
    ) -> None:
        services = self._services
        with self._working(case_id, step, step.value) as (case, lease):
            if services.store.step(case_id, step) is not None:
                return
            moved = case if state is None else self._move(case, state, lease)
            services.store.save_step(case_id, step, to_json(work(moved, lease)), lease)

    def _working(self, case_id: str, step: Step, text: str) -> "_Working":
        return _Working(self._services, case_id, step, text)

    def _move(self, case: HealCase, to: CaseState, lease: Lease) -> HealCase:
        """Bring the case forward to a state of the heal; never back."""
        if case.state not in _ORDER:
            return case
        for state in _ORDER[_ORDER.index(case.state) + 1 : _ORDER.index(to) + 1]:
            case = self._services.store.advance_case(
                case.case_id, state, lease, self._services.clock.now()
            )
        return case

    def _result(self, case_id: str, step: Step, kind: type[T]) -> T:
        text = self._services.store.step(case_id, step)
        if text is None:
            raise HealingError(f"Case {case_id}: step {step.value} has not been done yet.")
        return from_json(text, kind)

    def _reproduced(self, case_id: str) -> bool:
        seen = self._result(case_id, Step.REPRODUCE, Reproduction)
        return seen.verdict is ReproductionVerdict.REPRODUCED


class _Working:
    """The context of a step: the lease is held, progress is told, a broken-off step gives the case back."""

    def __init__(self, services: HealServices, case_id: str, step: Step, text: str) -> None:
        self._services = services
        self._case_id = case_id
        self._contexts = ExitStack()
        self._step = step
        self._text = text

    def __enter__(self) -> tuple[HealCase, Lease]:
        services = self._services
        case = services.case(self._case_id)
        with ExitStack() as opened:
            self._lease = opened.enter_context(holding(services, self._case_id))
            opened.enter_context(services.progress.step(self._case_id, self._step, self._text))
            self._contexts = opened.pop_all()
        return services.case(case.case_id), self._lease

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._contexts.__exit__(kind, error, trace)
        if isinstance(error, Exception) and not isinstance(error, LeaseLostError):
            give_back(self._services, self._case_id, self._lease, error)


def give_back(services: HealServices, case_id: str, lease: Lease, error: Exception) -> None:
    """Have a heal that broke off begun again later, or by a person after `ATTEMPTS` of them."""
    case = services.case(case_id)
    if not case.state.is_healing or case.state is CaseState.SUBMITTED:
        let_go(services, lease)
        return
    now = services.clock.now()
    reason = f"The heal broke off: {type(error).__name__}: {error}"
    begun = sum(
        1 for _, state, _ in services.store.case_history(case_id) if state is CaseState.OPEN
    )
    try:
        if begun < ATTEMPTS or isinstance(error, DestinationBusyError):
            services.store.advance_case(
                case_id, CaseState.OPEN, lease, now, reason=reason, due_at=now + RETRY_AFTER
            )
        else:
            services.store.advance_case(case_id, CaseState.ABSTAINED, lease, now, reason=reason)
    except LeaseLostError:
        return
    let_go(services, lease)


def _ended(services: HealServices, case: HealCase) -> HealOutcome:
    """How a case that needs no further work ended."""
    outcome = outcome_of(services, services.case(case.case_id))
    if outcome is None:
        raise HealingError(f"Case {case.case_id} is {case.state.value}: it has not ended yet.")
    return outcome


def _last_good_version(services: HealServices, case: HealCase) -> ConnectorVersion | None:
    """The version of the newest good run, where it is not the one that failed."""
    for record in services.store.runs(case.connector_id, 50):
        if record.status is RunStatus.SUCCEEDED and record.version_id != case.version_id:
            return services.registry.version(case.connector_id, record.version_id)
        if record.status is RunStatus.SUCCEEDED:
            return None
    return None
