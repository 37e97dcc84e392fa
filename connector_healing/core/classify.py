"""Names what a failure means, by tables of rules.

A live failure is judged by its exceptions and their answer, and the first row that matches
decides; one that was read from a text by all that the text says.
"""

from collections.abc import Iterator, Sequence

from connector_healing.core.failure import Diagnosis, Evidence, ExceptionLink, Failure
from connector_healing.core.logs.diagnose import diagnose_by_rules, diagnose_chain, diagnose_log
from connector_healing.core.logs.user_rules import UserRule
from connector_healing.core.rules import body, dlt, document, http, network, python, suspicion
from connector_healing.core.rules.clues import Clues, clues_of
from connector_healing.core.rules.rule import Rule
from connector_healing.core.taxonomy import SUBCATEGORY_FACTS, FailureSubcategory

#: Used where no rule matches.
UNKNOWN = Rule(
    name="none",
    subcategory=FailureSubcategory.UNCLASSIFIED,
    cause="No rule knows this failure: {type}: {message}",
    confidence=0.1,
)

_EXCERPT = 300  #: Characters of one piece of evidence.
_AROUND = 60  #: Characters shown before the words that decided.
_SIGNALS = (
    *("retry-after", "ratelimit", "ratelimit-remaining", "x-ratelimit-remaining"),
    *("deprecation", "sunset", "link", "allow", "www-authenticate", "content-type"),
)


def classify(failure: Failure, rules: Sequence[UserRule] = ()) -> Diagnosis:
    """What a failure means, with what shows it and what to do.

    It never raises, and never names a change of the API for what was raised inside dlt or
    Dagster.

    Args:
        failure: A live one, or one that was read from a text (`failure_of_text`).
        rules: The user's own: each outranks all of ours.
    """
    if not failure.chain and not failure.suspicions and failure.log_excerpt:
        return diagnose_log(failure, rules)
    own = diagnose_by_rules(failure, rules) if rules else None
    if own is not None:
        return own
    diagnosis = _of_live(failure)
    if diagnosis.rule == UNKNOWN.name and failure.chain:
        return diagnose_chain(failure) or diagnosis
    return diagnosis


def _of_live(failure: Failure) -> Diagnosis:
    clues = clues_of(failure)
    rule = next((rule for rule in _tables(clues) if rule.matches(clues)), UNKNOWN)
    facts = SUBCATEGORY_FACTS[rule.subcategory]
    return Diagnosis(
        category=facts.category,
        subcategory=rule.subcategory,
        cause=rule.cause.format(**clues.fields()),
        remedy=facts.remedy,
        retryable=facts.retryable,
        human_needed=facts.human_needed,
        confidence=rule.confidence,
        evidence=tuple(_evidence(rule, clues)),
        also_possible=rule.also,
        rule=rule.name,
    )


def _tables(clues: Clues) -> Iterator[Rule]:
    """The rules in the order in which they decide.

    An exception that carries no answer is judged as a transport failure first: an answer
    further down the chain is what was being retried. Else the answer decides: what happened
    before it was overcome.
    """
    yield from suspicion.RULES
    yield from dlt.RULES
    # urllib's HTTPError is an answer, though by descent it is a URLError.
    transport = not clues.root.isdisjoint(network.TRANSPORT) and (
        "urllib.error.HTTPError" not in clues.root
    )
    yield from ((*network.RULES, *http.RULES) if transport else (*http.RULES, *network.RULES))
    yield from document.RULES
    yield from body.RULES
    yield from python.RULES


def _evidence(rule: Rule, clues: Clues) -> Iterator[Evidence]:
    """What the rule rests on, each piece with its place."""
    failure = clues.failure
    for suspicion_ in failure.suspicions:
        yield Evidence(text=suspicion_.sentence, where=f"load package, table {suspicion_.table}")
    if clues.link is not None:
        yield _of_link(clues.link)
    for link in failure.chain[failure.root + 1 :]:
        names = {link.type, f".{link.type.rpartition('.')[2]}"}
        if not names.isdisjoint(rule.below):
            yield _of_link(link)
    http_ = failure.http
    if http_ is not None and http_.status is not None:
        endpoint = clues.fields()["endpoint"]
        yield Evidence(text=f"status {http_.status}", where=f"answer to {endpoint}")
        for name in _SIGNALS:
            if name in clues.headers:
                yield Evidence(
                    text=f"{name}: {clues.headers[name]}"[:_EXCERPT], where="header of the answer"
                )
    yield from _words(rule, clues)
    position = failure.position
    if position is not None:
        yield Evidence(
            text=position.text or f"line {position.line}",
            where=f"{position.path}:{position.line} in {position.function}",
        )
    elif failure.raised_in:
        yield Evidence(text=f"raised in {failure.raised_in}", where="traceback")


def _of_link(link: ExceptionLink) -> Evidence:
    text = f"{link.type}: {link.message}".strip()
    return Evidence(text=text[:_EXCERPT], where="exception")


def _words(rule: Rule, clues: Clues) -> Iterator[Evidence]:
    """The words that decided, or how the body of an error begins."""
    match = rule.says.search(clues.body) if rule.says else None
    if match is not None:
        start = max(0, match.start() - _AROUND)
        yield Evidence(text=clues.body[start : start + _EXCERPT], where="body of the answer")
    elif clues.body.strip():
        yield Evidence(text=clues.body.strip()[:_EXCERPT], where="body of the answer, its start")
