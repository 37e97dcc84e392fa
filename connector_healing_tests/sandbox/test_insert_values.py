import gzip
import json
from pathlib import Path

from dlt.common.data_writers.escape import (
    escape_duckdb_literal,
    escape_postgres_literal,
    escape_redshift_literal,
)
from hypothesis import given
from hypothesis import strategies as st

from connector_healing.sandbox.insert_values import as_json_lines

HEAD = 'INSERT INTO {}("a","b ""c""")\nVALUES\n'
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
escapes = st.sampled_from([escape_duckdb_literal, escape_postgres_literal, escape_redshift_literal])


def rewritten(tmp_path: Path, text: str) -> list[dict[str, str | None]] | None:
    path = tmp_path / "t.1.insert_values.gz"
    with gzip.open(path, "wt", encoding="utf-8", newline="") as file:
        file.write(text)
    target = as_json_lines(path, tmp_path)
    if target is None:
        return None
    lines = target.read_text(encoding="utf-8").split("\n")
    return [json.loads(line) for line in lines if line]


@given(
    st.lists(st.tuples(st.one_of(st.none(), texts), st.integers()), min_size=1, max_size=6), escapes
)
def test_every_text_that_dlt_writes_is_read_back(
    tmp_path: Path, rows: list[tuple[str | None, int]], escape: object
) -> None:
    assert callable(escape)
    body = ",\n".join(f"({escape(text)},{escape(number)})" for text, number in rows)
    assert rewritten(tmp_path, f"{HEAD}{body};") == [
        {"a": text, 'b "c"': str(number)} for text, number in rows
    ]


def test_calls_around_a_literal(tmp_path: Path) -> None:
    assert rewritten(tmp_path, HEAD + "(from_base64('AP8='),true),\n(NULL,1.5e300);") == [
        {"a": "AP8=", 'b "c"': "true"},
        {"a": None, 'b "c"': "1.5e300"},
    ]


def test_a_file_without_rows(tmp_path: Path) -> None:
    assert rewritten(tmp_path, HEAD) == []


def test_another_form_is_not_guessed(tmp_path: Path) -> None:
    assert rewritten(tmp_path, 'INSERT INTO {}("a")\nSELECT 1 UNION ALL\nSELECT 2;') is None
    assert rewritten(tmp_path, HEAD + "(1,2),\n(3);") is None
