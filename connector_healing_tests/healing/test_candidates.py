"""Which candidates a failure gets, in which order and at which level."""

from datetime import UTC, datetime, timedelta

import pytest

from connector_healing.core.connector import ConnectorCode, ConnectorVersion
from connector_healing.core.drift.mapping import FieldMapping, MappingVerdict
from connector_healing.core.failure import Diagnosis, ExceptionLink, Failure, HttpExchange, Stage
from connector_healing.core.patch import Candidate, FieldAccess, PatchKind, apply_edits
from connector_healing.core.policy import PolicyLevel
from connector_healing.core.taxonomy import SUBCATEGORY_FACTS, FailureSubcategory
from connector_healing.healing.candidates import generate
from connector_healing.healing.templates import (
    BEYOND_CODE,
    TEMPLATES,
    retry_duration,
    timeout_for,
)
from connector_healing_tests.core.transforms.observing import accesses_of, code_of

S = FailureSubcategory
NOW = datetime(2013, 2, 1, tzinfo=UTC)

TEXT = """import dlt
import requests


def read(rows):
    out = []
    for row in rows:
        out.append((row["id"], row["carrier"]))
    return out


@dlt.resource(name="flights")
def flights(url):
    yield read(requests.get(url).json())
"""
READ = TEXT.replace("import dlt\n", "").partition("@dlt")[0]
OLD, NEW = {"id": 1, "carrier": "UA"}, {"id": 1, "op_code": "UA"}
RENAMED = FieldMapping(old="carrier", new="op_code", verdict=MappingVerdict.RENAMED)
SAME = FieldMapping(old="id", new="id", verdict=MappingVerdict.SAME)


def accesses() -> tuple[FieldAccess, ...]:
    return accesses_of(TEXT.partition("@dlt")[0], [OLD, NEW])


def failure(
    message: str = "'carrier'", headers: dict[str, str] | None = None, dlt_resource: str = "flights"
) -> Failure:
    http = HttpExchange(method="GET", url="http://x", status=429, response_headers=headers or {})
    return Failure(
        failure_id="f",
        connector_id="flights",
        dlt_resource=dlt_resource,
        run_id=None,
        version_id=None,
        occurred_at=NOW,
        stage=Stage.EXTRACT,
        chain=(ExceptionLink(type="KeyError", message=message),),
        http=http,
    )


def diagnosis(subcategory: S, *also: S) -> Diagnosis:
    facts = SUBCATEGORY_FACTS[subcategory]
    return Diagnosis(
        category=facts.category,
        subcategory=subcategory,
        cause="",
        remedy=facts.remedy,
        retryable=facts.retryable,
        human_needed=facts.human_needed,
        confidence=0.9,
        also_possible=also,
    )


def version(code: ConnectorCode) -> ConnectorVersion:
    return ConnectorVersion(
        connector_id="flights",
        version_id=code.version_id,
        code=code,
        parent=None,
        change_summary="",
        created_at=NOW,
        created_by="installed",
    )


def made(
    subcategory: S,
    *also: S,
    text: str = TEXT,
    mappings: tuple[FieldMapping, ...] = (RENAMED, SAME),
    good: str | None = None,
    limit: int = 10,
) -> tuple[Candidate, ...]:
    return generate(
        "case",
        failure(),
        diagnosis(subcategory, *also),
        code_of(text),
        accesses=accesses(),
        mappings=mappings,
        last_good_version=version(code_of(good)) if good is not None else None,
        limit=limit,
    )


def test_a_renamed_field_gets_a_seam_before_in_place_edits() -> None:
    found = made(S.FIELD_CHANGED, good=TEXT)
    assert [c.template for c in found] == [
        "record_alias_at_entry",
        "field_alias_in_place",
        "abstain",
    ]
    assert [c.number for c in found] == [1, 2, 3]
    assert [c.level for c in found[:2]] == [PolicyLevel.A2] * 2
    for candidate in found[:2]:
        assert candidate.patch is not None
        patched = apply_edits(code_of(TEXT), candidate.patch.edits)
        assert candidate.version_id == patched.version_id
        assert candidate.diff.startswith("--- a/sample/connector.py\n")
    assert "record_alias_in_configuration" in found[-1].parameters


def test_a_field_that_is_only_passed_on_is_aliased_behind_the_resource() -> None:
    moved = FieldMapping(old="gate", new="door", verdict=MappingVerdict.RENAMED)
    found = made(S.COLUMN_GONE_NULL, mappings=(moved, SAME))
    assert [c.template for c in found] == ["record_alias_behind_resource", "abstain"]


@pytest.mark.parametrize("subcategory", list(FailureSubcategory))
def test_every_failure_may_be_left_alone_and_nothing_is_forbidden(subcategory: S) -> None:
    found = made(subcategory, good=READ)
    assert found[-1].kind is PatchKind.ABSTAIN
    assert sum(c.kind is PatchKind.ABSTAIN for c in found) == 1
    assert all(c.level < PolicyLevel.A3 for c in found)
    assert len(found) <= 10
    if SUBCATEGORY_FACTS[subcategory].category in BEYOND_CODE or subcategory is S.NOT_IN_CONNECTOR:
        assert len(found) == 1
    else:
        assert sum(c.kind is PatchKind.REVERT for c in found) == 1


def test_the_table_holds_no_template_where_no_code_is_at_fault() -> None:
    for subcategory in TEMPLATES:
        assert SUBCATEGORY_FACTS[subcategory].category not in BEYOND_CODE


def test_going_back_is_tried_first_where_the_code_may_be_at_fault_and_last_where_not() -> None:
    broken = made(S.FIELD_CHANGED, good=READ)
    limited = made(S.RATE_LIMITED, good=READ)
    assert broken[0].kind is PatchKind.REVERT
    assert broken[0].version_id == code_of(READ).version_id
    assert "-@dlt.resource" in broken[0].diff
    assert [c.template for c in limited] == ["rate_limiter", "revert", "abstain"]
    assert limited[0].level is PolicyLevel.A1


def test_the_same_code_is_nothing_to_go_back_to() -> None:
    assert all(c.kind is not PatchKind.REVERT for c in made(S.CONNECTOR_BUG, good=TEXT))
    assert [c.template for c in made(S.CONNECTOR_BUG)] == ["abstain"]


@pytest.mark.parametrize("verdict", [MappingVerdict.REMOVED, MappingVerdict.UNSURE])
def test_a_field_that_is_lost_gets_no_alias(verdict: MappingVerdict) -> None:
    lost = FieldMapping(old="carrier", new=None, verdict=verdict)
    assert [c.template for c in made(S.FIELD_CHANGED, mappings=(lost, SAME))] == ["abstain"]
    other = FieldMapping(old="id", new=None, verdict=verdict)
    found = made(S.FIELD_CHANGED, mappings=(RENAMED, other))
    assert [c.template for c in found] == ["abstain"]
    assert "id" in found[0].parameters["field_alias_in_place"]


def test_a_lost_field_that_nobody_reads_is_no_obstacle() -> None:
    lost = FieldMapping(old="note", new=None, verdict=MappingVerdict.REMOVED)
    assert len(made(S.FIELD_CHANGED, mappings=(RENAMED, SAME, lost))) > 1


def test_a_second_guess_comes_with_less_weight() -> None:
    found = made(S.RATE_LIMITED, S.SERVER_UNAVAILABLE)
    assert [(c.template, c.subcategory) for c in found] == [
        ("rate_limiter", S.RATE_LIMITED),
        ("retry_for_a_time", S.SERVER_UNAVAILABLE),
        ("abstain", S.RATE_LIMITED),
    ]
    assert found[1].prior < 0.5


def test_a_changed_type_alone_is_cast() -> None:
    changed = FieldMapping(old="id", new="id", verdict=MappingVerdict.SAME, transform="to_string")
    found = made(S.TYPE_CHANGED, mappings=(changed,))
    assert (found[0].template, found[0].level) == ("lossless_cast", PolicyLevel.A1)
    assert len(found) == 2  # the alias that gives the same code is not tried twice


def test_the_budget_never_cuts_abstaining_or_going_back() -> None:
    found = made(S.FIELD_CHANGED, good=READ, limit=3)
    assert [c.template for c in found] == ["revert", "record_alias_at_entry", "abstain"]
    assert [c.template for c in made(S.FIELD_CHANGED, good=READ, limit=1)] == ["revert", "abstain"]


def test_text_that_is_no_python_is_left_alone() -> None:
    assert [c.template for c in made(S.FIELD_CHANGED, text="def (")] == ["abstain"]


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        (None, timedelta(minutes=10)),
        ("30", timedelta(minutes=10)),
        ("900", timedelta(minutes=30)),
        ("999999999", timedelta(hours=1)),
        ("Wed, 21 Oct 2015 07:28:00 GMT", timedelta(minutes=10)),
    ],
)
def test_a_retry_outlasts_what_the_api_asked_for(asked: str | None, wanted: timedelta) -> None:
    headers = {} if asked is None else {"retry-after": asked}
    assert retry_duration(failure(headers=headers)) == wanted


@pytest.mark.parametrize(
    ("message", "wanted"),
    [
        ("Read timed out.", timedelta(minutes=2)),
        ("Read timed out. (read timeout=5)", timedelta(minutes=2)),
        ("Read timed out. (read timeout=90.0)", timedelta(minutes=3)),
        ("Read timed out. (read timeout=99999)", timedelta(minutes=10)),
    ],
)
def test_a_timeout_is_doubled_within_bounds(message: str, wanted: timedelta) -> None:
    assert timeout_for(failure(message)) == wanted
