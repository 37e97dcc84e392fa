"""Bytes and JSON of foreign origin become text that can be written."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector_healing.core.kusto import triage
from connector_healing.core.kusto.case import case_from
from connector_healing.core.kusto.encoding import decoded, sound
from connector_healing.core.kusto.report import render_triage

_MARKED = ("utf-8-sig", "utf-16", "utf-32")


@given(st.text(alphabet=st.characters(min_codepoint=0xD780, max_codepoint=0xE010)))
def test_what_is_sound_can_be_written(text: str) -> None:
    written = sound(text).encode()
    assert len(written.decode()) == len(text)
    assert sound(written.decode()) == written.decode()


@pytest.mark.parametrize("encoding", _MARKED)
@given(text=st.text().filter(lambda text: not text.startswith("\0")))
def test_the_byte_order_mark_tells_the_encoding(encoding: str, text: str) -> None:
    # Two marks begin alike: a zero behind the shorter makes the longer.
    assert decoded(text.encode(encoding)) == text


@given(st.binary())
def test_any_bytes_are_a_text_that_can_be_written(raw: bytes) -> None:
    decoded(raw).encode()


_LONE = st.sampled_from(("\ud800", "x\udfff", "\udc00y"))
_CASE = st.fixed_dictionaries(
    {
        "id": _LONE,
        "evidence": _LONE,
        "context": st.fixed_dictionaries(
            {
                "options": st.dictionaries(_LONE | st.just("writeMode"), _LONE, max_size=3),
                "user_text": _LONE,
                "connector_version": _LONE,
                "libraries": st.lists(_LONE, max_size=2),
                "request_id": _LONE,
            }
        ),
    }
)


@given(_CASE)
def test_a_lone_surrogate_anywhere_in_a_case_is_answered(case: object) -> None:
    found = triage(case_from(case))
    json.dumps(found.to_json(), ensure_ascii=False).encode()
    render_triage(found).encode()
