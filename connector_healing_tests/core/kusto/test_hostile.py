"""Whatever stands in a case, the triage answers."""

import json
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector_healing.core.kusto import KustoCase, triage
from connector_healing.core.kusto.condensing import KEPT_LIMIT, SHORT, condensed
from connector_healing.core.kusto.report import render_triage

_WORDS = st.sampled_from(
    [
        *(
            "KustoConnector: ",
            "None.get",
            "Py4JJavaError",
            "\n",
            "\tat ",
            "State: '",
            "OperationId",
        ),
        *("sparkTempTable_", '{"ErrorCode": "', "FailedOn", "FailureKind", "'requestId': '", 'h@"'),
        *("Ingestion to Kusto failed", "IngestionSourcePath", "Caused by: ", "\x00", "\ud800", "İ"),
        *("26/11/21 11:42:42 ERROR ", "exception ignored.", "StartedOn", "LastUpdatedOn", "| "),
    ]
)


@given(
    parts=st.lists(st.one_of(_WORDS, st.text(max_size=20)), max_size=30),
    said=st.text(max_size=80),
    options=st.dictionaries(
        st.one_of(st.sampled_from(["kustoTable", "writeMode", "requestId"]), st.text(max_size=20)),
        st.one_of(st.none(), st.text(max_size=30)),
        max_size=4,
    ),
)
def test_any_case_is_answered(parts: list[str], said: str, options: dict[str, str | None]) -> None:
    found = triage(KustoCase(evidence="".join(parts), user_text=said, options=options))
    assert json.loads(json.dumps(found.to_json()))["pattern"]
    assert render_triage(found)


@pytest.mark.parametrize(
    "text",
    [
        "a" * 3_000_000,
        "sparkTempTable_" * 100_000,
        "sparkTempTable_\n" * 60_000,
        "database: 'x " * 60_000,
        '{"ErrorCode" : "' * 60_000,
        "OperationId | " * 60_000,
        "FailedOn\tFailureKind\tErrorCode\t" * 30_000,
        "\n" * 1_000_000,
        "'" * 1_000_000,
        "(" * 500_000,
    ],
)
def test_a_long_text_is_answered(text: str) -> None:
    assert triage(KustoCase(evidence=text, user_text=text[:500_000])).pattern


def test_noise_does_not_hide_the_failure() -> None:
    noise = "26/11/21 11:44:00 INFO BlockManagerInfo: Added broadcast_3_piece0 in memory\n" * 20_000
    failure = (
        "Py4JJavaError: An error occurred while calling o1.save.\n"
        ": com.microsoft.kusto.spark.exceptions.RetriesExhaustedException:"
        " Failed to move extents after 11 tries.\n"
    )
    found = triage(KustoCase(evidence=noise + failure + noise))
    assert found.pattern == "write.move_extents.retries_exhausted"


@given(text=st.text(alphabet=string.printable, max_size=300))
def test_short_evidence_is_kept_as_it_is(text: str) -> None:
    assert condensed(text) == text


def test_long_evidence_is_bounded_and_cuts_no_word() -> None:
    line = "sig=abcdefghijklmnop WARN something " * 3
    text = f"{line}\n" * (KEPT_LIMIT // 50)
    short = condensed(text)
    assert SHORT < len(short) <= KEPT_LIMIT + 10
    assert set(short.split()) <= set(text.split()) | {"…"}


def test_letters_in_noise_are_no_sign_of_kusto() -> None:
    assert not triage(KustoCase(evidence="\x00fadxq\x01 adx \x02")).is_kusto_connector_failure
    assert triage(KustoCase(user_text="the ADX job failed")).is_kusto_connector_failure
