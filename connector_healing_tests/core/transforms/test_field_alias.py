"""In-place aliases: both formats give the same values, neither raises as before."""

import copy
from typing import Any

import pytest

from connector_healing.core.drift.mapping import FieldMapping, MappingVerdict
from connector_healing.core.patch import FieldAccess, Patch, Unpatchable, apply_edits
from connector_healing.core.transforms.field_alias import alias_in_place
from connector_healing_tests.core.transforms.observing import MODULE, accesses_of, code_of, run

OLD = {
    "id": 1,
    "carrier": "UA",
    "departure": {"scheduled": "08:00", "delay": 5, "gate": None},
    "legs": [{"carrier": "AA", "miles": 10}, {"carrier": "BB", "miles": 20}],
    "note": None,
}


def renamed(old: str, new: str, transform: str = "identity") -> FieldMapping:
    return FieldMapping(old=old, new=new, verdict=MappingVerdict.RENAMED, transform=transform)


def same(*paths: str) -> list[FieldMapping]:
    return [FieldMapping(old=p, new=p, verdict=MappingVerdict.SAME) for p in paths]


def program(*body: str) -> str:
    lines = "".join(f"        {line}\n" for line in body)
    return f"def read(rows):\n    out = []\n    for row in rows:\n{lines}    return out\n"


def healed(text: str, new: dict[str, Any], *mappings: FieldMapping) -> str:
    accesses = accesses_of(text, [OLD, new])
    patch = alias_in_place(code_of(text), accesses, mappings)
    assert isinstance(patch, Patch), patch
    patched = apply_edits(code_of(text), patch.edits)
    again = accesses_of(patched.modules[0].text, [OLD, new])
    repeated = alias_in_place(patched, again, mappings)
    assert isinstance(repeated, Unpatchable), repeated
    return patched.modules[0].text


def new_format(**changes: Any) -> dict[str, Any]:
    record = copy.deepcopy(OLD)
    for key, value in changes.items():
        if value is ...:
            del record[key]
        else:
            record[key] = value
    return record


RENAMED = new_format(carrier=..., op_code="UA")


@pytest.mark.parametrize(
    ("read", "wanted"),
    [
        ('row["carrier"]', '(row["op_code"] if "op_code" in row else row["carrier"])'),
        ("row['carrier']", "(row['op_code'] if 'op_code' in row else row['carrier'])"),
        ('row.get("carrier")', 'row.get("op_code", row.get("carrier"))'),
        ('row.get("carrier", "?")', 'row.get("op_code", row.get("carrier", "?"))'),
        ('"carrier" in row', '("op_code" in row or "carrier" in row)'),
        ('"carrier" not in row', '("op_code" not in row and "carrier" not in row)'),
        (
            'dict(row).pop("carrier", None) if not row else row.pop("carrier")',
            (
                'dict(row).pop("carrier", None) if not row else '
                '(row.pop("op_code") if "op_code" in row else row.pop("carrier"))'
            ),
        ),
        (
            "f\"{row['carrier']}!\"",
            "f\"{(row['op_code'] if 'op_code' in row else row['carrier'])}!\"",
        ),
    ],
)
def test_a_renamed_field(read: str, wanted: str) -> None:
    text = program(f"out.append({read})  # kept")
    patched = healed(text, RENAMED, renamed("carrier", "op_code"), *same("id"))
    assert patched == program(f"out.append({wanted})  # kept")
    records = [copy.deepcopy(OLD), copy.deepcopy(RENAMED)]
    old, new = run(patched, records)
    assert old == new == run(text, [copy.deepcopy(OLD)])[0]


def test_neither_field_raises_as_before() -> None:
    patched = healed(program('out.append(row["carrier"])'), RENAMED, renamed("carrier", "op_code"))
    with pytest.raises(KeyError, match="carrier"):
        run(patched, [{"id": 3}])


def test_a_present_null_is_no_missing_field() -> None:
    text = program('out.append(row.get("carrier", "default"))', 'out.append(row["carrier"])')
    patched = healed(text, RENAMED, renamed("carrier", "op_code"))
    assert run(patched, [{"op_code": None}]) == [None, None]


MOVED = new_format(departure=..., times={"departure": OLD["departure"]})
MOVES = [renamed(f"departure.{k}", f"times.departure.{k}") for k in ("scheduled", "delay", "gate")]


@pytest.mark.parametrize(
    "body",
    [
        ('out.append(row["departure"]["delay"])',),
        ('out.append(row["departure"].get("delay"))',),
        ('out.append(row.get("departure", {}).get("delay", 0))',),
        ('out.append((row.get("departure") or {}).get("delay"))',),
        (
            'departure = row["departure"]',
            'out.append((departure["delay"], departure["scheduled"]))',
        ),
        ('for key in ("departure",):', '    out.append(row["departure"]["delay"])'),
        ('out.extend([d["delay"] for d in [row["departure"]]])',),
        ('a, b = row["departure"], row["id"]', 'out.append((a["delay"], b))'),
    ],
)
def test_a_container_that_moved_is_changed_once(body: tuple[str, ...]) -> None:
    text = program(*body)
    patched = healed(text, MOVED, *MOVES, *same("id"))
    assert patched.count('"times"') <= 3
    assert run(patched, [OLD]) == run(patched, [MOVED]) == run(text, [OLD])
    if 'row["departure"]' in text:
        with pytest.raises(KeyError, match="departure"):
            run(patched, [{"id": 3}])


def test_the_plain_chain_reads_well() -> None:
    patched = healed(program('out.append(row["departure"]["delay"])'), MOVED, *MOVES)
    assert patched == program(
        'out.append((row["times"]["departure"] if "times" in row else row["departure"])["delay"])'
    )


SCATTERED = new_format(departure=..., delay_minutes=5, times={"scheduled": "08:00"})
SCATTERING = [
    renamed("departure.scheduled", "times.scheduled"),
    renamed("departure.delay", "delay_minutes"),
    FieldMapping(old="departure.gate", new=None, verdict=MappingVerdict.REMOVED),
]


@pytest.mark.parametrize(
    "body",
    [
        ('out.append((row["departure"]["delay"], row["departure"]["scheduled"]))',),
        ('departure = row.get("departure")', 'out.append((row["departure"]["delay"], 1))'),
        (
            'departure = row.get("departure") or {}',
            "if row:",
            '    out.append((departure["delay"], departure.get("scheduled")))',
        ),
        ('out.append((row.get("departure", {}).get("delay"), row["departure"]["scheduled"]))',),
    ],
)
def test_fields_that_left_their_container_for_different_places(body: tuple[str, ...]) -> None:
    text = program(*body)
    mappings = SCATTERING
    patched = healed(text, SCATTERED, *mappings, *same("id"))
    assert run(patched, [OLD]) == run(text, [OLD])
    assert run(patched, [SCATTERED])[-1] == run(text, [OLD])[-1]


def test_a_scattered_container_read_by_itself_is_not_patched() -> None:
    text = program('departure = row["departure"]', 'out.append(departure["delay"])')
    text += '\ndef other(row):\n    return row["departure"]["scheduled"]\n'
    text = text.replace("    return out", "        other(row)\n    return out")
    result = alias_in_place(code_of(text), accesses_of(text, [OLD, SCATTERED]), SCATTERING)
    assert isinstance(result, Unpatchable)
    assert "different places" in result.reason


@pytest.mark.parametrize(
    "body",
    [
        (
            'departure = row.get("departure") or {}',
            'out.append((departure["delay"], row["departure"]["scheduled"]))',
            "departure = {}",
        ),
        (
            "if row:",
            '    departure = row.get("departure") or {}',
            'out.append((departure["delay"], row["departure"]["scheduled"]))',
        ),
        (
            'departure = row.get("departure") or {}',
            'out.extend(departure["delay"] for _ in [0] if row["departure"]["scheduled"])',
        ),
    ],
    ids=["bound twice", "bound on one way only", "used when the consumer pleases"],
)
def test_a_base_variable_that_may_be_of_another_record_is_not_followed(
    body: tuple[str, ...],
) -> None:
    text = program(*body)
    result = alias_in_place(code_of(text), accesses_of(text, [OLD, SCATTERED]), SCATTERING)
    assert isinstance(result, Unpatchable)
    assert "cannot be reached" in result.reason


PARTED = new_format(departure={"scheduled": "08:00", "gate": None, "late": {"minutes": 5}})


@pytest.mark.parametrize(
    "body",
    [
        ('out.append(row["departure"]["delay"])',),
        ('d = row["departure"]', 'out.append((d["delay"], d["scheduled"]))'),
        ('out.append(row["departure"].get("delay", 9))',),
    ],
)
def test_a_field_that_moved_within_its_container(body: tuple[str, ...]) -> None:
    text = program(*body)
    mappings = [renamed("departure.delay", "departure.late.minutes"), *same("departure.scheduled")]
    patched = healed(text, PARTED, *mappings)
    assert run(patched, [OLD]) == run(patched, [PARTED]) == run(text, [OLD])


SEGMENTS = new_format(
    legs=..., segments=[{"op": "AA", "miles": 10}, {"op": "BB", "miles": 20}], carrier="UA"
)
LEGS = [renamed("legs[].carrier", "segments[].op"), renamed("legs[].miles", "segments[].miles")]


@pytest.mark.parametrize(
    "body",
    [
        ('for leg in row["legs"]:', '    out.append((leg["carrier"], leg["miles"]))'),
        ('out.append([leg["carrier"] for leg in row["legs"]])',),
        ('out.append(row["legs"][0]["carrier"])',),
        ('out.append({leg.get("carrier") for leg in row.get("legs", [])})',),
        ('first, *rest = row["legs"]', 'out.append((first["carrier"], rest[0]["miles"]))'),
    ],
)
def test_items_of_a_renamed_list(body: tuple[str, ...]) -> None:
    text = program(*body)
    patched = healed(text, SEGMENTS, *LEGS, *same("carrier"))
    assert run(patched, [OLD]) == run(patched, [SEGMENTS]) == run(text, [OLD])


def test_a_scalar_that_became_an_object() -> None:
    text = program('out.append(row["carrier"])', 'out.append(row.get("carrier", "?"))')
    new = new_format(carrier={"code": "UA", "name": "United"})
    patched = healed(text, new, renamed("carrier", "carrier.code"))
    assert run(patched, [OLD]) == run(patched, [new]) == ["UA", "UA"]


def test_a_record_that_costs_something_is_made_once() -> None:
    text = (
        "def read(rows):\n    rest = iter(rows)\n    out = []\n"
        '    out.append(next(rest)["carrier"])\n'
        "    return out\n"
    )
    patched = healed(text, RENAMED, renamed("carrier", "op_code"))
    assert patched.count("next(rest)") == 1
    assert run(patched, [OLD]) == run(patched, [RENAMED]) == ["UA"]


def test_a_record_that_costs_something_in_a_comprehension_source_is_refused() -> None:
    text = 'def read(rows):\n    rest = iter(rows)\n    return [c for c in next(rest)["carrier"]]\n'
    accesses = accesses_of(text, [OLD, RENAMED])
    result = alias_in_place(code_of(text), accesses, [renamed("carrier", "op_code")])
    assert isinstance(result, Unpatchable)


def test_one_place_that_reads_two_objects() -> None:
    text = (
        'def minutes(stop):\n    return stop["delay"]\n\n'
        'def read(rows):\n    return [minutes(row[k]) for row in rows for k in ("out", "back")]\n'
    )
    old = {"out": {"delay": 1}, "back": {"delay": 2}}
    new = {"out": {"late": 1}, "back": {"late": 2}}
    accesses = accesses_of(text, [old, new])
    mappings = [renamed("out.delay", "out.late"), renamed("back.delay", "back.late")]
    patch = alias_in_place(code_of(text), accesses, mappings)
    assert isinstance(patch, Patch)
    patched = apply_edits(code_of(text), patch.edits).modules[0].text
    assert run(patched, [old, new]) == [1, 2, 1, 2]
    other = [renamed("out.delay", "out.late"), renamed("back.delay", "back.minutes")]
    assert isinstance(alias_in_place(code_of(text), accesses, other), Unpatchable)


def test_a_record_that_is_read_out_of_an_envelope() -> None:
    text = 'def read(bodies):\n    return [body["data"]["carrier"] for body in bodies]\n'
    accesses = [
        FieldAccess(
            module=MODULE, line=2, end_line=2, column=12, end_column=end, path=path, hit=True
        )
        for end, path in ((24, "$.data"), (35, "carrier"))
    ]
    patch = alias_in_place(code_of(text), accesses, [renamed("carrier", "op_code")])
    assert isinstance(patch, Patch), patch
    patched = apply_edits(code_of(text), patch.edits).modules[0].text
    assert run(patched, [{"data": OLD}, {"data": RENAMED}]) == ["UA", "UA"]


def test_columns_are_bytes() -> None:
    text = program('é = "ü"; out.append(("ß", row["carrier"]))')
    patched = healed(text, RENAMED, renamed("carrier", "op_code"))
    assert run(patched, [OLD]) == run(patched, [RENAMED]) == [("ß", "UA")]


def test_comments_and_breaks_inside_the_expression_stay() -> None:
    text = program("out.append(row[", '    "carrier"  # the airline', "])")
    patched = healed(text, RENAMED, renamed("carrier", "op_code"))
    assert "# the airline" in patched
    assert run(patched, [OLD]) == run(patched, [RENAMED])


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (('for name in ("carrier",):', "    out.append(row[name])"), "no literal"),
        (('row["carrier"] += "x"',), "written"),
        (('out.append("%(carrier)s" % row)',), "plain subscript"),
    ],
)
def test_reads_that_cannot_be_changed_are_named(body: tuple[str, ...], reason: str) -> None:
    text = program(*body)
    accesses = accesses_of(text, [OLD, RENAMED])
    result = alias_in_place(code_of(text), accesses, [renamed("carrier", "op_code")])
    assert isinstance(result, Unpatchable)
    assert reason in result.reason
    assert "line" in result.reason


@pytest.mark.parametrize("verdict", [MappingVerdict.REMOVED, MappingVerdict.UNSURE])
def test_nothing_is_hidden_where_a_read_field_is_lost(verdict: MappingVerdict) -> None:
    text = program('out.append((row["carrier"], row["id"]))')
    lost = FieldMapping(old="id", new=None, verdict=verdict)
    result = alias_in_place(
        code_of(text), accesses_of(text, [OLD]), [renamed("carrier", "op_code"), lost]
    )
    assert isinstance(result, Unpatchable)
    assert "id" in result.reason


def test_a_name_of_the_old_format_cannot_tell_the_formats_apart() -> None:
    text = program('out.append((row["a"], row["b"]))')
    accesses = accesses_of(text, [{"a": 1, "b": 2}, {"b": 1, "c": 2}])
    result = alias_in_place(code_of(text), accesses, [renamed("a", "b"), renamed("b", "c")])
    assert isinstance(result, Unpatchable)
    assert "no record tells" in result.reason


@pytest.mark.parametrize(
    ("read", "transform", "value", "wanted"),
    [
        ('row["id"]', "to_string", "1", 1),
        ('row.get("id")', "to_string", "1", 1),
        ('row["id"]', "to_string", None, None),
        ('row["carrier"]', "cast_int", 7, "7"),
    ],
)
def test_a_safe_cast(read: str, transform: str, value: object, wanted: object) -> None:
    text = program(f"out.append({read})")
    field = "id" if "id" in read else "carrier"
    moved = new_format(**{field: ..., "fresh": value})
    patched = healed(text, moved, renamed(field, "fresh", transform))
    assert run(patched, [OLD, moved]) == [OLD[field], wanted]
    stays = FieldMapping(old=field, new=field, verdict=MappingVerdict.SAME, transform=transform)
    changed = new_format(**{field: value})
    patched = healed(text, changed, stays)
    assert run(patched, [OLD, changed]) == [OLD[field], wanted]


def test_an_unsafe_transform_is_named() -> None:
    text = program('out.append(row["id"])')
    moved = new_format(id=..., at="2013")
    result = alias_in_place(
        code_of(text), accesses_of(text, [OLD, moved]), [renamed("id", "at", "epoch_to_iso")]
    )
    assert isinstance(result, Unpatchable)
    assert "epoch_to_iso" in result.reason


def test_text_that_is_no_python_is_an_answer() -> None:
    result = alias_in_place(code_of("def ("), (), [renamed("a", "b")])
    assert isinstance(result, Unpatchable)
