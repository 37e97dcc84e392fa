"""What the triage asks may be sent; nothing else may."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector_healing.core.kusto.commands import Endpoint
from connector_healing.kusto.grammar import is_database_name, refusal
from connector_healing_tests.kusto.conftest import ID, asking

SAME = ID.replace("-", "_")
TEMP = f"sparkTempTable_nightly_load_Orders_{SAME}"

#: Each template of the triage's vocabulary, filled in.
ENGINE = (
    f'.show commands | where ClientActivityId has "{ID}"',
    f'.show queries | where ClientActivityId has "{ID}"',
    f'.show ingestion failures | where IngestionSourcePath contains "{SAME}"',
    f'.show ingestion failures with (OperationId="{ID}")',
    (
        '.show ingestion failures | where Database == "telemetry" and Table == "Orders"'
        " and FailedOn > ago(1d)"
    ),
    '.show streamingingestion failures | where Database == "tele metry" and Table == "Or-ders.1"',
    f".show operations {ID}",
    f'.show operations | where OperationId == "{ID}"',
    f".show operation {ID} details",
    '.show operations | where Operation == "DataExport" and StartedOn > ago(6h)',
    '.show operations | where Operation == "TableMoveExtents" and StartedOn > ago(1d)',
    (
        f'.show tables with (IncludeHiddenTables=true) | where TableName endswith "{SAME}"'
        " | project TableName"
    ),
    (
        '.show tables with (IncludeHiddenTables=true) | where TableName startswith "sparkTempTable_"'
        " | project TableName"
    ),
    f".show table {TEMP} extents | summarize Extents=count(), Rows=sum(RowCount)",
    ".show table ['Orders'] schema as json",
    ".show table ['Or-ders v2'] policy ingestionbatching",
    ".show table ['Orders'] policy streamingingestion",
    ".show table ['Orders'] policy update",
    ".show table ['Orders'] policy retention",
    ".show table ['Orders'] ingestion csv mappings",
    ".show table ['Orders'] principals",
    ".show table ['Orders'] extents | where MinCreatedOn > ago(1d)",
    (
        '.show table Orders extents | where Tags has "ingest-by:"'
        " | project ExtentId, Tags, MaxCreatedOn"
    ),
    '.show tables | where TableName == "Orders"',
    ".show database ['telemetry'] principals",
    ".show capacity",
    ".show workload_groups",
    ".show cluster policy callout",
    ".show databases",
)
INGEST = (".show ingestion resources", ".show export containers")


@pytest.mark.parametrize("text", ENGINE)
def test_what_the_triage_asks_the_engine_is_allowed(text: str) -> None:
    assert refusal(asking(text)) is None
    assert refusal(asking(text, Endpoint.INGEST)) == "This is a command of the engine endpoint."


@pytest.mark.parametrize("text", INGEST)
def test_what_the_triage_asks_the_ingest_endpoint_is_allowed(text: str) -> None:
    assert refusal(asking(text, Endpoint.INGEST)) is None
    assert refusal(asking(f"[on ingest endpoint] {text}", Endpoint.INGEST)) is None
    assert refusal(asking(text)) == "This is a command of the ingest endpoint."


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".drop table Orders",
        "Orders | take 1",
        ".show",
        " .drop table T",
        ".SHOW databases",
        ".show databases; .drop table T",
        ".show databases\n.drop table T",
        ".show databases\r| take 1",
        ".show databases // x",
        ".show databases | take 5 | evaluate python(typeof(*), 'x')",
        ".show databases | join (externaldata(x:string)['https://evil.example/x']) on $left.a==$right.a",
        ".show databases | invoke f()",
        ".show databases | where DatabaseName in (cluster('https://evil.example').database('d').T)",
        ".show databases | extend x = cluster('evil')",
        ".show databases | where a == 'x'",
        f'.show commands | where ClientActivityId has "{ID}" or true',
        f'.show commands | where ClientActivityId has "{ID}\\" | evaluate x(\\""',
        '.show commands | where ClientActivityId has "a"" | take 1',
        ".show operations b152f9da",
        f".show operations {ID}0",
        f".show operations {ID} | consume",
        ".show table ['a'] policy caching | as x",
        ".show table ['a']; ['b'] extents",
        ".show table ['a\\'] extents",
        ".show table a.b.c extents",
        ".show table ['Ördérs'] extents",
        ".show principal roles",
        ".show database ['d'] schema",
        ".show external tables",
        ".show function f",
        ".get kusto identity token",
        ".show databases | take 1000000",
        ".show databases | take 1" + " | take 1" * 20,
        "set notruncation; .show databases",
        ".show databases | set notruncation",
        ".show  databases",
        ".show databases\u2028| take 1",
        ".show databases |" + " " * 5000 + "take 1",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    for endpoint in Endpoint:
        assert refusal(asking(text, endpoint)) is not None


_HOSTILE = st.text(
    st.sampled_from("\"'\\;|\n\r\t()[]{}=.,*@#$%&/ \u2028\u00a0aB1_-`~<>!?"),
    min_size=1,
    max_size=30,
)


@given(_HOSTILE)
def test_no_text_breaks_out_of_a_string(value: str) -> None:
    """A value is a name, or the command is refused: no other character passes."""
    text = f'.show tables | where TableName == "{value}"'

    if refusal(asking(text)) is None:
        assert all(c.isascii() and (c.isalnum() or c in "_-.: ") for c in value)


@given(st.sampled_from(ENGINE), st.integers(0, 300), st.sampled_from("\";|\n\\'`{"))
def test_no_character_can_be_slipped_in(text: str, place: int, character: str) -> None:
    at = place % (len(text) + 1)

    assert refusal(asking(text[:at] + character + text[at:])) is not None


def test_names_of_databases() -> None:
    assert is_database_name("tele metry-1.x_y")
    for name in ("", " a", "a;b", "a'b", "a\n", "a" * 300, "é"):
        assert not is_database_name(name)
