"""The Dagster job `review_heal_case`: a person's word on a case, said in the UI."""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from connector_healing.core.case import NotHealed
from connector_healing.healing.persons import approve, reject, release
from connector_healing.healing.services import CaseServices
from connector_healing.orchestration.healing_resource import HealingResource
from connector_healing.orchestration.metadata import CASE_TAG, CONNECTOR_TAG
from connector_healing.orchestration.one_line import in_one_line
from connector_healing.orchestration.person import person

JOB_NAME = "review_heal_case"

FORM = {
    "case_id": dg.Field(str, description="The heal case, as its report names it."),
    "decision": dg.Field(
        dg.Enum(
            "Decision",
            [
                dg.EnumValue("approve", description="Make the proposed version active."),
                dg.EnumValue("reject", description="Refuse it; the present version stays."),
                dg.EnumValue("release", description="Held data were right: load them next run."),
            ],
        ),
        is_required=False,
        default_value="approve",
        description="approve, reject or release.",
    ),
    "reason": dg.Field(
        str, is_required=False, default_value="", description="Why, for the case's history."
    ),
}


@dg.op(config_schema=FORM, out=dg.Out(str), description="Do what the person says.")
def review(context: dg.OpExecutionContext, healing: HealingResource) -> str:
    """Approve, reject or release a case."""
    form: Mapping[str, Any] = context.op_config
    services = healing.cases
    with in_one_line():
        case = services.case(form["case_id"])
        context.instance.add_run_tags(
            context.run_id, {CASE_TAG: case.case_id, CONNECTOR_TAG: case.connector_id}
        )
        _decide(services, case.case_id, form, context.run.tags.get("user") or person())
    case = services.case(case.case_id)
    context.add_output_metadata({"state": case.shown_state, "reason": case.reason})
    return case.case_id


def _decide(services: CaseServices, case_id: str, form: Mapping[str, Any], by: str) -> None:
    """Do what the person says.

    Raises:
        dagster.Failure: If what was approved can become active no more.
    """
    if form["decision"] == "approve":
        outcome = approve(services, case_id, by)
        if isinstance(outcome, NotHealed):
            raise dg.Failure(description=f"Not approved: {outcome.reason}", allow_retries=False)
    elif form["decision"] == "reject":
        reject(services, case_id, by, form["reason"])
    else:
        release(services, case_id, by)


@dg.config_mapping(config_schema=FORM)
def _flat(form: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"ops": {"review": {"config": dict(form)}}}


@dg.graph
def review_graph() -> None:
    """One op: the decision."""
    review()


def build_review_job(healing: HealingResource | None = None) -> dg.JobDefinition:
    """The job `review_heal_case`.

    Args:
        healing: Where store and files are; None: the defaults.
    """
    return review_graph.to_job(
        name=JOB_NAME,
        description="Approve or reject a proposed heal, or release a held load package.",
        config=_flat,
        resource_defs={"healing": healing or HealingResource()},
        executor_def=dg.in_process_executor,
        tags={"connector_healing/job": JOB_NAME},
    )
