"""The heal: its steps in order, each idempotent, each resumable by another worker."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from connector_healing.core.case import CaseState, HealCase, HealOutcome, NotHealed, Step, Trial
from connector_healing.core.codec import from_json, to_json
from connector_healing.core.lease import Lease
from connector_healing.core.policy import HealMode
from connector_healing.core.steps import Decision, Finding, Reproduction, ReproductionVerdict
from connector_healing.errors import DestinationBusyError, HealingError, InvalidCaseStateError
from connector_healing.healing.decision import decide
from connector_healing.healing.finding import find
from connector_healing.healing.generation import generated
from connector_healing.healing.holding import alone, let_go, release_stale
from connector_healing.healing.monitor import setbacks
from connector_healing.healing.reporting import KEPT_FILES, write_report
from connector_healing.healing.reproduce import TIMEOUT, reproduce
from connector_healing.healing.services import HealServices
from connector_healing.healing.submission import activate, submit
from connector_healing.healing.telling import duration_of, ended_outcome
from connector_healing.healing.trials import announced, try_candidate
from connector_healing.healing.working import (
    TAKEOVERS,
    Working,
    is_exhausted,
    require_healing,
)

T = TypeVar("T")

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
        """All steps, to the end; of a case that has ended, how it did.

        Raises:
            CaseHeldError: If another worker is healing the case.
        """
        if not self._services.case(case_id).state.is_healing:
            return self._ended(case_id)
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
        except InvalidCaseStateError:
            # A person closed it meanwhile, or it was given up.
            if self._services.case(case_id).state.is_healing:
                raise
            return self._ended(case_id)

    def reproduce(self, case_id: str) -> None:
        """Make the failure happen again in the sandbox."""
        self._step(
            case_id,
            Step.REPRODUCE,
            CaseState.REPRODUCING,
            lambda case, _: reproduce(self._services, case),
            text=f"the connector again in the sandbox (at most {TIMEOUT.total_seconds():.0f} s a run)",
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
        diagnosed = self._services.case(case_id).mode is HealMode.DIAGNOSE
        if diagnosed or not self._reproduced(case_id):
            return []
        finding = self._result(case_id, Step.CLASSIFY, Finding)
        reproduction = self._result(case_id, Step.REPRODUCE, Reproduction)

        def make(case: HealCase, lease: Lease) -> list[int]:
            made = generated(self._services, case, finding, reproduction)
            self._services.store.save_candidates(made, lease)
            return [c.number for c in made]

        self._step(case_id, Step.CANDIDATES, CaseState.GENERATING, make)
        return self._result(case_id, Step.CANDIDATES, list[int])

    def trial(self, case_id: str, number: int) -> Trial:
        """Run one candidate in the sandbox and judge what it loaded."""
        services = self._services
        text = announced(services, case_id, number)
        with Working(services, case_id, Step.TRIAL, text) as (case, lease):
            done = next((t for t in services.store.trials(case_id) if t.number == number), None)
            if done is not None:
                return done
            self._require_work(case, lease)
            self._move(case, CaseState.VALIDATING, lease)
            candidate = next(c for c in services.store.candidates(case_id) if c.number == number)
            with alone(services, case_id, number):
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
        finding = self._result(case_id, Step.CLASSIFY, Finding)
        reproduction = self._result(case_id, Step.REPRODUCE, Reproduction)

        def judged(case: HealCase, _: Lease) -> Decision:
            services = self._services
            trials = services.store.trials(case_id)
            decision = decide(
                case,
                services.runtime(case.connector_id).connector.policy,
                finding=finding,
                candidates=services.store.candidates(case_id),
                trials=trials,
                rolled_back=setbacks(services, case.connector_id),
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
        reached = CaseState.VALIDATING if self._reproduced(case_id) else CaseState.REPRODUCING
        self._step(
            case_id, Step.REPORT, reached, lambda case, _: write_report(self._services, case)
        )
        return self._result(case_id, Step.REPORT, str)

    def submit(self, case_id: str) -> HealOutcome:
        """Do what was decided, close or hand on the case, give the lease back."""
        services = self._services
        with Working(services, case_id, Step.SUBMIT, "submit") as (case, lease):
            # The trials are over: what they left, the copied data among it, is of no more use.
            services.files.tidy(case_id, KEPT_FILES)
            closed = self._closed(case, lease)
            outcome = self._ended(case_id)
            services.store.save_step(case_id, Step.SUBMIT, to_json(type(outcome).__name__), lease)
            write_report(services, closed)
            let_go(services, lease)
            release_stale(services.store, services.leases, services.holder)
            return outcome

    def _closed(self, case: HealCase, lease: Lease) -> HealCase:
        """The case where nothing is left to be done for this worker."""
        services = self._services
        if case.state is CaseState.SUBMITTED and case.submitted_version:
            # A worker, or a person who approved, got no further than to say so.
            return activate(
                services,
                case,
                case.submitted_version,
                winner=case.winner,
                reason=case.reason,
                lease=lease,
            )
        if not case.state.is_healing:
            return case
        if self._reproduced(case.case_id):
            decision = self._result(case.case_id, Step.VALIDATE, Decision)
            return submit(services, self._move(case, CaseState.VALIDATING, lease), decision, lease)
        seen = self._result(case.case_id, Step.REPRODUCE, Reproduction)
        transient = seen.verdict is ReproductionVerdict.TRANSIENT
        self._move(case, CaseState.REPRODUCING, lease)
        return services.store.advance_case(
            case.case_id,
            CaseState.TRANSIENT if transient else CaseState.NOT_REPRODUCED,
            lease,
            services.clock.now(),
            reason=seen.reason,
        )

    def _step(
        self,
        case_id: str,
        step: Step,
        state: CaseState,
        work: Callable[[HealCase, Lease], object],
        text: str = "",
    ) -> None:
        services = self._services
        with Working(services, case_id, step, text or step.value) as (case, lease):
            if services.store.step(case_id, step) is not None:
                return
            self._require_work(case, lease)
            moved = self._move(case, state, lease)
            services.store.save_step(case_id, step, to_json(work(moved, lease)), lease)

    def _require_work(self, case: HealCase, lease: Lease) -> None:
        """Refuse to work on a case that needs none, and give up one that no worker survives.

        Raises:
            InvalidCaseStateError: If the case is closed, now or before, or waits for a person.
        """
        if case.state.is_healing and is_exhausted(self._services, case.case_id, lease):
            reason = f"More than {TAKEOVERS} workers took it up, and none came to its end."
            case = self._services.store.advance_case(
                case.case_id, CaseState.ABSTAINED, lease, self._services.clock.now(), reason=reason
            )
        require_healing(case)

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

    def _ended(self, case_id: str) -> HealOutcome:
        return ended_outcome(self._services, self._services.case(case_id))
