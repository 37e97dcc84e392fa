"""Answers as evidence, and as a person reads them."""

from dataclasses import replace

from connector_healing.core.kusto.collected import (
    CollectedEvidence,
    Outcome,
    collection_text,
    evidence_text,
)
from connector_healing.core.kusto.commands import Endpoint
from connector_healing_tests.kusto.conftest import asking

MOVES = asking('.show operations | where Operation == "TableMoveExtents" and StartedOn > ago(1d)')
ANSWERED = CollectedEvidence(
    command=asking(".show operations"),
    outcome=Outcome.ANSWERED,
    columns=("State",),
    rows='{"State": "Throttled"}\n{"State": "Failed"}',
    row_count=2,
    truncated=True,
    note="There are more rows; the first 2 are kept.",
)
EMPTY = CollectedEvidence(command=MOVES, outcome=Outcome.EMPTY, note="It proves nothing.")
FORBIDDEN = CollectedEvidence(
    command=asking("[on ingest endpoint] .show export containers", Endpoint.INGEST),
    outcome=Outcome.NOT_VISIBLE,
    note="The service refuses this to the credential (403): Forbidden.",
)


def test_rows_are_evidence() -> None:
    assert evidence_text([ANSWERED]) == (
        '[engine endpoint] .show operations: 2 rows, cut short\n{"State": "Throttled"}\n{"State": "Failed"}\n'
    )


def test_what_we_asked_with_is_no_evidence() -> None:
    """An empty answer to a question about moves is no sign that anything was moved."""
    text = evidence_text([EMPTY, FORBIDDEN])

    assert text == "[engine endpoint] .show operations: no rows\n"


def test_that_the_ingest_endpoint_answers_nobody_is_evidence() -> None:
    broken = replace(FORBIDDEN, outcome=Outcome.FAILED, status=500)
    unreached = replace(FORBIDDEN, outcome=Outcome.FAILED)
    engine = replace(broken, command=MOVES)

    assert evidence_text([broken, unreached, engine]) == (
        "[ingest endpoint] .show export containers: no usable answer, HTTP 500\n"
    )


def test_a_person_is_told_all() -> None:
    assert collection_text([ANSWERED, EMPTY, FORBIDDEN]).splitlines() == [
        ".show operations",
        "  2 rows, cut short. There are more rows; the first 2 are kept.",
        '  {"State": "Throttled"}',
        '  {"State": "Failed"}',
        MOVES.text,
        "  no rows. It proves nothing.",
        "[on ingest endpoint] .show export containers",
        "  not visible to this credential. The service refuses this to the credential (403): Forbidden.",
    ]
