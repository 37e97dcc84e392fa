from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from connector_healing.core.markdown import block, code, in_cell, one_line, prose, table

_PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
_AWKWARD = st.lists(
    st.sampled_from(
        [
            *("`", "``", "```", "|", "\\", "*", "_", "[x](http://evil)", "<b>", "&lt;", "~~", "#"),
            *("\n", "\n\n# h\n", "- ", "1. ", "> ", "http://a.b", "www.a.b", "![", "a", " ", "$"),
            *("***", "---", "===", "\t", "é", "\x00", "| --- |", "<!--", "1)", "+ "),
        ]
    ),
    max_size=12,
).map("".join) | st.text(max_size=40)


def seen(markdown: str) -> str:
    """What a reader sees of a document of one paragraph."""
    tokens = _PARSER.parse(markdown)
    kinds = [t.type for t in tokens]
    assert kinds == ["paragraph_open", "inline", "paragraph_close"] or not kinds, kinds
    children = [child for t in tokens for child in t.children or ()]
    assert {c.type for c in children} <= {"text", "text_special", "code_inline"}, children
    return "".join(child.content for child in children)


@given(_AWKWARD)
def test_prose_reads_as_the_text_and_nothing_else(text: str) -> None:
    assert seen(prose(text)).strip() == one_line(text).strip()


@given(_AWKWARD)
def test_code_reads_as_the_text(text: str) -> None:
    line = one_line(text)
    assert seen(code(text)).strip() == (line or "(empty)")


@given(_AWKWARD)
@example("select 1\n```\n# heading\n````")
def test_nothing_closes_a_block(text: str) -> None:
    (fence,) = _PARSER.parse("\n".join(block(text, "sql")))
    assert (fence.type, fence.info) == ("fence", "sql")


@given(st.lists(st.tuples(_AWKWARD, _AWKWARD), min_size=1, max_size=3))
def test_cells_stay_in_their_cells(rows: list[tuple[str, str]]) -> None:
    lines = table(("a", "b"), [(prose(one), in_cell(code(two))) for one, two in rows])
    tokens = _PARSER.parse("\n".join(lines))
    cells = [tokens[i + 1] for i, t in enumerate(tokens) if t.type == "td_open"]
    texts = ["".join(c.content for c in cell.children or ()).strip() for cell in cells]
    expected = [part for one, two in rows for part in (one_line(one), one_line(two) or "(empty)")]
    assert texts == expected
    assert tokens[-1].type == "table_close"


def test_long_text_is_cut() -> None:
    assert one_line("x" * 600) == "x" * 499 + "…"
    assert prose("a_b_c and _d_") == r"a_b_c and \_d\_"
