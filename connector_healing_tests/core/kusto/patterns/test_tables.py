"""The tables of patterns and codes are whole."""

import pytest

from connector_healing.core.kusto.codes import CODES, Action, code_of
from connector_healing.core.kusto.pattern import Pattern
from connector_healing.core.kusto.patterns import PATTERNS
from connector_healing.core.kusto.vocabulary import READ_MODES, WRITE_MODES, Operation


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda pattern: pattern.id)
def test_a_pattern_is_whole(pattern: Pattern) -> None:
    assert pattern.cause.endswith(".")
    assert pattern.fix
    assert all(step.strip().endswith((".", ")")) for step in pattern.fix)
    assert pattern.signatures
    texts = [t for s in pattern.signatures for t in (*s.every, *s.some, *s.none)]
    assert texts == [t.lower() for t in texts]
    assert all(texts), "an empty text stands in every evidence"


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda pattern: pattern.id)
def test_a_proven_mode_fits_its_operation(pattern: Pattern) -> None:
    modes = {Operation.READ: READ_MODES, Operation.WRITE: WRITE_MODES}
    if pattern.mode is not None:
        assert pattern.operation is not None
        assert pattern.mode in modes[pattern.operation]


def test_only_foreign_patterns_are_no_failure_of_the_connector() -> None:
    foreign = {p.id for p in PATTERNS if not p.connector}
    assert foreign == {p.id for p in PATTERNS if p.id.startswith("not_")}


def test_each_remedys_details_are_filled() -> None:
    for pattern in PATTERNS:
        for name in pattern.details:
            assert any(f"{{{name}}}" in step for step in pattern.fix), pattern.id


def test_each_code_belongs_to_a_pattern() -> None:
    names = {pattern.id for pattern in PATTERNS}
    assert {code.pattern for code in CODES.values()} <= names


@pytest.mark.parametrize(
    ("code", "kind", "policy", "pattern", "permanent"),
    [
        ("Stream_WrongNumberOfFields", "Permanent", False, "ingest.schema_mismatch", True),
        ("Unknown", "Transient", False, "ingest.transient", False),
        ("Brand_New", "Transient", False, "ingest.transient", False),
        ("Brand_New", "Permanent", False, "ingest.unclassified_permanent", True),
        ("Brand_New", "", False, "ingest.unclassified_permanent", None),
        ("Brand_New", "Permanent", True, "ingest.update_policy", True),
        ("UpdatePolicy_New", "Transient", False, "ingest.update_policy", False),
        ("General_BadRequest", "Permanent", True, "ingest.update_policy", True),
        ("Download_Forbidden", "Permanent", True, "ingest.download_forbidden", True),
    ],
)
def test_a_code_known_or_not(
    code: str, kind: str, policy: bool, pattern: str, permanent: bool | None
) -> None:
    found = code_of(code, kind, from_update_policy=policy)
    assert (found.pattern, found.permanent) == (pattern, permanent)


def test_what_passes_by_itself_is_run_again() -> None:
    for name, code in CODES.items():
        if code.permanent is False:
            assert code.action is Action.RETRY, name
