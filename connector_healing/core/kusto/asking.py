"""Takes a person's answer to a question into the case."""

from collections.abc import Mapping
from dataclasses import replace

from connector_healing.core.kusto.case import KustoCase
from connector_healing.core.kusto.encoding import sound
from connector_healing.core.kusto.vocabulary import WRITE_MODES, Ask, Operation
from connector_healing.errors import UsageError

#: Answers from a closed list.
CHOICES: Mapping[Ask, tuple[str, ...]] = {
    Ask.OPERATION: (Operation.READ.value, Operation.WRITE.value),
    Ask.WRITE_MODE: tuple(mode.value for mode in WRITE_MODES),
    Ask.READ_MODE: ("ForceSingleMode", "ForceDistributedMode", "none"),
}

#: Answers that are evidence, and how each is marked in it.
_EVIDENCE: Mapping[Ask, str] = {
    Ask.EXCEPTION_TEXT: "",
    Ask.FULL_CAUSE_CHAIN: "",
    Ask.DRIVER_LOG: "",
    Ask.DRIVER_DEBUG_LOG: "",
    Ask.EXECUTOR_LOG: "",
    Ask.SHOW_OPERATIONS_RESULT: "",
    Ask.STATUS_TEXT: "",
    Ask.DETAILS_TEXT: "Details: ",
    Ask.ERROR_CODE: "Ingestion info: ErrorCode: ",
    Ask.INGEST_ENDPOINT_ANSWER: "[on ingest endpoint] .show ingestion resources: ",
}
_FIELDS: Mapping[Ask, str] = {
    Ask.CONNECTOR_VERSION: "connector_version",
    Ask.SPARK_VERSION: "spark_version",
    Ask.JAVA_VERSION: "java_version",
    Ask.PLATFORM: "platform",
    Ask.CLUSTER_URI: "cluster",
}
_SHOWN = 40


def answered(case: KustoCase, ask: Ask, answer: str) -> KustoCase:
    """The case with an answer; an empty one means that it is not known, and is not asked again.

    Raises:
        UsageError: The answer is not one of those that there are.
    """
    text = sound(answer.strip())
    choices = CHOICES.get(ask)
    if text and choices:
        text = next((choice for choice in choices if choice.lower() == text.lower()), "")
        if not text:
            raise UsageError(
                ask.value, sound(answer.strip()[:_SHOWN]), f"One of: {', '.join(choices)}."
            )
    told = replace(case, answers={**case.answers, ask: text})
    if not text:
        return told
    if ask in _EVIDENCE:
        return told.with_evidence(f"{_EVIDENCE[ask]}{text}")
    if ask in _FIELDS:
        return _with_field(told, _FIELDS[ask], text)
    return told


def _with_field(case: KustoCase, name: str, text: str) -> KustoCase:
    match name:
        case "connector_version":
            return replace(case, connector_version=text)
        case "spark_version":
            return replace(case, spark_version=text)
        case "java_version":
            return replace(case, java_version=text)
        case "platform":
            return replace(case, platform=text)
        case _:
            return replace(case, cluster=text)
