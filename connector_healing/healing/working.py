"""One worker at one step of a case: it holds the lease, and what breaks off is given back."""

from contextlib import ExitStack
from datetime import timedelta
from types import TracebackType

from connector_healing.core.case import CaseState, HealCase, Step
from connector_healing.core.lease import Lease
from connector_healing.errors import DestinationBusyError, InvalidCaseStateError, LeaseLostError
from connector_healing.healing.holding import hand_over, holding, let_go
from connector_healing.healing.reporting import KEPT_FILES, write_report
from connector_healing.healing.services import HealServices

#: How often a heal that broke off is begun again before a person is asked.
ATTEMPTS = 3

#: How many workers may take a case up and die over it before a person is asked. A lease that ran
#: out between two slow steps counts too, so there is room for several heals of all steps.
TAKEOVERS = 40

#: How long after a broken-off attempt the next one is due.
RETRY_AFTER = timedelta(minutes=2)

_BROKE_OFF = "The heal broke off"


class Working:
    """The context of a step: the lease is held, progress is told, a broken-off step gives the case back.

    Args:
        services: The worker's ports.
        case_id: The case.
        step: What is done.
        text: The same, to a person.
    """

    def __init__(self, services: HealServices, case_id: str, step: Step, text: str) -> None:
        self._services = services
        self._case_id = case_id
        self._contexts = ExitStack()
        self._step = step
        self._text = text

    def __enter__(self) -> tuple[HealCase, Lease]:
        """The case as it stands, and the lease on it.

        Raises:
            CaseHeldError: If another worker holds it.
        """
        services = self._services
        services.case(self._case_id)
        with ExitStack() as opened:
            self._lease = opened.enter_context(holding(services, self._case_id))
            opened.enter_context(services.progress.step(self._case_id, self._step, self._text))
            case = services.case(self._case_id)
            self._contexts = opened.pop_all()
        return case, self._lease

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give the case back where the step broke off."""
        self._contexts.__exit__(kind, error, trace)
        if error is None:
            hand_over(self._services, self._lease)
        elif isinstance(error, LeaseLostError):
            return
        elif isinstance(error, Exception):
            give_back(self._services, self._case_id, self._lease, error)
        else:  # somebody stopped this worker: the next one need not wait for the lease to run out
            let_go(self._services, self._lease)


def require_healing(case: HealCase) -> None:
    """Refuse a step of a case that needs no further work.

    Raises:
        InvalidCaseStateError: If the case is closed or waits for a person.
    """
    if not case.state.is_healing:
        wanted = [s.value for s in CaseState if s.is_healing]
        raise InvalidCaseStateError(case.case_id, case.state.value, wanted)


def give_back(services: HealServices, case_id: str, lease: Lease, error: Exception) -> None:
    """Have a heal that broke off begun again later, or by a person after `ATTEMPTS` of them."""
    case = services.case(case_id)
    now = services.clock.now()
    told = services.redact(case.connector_id, f"{type(error).__name__}: {error}")
    busy = isinstance(error, DestinationBusyError)
    reason = str(error) if busy else f"{_BROKE_OFF}: {told}"
    to = case.state
    if case.state.is_healing and case.state is not CaseState.SUBMITTED:
        spent = not busy and _broken_off(services, case_id) + 1 >= ATTEMPTS
        to = CaseState.ABSTAINED if spent else CaseState.OPEN
    try:
        if case.state.is_healing:
            due_at = now + RETRY_AFTER if to.is_healing else None
            services.store.advance_case(case_id, to, lease, now, reason=reason, due_at=due_at)
    except LeaseLostError:
        return
    let_go(services, lease)
    if to.is_closed:
        services.files.tidy(case_id, KEPT_FILES)
        write_report(services, services.case(case_id))


def _broken_off(services: HealServices, case_id: str) -> int:
    """How often the heal broke off before."""
    history = services.store.case_history(case_id)
    return sum(1 for _, _, reason in history if reason.startswith(_BROKE_OFF))


def is_exhausted(services: HealServices, case_id: str, lease: Lease) -> bool:
    """Whether so many workers died over the case that another one would too."""
    history = services.store.case_history(case_id)
    given_back = sum(1 for _, state, _ in history if state is CaseState.OPEN)
    return lease.epoch - given_back > TAKEOVERS
