"""The Dagster job `heal_connector`: its ops are the steps of a heal, its form is flat.

Ops hand on ids alone; what a step finds out is in the store. So any executor and launcher will
do, and a run that is executed again goes on where the last one stopped.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg

from connector_healing.core.case import Healed, HealOutcome, NotHealed, NotReproduced, Step
from connector_healing.core.codec import from_json
from connector_healing.core.policy import MIN_SAMPLE_ROWS, HealMode
from connector_healing.core.steps import Decision, Finding, Reproduction
from connector_healing.errors import CaseHeldError, UsageError
from connector_healing.healing.persons import open_by_hand
from connector_healing.healing.services import HealServices
from connector_healing.orchestration.healing_resource import HealingResource
from connector_healing.orchestration.metadata import CASE_TAG, CONNECTOR_TAG
from connector_healing.orchestration.one_line import in_one_line

JOB_NAME = "heal_connector"

#: Outputs of the op `reproduce`, of which one is given.
CASE, LEFT = "case", "left_to_another_worker"

_MODES = dg.Enum(
    "HealMode",
    [
        dg.EnumValue("diagnose", description="Reproduce and classify; make no patch."),
        dg.EnumValue("propose", description="A proven patch waits for a person's approval."),
        dg.EnumValue("apply", description="A proven patch within the policy becomes active."),
    ],
)
_TRAFFIC = dg.Enum(
    "Traffic",
    [
        dg.EnumValue("live", description="Recorded answers first, then the live API."),
        dg.EnumValue("cassette", description="Recorded answers only: no request leaves."),
    ],
)

#: The Launchpad form: flat, each field with its description and default.
FORM = {
    "connector_id": dg.Field(
        str, description="Which connector to heal, as in `connector-healing doctor`."
    ),
    "failed_run_id": dg.Field(
        str,
        is_required=False,
        default_value="",
        description="The failed Dagster run; empty: the connector's latest failure.",
    ),
    "mode": dg.Field(
        _MODES,
        is_required=False,
        default_value="propose",
        description="How far to go: diagnose, propose (a person approves) or apply.",
    ),
    "sample_size": dg.Field(
        int,
        is_required=False,
        default_value=1000,
        description="Known rows that a trial should see again, to be compared with the old data; "
        f"{MIN_SAMPLE_ROWS} or more.",
    ),
    "traffic": dg.Field(
        _TRAFFIC,
        is_required=False,
        default_value="live",
        description="live: recorded answers, then the API; cassette: recorded answers only.",
    ),
    "case_id": dg.Field(
        str,
        is_required=False,
        default_value="",
        description="A heal case to go on with; empty: the case of the failure.",
    ),
}


@dg.op(
    config_schema=FORM,
    out={
        CASE: dg.Out(str, is_required=False, description="The heal case."),
        LEFT: dg.Out(
            str,
            is_required=False,
            description="The heal case, where another worker is healing it: this run ends.",
        ),
    },
    description="Make the failure happen again in the sandbox.",
)
def reproduce(context: dg.OpExecutionContext, healing: HealingResource) -> Iterator[dg.Output[str]]:
    """Open or join the case, reproduce; leave it alone where another worker holds it."""
    form: Mapping[str, Any] = context.op_config
    services = healing.services
    with in_one_line():
        case_id = form["case_id"] or _open(services, form)
        case = services.case(case_id)
        if case.connector_id != form["connector_id"]:
            allowed = f"It is a case of connector {case.connector_id!r}."
            raise UsageError("case_id", case_id, allowed)
    context.instance.add_run_tags(
        context.run_id, {CASE_TAG: case_id, CONNECTOR_TAG: case.connector_id}
    )
    try:
        with in_one_line():
            healing.workflow.reproduce(case_id)
    except CaseHeldError as error:
        context.log.info(str(error))
        yield dg.Output(case_id, LEFT, metadata={"case": case_id, "reason": str(error)})
        return
    seen = _result(services, case_id, Step.REPRODUCE, Reproduction)
    yield dg.Output(
        case_id,
        CASE,
        metadata={
            "case": case_id,
            "verdict": seen.verdict.value,
            "reason": seen.reason,
            "live_requests": seen.live_requests,
            "replayed_requests": seen.replayed_requests,
        },
    )


@dg.op(
    out=dg.Out(str), description="Say what the failure means and what became of the API's fields."
)
def classify(context: dg.OpExecutionContext, healing: HealingResource, case_id: str) -> str:
    """Classify the failure."""
    healing.workflow.classify(case_id)
    text = healing.services.store.step(case_id, Step.CLASSIFY)
    if text is not None:
        diagnosis = from_json(text, Finding).diagnosis
        context.add_output_metadata(
            {
                "category": diagnosis.category.value,
                "subcategory": diagnosis.subcategory.value,
                "cause": diagnosis.cause,
                "remedy": diagnosis.remedy,
            }
        )
    return case_id


@dg.op(out=dg.DynamicOut(int), description="Write the patches that are worth a trial.")
def candidates(healing: HealingResource, case_id: str) -> Iterator[dg.DynamicOutput[int]]:
    """One output a candidate."""
    for number in healing.workflow.candidates(case_id):
        yield dg.DynamicOutput(number, mapping_key=f"candidate_{number:02d}")


@dg.op(out=dg.Out(str), description="Run one candidate in the sandbox and judge what it loaded.")
def trial(
    context: dg.OpExecutionContext, healing: HealingResource, case_id: str, number: int
) -> str:
    """Try one candidate."""
    tried = healing.workflow.trial(case_id, number)
    context.add_output_metadata(
        {
            "state": tried.state.value,
            "reason": tried.reason,
            "live_requests": tried.live_requests,
            "checks": len(tried.checks),
            "seconds": tried.duration.total_seconds(),
        }
    )
    return tried.state.value


@dg.op(out=dg.Out(str), description="Choose the winner and decide what may be done with it.")
def validate(
    context: dg.OpExecutionContext, healing: HealingResource, case_id: str, trials: list[str]
) -> str:
    """Decide."""
    healing.workflow.validate(case_id)
    text = healing.services.store.step(case_id, Step.VALIDATE)
    decision = from_json(text, Decision) if text else None
    context.add_output_metadata(
        {
            "trials": len(trials),
            "verdict": decision.verdict.value if decision else "nothing to decide",
            "reason": decision.reason if decision else "",
        }
    )
    return case_id


@dg.op(out=dg.Out(str), description="Write the debug report.")
def report(context: dg.OpExecutionContext, healing: HealingResource, case_id: str) -> str:
    """Write the report."""
    text = healing.workflow.report(case_id)
    context.add_output_metadata({"report": dg.MetadataValue.md(text)})
    return case_id


@dg.op(out=dg.Out(str), description="Submit the proven version, or close the case without one.")
def submit(context: dg.OpExecutionContext, healing: HealingResource, case_id: str) -> str:
    """Submit, then show the report on the heal's own asset."""
    outcome = healing.workflow.submit(case_id)
    context.log_event(heal_event(healing.services, case_id, outcome))
    context.log.info(sentence(outcome))
    return case_id


def heal_asset_key(connector_id: str) -> dg.AssetKey:
    """The asset on which a connector's debug reports appear."""
    return dg.AssetKey(["connector_healing", "heals", connector_id])


def heal_event(
    services: HealServices, case_id: str, outcome: HealOutcome
) -> dg.AssetMaterialization:
    """The report as Markdown with the numbers that Dagster plots over time."""
    case = services.case(case_id)
    trials = services.store.trials(case_id)
    text = services.store.step(case_id, Step.VALIDATE)
    decision = from_json(text, Decision) if text else None
    seen = _result(services, case_id, Step.REPRODUCE, Reproduction)
    path = services.files.case_path(case_id, "report.md")
    live = decision.live_requests if decision else seen.live_requests
    seconds = (services.clock.now() - case.opened_at).total_seconds()
    return dg.AssetMaterialization(
        asset_key=heal_asset_key(case.connector_id),
        description=sentence(outcome),
        metadata={
            "report": dg.MetadataValue.md(services.files.read_text(path)),
            "outcome": type(outcome).__name__,
            "summary": sentence(outcome),
            "case": case_id,
            "healed": int(isinstance(outcome, Healed)),
            "candidates_tried": len(trials),
            "live_requests": live,
            "seconds_from_failure": round(seconds, 3),
            "rows_validated": sum(decision.rows.values()) if decision else 0,
            "report_file": dg.MetadataValue.path(path),
        },
    )


def sentence(outcome: HealOutcome) -> str:
    """An outcome as one sentence."""
    match outcome:
        case Healed(active=True):
            return f"Healed: version {outcome.version_id} is active. {outcome.summary}"
        case Healed():
            return (
                f"A proven version {outcome.version_id} waits for approval. {outcome.summary} "
                f"Run `connector-healing approve {outcome.case_id}`."
            )
        case NotHealed():
            return f"Not healed: {outcome.reason}"
        case NotReproduced():
            return f"Not reproduced: {outcome.reason}"


def _open(services: HealServices, form: Mapping[str, Any]) -> str:
    parameters = {"sample_size": str(form["sample_size"])}
    if form["traffic"] == "cassette":
        parameters["traffic"] = "cassette"
    case = open_by_hand(
        services,
        form["connector_id"],
        HealMode(form["mode"]),
        parameters,
        form["failed_run_id"] or None,
    )
    return case.case_id


def _result(services: HealServices, case_id: str, step: Step, kind: type[Any]) -> Any:
    text = services.store.step(case_id, step)
    if text is None:
        raise RuntimeError(f"step {step.value} of case {case_id} left no result")
    return from_json(text, kind)


@dg.config_mapping(config_schema=FORM)
def _flat(form: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"ops": {"reproduce": {"config": dict(form)}}}


@dg.graph
def heal_graph() -> None:
    """Reproduce, classify, try candidates, validate, report, submit."""
    # Without a case, since another worker holds it, all that follows is skipped.
    case_id = classify(getattr(reproduce(), CASE))
    tried = candidates(case_id).map(lambda number: trial(case_id, number))
    submit(report(validate(case_id, tried.collect())))


def build_heal_connector_job(
    healing: HealingResource | None = None, executor_def: dg.ExecutorDefinition | None = None
) -> dg.JobDefinition:
    """The job `heal_connector`.

    Args:
        healing: Where store and files are; None: the defaults.
        executor_def: None: in process, since trials are child processes anyway and a process for
            each op costs more than the heal itself.
    """
    return heal_graph.to_job(
        name=JOB_NAME,
        description="Reproduce, diagnose, patch, prove and heal a failed connector.",
        config=_flat,
        resource_defs={"healing": healing or HealingResource()},
        executor_def=executor_def or dg.in_process_executor,
        tags={"connector_healing/job": JOB_NAME},
    )
