"""The diff is read by git itself, forward and backward."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector_healing.core.connector import ConnectorCode, SourceModule
from connector_healing.core.diff import unified_diff
from connector_healing.core.patch import TextEdit, apply_edits


def _code(text: str, path: str = "package/module.py") -> ConnectorCode:
    return ConnectorCode(modules=(SourceModule(name="package.module", path=path, text=text),))


def _edit(start: int, end: int, replacement: str) -> TextEdit:
    return TextEdit(module="package.module", start=start, end=end, replacement=replacement)


def _git_apply(folder: Path, diff: str, *options: str) -> None:
    subprocess.run(
        ["git", "apply", "--whitespace=nowarn", *options, "-"],
        input=diff.encode(),
        cwd=folder,
        check=True,
    )


def _marked(diff: str, mark: str) -> list[str]:
    return [
        line
        for line in diff.split("\n")
        if line.startswith(mark) and not line.startswith((f"{mark}{mark}{mark} ",))
    ]


@st.composite
def _edited_texts(draw: st.DrawFn) -> tuple[str, tuple[TextEdit, ...]]:
    alphabet = st.sampled_from(["a", "b", "\n", "\n", "é", "\r\n", "x = 1\n"])
    text = "".join(draw(st.lists(alphabet, max_size=60)))
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=8)))
    edits: list[TextEdit] = []
    for start, end in zip(cuts[::2], cuts[1::2], strict=False):
        if edits and start == end == edits[-1].end:
            continue
        edits.append(_edit(start, end, "".join(draw(st.lists(alphabet, max_size=4)))))
    return text, tuple(edits)


@given(_edited_texts(), st.integers(1, 4))
@settings(max_examples=120)
def test_git_applies_it_both_ways(
    tmp_path_factory: pytest.TempPathFactory,
    edited: tuple[str, tuple[TextEdit, ...]],
    context: int,
) -> None:
    text, edits = edited
    code = _code(text)
    wanted = apply_edits(code, edits).modules[0].text
    diff = unified_diff(code, edits, context)
    if wanted == text:
        assert diff == ""
        return
    if not text or not wanted:
        return  # git reads an empty side as a file made or deleted
    folder = tmp_path_factory.mktemp("applied")
    file = folder / "package" / "module.py"
    file.parent.mkdir()
    file.write_bytes(text.encode())
    _git_apply(folder, diff)
    assert file.read_bytes().decode() == wanted
    _git_apply(folder, diff, "--reverse")
    assert file.read_bytes().decode() == text


def test_only_edited_lines_are_marked_in_a_file_of_look_alikes() -> None:
    block = '    row["name"]\n    row["name"]\n\n'
    text = block * 300
    places = [at for at in range(len(text)) if text.startswith('"name"', at)][::25]
    edits = tuple(_edit(at, at + 6, '"label"') for at in places)
    diff = unified_diff(_code(text), edits)
    assert len(_marked(diff, "-")) == len(_marked(diff, "+")) == len(edits) == 24


def test_an_inserted_line_removes_none() -> None:
    diff = unified_diff(_code("import a\nx = 1\n"), (_edit(9, 9, "import b\n"),))
    assert diff == (
        "--- a/package/module.py\n+++ b/package/module.py\n"
        "@@ -1,2 +1,3 @@\n import a\n+import b\n x = 1\n"
    )


def test_modules_come_by_path_and_untouched_ones_not_at_all() -> None:
    names = ("b", "a", "c")
    code = ConnectorCode(
        modules=tuple(SourceModule(name=n, path=f"{n}.py", text="x\n") for n in names)
    )
    edits = tuple(TextEdit(module=n, start=0, end=1, replacement="y") for n in ("b", "a"))
    diff = unified_diff(code, edits)
    assert [line for line in diff.split("\n") if line.startswith("+++")] == [
        "+++ b/a.py",
        "+++ b/b.py",
    ]


def test_a_path_with_a_blank_is_read_by_git(tmp_path: Path) -> None:
    (tmp_path / "a b.py").write_text("x = 1\n")
    _git_apply(tmp_path, unified_diff(_code("x = 1\n", "a b.py"), (_edit(4, 5, "2"),)))
    assert (tmp_path / "a b.py").read_text() == "x = 2\n"


def test_overlapping_edits_are_refused() -> None:
    with pytest.raises(ValueError, match="overlap"):
        unified_diff(_code("abcdef"), (_edit(0, 3, "x"), _edit(2, 4, "y")))


def test_a_line_that_loses_its_end_takes_the_next_one_along() -> None:
    edits = (
        TextEdit(module="package.module", start=0, end=0, replacement="a"),
        TextEdit(module="package.module", start=0, end=1, replacement=""),
    )
    diff = unified_diff(_code("\nb\nc\n"), edits, context=1)
    assert [line for line in diff.splitlines()[2:] if line[0] in "+-"] == ["-", "-b", "+ab"]
