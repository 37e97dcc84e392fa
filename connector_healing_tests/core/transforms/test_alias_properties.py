"""Random programs over random format changes: a patched program never gives another value."""

import ast
import copy
from dataclasses import dataclass
from typing import Any

from hypothesis import event, given, settings
from hypothesis import strategies as st

from connector_healing.core.drift.mapping import FieldMapping, MappingVerdict
from connector_healing.core.patch import Unpatchable, apply_edits
from connector_healing.core.transforms.aliasing import record_alias
from connector_healing.core.transforms.field_alias import alias_in_place
from connector_healing.core.transforms.renames import Path, path_of, text_of
from connector_healing.runtime.aliases import alias_fields
from connector_healing_tests.core.transforms.observing import accesses_of, code_of, run

LEAVES = [path_of(p) for p in ("a", "b", "box.c", "box.d", "box.deep.e", "list[].f", "list[].g")]

OLD = {
    "a": 1,
    "b": None,
    "box": {"c": 3, "d": None, "deep": {"e": 5}},
    "list": [{"f": 6, "g": 7}, {"f": None, "g": 9}],
}

#: How a program may read a leaf: ``{0}``, ``{1}`` ... are the keys on its way.
TOP = [
    'out.append(row["{0}"])',
    "out.append(row['{0}'])",
    'out.append(row.get("{0}"))',
    'out.append(row.get("{0}", "none"))',
    'out.append("{0}" in row)',
    'out.append(row["{0}"] if "{0}" in row else "none")',
    "out.append(f\"{{row['{0}']}}\")",
    'out.append((lambda r: r["{0}"])(row))',
    'out.append([r["{0}"] for r in [row]])',
    'out.append(same(row)["{0}"])',
    'out.append(row.get("{0}", row.get("zzz")))',
    '{0} = row["{0}"]; out.append({0})',
    'out.append(pick(row, "unused") or row["{0}"])',
]
NESTED = [
    'out.append(row["{0}"]["{1}"])',
    'out.append(row["{0}"].get("{1}", "none"))',
    'out.append(row.get("{0}", {{}}).get("{1}"))',
    'out.append((row.get("{0}") or {{}}).get("{1}"))',
    '{0} = row["{0}"]; out.append({0}["{1}"])',
    'out.append(same(row["{0}"])["{1}"])',
    'out.append([i["{1}"] for i in [row["{0}"]]])',
    'out.append("{1}" in row["{0}"])',
]
DEEP = [
    'out.append(row["{0}"]["{1}"]["{2}"])',
    '{0} = row["{0}"]["{1}"]; out.append({0}["{2}"])',
    'out.append(row["{0}"].get("{1}", {{}}).get("{2}"))',
]
LISTED = [
    'out.append([i["{2}"] for i in row["{0}"]])',
    'for item in row["{0}"]: out.append(item.get("{2}"))',
    'out.append(row["{0}"][0]["{2}"])',
    'out.append([pick(i, "{2}") for i in row["{0}"]])',
    'out.append(same(row["{0}"])[-1]["{2}"])',
]
HELPERS = "def same(x):\n    return x\n\ndef pick(x, key):\n    return len(x) > 99\n\n"


@dataclass(frozen=True)
class Change:
    """A format change: where each old leaf lies now."""

    moves: dict[Path, Path]

    @property
    def mappings(self) -> list[FieldMapping]:
        return [
            FieldMapping(
                old=text_of(old),
                new=text_of(new),
                verdict=MappingVerdict.SAME if old == new else MappingVerdict.RENAMED,
            )
            for old, new in self.moves.items()
        ]

    def applied(self, record: dict[str, Any]) -> dict[str, Any]:
        """A record of the old format in the new one."""
        made: dict[str, Any] = {}
        for old, new in self.moves.items():
            _carry(record, old, made, new)
        return made


def _carry(source: Any, old: Path, target: dict[str, Any], new: Path) -> None:
    if "[]" in old:
        at, to = old.index("[]"), new.index("[]")
        items = source
        for key in old[:at]:
            items = items[key]
        place = _down(target, new[: to - 1]).setdefault(new[to - 1], [{} for _ in items])
        for item, made in zip(items, place, strict=True):
            _carry(item, old[at + 1 :], made, new[to + 1 :])
        return
    for key in old[:-1]:
        source = source[key]
    _down(target, new[:-1])
    if old[-1] in source:
        _down(target, new[:-1])[new[-1]] = source[old[-1]]


def _down(target: dict[str, Any], path: Path) -> dict[str, Any]:
    for key in path:
        target = target.setdefault(key, {})
    return target


@st.composite
def changes(draw: st.DrawFn) -> Change:
    """Containers renamed or moved, leaves renamed, lifted, sunk; names are never used twice."""
    box = draw(st.sampled_from(["box", "new_box", "outer.box", "outer.new_box", "box.inner"]))
    rows = draw(st.sampled_from(["list", "new_list", "outer.list"]))
    moves: dict[Path, Path] = {}
    for leaf in LEAVES:
        home = {"box": path_of(box), "list": path_of(rows)}.get(leaf[0])
        place = leaf if home is None else (*home, *leaf[1:])
        fate = draw(st.sampled_from(["stay", "stay", "rename", "nest", "lift", "below"]))
        fresh = f"new_{leaf[-1]}"
        if fate == "rename":
            place = (*place[:-1], fresh)
        elif fate == "nest":
            place = (*place[:-1], f"in_{leaf[-1]}", leaf[-1])
        elif fate == "lift" and "[]" not in leaf:
            place = (fresh,)
        elif fate == "below":
            place = (*place, fresh)
        moves[leaf] = place
    return Change(moves)


@st.composite
def programs(draw: st.DrawFn) -> str:
    """A function that reads some leaves in some ways."""
    body = []
    for _ in range(draw(st.integers(1, 6))):
        leaf = draw(st.sampled_from(LEAVES))
        shapes = {1: TOP, 2: NESTED, 3: LISTED if "[]" in leaf else DEEP}[len(leaf)]
        body.append(draw(st.sampled_from(shapes)).format(*leaf))
    lines = "".join(f"        {line}\n" for line in body)
    return f"{HELPERS}def read(rows):\n    out = []\n    for row in rows:\n{lines}    return out\n"


def outcome(text: str, record: dict[str, Any]) -> object:
    try:
        return run(text, [copy.deepcopy(record)])
    except (KeyError, TypeError, AttributeError) as error:
        return f"raised {type(error).__name__}"


def without(record: dict[str, Any], leaf: Path) -> dict[str, Any]:
    """The record, this leaf missing everywhere."""
    copied = copy.deepcopy(record)
    objects: list[Any] = [copied]
    for key in leaf[:-1]:
        objects = [i for o in objects for i in (o if key == "[]" else [o[key]])]
    for found in objects:
        del found[leaf[-1]]
    return copied


@given(programs(), changes(), st.sampled_from(LEAVES))
@settings(max_examples=120)
def test_a_patched_program_never_gives_another_value(
    text: str, change: Change, missing: Path
) -> None:
    new = change.applied(OLD)
    code = code_of(text)
    accesses = accesses_of(text, [OLD, new])
    patch = alias_in_place(code, accesses, change.mappings)
    if isinstance(patch, Unpatchable):
        event("refused: " + " ".join(patch.reason.split()[-6:]))
        return
    event("patched")
    patched = apply_edits(code, patch.edits)
    healed = patched.modules[0].text
    ast.parse(healed)
    wanted = run(text, [OLD])
    assert run(healed, [OLD]) == wanted
    assert run(healed, [new]) == wanted

    partial = without(OLD, missing)
    assert outcome(healed, partial) == outcome(text, partial)
    told = outcome(healed, change.applied(partial))
    assert told == outcome(text, partial) or str(told).startswith("raised")

    again = accesses_of(healed, [OLD, new])
    assert isinstance(alias_in_place(patched, again, change.mappings), Unpatchable)


@given(changes())
@settings(max_examples=300)
def test_a_record_alias_gives_the_old_record_back(change: Change) -> None:
    alias = record_alias(change.mappings)
    if isinstance(alias, Unpatchable):
        event("refused: " + " ".join(alias.reason.split()[1:4]))
        return
    event("aliased")
    aliased = alias_fields(alias)
    assert aliased(change.applied(OLD)) == OLD
    assert aliased(copy.deepcopy(OLD)) == OLD
