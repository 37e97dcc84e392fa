"""Commands hold checked ids and names only."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector_healing.core.kusto import KustoCase, triage
from connector_healing.core.kusto.commands import (
    ON_INGEST,
    Command,
    Endpoint,
    checked,
    filled_in,
    is_guid,
)

_OPERATION = "e2f0b7aa-6f0d-4b44-9d1e-0c3a55d7c9b2"
_HOSTILE = (
    'x" | project Secret',
    "x'] ; .drop table T",
    "T\n.drop table T",
    "T | take 9",
    "x'] x",
    "x;y",
    "${jndi:ldap://h}",
    "",
    " ",
    "-" * 300,
)
_SHAPE = re.compile(r"(?:\[on ingest endpoint\] )?(?:\.show |[A-Za-z_]\w* \| )[^\n;]*\Z")


@pytest.mark.parametrize("hostile", _HOSTILE)
@pytest.mark.parametrize("name", ["requestId", "kustoTable", "kustoDatabase", "tempTableName"])
def test_foreign_text_is_never_interpolated(hostile: str, name: str) -> None:
    options = {"kustoTable": "T", "kustoDatabase": "d", "writeMode": "Queued", name: hostile}
    found = triage(KustoCase(options=options, options_complete=True, user_text="rows are missing"))
    for command in found.follow_up_commands:
        assert hostile.strip() == "" or hostile not in command.text
        assert _SHAPE.match(command.text), command.text


@given(text=st.text(max_size=60))
def test_whatever_passes_the_check_is_plain(text: str) -> None:
    for name, value in checked({"request_id": text, "table": text, "operation_id": text}).items():
        assert not set(value) & set("\"'[]|;\n\r`(){}<>$\\"), name


@given(text=st.text(max_size=200), kind=st.sampled_from(["OperationId '{}'", "requestId: '{}'"]))
def test_ids_from_the_evidence_are_checked(text: str, kind: str) -> None:
    evidence = (
        "com.microsoft.kusto.spark.exceptions.FailedOperationException: Failed to execute Kusto"
        f" operation with {kind.format(text)}, State: 'Failed', Status: 'x'"
    )
    for command in triage(KustoCase(evidence=evidence)).follow_up_commands:
        assert _SHAPE.match(command.text), command.text


def test_a_command_says_its_endpoint_and_parts() -> None:
    known = checked({"operation_id": _OPERATION, "request_id": "r-12345"})
    operation, resources = filled_in(
        (Command.OPERATION, Command.INGESTION_RESOURCES, Command.SCHEMA), known
    )
    assert operation.endpoint is Endpoint.ENGINE
    assert operation.parameters == {"operation_id": _OPERATION}
    assert operation.text == operation.template.format_map(operation.parameters)
    assert resources.endpoint is Endpoint.INGEST
    assert resources.text == f"{ON_INGEST}{resources.template}"


def test_guids() -> None:
    assert is_guid(_OPERATION)
    assert not is_guid("00000000-0000-0000-0000-000000000000")
    assert not is_guid(_OPERATION + "\n")
    assert not is_guid(f"{_OPERATION} | x")
    assert not is_guid("e2f0b7aa6f0d4b449d1e0c3a55d7c9b2")
