"""Whatever a cluster sends, it is an outcome."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector_healing.core.kusto.collected import Outcome
from connector_healing.core.redaction import Redactor
from connector_healing.kusto.bodies import read_body
from connector_healing.kusto.judging import Judgement, judged
from connector_healing.kusto.limits import CollectionLimits
from connector_healing.kusto.reply import Reply

_NAMES = ("Tables", "Rows", "Columns", "error", "OneApiErrors", "Exceptions", "ColumnName", "code")
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_NAMES), inner, max_size=4)
    ),
    max_leaves=25,
)


def judge(status: int, text: str) -> Judgement:
    body = read_body(text)
    reply = Reply(status=status, table=body.table, errors=body.errors, permanent=body.permanent)
    return judged(reply, Redactor(), CollectionLimits())


@given(st.sampled_from((200, 302, 400, 401, 403, 404, 429, 500, 504)), _JSON)
def test_any_body_is_an_outcome(status: int, body: object) -> None:
    found = judge(status, json.dumps(body))

    assert (found.row_count > 0) >= (found.outcome is Outcome.ANSWERED)
    assert len([line for line in found.rows.split("\n") if line]) == found.row_count
    if found.outcome is Outcome.EMPTY:
        assert found.row_count == 0
        assert read_body(json.dumps(body)).errors == ()
    if status != 200:
        assert found.outcome not in {Outcome.ANSWERED, Outcome.EMPTY}
        assert found.note


@given(st.binary(max_size=200))
def test_any_bytes_are_an_outcome(body: bytes) -> None:
    assert judge(502, body.decode("utf-8", "replace")).outcome is not Outcome.ANSWERED


def test_a_body_nested_without_end_is_an_outcome() -> None:
    assert judge(200, "[" * 100_000).outcome is Outcome.FAILED


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        ("Principal 'aadapp=1;2' is not authorized to perform operation", Outcome.NOT_VISIBLE),
        ("Kusto.DataNode.Exceptions.UnauthorizedDatabaseAccessException", Outcome.NOT_VISIBLE),
        ("Caller has insufficient permissions", Outcome.NOT_VISIBLE),
        ("The control command was aborted due to throttling.", Outcome.THROTTLED),
        ("Request execution timeout (0x80131505)", Outcome.TIMED_OUT),
        ("Entity ID 'd' of kind 'Database' was not found.", Outcome.NOT_VISIBLE),
        ("Entity ID 'T' of kind 'Table' was not found.", Outcome.FAILED),
        ("Syntax error: Query could not be parsed", Outcome.FAILED),
    ],
)
def test_what_is_said_decides(said: str, outcome: Outcome) -> None:
    assert judge(400, json.dumps({"error": {"code": "X", "@message": said}})).outcome is outcome
