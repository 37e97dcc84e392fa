"""Rules of users: they come first, and what is wrong in them is said."""

from typing import Any

import pytest

from connector_healing.core.classify import classify
from connector_healing.core.failure import ExceptionLink, Failure, Stage
from connector_healing.core.logs.reading import failure_of_text
from connector_healing.core.logs.user_rules import read_rules
from connector_healing.errors import UsageError
from connector_healing_tests.core.logs.cases import diagnose_text

GOOD = {"name": "stock", "match": "ORA-20001", "subcategory": "quota_exhausted"}


def test_a_users_rule_outranks_ours() -> None:
    rules = read_rules([{**GOOD, "match": "read timed out", "cause": "Ours: {line}"}], "rules")
    diagnosis = diagnose_text("requests.exceptions.ReadTimeout: Read timed out.", None, rules)
    assert (diagnosis.subcategory, diagnosis.rule) == ("quota_exhausted", "user.stock")
    assert diagnosis.cause.startswith("Ours: requests")
    assert "read_timeout" in diagnosis.also_possible


def test_a_status_alone_or_with_words() -> None:
    rules = read_rules({"rules": [{"name": "a", "status": 418, "subcategory": "conflict"}]}, "f")
    assert diagnose_text("x", {"status": 418}, rules).subcategory == "conflict"
    assert diagnose_text("x", {"status": 500}, rules).subcategory != "conflict"


def test_live_failures_are_judged_by_them_too() -> None:
    link = ExceptionLink(type="KeyError", message="'STOCK_LOCKED'", mro=("KeyError",))
    text = failure_of_text("x")
    live = Failure(
        failure_id="f",
        connector_id="c",
        dlt_resource=None,
        run_id=None,
        version_id=None,
        occurred_at=text.occurred_at,
        stage=Stage.EXTRACT,
        chain=(link,),
    )
    rules = read_rules([{**GOOD, "match": "STOCK_LOCKED", "subcategory": "conflict"}], "rules")
    assert classify(live, rules).subcategory == "conflict"
    assert classify(live).subcategory != "conflict"


@pytest.mark.parametrize(
    ("value", "named"),
    [
        ("text", "rules"),
        ({"rule": []}, "rules"),
        ([3], "rules[0]"),
        ([{**GOOD, "name": "1"}], "rules[0].name"),
        ([{**GOOD, "match": "("}], "rules[0].match"),
        ([{**GOOD, "match": "(a+)+"}], "rules[0].match"),
        ([{**GOOD, "match": 7}], "rules[0].match"),
        ([{**GOOD, "match": "a{99999999999999}"}], "rules[0].match"),
        ([{**GOOD, "match": "(" * 400 + "a" + ")" * 400}], "rules[0].match"),
        ({"rules": [GOOD], "colour": "red"}, "rules"),
        ([{**GOOD, "cause": "Order {n} is locked"}], "rules[0].cause"),
        ([{"name": "a", "subcategory": "conflict"}], "rules[0].match"),
        ([{**GOOD, "subcategory": "nope"}], "rules[0].subcategory"),
        ([{**GOOD, "status": "404"}], "rules[0].status"),
        ([{**GOOD, "status": [99]}], "rules[0].status"),
        ([{**GOOD, "confidence": 2}], "rules[0].confidence"),
        ([{**GOOD, "also": "x"}], "rules[0].also"),
        ([{**GOOD, "cause": ""}], "rules[0].cause"),
        ([{**GOOD, "colour": "red"}], "rules[0].colour"),
        ([GOOD, GOOD], "name"),
    ],
)
def test_what_is_wrong_is_named(value: Any, named: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_rules(value, "rules.yaml")
    assert named in caught.value.field or caught.value.field == "rules.yaml"


#: Patterns that take longer than anybody waits on one line of a log.
ENDLESS = [
    *("a*a*a*a*a*a*b", "(a{1,9}){1,99}$", "(a?){50}a{50}$", "(a|a)*", "((a+))+", "(a|aa)+"),
    *("(a+)+$", "((){99999}){99999}", "a?" * 40 + "a{40}", ".*a.*a.*b", "(.*a){20}b"),
    *(r"(\w+\s?)*$", "(?=(a+)+$)b", "(a|b|ab)*c", "(x+x+)+y", "(?>a+)+$", r"(k|\u212a)+k*k*K+$"),
]
#: Patterns as people write them for their logs.
USUAL = [
    *(
        r"failed .* after (\d+) .* retries",
        "failed .* after .* retries",
        r"(?:\w+\.)*\w+Exception",
        r"user (\S+) from (\S+) port (\d+)",
    ),
    *(r"^ERROR\s+\[\w+\]\s+.*quota.*exceeded", "(fail|failed) .* after (one|two)", r"(\d+,)+\d+ x"),
    *(r"\[(?P<code>[A-Z_]+)\] .* column `(.*)`", r"(foo|bar|baz)+ x", r"(\d{1,3}\.){3}\d{1,3}"),
    *(r'"[^"]*" is not "[^"]*"', r"\bdisk\b.*\bfull\b", ".*", r"[^a-z]+q\s+x", "[[a]b", r"a+a+\s"),
]


@pytest.mark.parametrize("pattern", ENDLESS)
def test_a_pattern_that_may_run_for_ever_is_refused(pattern: str) -> None:
    with pytest.raises(UsageError, match=r"rules\[0\].match.*rule 'stock'"):
        read_rules([{**GOOD, "match": pattern}], "rules")


@pytest.mark.parametrize("pattern", USUAL)
def test_a_usual_pattern_ends_on_any_line(pattern: str) -> None:
    rules = read_rules([{**GOOD, "match": pattern}], "rules")
    for text in ("a" * 5_000, "1," * 2_500, 'x"' * 2_500, "failed after " * 400):
        diagnose_text(text, None, rules)


def test_a_rejected_value_is_short_and_free_of_secrets() -> None:
    nested: list[Any] = []
    for _ in range(60):
        nested = [nested, nested]
    for value in (nested, "password=hunter2hunter2 " * 50, 10**5_000):
        with pytest.raises(UsageError) as caught:
            read_rules([{**GOOD, "confidence": value}], "rules")
        assert len(str(caught.value)) < 400
        assert "hunter2" not in str(caught.value)


def test_half_a_surrogate_pair_in_a_cause_can_be_written() -> None:
    rules = read_rules([{**GOOD, "match": "x", "cause": "A \ud800 B"}], "rules")
    assert diagnose_text("x", None, rules).cause == "A ? B"
