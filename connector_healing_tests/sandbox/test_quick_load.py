from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import dlt
import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector_healing.sandbox.quick_load import normalize_quickly, type_package_files

HINTS = {
    "iso_text": {"data_type": "text"},
    "uuid_text": {"data_type": "text"},
    "nested": {"data_type": "json"},
    "raw": {"data_type": "binary"},
    "naive": {"data_type": "timestamp", "timezone": False},
    "amount": {"data_type": "decimal", "precision": 12, "scale": 3},
}
RICH: list[dict[str, Any]] = [
    {
        "id": 1,
        "iso_text": "2013-01-01T00:00:00Z",
        "uuid_text": "ABCDEF01-2345-6789-ABCD-EF0123456789",
        "loose_date": "2013-1-5",
        "loose_time": "1:2:3",
        "text": "tab\t line\nfeed 'quote' \"double\" back\\slash \u2028 é \U0001f600",
        "word": "null",
        "nested": {"B": 1, "a": [1.0, "2013-01-01T00:00:00Z", None]},
        "raw": b"\x00\xff'",
        "seen": datetime(2013, 1, 1, 5, 15, 0, 123456, tzinfo=UTC),
        "naive": datetime(2013, 1, 1, 5, 15),  # noqa: DTZ001  # a destination column without time zone
        "day": date(2013, 1, 1),
        "at": time(5, 15, 30, 5),
        "amount": Decimal("12345.678"),
        "free": Decimal("0.000000001"),
        "large": 2**62,
        "ratio": 1 / 3,
        "huge": 1e300,
        "flag": True,
        "legs": [{"n": 1, "tags": ["x", "y"]}, {"n": 2}],
    },
    {"id": 2, "late_column": "only here", "flag": None},
]


def pipeline(folder: Path, name: str) -> dlt.Pipeline:
    return dlt.pipeline(
        name,
        destination=dlt.destinations.duckdb(str(folder / f"{name}.duckdb")),
        dataset_name="data",
        pipelines_dir=str(folder / "pipelines"),
    )


def run_plainly(pipe: dlt.Pipeline, data: Any) -> None:
    pipe.run(data)


def run_quickly(pipe: dlt.Pipeline, data: Any) -> None:
    pipe.sync_destination()
    pipe.extract(data)
    normalize_quickly(pipe)
    pipe.load()


def contents(pipe: dlt.Pipeline) -> dict[str, Any]:
    """Types and rows of every table, ids and load ids left out."""
    found = {}
    with pipe.sql_client() as client:
        tables = client.execute_sql(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'data'"
        )
        for (table,) in tables or ():
            if table.startswith("_dlt_"):
                continue
            columns = client.execute_sql(f'DESCRIBE "data"."{table}"') or ()
            own = sorted((str(c[0]), str(c[1])) for c in columns if not c[0].startswith("_dlt_"))
            names = ", ".join(f'"{n}"' for n, _ in own)
            rows = client.execute_sql(f'SELECT {names} FROM "data"."{table}" ORDER BY ALL')
            found[table] = (own, rows)
    return found


def test_the_same_data_are_loaded_as_dlt_would_load_them(tmp_path: Path) -> None:
    @dlt.resource(name="rich", columns=HINTS, write_disposition="merge", primary_key="id")  # type: ignore[call-overload,untyped-decorator]  # hints as plain dicts
    def rich() -> Iterator[list[dict[str, Any]]]:
        yield [dict(row) for row in RICH]

    plain, quick = pipeline(tmp_path, "plain"), pipeline(tmp_path, "quick")
    run_plainly(plain, rich())
    run_quickly(quick, rich())
    expected = contents(plain)
    assert set(expected) == {"rich", "rich__legs", "rich__legs__tags"}
    assert contents(quick) == expected


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
cells = st.one_of(
    texts,
    st.sampled_from(["2013-01-01", "12:00", "TRUE", "{}", "1e5", "NaN", "''", "\\n", "a,b"]),
)


@settings(max_examples=4)
@given(st.lists(st.fixed_dictionaries({"a": cells, "b": cells}), min_size=1, max_size=30))
def test_no_text_is_changed(rows: list[dict[str, str]]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        pipe = pipeline(Path(folder), "texts")
        hinted = dlt.resource(
            rows, name="t", columns={"a": {"data_type": "text"}, "b": {"data_type": "text"}}
        )
        run_quickly(pipe, hinted)
        loaded = contents(pipe)["t"][1]
        assert sorted(loaded) == sorted((r["a"], r["b"]) for r in rows)


def test_an_empty_replace_empties_the_table(tmp_path: Path) -> None:
    pipe = pipeline(tmp_path, "emptied")

    @dlt.resource(name="t", write_disposition="replace")
    def rows(count: int) -> Iterator[list[dict[str, Any]]]:
        yield [{"x": n, "tags": [1]} for n in range(count)]

    run_quickly(pipe, rows(3))
    run_quickly(pipe, rows(0))
    assert contents(pipe)["t"][1] == []
    assert contents(pipe)["t__tags"][1] == []


def test_no_trace_of_the_format_stays(tmp_path: Path) -> None:
    pipe = pipeline(tmp_path, "traceless")
    run_quickly(pipe, dlt.resource([{"x": 1}], name="t"))
    assert "file_format" not in pipe.default_schema.tables["t"]
    pipe.extract(dlt.resource([{"x": 2}], name="t"))
    pipe.normalize()
    (load_id,) = pipe.list_normalized_load_packages()
    jobs = pipe.get_load_package_info(load_id).jobs["new_jobs"]
    assert {j.job_file_info.file_format for j in jobs} == {"insert_values"}


def test_a_format_that_the_user_chose_stays(tmp_path: Path) -> None:
    pipe = pipeline(tmp_path, "chosen")
    pipe.extract(dlt.resource([{"x": 1}], name="t", file_format="jsonl"))
    normalize_quickly(pipe)
    (load_id,) = pipe.list_normalized_load_packages()
    jobs = pipe.get_load_package_info(load_id).jobs["new_jobs"]
    formats = {j.job_file_info.table_name: j.job_file_info.file_format for j in jobs}
    assert formats["t"] == "jsonl"


def test_a_package_that_was_turned_is_left_alone(tmp_path: Path) -> None:
    pipe = pipeline(tmp_path, "again")
    pipe.extract(dlt.resource([{"x": 1}], name="t"))
    normalize_quickly(pipe)
    assert type_package_files(pipe) == 0
    pipe.load()
    assert contents(pipe)["t"][1] == [(1,)]


def test_a_value_that_does_not_fit_fails_loudly(tmp_path: Path) -> None:
    """Rather than become NULL: dlt's own files would fail in the load."""
    pipe = pipeline(tmp_path, "unfit")
    pipe.extract(
        dlt.resource(
            [{"x": Decimal("12345678.5")}],
            name="t",
            columns={"x": {"data_type": "decimal", "precision": 4, "scale": 1}},
        )
    )
    with pytest.raises(duckdb.ConversionException):
        normalize_quickly(pipe)
