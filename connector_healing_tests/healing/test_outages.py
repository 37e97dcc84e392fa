"""Whether what failed has passed, and what the sandbox cannot tell of it."""

from datetime import timedelta

import pytest

from connector_healing.core.case import CaseState, NotReproduced, Step
from connector_healing.core.records import RunStatus
from connector_healing.core.steps import Reproduction, ReproductionVerdict
from connector_healing.healing.workflow import HealWorkflow
from connector_healing.orchestration.destination_lock import once_unlocked
from connector_healing_tests.duckdb_writer import written_by_another
from connector_healing_tests.healing.freight_api import (
    refused,
    renamed,
)
from connector_healing_tests.healing.project import Project


def test_an_outage_that_has_passed_changes_nothing(plain: Project) -> None:
    plain.api.fault = lambda path, number: refused(503)
    plain.run()
    plain.api.mend()

    outcome = plain.heal()

    assert isinstance(outcome, NotReproduced)
    assert outcome.transient
    assert plain.case().state is CaseState.TRANSIENT
    assert 3 <= len(plain.api.hits) <= 9
    assert len(plain.run_services.registry.versions("plain")) == 1
    assert plain.run_services.store.candidates(plain.case().case_id) == ()
    assert "server unavailable" in plain.report()


def test_an_outage_behind_the_first_page_has_not_passed_because_the_first_page_answers(
    plain: Project,
) -> None:
    for _ in range(3):
        plain.api.next_day()
    plain.api.fault = lambda path, number: refused(503) if number % 100 == 3 else None
    plain.run()
    plain.api.count()
    # From here on the third page alone fails, whenever it is asked for.
    asked = plain.api.hits
    plain.api.fault = lambda path, number: refused(503) if "page=3" in asked[-1] else None

    with plain.healer() as services:
        HealWorkflow(services).reproduce(plain.case().case_id)

    seen: Reproduction = plain.step(Step.REPRODUCE, Reproduction)
    assert seen.verdict is ReproductionVerdict.REPRODUCED
    assert [hit.partition("&")[2] for hit in asked] == ["page=3"]


def test_an_outage_has_not_passed_because_retries_spent_the_requests(rest: Project) -> None:
    """dlt's own client asks five times for what is refused, more often than a try may."""
    rest.api.fault = lambda path, number: refused(500)
    rest.run("rest")
    rest.api.count()

    with rest.healer() as services:
        HealWorkflow(services).reproduce(rest.case().case_id)

    seen: Reproduction = rest.step(Step.REPRODUCE, Reproduction)
    assert seen.verdict is ReproductionVerdict.REPRODUCED
    assert "0 of the 3 requests" in seen.reason
    assert len(rest.api.hits) == 3


def test_a_locked_destination_is_not_tried_elsewhere_and_the_api_is_not_asked(
    plain: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(once_unlocked, "__defaults__", (timedelta(0),))
    with written_by_another(plain.warehouse("plain")):
        assert plain.run().status is RunStatus.FAILED

    outcome = plain.heal()

    assert isinstance(outcome, NotReproduced)
    assert not outcome.transient
    assert "failure of the destination" in outcome.reason
    assert plain.api.hits == []
    assert "destination busy" in plain.report()


def test_a_failure_that_goes_on_otherwise_is_not_reproduced(plain: Project) -> None:
    plain.api.fault = lambda path, number: refused(503)
    plain.run()
    plain.api.fault = lambda path, number: refused(410, {"error": "gone"})

    outcome = plain.heal()

    assert isinstance(outcome, NotReproduced)
    assert not outcome.transient
    assert "410" in outcome.reason
    assert plain.case().state is CaseState.NOT_REPRODUCED


def test_what_a_later_good_run_settled_is_transient_without_a_request(plain: Project) -> None:
    plain.api.shape = renamed
    plain.run()
    plain.api.mend()
    assert plain.run().status is RunStatus.SUCCEEDED

    outcome = plain.heal()

    assert isinstance(outcome, NotReproduced)
    assert outcome.transient
    assert plain.api.hits == []
