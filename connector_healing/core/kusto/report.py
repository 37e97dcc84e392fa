"""The report of a Kusto triage, as Markdown in the form of the debug report."""

from collections.abc import Iterator

from connector_healing.core.kusto.triage import KustoTriage
from connector_healing.core.kusto.vocabulary import QUESTIONS, Operation
from connector_healing.core.markdown import block, code, prose

_WORDS = {True: "yes", False: "no", None: "not decided by the evidence"}


def render_triage(found: KustoTriage) -> str:
    """The report: what failed, why, what to do, what to run, what is still to be asked."""
    title = f"## Kusto Triage Report{f': {prose(found.id)}' if found.id else ''}"
    return "\n".join((title, "", *triage_sections(found, "###")))


def triage_sections(found: KustoTriage, heading: str) -> Iterator[str]:
    """The report's lines below its title.

    Args:
        found: What the triage answered.
        heading: Marks the sections' headings, as ``###``.
    """
    sections = (
        ("Error Summary", _summary(found)),
        ("Root Cause Analysis", _root_cause(found)),
        ("Remedy", _remedy(found)),
        ("Next Steps", _next_steps(found)),
        ("Diagnostics to Collect", _commands(found)),
        ("Warnings", _warnings(found)),
    )
    for title, content in sections:
        yield from (f"{heading} {title}", *content, "")


def _summary(found: KustoTriage) -> Iterator[str]:
    kusto = "the Kusto Spark connector" if found.is_kusto_connector_failure else "other software"
    yield f"- **Pattern**: {code(found.pattern)}"
    yield f"- **Failure of**: {kusto}"
    yield f"- **Operation**: {found.operation.value}, mode {found.mode.value}"
    yield f"- **Surface**: {found.surface.value.replace('_', ' ')}"
    if found.evidence:
        yield f"- **Evidence**: {code(found.evidence)}"


def _root_cause(found: KustoTriage) -> Iterator[str]:
    yield prose(found.cause, limit=1_000)
    yield ""
    yield f"- **May a retry help?** {_WORDS[found.retryable]}"
    duplicates = "no, a read writes nothing" if found.operation is Operation.READ else ""
    yield f"- **May a re-run duplicate data?** {duplicates or _WORDS[found.rerun_may_duplicate]}"
    yield f"- **Texts of connector**: {code(found.versions)}"


def _remedy(found: KustoTriage) -> Iterator[str]:
    for step in found.fix:
        yield f"- {prose(step, limit=1_000)}"


def _next_steps(found: KustoTriage) -> Iterator[str]:
    if not found.must_ask:
        # Where nothing is known the remedy is to ask, and there is nothing to apply.
        steps = found.fix if found.pattern.startswith("unknown.") else ("Apply the remedy",)
        yield from (f"- [ ] {prose(step, limit=1_000)}" for step in steps)
    for ask in found.must_ask:
        question, where = QUESTIONS[ask]
        yield f"- [ ] {prose(question)} ({code(ask.value)}). Where: {prose(where)}"


def _commands(found: KustoTriage) -> Iterator[str]:
    if not found.follow_up_commands:
        yield "None."
        return
    yield from block("\n".join(c.text for c in found.follow_up_commands), "kusto")


def _warnings(found: KustoTriage) -> Iterator[str]:
    if not found.warnings:
        yield "None."
    for warning in found.warnings:
        yield f"- {prose(warning)}"
