"""The demo: connectors run for days, break in three ways, are healed or held, and run again."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from connector_healing.core.case import CaseState, HealCase, Step, TrialState
from connector_healing.core.codec import from_json
from connector_healing.core.records import RunStatus
from connector_healing.core.steps import Decision, Finding
from connector_healing.demo.api.client import RunningApi, start_api
from connector_healing.demo.project import CONNECTORS, demo_definitions
from connector_healing.demo.settings import DemoSettings
from connector_healing.demo.start_over import start_over
from connector_healing.demo.truth import differences, table_rows
from connector_healing.errors import HealingError
from connector_healing.orchestration.in_process import LocalProject
from connector_healing.orchestration.instance import open_instance
from connector_healing.orchestration.services import RunServices, run_services
from connector_healing.orchestration.stopping import stopped_by_signals

#: The day that the first run loads up to; a run follows each day after it.
FIRST_DAY = date(2013, 1, 25)

#: Good runs before the API breaks: the policy asks for five.
GOOD_DAYS = 6

#: How the API breaks unless told otherwise: two ways that fail, one that does not.
FAULTS = ("field_renamed_and_moved", "rate_limited", "rows_lost")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCase:
    """What became of one failure."""

    connector: str
    case_id: str
    state: str
    broke: str  #: What the run said.
    found: str  #: What the diagnosis says.
    outcome: str
    diff: str
    proof: tuple[str, ...]  #: Names of the hard checks that the winner passed.
    refused_by: tuple[str, ...]
    seconds: float  #: From the failed run to the outcome.
    live_requests: int
    report: str  #: Path of the Markdown file.

    @property
    def healed(self) -> bool:
        """Whether a healed version runs."""
        return self.state in _HEALED


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownDemo:
    """What the demo came to."""

    status: str  #: ``ok`` where everything ended as it should.
    healed: int
    held: int
    seconds: float
    live_requests: int  #: That all heals together sent to the API.
    full_extraction_requests: int  #: That the first run of all connectors took.
    rows: dict[str, int] = field(default_factory=dict)  #: That each table holds in the end.
    wrong: tuple[str, ...] = ()  #: What did not end as it should.
    #: Connectors that nothing broke: they ran on the broken API, and their data are right.
    unharmed: tuple[str, ...] = ()
    cases: tuple[ShownCase, ...] = ()
    home: str = ""


Phase = Callable[[str], AbstractContextManager[Callable[[str], None]]]


class Demo:
    """One run of the demo.

    Args:
        settings: Its places.
        faults: The API's, by name.
        phase: Told of each phase; the context yields what tells of its details.
    """

    def __init__(self, settings: DemoSettings, faults: Sequence[str], phase: Phase) -> None:
        self._settings = settings
        self._faults = tuple(faults)
        self._phase = phase
        self._wrong: list[str] = []
        self._unharmed: list[str] = []

    @contextmanager
    def api(self, port: int) -> Iterator[RunningApi]:
        """Start the sample API for the demo."""
        with self._phase("Starting the sample API"):
            self._settings.provide_token()
            running = start_api(port, token=self._settings.token)
            self._settings.remember_api(running.url)
        with running:
            yield running

    def run(self, api: RunningApi) -> ShownDemo:
        """Everything, in order."""
        begun = datetime.now(UTC)
        services = run_services()
        with self._phase("Clearing what an earlier demo left"):
            start_over(services, self._settings, CONNECTORS)
        with open_instance() as instance:
            project = LocalProject(demo_definitions(self._settings), instance)
            full = self._history(api, project, services)
            broken = self._break(api, project, services)
            mark = api.requests().mark
            self._heal(project)
            live = api.requests(mark).total
            cases = tuple(self._shown(services, case) for case in self._cases(services, broken))
            self._again(api, project, services, cases)
            self._compare(cases)
        healed = sum(c.healed for c in cases)
        held = sum(c.connector in broken["held"] and not c.healed for c in cases)
        return ShownDemo(
            status="wrong" if self._wrong else "ok",
            healed=healed,
            held=held,
            seconds=round((datetime.now(UTC) - begun).total_seconds(), 1),
            live_requests=live,
            full_extraction_requests=full,
            rows=table_rows(self._settings, CONNECTORS),
            wrong=tuple(self._wrong),
            unharmed=tuple(self._unharmed),
            cases=cases,
            home=str(services.home),
        )

    def _history(self, api: RunningApi, project: LocalProject, services: RunServices) -> int:
        """Let days pass; returns the requests of the first run of all connectors.

        Raises:
            HealingError: If a run fails: there is nothing to show then.
        """
        full = 0
        api.set_faults(())
        for number in range(GOOD_DAYS):
            day = FIRST_DAY + timedelta(days=number)
            with self._phase(f"{day:%d %B}: all connectors run") as tell:
                api.set_day(day)
                for connector in CONNECTORS:
                    tell(connector)
                    if not project.run_connector(connector):
                        raise HealingError(_failed_early(services, connector, day))
            full = full or api.requests().total
        return full

    def _break(
        self, api: RunningApi, project: LocalProject, services: RunServices
    ) -> dict[str, list[str]]:
        """Break the API and run the connectors; returns the failed and the held ones."""
        day = FIRST_DAY + timedelta(days=GOOD_DAYS)
        ended: dict[str, list[str]] = {"failed": [], "held": []}
        with self._phase(f"{day:%d %B}: the API breaks ({', '.join(self._faults)})") as tell:
            api.set_day(day)
            api.set_faults(self._faults)
            for connector in CONNECTORS:
                tell(connector)
                project.run_connector(connector)
                status = services.store.runs(connector, 1)[0].status
                if status is RunStatus.FAILED:
                    ended["failed"].append(connector)
                elif status is RunStatus.HELD:
                    ended["held"].append(connector)
        return ended

    def _heal(self, project: LocalProject) -> None:
        with self._phase("The failure sensor asks for heals") as tell:
            requests = project.tick()
            tell(f"{len(requests)} requests")
        for request in requests:
            connector = str(request.run_config["connector_id"])
            with self._phase(f"heal_connector: {connector}"):
                if not project.execute(request):
                    self._wrong.append(f"the heal of {connector} broke off")

    def _cases(self, services: RunServices, broken: dict[str, list[str]]) -> Iterator[HealCase]:
        for connector in CONNECTORS:
            if connector in broken["failed"] or connector in broken["held"]:
                yield services.store.cases(connector, limit=1)[0]

    def _shown(self, services: RunServices, case: HealCase) -> ShownCase:
        store = services.store
        decided = store.step(case.case_id, Step.VALIDATE)
        decision = from_json(decided, Decision) if decided else None
        found = store.step(case.case_id, Step.CLASSIFY)
        winner = [c for c in store.candidates(case.case_id) if c.number == case.winner]
        passed = [t for t in store.trials(case.case_id) if t.state is TrialState.PASSED]
        failure = store.failure(case.failure_id)
        ended = store.case_history(case.case_id)[-1][0]
        return ShownCase(
            connector=case.connector_id,
            case_id=case.case_id,
            state=case.state.value,
            broke=failure.message if failure else "",
            found=from_json(found, Finding).diagnosis.cause if found else case.reason,
            outcome=case.reason,
            diff=winner[0].diff if winner else "",
            proof=tuple(sorted({c.name for t in passed for c in t.checks if c.passed})),
            refused_by=decision.refused_by if decision else (),
            seconds=round((ended - case.opened_at).total_seconds(), 1),
            live_requests=decision.live_requests if decision else 0,
            report=str(services.home / "cases" / case.case_id / "report.md"),
        )

    def _again(
        self,
        api: RunningApi,
        project: LocalProject,
        services: RunServices,
        cases: Sequence[ShownCase],
    ) -> None:
        """Run the healed connectors on the broken API, which is then put right."""
        for case in cases:
            if not case.healed:
                self._unhealed(services, case)
                continue
            with self._phase(f"{case.connector} runs again, healed, on the broken API"):
                if not project.run_connector(case.connector):
                    self._wrong.append(f"{case.connector} failed again after its heal")
        api.set_faults(())

    def _compare(self, cases: Sequence[ShownCase]) -> None:
        """Hold the data of all connectors against the truth, also of those that noticed nothing."""
        shown = {case.connector: case for case in cases}
        for connector in CONNECTORS:
            case = shown.get(connector)
            with (
                self._phase(f"Comparing {connector} with an unbroken extraction"),
                stopped_by_signals(),
            ):
                stale = case is not None and not case.healed
                found = differences(self._settings, connector, stale=stale)
            if case is not None:
                self._wrong += found
            elif found:
                unseen = f"{connector} noticed nothing and loaded wrong data"
                self._wrong += [f"{unseen}: {difference}" for difference in found]
            else:
                self._unharmed.append(connector)

    def _unhealed(self, services: RunServices, case: ShownCase) -> None:
        """A refusal has to be one; of the ways that the demo knows, it is right for held data only."""
        last = services.store.runs(case.connector, 1)[0]
        if self._faults == FAULTS and last.status is not RunStatus.HELD:
            self._wrong.append(f"{case.connector} was not healed: {case.outcome}")
        elif not CaseState(case.state).is_closed:
            self._wrong.append(f"the case of {case.connector} stands at {case.state}")


def _failed_early(services: RunServices, connector: str, day: date) -> str:
    last = next(iter(services.store.runs(connector, 1)), None)
    said = last.message if last else ""
    return (
        f"{connector} failed on {day:%d %B}, before anything was broken: "
        f"{said or 'its run in Dagster says why'}. See `connector-healing logs {connector}`."
    )


_HEALED = frozenset({CaseState.MONITORING, CaseState.PROMOTED})
