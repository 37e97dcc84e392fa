from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from connector_healing.core.case import (
    CaseState,
    HealCase,
    Healed,
    NotHealed,
    NotReproduced,
    Trial,
    TrialState,
)
from connector_healing.core.checks import CheckLevel, CheckResult
from connector_healing.core.classify import classify
from connector_healing.core.drift.mapping import FieldMapping, MappingVerdict
from connector_healing.core.failure import (
    CodePosition,
    ExceptionLink,
    Failure,
    HttpExchange,
    Stage,
    Suspicion,
    SuspicionKind,
)
from connector_healing.core.patch import Candidate, PatchKind
from connector_healing.core.policy import HealMode, PolicyLevel
from connector_healing.core.report import ReportFacts, render_report
from connector_healing.core.report_standing import STANDINGS, standing_of
from connector_healing.core.taxonomy import FailureSubcategory

NOW = datetime(2013, 2, 1, 6, tzinfo=UTC)
SECTIONS = [
    *("Error Summary", "Root Cause Analysis", "Fix Applied", "Validation Results", "Next Steps"),
    *("Evidence", "Candidates Tried", "Checks", "Cost", "How to Undo", "History"),
]
DIFF = """--- a/conn/api.py
+++ b/conn/api.py
@@ -1,3 +1,3 @@
 def row(r):
-    return r["carrier"]
+    return r["op_code"]
"""

FAILURE = Failure(
    failure_id="f1",
    connector_id="flights",
    dlt_resource="flights",
    run_id="r1",
    version_id="v1",
    occurred_at=NOW,
    stage=Stage.EXTRACT,
    chain=(
        ExceptionLink(
            type="KeyError",
            message="'carrier'",
            mro=("KeyError", "LookupError"),
            attributes={"key": "carrier", "key_type": "str"},
        ),
    ),
    position=CodePosition(module="conn.api", path="conn/api.py", line=2, function="row"),
    raised_in="conn.api",
)
HELD = replace(
    FAILURE,
    chain=(),
    position=None,
    stage=Stage.JUDGE,
    suspicions=(
        Suspicion(
            kind=SuspicionKind.TABLE_HALVED,
            dlt_resource="airports",
            table="airports",
            column=None,
            observed="120 rows",
            expected="at least 730",
        ),
    ),
)
CASE = HealCase(
    case_id="case-1",
    connector_id="flights",
    dlt_resource="flights",
    fingerprint="abc",
    failure_id="f1",
    run_id="r1",
    version_id="v1",
    state=CaseState.VALIDATING,
    mode=HealMode.APPLY,
    opened_at=NOW,
    updated_at=NOW,
    occurrences=2,
    winner=2,
)
CANDIDATES = (
    Candidate(
        case_id="case-1",
        number=1,
        template="alias",
        subcategory=FailureSubcategory.FIELD_RENAMED,
        kind=PatchKind.SEAM,
        level=PolicyLevel.A2,
        summary="Read tail_number as carrier | x",
        patch=None,
        version_id="v2",
    ),
    Candidate(
        case_id="case-1",
        number=2,
        template="in place",
        subcategory=FailureSubcategory.FIELD_RENAMED,
        kind=PatchKind.IN_PLACE,
        level=PolicyLevel.A2,
        summary="Read op_code in place of carrier",
        patch=None,
        version_id="v3",
        diff=DIFF,
    ),
)


def check(name: str, *, passed: bool, level: CheckLevel = CheckLevel.HARD) -> CheckResult:
    return CheckResult(
        name=name,
        level=level,
        passed=passed,
        table="flights",
        column="carrier",
        observed="98.2 % | changed",
        bound="at most 2 %",
        sql="SELECT count(*)\nFROM before.flights",
        rows=27_004,
    )


TRIALS = (
    Trial(
        case_id="case-1",
        number=1,
        state=TrialState.REFUSED,
        reason="values differ",
        checks=(check("H4 overlap equality", passed=False), check("H2 key", passed=True)),
        has_history=True,
    ),
    Trial(
        case_id="case-1",
        number=2,
        state=TrialState.PASSED,
        reason="all hard checks passed",
        checks=(check("H2 key", passed=True), check("H4 overlap equality", passed=True)),
        has_history=True,
        rows={"flights": 27_004, "flights__legs": 3},
    ),
)
FACTS = ReportFacts(
    case=CASE,
    failure=FAILURE,
    diagnosis=classify(FAILURE),
    candidates=CANDIDATES,
    trials=TRIALS,
    outcome=Healed(case_id="case-1", version_id="v3", active=True, summary="op_code"),
    last_success=NOW - timedelta(days=1),
    duration=timedelta(seconds=12.34),
    live_requests=41,
    replayed_requests=82,
    history=((NOW, CaseState.OPEN, "asked for"), (NOW, CaseState.VALIDATING, "")),
    mappings=(
        FieldMapping(
            old="carrier",
            new="op_code",
            verdict=MappingVerdict.RENAMED,
            why="equal on 26,990 shared keys",
        ),
    ),
)
NOT_HEALED = NotHealed(
    case_id="case-1", reason="No candidate passed.", refused_by=("H4 overlap equality",)
)


def sections(report: str) -> dict[str, str]:
    parts = report.split("\n### ")
    return {part.partition("\n")[0]: part.partition("\n")[2] for part in parts[1:]}


def test_a_healed_case_tells_everything() -> None:
    report = render_report(FACTS)
    assert report.startswith("## Connector Debug Report: flights\n\n### Error Summary\n")
    found = sections(report)
    assert list(found) == SECTIONS
    summary = found["Error Summary"].splitlines()
    assert summary[0] == "- **Status**: Fixed: version v3 is active, and its next runs are watched"
    assert summary[1] == "- **Last Success**: 2013-01-31 06:00:00 UTC"
    assert summary[2] == "- **Error Type**: api change (field changed)"
    assert summary[3] == "- **Error Message**: `KeyError: 'carrier'`"
    assert "row (conn.api, line 2) reads the field carrier" in found["Root Cause Analysis"]
    assert "| `carrier` | `op_code` | renamed | equal on 26,990" in found["Root Cause Analysis"]
    fix = found["Fix Applied"]
    assert f"```diff\n{DIFF.rstrip()}\n```" in fix
    assert '**Before**\n\n```python\ndef row(r):\n    return r["carrier"]\n```' in fix
    assert '**After**\n\n```python\ndef row(r):\n    return r["op_code"]\n```' in fix
    validation = found["Validation Results"].splitlines()
    assert validation[0] == "- Test run: Success. all hard checks passed"
    assert validation[1] == "- Records loaded: 27,007 (`flights`: 27,004, `flights__legs`: 3)"
    assert validation[2] == "- Data quality: Pass, 2 of 2 checks passed"
    assert "- [x] Submit healed code" in found["Next Steps"]
    assert "- [ ] Monitor next scheduled run" in found["Next Steps"]
    assert "`line 2`" in found["Evidence"]
    tried = found["Candidates Tried"].splitlines()
    assert tried[0] == "| No. | Candidate | Kind | Level | Size | Trial | Why |"
    assert tried[2].startswith(r"| 1 | Read tail_number as carrier \| x | seam | A2 |")
    assert tried[3].startswith("| 2 (chosen) | Read op_code")
    assert "```sql\nSELECT count(*)\nFROM before.flights\n```" in found["Checks"]
    assert "- Time: 12.3 s\n- Live requests: 41\n- Replayed requests: 82" in found["Cost"]
    assert "```bash\nconnector-healing rollback flights\n```" in found["How to Undo"]


STATES: list[tuple[str, ReportFacts, str, str]] = [
    (
        "waits",
        replace(FACTS, case=replace(CASE, state=CaseState.AWAITING_APPROVAL)),
        "Failing: a proven patch waits for approval",
        "connector-healing approve case-1",
    ),
    (
        "promoted",
        replace(
            FACTS,
            case=replace(CASE, state=CaseState.PROMOTED, submitted_version="v3", monitored_runs=3),
        ),
        "Fixed: version v3 has proven itself in 3 runs",
        "connector-healing rollback flights",
    ),
    (
        "rolled_back",
        replace(FACTS, case=replace(CASE, state=CaseState.ROLLED_BACK)),
        "Failing: the healed version was rolled back",
        "active again already",
    ),
    (
        "abstained",
        replace(
            FACTS, case=replace(CASE, state=CaseState.ABSTAINED, winner=None), outcome=NOT_HEALED
        ),
        "Failing: not healed",
        "Refused by: H4 overlap equality",
    ),
    (
        "held",
        replace(
            FACTS,
            case=replace(CASE, state=CaseState.ABSTAINED, winner=None),
            failure=HELD,
            diagnosis=classify(HELD),
            outcome=NOT_HEALED,
        ),
        "Failing: the load package was held",
        "connector-healing release case-1",
    ),
    (
        "released",
        replace(
            FACTS,
            case=replace(CASE, state=CaseState.REJECTED, reason="Released by anna: all right."),
            failure=HELD,
            release_waits=True,
        ),
        "Fixed: a person released what was held; the next run loads it",
        "one run",
    ),
    (
        "loaded",
        replace(
            FACTS,
            case=replace(CASE, state=CaseState.REJECTED, reason="Released by anna: all right."),
            failure=HELD,
        ),
        "Fixed: a person released what was held, and a run has loaded it",
        "- [x] Load it",
    ),
    (
        "rejected",
        replace(FACTS, case=replace(CASE, state=CaseState.REJECTED)),
        "Failing: a person refused the patch",
        "nothing has to be undone",
    ),
    (
        "transient",
        ReportFacts(
            case=replace(CASE, winner=None),
            failure=FAILURE,
            outcome=NotReproduced(case_id="case-1", reason="It passed 3 times.", transient=True),
        ),
        "Fixed: it no longer fails",
        "It passed 3 times.",
    ),
    (
        "not_reproduced",
        ReportFacts(
            case=replace(CASE, state=CaseState.NOT_REPRODUCED, winner=None), failure=FAILURE
        ),
        "Failing: the failure did not show again",
        "Test run: none was made",
    ),
    (
        "in_progress",
        ReportFacts(case=replace(CASE, state=CaseState.GENERATING, winner=None), failure=FAILURE),
        "Failing: the heal is at the state generating",
        "not been classified yet",
    ),
]


@pytest.mark.parametrize(("name", "facts", "status", "says"), STATES, ids=[s[0] for s in STATES])
def test_each_standing_reads_well(name: str, facts: ReportFacts, status: str, says: str) -> None:
    assert standing_of(facts) is STANDINGS[name]
    report = render_report(facts)
    assert f"- **Status**: {status}" in report
    assert says in report
    assert list(sections(report)) == SECTIONS
    assert all(content.strip() for content in sections(report).values())
    assert "None\n" not in report
    assert "{" not in report.replace("{n}", "")


def test_every_standing_and_state_is_covered() -> None:
    assert {name for name, *_ in STATES} | {"active"} == set(STANDINGS)
    for state in CaseState:
        render_report(replace(FACTS, case=replace(CASE, state=state)))


def test_a_refused_candidate_names_the_check() -> None:
    facts = replace(
        FACTS,
        case=replace(CASE, winner=None, state=CaseState.ABSTAINED),
        trials=TRIALS[:1],
        outcome=NOT_HEALED,
    )
    quality = sections(render_report(facts))["Validation Results"]
    assert "- Test run: Success (candidate 1). values differ" in quality
    assert (
        "Fail, 1 of 2 checks passed; refused by H4 overlap equality on `flights.carrier`" in quality
    )


def test_what_was_chosen_is_not_also_possible() -> None:
    diagnosis = classify(FAILURE)
    chosen, other = diagnosis.subcategory, FailureSubcategory.ENVELOPE_CHANGED
    both = replace(FACTS, diagnosis=replace(diagnosis, also_possible=(chosen, other)))
    alone = replace(FACTS, diagnosis=replace(diagnosis, also_possible=(chosen,)))
    assert "- **Also possible**: envelope changed\n" in render_report(both)
    assert "Also possible" not in render_report(alone)


def test_a_check_of_the_whole_run_names_no_place() -> None:
    whole = replace(check("H1 reproduction", passed=False), table="", column=None)
    facts = replace(FACTS, trials=(TRIALS[0], replace(TRIALS[1], checks=(whole,))))
    report = render_report(facts)
    assert "| H1 reproduction | hard | - | **fail** |" in report
    assert "refused by H1 reproduction\n" in report
    assert "(empty)" not in report


EVIL = "```\n# h1\n<script>alert(1)</script> | a | [x](http://evil.example) `b` **c** ~~d~~ &lt;"


@given(st.sampled_from([EVIL, "|\n| --- |", "`", "\\", "</details>"]) | st.text(max_size=50))
def test_foreign_text_cannot_break_the_report(text: str) -> None:
    link = replace(FAILURE.chain[0], message=text, attributes={"key": text, "key_type": "str"})
    http = HttpExchange(
        method="GET", url=f"https://api.example.com/{text}", status=200, body_excerpt=text
    )
    failure = replace(FAILURE, chain=(link,), http=http)
    hostile = replace(
        FACTS,
        failure=failure,
        diagnosis=classify(failure),
        candidates=tuple(replace(c, summary=text, diff=f"-{text}\n+x") for c in CANDIDATES),
        trials=tuple(
            replace(
                t,
                reason=text,
                rows={text: 1},
                checks=tuple(replace(c, observed=text, bound=text, sql=text) for c in t.checks),
            )
            for t in TRIALS
        ),
        mappings=(replace(FACTS.mappings[0], old=text, new=text, why=text),),
    )
    tokens = (
        MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(render_report(hostile))
    )
    headings = [tokens[i + 1].content for i, t in enumerate(tokens) if t.type == "heading_open"]
    assert headings == ["Connector Debug Report: flights", *SECTIONS]
    kinds = {t.type for t in tokens} | {c.type for t in tokens for c in t.children or ()}
    assert kinds.isdisjoint(
        {"html_block", "html_inline", "link_open", "image", "s_open", "em_open"}
    )
    rows = [t for t in tokens if t.type == "tr_open"]
    assert len(rows) == 2 + 3 + 3 + 3  # mapping, candidates, checks, history, each with its head
