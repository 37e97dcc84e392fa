"""The tables of texts: every pattern can be looked up, and says what its anchor says."""

import re

import pytest

from connector_healing.core.logs.matching import SignatureIndex
from connector_healing.core.logs.reduce import reduce_log
from connector_healing.core.rules import texts
from connector_healing.core.rules.signature import Anchor, Weight, anchors_of, compiled, sign
from connector_healing.core.rules.spark_conditions import conditions_in, parameters_of
from connector_healing.core.taxonomy import FailureSubcategory


def test_every_pattern_compiles_and_has_an_anchor() -> None:
    for signature in texts.RULES:
        for pattern in signature.patterns:
            for part, anchor in anchors_of(pattern).items():
                compiled(part)
                assert anchor.text in re.sub(r"\\.", " ", part)
        assert signature.subcategory not in signature.also


def test_names_are_unique() -> None:
    names = [signature.name for signature in texts.RULES]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("pattern", "anchors"),
    [
        (r"lost executor \d+", {"lost"}),
        (r"timeout=\d+", {"timeout"}),
        (r"(?:topic|group)_denied", {"topic_denied", "group_denied"}),
        (r"read timed out|i/o timeout", {"timed", "timeout"}),
        (r"throttl\w*", {"thrott"}),
        (r"out ?of memory", {"memory"}),
    ],
)
def test_anchors(pattern: str, anchors: set[str]) -> None:
    assert {anchor.text for anchor in anchors_of(pattern).values()} == anchors


def test_a_pattern_without_a_whole_word_is_refused() -> None:
    with pytest.raises(ValueError, match="no whole word"):
        anchors_of(r"\w*foo\w*")
    assert anchors_of("disk full")["disk full"] == Anchor("disk", words=frozenset({"disk", "full"}))


def test_words_are_whole_and_conditions_hold_beside() -> None:
    rule = sign(
        "x",
        FailureSubcategory.DISK_FULL,
        "disk full",
        weight=Weight.WORDS,
        besides="linux",
        unless="test",
    )
    index = SignatureIndex([rule])
    assert index.hits(reduce_log("Disk FULL on Linux"))
    for text in ("xdisk full linux", "disk fuller linux", "disk full", "disk full linux test"):
        assert not index.hits(reduce_log(text))


@pytest.mark.parametrize(
    ("line", "subcategory"),
    [
        ("[UNRESOLVED_COLUMN.WITH_SUGGESTION] A column ...", "column_unresolved"),
        (
            "[TABLE_OR_VIEW_NOT_FOUND] The table or view `a`.`b` cannot be found.",
            "table_unresolved",
        ),
        ("[CAST_INVALID_INPUT] The value 'x' of the type ...", "type_changed"),
        ("[A_CONDITION_OF_SPARK_NINE] what ever. SQLSTATE: 42703", "column_unresolved"),
        ("[FAILED_READ_FILE.FILE_NOT_EXIST] Encountered error", "files_changed"),
    ],
)
def test_spark_conditions(line: str, subcategory: str) -> None:
    assert [c.subcategory.value for c in conditions_in(line)] == [subcategory]


def test_what_only_looks_like_a_condition_is_none() -> None:
    assert not list(conditions_in("[MAIN_THREAD] [ETL_SOURCE] hello"))


def test_parameters() -> None:
    template = "Path does not exist: <path>. Set <config> to go on."
    message = " Path does not exist: s3://a/b.c. Set x.y to go on."
    assert parameters_of(template, message) == {"path": "s3://a/b.c", "config": "x.y"}
    assert parameters_of(template, "something else") == {}
