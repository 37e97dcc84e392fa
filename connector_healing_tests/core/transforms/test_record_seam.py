"""Aliasing records where they enter; the alias itself is a plain stand-in of the same contract."""

import copy
import importlib
from pathlib import Path

import pytest

from connector_healing.core.drift.mapping import FieldMapping, MappingVerdict
from connector_healing.core.patch import Patch, Unpatchable, apply_edits
from connector_healing.core.transforms.aliasing import record_alias
from connector_healing.core.transforms.record_seam import alias_at_entry, alias_behind_resource
from connector_healing.runtime.aliases import alias_fields
from connector_healing_tests.core.transforms.observing import accesses_of, code_of, run

OLD = {"id": 1, "carrier": "UA", "departure": {"delay": 5, "gate": "A"}}
NEW = {"id": 1, "op_code": "UA", "times": {"departure": {"delay": 5, "gate": "A"}}}


def renamed(old: str, new: str, transform: str = "identity") -> FieldMapping:
    return FieldMapping(old=old, new=new, verdict=MappingVerdict.RENAMED, transform=transform)


MAPPINGS = [
    FieldMapping(old="id", new="id", verdict=MappingVerdict.SAME),
    renamed("carrier", "op_code"),
    renamed("departure.delay", "times.departure.delay"),
    renamed("departure.gate", "times.departure.gate"),
]

READ = 'out.append((row["id"], row["carrier"], row["departure"]["delay"]))'

PROGRAMS = {
    "loop": f"def read(rows):\n    out = []\n    for row in rows:\n        {READ}\n    return out\n",
    "comprehension": (
        'def read(rows):\n    return [(row["id"], row["carrier"], row["departure"]["delay"])'
        " for row in rows]\n"
    ),
    "parameter": (
        'def take(row):\n    """Doc."""\n'
        '    return row["id"], row["carrier"], row["departure"]["delay"]\n\n\n'
        "def read(rows):\n    return [take(row) for row in rows]\n"
    ),
    "unpacked": (
        f"def read(rows):\n    out = []\n    for n, row in enumerate(rows):\n        {READ}\n"
        "    return out\n"
    ),
    "assigned": (f"def read(rows):\n    out = []\n    row = rows[0]\n    {READ}\n    return out\n"),
    "two names": f"def read(rows):\n    out = []\n    for row in rows[0], :\n        {READ}\n    return out\n",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_old_fields_are_there_in_both_formats(name: str) -> None:
    code = code_of(PROGRAMS[name])
    accesses = accesses_of(PROGRAMS[name], [OLD, NEW])
    patch = alias_at_entry(code, accesses, MAPPINGS)
    assert isinstance(patch, Patch), patch
    patched = apply_edits(code, patch.edits)
    text = patched.modules[0].text
    assert 'alias_fields({"departure": "times.departure", "carrier": "op_code"})' in text
    for record in (OLD, NEW):
        assert list(run(text, [copy.deepcopy(record)])) == [(1, "UA", 5)]
    with pytest.raises(KeyError, match="carrier"):
        run(text, [{"id": 1}])
    again = alias_at_entry(patched, accesses_of(text, [OLD, NEW]), MAPPINGS)
    assert isinstance(again, Unpatchable)


def test_a_second_heal_goes_inside_the_first() -> None:
    code = code_of(PROGRAMS["loop"])
    first = alias_at_entry(code, accesses_of(code.modules[0].text, [OLD]), [MAPPINGS[1]])
    assert isinstance(first, Patch)
    once = apply_edits(code, first.edits)
    newer = [renamed("carrier", "airline_code")]
    second = alias_at_entry(once, accesses_of(once.modules[0].text, [OLD]), newer)
    assert isinstance(second, Patch)
    text = apply_edits(once, second.edits).modules[0].text
    assert (
        'map(alias_fields({"carrier": "op_code"}), map(alias_fields({"carrier": "airline_code"}), rows))'
        in text
    )


def test_a_container_that_took_in_fields_is_not_moved_back_whole() -> None:
    old = {"a": {"x": 1, "y": 2}, "status": {"z": 3}}
    new = {"status": {"x": 1, "y": 2, "z": 3}}
    mappings = [
        renamed("a.x", "status.x"),
        renamed("a.y", "status.y"),
        FieldMapping(old="status.z", new="status.z", verdict=MappingVerdict.SAME),
    ]
    alias = record_alias(mappings)
    assert alias == {"a.x": "status.x", "a.y": "status.y"}
    assert alias_fields(alias)(new) == old


def test_two_containers_that_became_one_are_moved_back_field_by_field() -> None:
    old = {"a": {"x": 1, "y": 2}, "b": {"p": 3, "q": 4}}
    new = {"n": {"x": 1, "y": 2, "p": 3, "q": 4}}
    alias = record_alias([renamed(f"{c}.{f}", f"n.{f}") for c, f in ("ax", "ay", "bp", "bq")])
    assert alias == {"a.x": "n.x", "a.y": "n.y", "b.p": "n.p", "b.q": "n.q"}
    assert alias_fields(alias)(new) == old


def test_a_container_with_a_renamed_field_is_moved_first() -> None:
    mappings = [renamed("a[].x", "b.c[].x"), renamed("a[].y", "b.c[].why")]
    alias = record_alias(mappings)
    assert alias == {"a": "b.c", "a[].y": "a[].why"}
    assert alias_fields(alias)({"b": {"c": [{"x": 1, "why": 2}]}}) == {"a": [{"x": 1, "y": 2}]}


def test_records_that_are_passed_on_get_all_their_fields() -> None:
    text = 'def read(rows):\n    out = []\n    for row in rows:\n        out.append({**row, "c": row["carrier"]})\n    return out\n'
    patch = alias_at_entry(code_of(text), accesses_of(text, [OLD, NEW]), MAPPINGS)
    assert isinstance(patch, Patch)
    patched = apply_edits(code_of(text), patch.edits).modules[0].text
    assert run(patched, [NEW])[0]["departure"] == OLD["departure"]


@pytest.mark.parametrize(
    "mappings",
    [
        [
            renamed("carrier", "id2"),
            FieldMapping(old="id", new=None, verdict=MappingVerdict.UNSURE),
        ],
        [renamed("carrier", "op_code", "enum_map")],
        [renamed("carrier", "carrier.code")],
        [renamed("carrier", "id"), FieldMapping(old="id", new="id", verdict=MappingVerdict.SAME)],
        [renamed("carrier", "all[].code")],
    ],
    ids=["unsure", "transform", "below scalar", "name used before", "into a list"],
)
def test_what_cannot_be_aliased_rightly_is_refused(mappings: list[FieldMapping]) -> None:
    text = PROGRAMS["loop"]
    result = alias_at_entry(code_of(text), accesses_of(text, [OLD, NEW]), mappings)
    assert isinstance(result, Unpatchable)


RESOURCE = """import dlt

from rows import answer


@dlt.source
def flights_source(n=1):
    @dlt.resource(name="flights")
    def get_flights(n=n):
        for page in answer(n):
            yield page
        # the end

    return get_flights
"""


def test_a_resource_that_passes_its_records_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = code_of(RESOURCE)
    patch = alias_behind_resource(code, "flights", MAPPINGS)
    assert isinstance(patch, Patch), patch
    patched = apply_edits(code, patch.edits)
    text = patched.modules[0].text
    assert isinstance(alias_behind_resource(patched, "flights", MAPPINGS), Unpatchable)
    assert isinstance(alias_behind_resource(code, "others", MAPPINGS), Unpatchable)
    name = f"sample_{tmp_path.name}"
    (tmp_path / f"{name}.py").write_text(text)
    (tmp_path / "rows.py").write_text(
        f"def answer(n):\n    yield [dict({NEW!r}) for _ in range(n)]\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    rows = list(importlib.import_module(name).flights_source(2))
    assert [(r["carrier"], r["departure"]["delay"]) for r in rows] == [("UA", 5)] * 2
