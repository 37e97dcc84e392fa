"""`heal` on real parts: the failure is a sandbox run's own, and so is its reproduction."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from connector_healing.cli.heal import did_what_it_could, told
from connector_healing.core.case import (
    CaseState,
    HealCase,
    Healed,
    HealOutcome,
    NotHealed,
    NotReproduced,
)
from connector_healing.core.connector import (
    Connector,
    ConnectorCode,
    ConnectorVersion,
    SourceModule,
)
from connector_healing.core.failure import ExceptionLink, Failure, Stage
from connector_healing.core.fingerprint import fingerprint
from connector_healing.core.lease import case_lease_name
from connector_healing.core.policy import HealMode
from connector_healing.core.reproduction import ConnectorRuntime, SandboxRequest, Traffic
from connector_healing.errors import DestinationBusyError
from connector_healing.healing.workflow import HealWorkflow
from connector_healing.sandbox.runner import ProcessSandbox
from connector_healing_tests.cli.prepared import Prepared
from connector_healing_tests.cli.program import Program
from connector_healing_tests.store.builders import NOW

#: It fails for a reason of its own, whatever an API says.
BROKEN = """
import dlt


@dlt.source(name="sums")
def sums():
    @dlt.resource(name="sums")
    def rows():
        for number in (1, 0):
            yield {"id": number, "share": 100 / number}

    return rows
"""


@pytest.fixture
def broken(prepared: Prepared, folder: Path) -> Failure:
    """A connector whose last run failed; its failure is recorded, and no case is open."""
    (folder / "sums.py").write_text(BROKEN)
    code = ConnectorCode(modules=(SourceModule(name="sums", path="sums.py", text=BROKEN),))
    version = ConnectorVersion(
        connector_id="sums",
        version_id=code.version_id,
        code=code,
        parent=None,
        change_summary="Installed code.",
        created_at=NOW,
        created_by="installed",
    )
    runtime = ConnectorRuntime(
        connector=Connector(id="sums", entry_point="sums:sums"),
        pipeline_name="sums",
        dataset_name="sums",
        destination_type="dlt.destinations.duckdb",
        destination_name="duckdb",
        destination_path=str(folder / "warehouse.duckdb"),
        project_dir=str(folder),
        import_paths=(str(folder),),
        dlt_source_name="sums",
        dlt_resources=("sums",),
    )
    prepared.store.save_runtime(runtime)
    prepared.services.registry.save(version)
    prepared.services.registry.activate("sums", None, version.version_id)
    request = SandboxRequest(runtime=runtime, code=code, dlt_resources=(), traffic=Traffic.CASSETTE)
    sandbox = ProcessSandbox(folder / "first run")
    try:
        seen = sandbox.run(request).failure
    finally:
        sandbox.close()
    assert seen is not None
    found = replace(seen, connector_id="sums", version_id=version.version_id, run_id="run-1")
    prepared.run("sums", failure=found)
    return found


def test_diagnosing_makes_no_version_and_is_done(
    program: Program, prepared: Prepared, broken: Failure
) -> None:
    ended = program("heal", "sums", "--mode", "diagnose", "--json")

    assert (ended.status, ended.err) == (0, "")
    found = ended.json
    assert found["diagnosis"]["subcategory"] == "connector_bug"
    assert found["case"]["failure_id"] == broken.failure_id
    assert Path(found["report"]).read_text().startswith("## Connector Debug Report: sums")
    assert len(prepared.store.version_rows("sums")) == 1


def test_what_the_sandbox_cannot_show_is_diagnosed_by_what_was_captured(
    program: Program, prepared: Prepared, broken: Failure
) -> None:
    text = "IO Error: Could not set lock on file: Conflicting lock is held in python (PID 7)"
    link = ExceptionLink(type="duckdb.IOException", message=text)
    busy = replace(broken, failure_id="busy", stage=Stage.LOAD, chain=(link,), root=0)
    prepared.run("sums", failure=busy)

    ended = program("heal", "sums", "--mode", "diagnose", "--json")

    assert ended.status == 1
    found = ended.json
    assert found["outcome"] == "NotReproduced"
    assert not found["result"]["transient"]
    assert found["diagnosis"]["subcategory"] == "destination_busy"


def test_a_failure_that_no_candidate_mends_is_not_healed(
    program: Program, prepared: Prepared, broken: Failure
) -> None:
    active = prepared.store.active_version("sums")

    ended = program("heal", "sums", "--run", "run-1", "--mode", "apply")

    assert ended.status == 1
    assert ended.out.startswith("Diagnosis: ")
    assert "\nNot healed: " in ended.out
    assert "done reproduce" in ended.err
    assert prepared.store.active_version("sums") == active
    (case,) = prepared.store.cases("sums")
    assert f"connector-healing report {case.case_id}" in ended.out
    assert case.state is CaseState.ABSTAINED
    assert prepared.store.held() == ()


def test_a_case_that_another_worker_holds_is_left_alone(
    program: Program, prepared: Prepared, broken: Failure
) -> None:
    mark = fingerprint(broken)
    case, _ = prepared.store.open_case(broken, mark, HealMode.PROPOSE, {}, NOW)
    lease = prepared.store.claim(case_lease_name(case.case_id), "a worker", timedelta(minutes=1))

    ended = program("heal", "sums")

    assert ended.status == 1
    assert ended.out == ""
    assert (
        f"Case {case.case_id} is being healed already: held by another worker, until" in ended.err
    )
    assert prepared.store.held() == (lease,)


def test_a_report_that_was_not_written_yet_is_not_named(
    program: Program, prepared: Prepared, broken: Failure, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(_: HealWorkflow, __: str) -> None:
        raise DestinationBusyError("warehouse.duckdb", 1)

    monkeypatch.setattr(HealWorkflow, "reproduce", busy)

    shown, found = program("heal", "sums"), program("heal", "sums", "--json")

    assert (shown.status, found.status) == (1, 1)
    assert "Not healed: Destination busy" in shown.out
    assert "report.md" not in shown.out
    assert "connector-healing report" in shown.out
    assert found.json["report"] is None


CASE = HealCase(
    case_id="c1",
    connector_id="flights",
    dlt_resource=None,
    fingerprint="fp",
    failure_id="f1",
    run_id=None,
    version_id="v1",
    state=CaseState.ABSTAINED,
    mode=HealMode.PROPOSE,
    opened_at=NOW,
    updated_at=NOW,
)
NOT_HEALED = NotHealed(case_id="c1", reason="No candidate passed.")
DIAGNOSED = replace(CASE, mode=HealMode.DIAGNOSE)


@pytest.mark.parametrize(
    ("outcome", "case", "good", "words"),
    [
        (
            Healed(case_id="c1", version_id="v2", active=True, summary="carrier is op_code."),
            CASE,
            True,
            ["Healed: version v2 is active.", "carrier is op_code."],
        ),
        (
            Healed(case_id="c1", version_id="v2", active=False, summary="carrier is op_code."),
            CASE,
            True,
            ["waiting for you", "connector-healing approve c1"],
        ),
        (NOT_HEALED, CASE, False, ["Not healed: No candidate passed."]),
        (NOT_HEALED, DIAGNOSED, True, ["Not healed"]),
        (NOT_HEALED, replace(DIAGNOSED, state=CaseState.OPEN), False, ["Not healed"]),
        (
            NotReproduced(case_id="c1", reason="It passes now.", transient=True),
            CASE,
            True,
            ["Not reproduced: It passes now."],
        ),
        (
            NotReproduced(case_id="c1", reason="It fails otherwise.", transient=False),
            CASE,
            False,
            ["Not reproduced: It fails otherwise."],
        ),
    ],
)
def test_each_outcome_has_its_words_and_its_status(
    outcome: HealOutcome, case: HealCase, words: Sequence[str], *, good: bool
) -> None:
    assert did_what_it_could(outcome, case) is good
    assert all(word in told(outcome) for word in words)
