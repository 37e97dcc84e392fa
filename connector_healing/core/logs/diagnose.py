"""Names what a text means: of all that it says, the most telling and the earliest."""

from collections.abc import Iterator, Sequence
from functools import cache

from connector_healing.core.failure import Diagnosis, Evidence, Failure
from connector_healing.core.logs.answers import answer_hit
from connector_healing.core.logs.circumstances import in_circumstances
from connector_healing.core.logs.matching import Hit, SignatureIndex
from connector_healing.core.logs.prose import reads_like_prose
from connector_healing.core.logs.reading import exceptions_in, log_of
from connector_healing.core.logs.reduce import MAX_LINE, LogLine, ReducedLog
from connector_healing.core.logs.user_rules import UserRule
from connector_healing.core.redaction import Redactor
from connector_healing.core.rules import texts
from connector_healing.core.rules.class_names import MAX_CODES, by_class, by_package, codes_in
from connector_healing.core.rules.signature import CONFIDENCE, Signature, Weight
from connector_healing.core.rules.spark_conditions import conditions_in
from connector_healing.core.taxonomy import (
    SUBCATEGORY_FACTS,
    FailureCategory,
    FailureSubcategory,
)

_EXCERPT = 300  #: Characters of one piece of evidence.
_EVIDENCE = 4  #: Pieces, at most.
_ALSO = 4
#: What an API's refusal leaves to be parsed, and what refuses.
_CONSEQUENCE = FailureCategory.DATA_FORMAT
_REFUSALS = frozenset(
    {
        *(FailureCategory.AUTHENTICATION, FailureCategory.AUTHORIZATION),
        *(FailureCategory.RATE_LIMIT, FailureCategory.QUOTA, FailureCategory.SERVER_ERROR),
    }
)
_REDACTOR = Redactor()

NOTHING = Signature(
    name="none",
    subcategory=FailureSubcategory.UNCLASSIFIED,
    weight=Weight.SYMPTOM,
    patterns=(),
    cause="No rule knows this text: {line}",
    confidence=0.1,
)


def diagnose_log(failure: Failure, rules: Sequence[UserRule] = ()) -> Diagnosis:
    """What a failure that was read from a text means, with what shows it and what to do.

    Args:
        failure: From `failure_of_text`.
        rules: The user's own: each outranks all of ours.
    """
    log = log_of(failure)
    hits = sorted(_hits(failure, log, rules), key=lambda hit: hit.rank)
    if reads_like_prose(log) and failure.http is None:
        hits = [hit for hit in hits if hit.signature.weight >= Weight.LIBRARY]
    if not hits or hits[0].signature.weight < Weight.WORDS:
        hits = [*_by_code(log), *hits] or _by_package(log)
    hits = _cause_first(hits)
    best = hits[0] if hits else Hit(NOTHING, _first(log), 0, 0)
    subcategory = in_circumstances(best.signature.subcategory, failure, log)
    return _diagnosis(best, hits[1:], subcategory)


def _cause_first(hits: list[Hit]) -> list[Hit]:
    """The hits with a refusal before the unreadable data that a later record tells of."""
    if not hits or _category(hits[0]) is not _CONSEQUENCE:
        return hits
    cause = next(
        (hit for hit in hits if _refuses(hit) and hit.line.event < hits[0].line.event), None
    )
    return hits if cause is None else [cause, *(hit for hit in hits if hit is not cause)]


def _category(hit: Hit) -> FailureCategory:
    return SUBCATEGORY_FACTS[hit.signature.subcategory].category


def _refuses(hit: Hit) -> bool:
    return hit.signature.weight >= Weight.STATUS and _category(hit) in _REFUSALS


def diagnose_by_rules(failure: Failure, rules: Sequence[UserRule]) -> Diagnosis | None:
    """What the user's rules alone say of a live failure."""
    log = log_of(failure)
    hits = [hit for rule in rules for hit in rule.hits(failure, log)]
    return _diagnosis(hits[0], hits[1:], hits[0].signature.subcategory) if hits else None


def diagnose_chain(failure: Failure) -> Diagnosis | None:
    """What the words of a live failure's exceptions say, where they are a library's own."""
    log = log_of(failure)
    hits = [
        hit
        for hit in sorted((*_index().hits(log), *_spark(log)), key=lambda hit: hit.rank)
        if hit.signature.weight >= Weight.LIBRARY
    ]
    if not hits:
        return None
    return _diagnosis(
        hits[0], hits[1:], in_circumstances(hits[0].signature.subcategory, failure, log)
    )


def _hits(failure: Failure, log: ReducedLog, rules: Sequence[UserRule]) -> Iterator[Hit]:
    for rule in rules:
        yield from rule.hits(failure, log)
    yield from _index().hits(log)
    yield from _spark(log)
    yield from _foreign(log)
    yield from _by_class(log)
    answer = answer_hit(failure, log)
    if answer is not None:
        yield answer


@cache
def _index() -> SignatureIndex:
    return SignatureIndex(texts.RULES)


def _spark(log: ReducedLog) -> Iterator[Hit]:
    for line in log.lines:
        for condition in conditions_in(line.text):
            said = ", ".join(f"{k} {v}" for k, v in condition.parameters.items())
            yield Hit(
                Signature(
                    name=f"spark.condition.{condition.name.lower()}",
                    subcategory=condition.subcategory,
                    weight=condition.weight,
                    patterns=(),
                    cause=f"Spark reports {condition.name}"
                    + (f" ({said.replace('{', '(').replace('}', ')')}): " if said else ": ")
                    + "{line}",
                ),
                line,
                condition.start,
                len(line.text),
            )


def _foreign(log: ReducedLog) -> Iterator[Hit]:
    for line in log.lines:
        if line.text.isascii():
            continue
        lower = line.text.lower()
        for signature, words in texts.FOREIGN:
            for word in words:
                at = lower.find(word)
                if at >= 0:
                    yield Hit(signature, line, at, at + len(word))
                    break


def _by_class(log: ReducedLog) -> Iterator[Hit]:
    for place, (link, line) in enumerate(exceptions_in(log)):
        signature = by_class(link.type)
        if signature is not None:
            yield Hit(signature, line, 0, len(line.text), len(texts.RULES) + place)


def _by_code(log: ReducedLog) -> list[Hit]:
    """The first line whose codes say something."""
    if reads_like_prose(log):
        return []
    for line in log.lines[:MAX_CODES]:
        for signature in codes_in(line.text[:MAX_LINE]):
            return [Hit(signature, line, 0, len(line.text))]
    return []


def _by_package(log: ReducedLog) -> list[Hit]:
    """Whose exception the text shows, where nothing says what it means."""
    for link, line in exceptions_in(log):
        signature = by_package(link.type)
        if signature is not None:
            return [Hit(signature, line, 0, len(line.text))]
    return []


def _first(log: ReducedLog) -> LogLine:
    return log.lines[0] if log.lines else LogLine(0, "")


def _diagnosis(best: Hit, others: Sequence[Hit], subcategory: FailureSubcategory) -> Diagnosis:
    signature = best.signature
    facts = SUBCATEGORY_FACTS[subcategory]
    line = _shown(best)
    cause = _REDACTOR.text((signature.cause or "{line}").replace("{line}", line))
    confidence = signature.confidence or CONFIDENCE[signature.weight]
    if subcategory is not signature.subcategory:
        confidence = min(confidence, CONFIDENCE[Weight.ANSWER])
    also = dict.fromkeys(
        s
        for s in (*signature.also, *(o.signature.subcategory for o in others))
        if s is not subcategory
    )
    return Diagnosis(
        category=facts.category,
        subcategory=subcategory,
        cause=cause,
        remedy=facts.remedy,
        retryable=facts.retryable,
        human_needed=facts.human_needed,
        confidence=confidence,
        evidence=tuple(_evidence(best, others)),
        also_possible=tuple(also)[:_ALSO],
        rule=signature.name,
    )


def _evidence(best: Hit, others: Sequence[Hit]) -> Iterator[Evidence]:
    seen: set[int] = set()
    for hit in (best, *others):
        if hit.line.number in seen or not hit.line.text:
            continue
        seen.add(hit.line.number)
        yield Evidence(text=_shown(hit), where=f"line {hit.line.number}")
        if len(seen) >= _EVIDENCE:
            return


def _shown(hit: Hit) -> str:
    """The line, or its part around what was found, free of secrets."""
    text = hit.line.text
    clean = _REDACTOR.text(text)
    if clean == text and len(text) > _EXCERPT:
        start = max(0, min(hit.start - 60, len(text) - _EXCERPT))
        clean = text[start:]
    return clean[:_EXCERPT]
