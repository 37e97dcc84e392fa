import pytest
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
            *("[", "]", "(", ")", ":", "!", "=", ";", "&", "&amp", "<", ">", "~", "~~~", "/x"),
            *("ftp://", "a@b.co", "x", "[x]: /y", "[ ] ", "__", " *", "* ", "_ ", " _", '"', "é_"),
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
@example("_`_ftp://[x](http://evil)")
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


@given(_AWKWARD, _AWKWARD)
def test_prose_in_a_list_item_is_no_more_than_its_text(one: str, other: str) -> None:
    tokens = _PARSER.parse(f"- {prose(one)}\n- x: {prose(other)}")
    kinds = {t.type for t in tokens if not t.type.endswith("_close")}
    assert kinds <= {"bullet_list_open", "list_item_open", "paragraph_open", "inline"}
    assert [t.type for t in tokens].count("list_item_open") == 2


@pytest.mark.parametrize(
    "text",
    [
        "2013-02-01: 3 of 5 rows (98.2 %) are > 2, at least rows[0] < 5 & more",
        "api_key=***&page=1",
        "-1 is below; #4711 = $5; ~3 s; a_b, _private, 2 * 3 * 4; C:\\data; 1.5 s",
    ],
)
def test_what_means_nothing_is_not_escaped(text: str) -> None:
    assert prose(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a_b_c and _d_", r"a_b_c and \_d\_"),
        ("# h", r"\# h"),
        ("1. one", r"1\. one"),
        ("***", r"\***"),
        ("see [x](http://evil.example)", "see [x\\](`http://evil.example`)"),
        ("[x]: /evil", r"[x\]: /evil"),
        ("a <b> &lt; c | d", r"a \<b> \&lt; c \| d"),
        ("GET https://a.b/c?key=***: 404.", "GET `https://a.b/c?key=***`: 404."),
        ("key=***&id=*** of", r"key=\*\*\*&id=\*\*\* of"),
        ("[x] done", r"\[x] done"),
        ("ask www.a.b or anna@a.co", "ask `www.a.b` or `anna@a.co`"),
    ],
)
def test_what_means_something_is(text: str, shown: str) -> None:
    assert prose(text) == shown


def test_long_text_is_cut() -> None:
    assert one_line("x" * 600) == "x" * 499 + "…"
