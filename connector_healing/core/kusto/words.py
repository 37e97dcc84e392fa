"""The words of an answer that come from the evidence: details of a remedy, the telling line."""

from collections.abc import Mapping

from connector_healing.core.kusto.facts import Facts
from connector_healing.core.kusto.lint import Finding
from connector_healing.core.kusto.pattern import Pattern, Place
from connector_healing.core.markdown import one_line

_DETAIL = 200
_LINE = 300
_BEFORE = 120  #: Characters of a long line in front of what tells.
_CONSTANTS: Mapping[str, str] = {
    "CLUSTER": "kustoCluster",
    "DATABASE": "kustoDatabase",
    "TABLE": "kustoTable",
    "QUERY": "kustoQuery",
}


def filled_words(pattern: Pattern, facts: Facts) -> tuple[str, ...]:
    """The pattern's remedies with their details; a detail that is not there has a plain word."""
    words = {"option": "An option", "meant": "its real name"}
    ignored = [f for f in facts.findings if f.finding in {Finding.UNKNOWN, Finding.CONSTANT}]
    if ignored:
        words = {"option": ignored[0].option, "meant": ignored[0].meant or "its real name"}
    for name, detail in pattern.details.items():
        found = detail.pattern.search(facts.text)
        word = found.group(1) if found else detail.otherwise
        words[name] = one_line(_CONSTANTS.get(word, word), _DETAIL)
    return tuple(_with(remedy, words) for remedy in pattern.fix)


def _with(remedy: str, words: Mapping[str, str]) -> str:
    for name, word in words.items():
        remedy = remedy.replace(f"{{{name}}}", word)
    return remedy


def evidence_line(pattern: Pattern, facts: Facts) -> str:
    """The first line of the evidence in which a text of the pattern stands."""
    texts = [
        text
        for signature in pattern.signatures
        if signature.place is not Place.SAID and signature.matches(facts)
        for text in (*signature.every, *signature.some)
        if "\n" not in text
    ]
    positions = [at for at in (facts.lower.find(text) for text in texts) if at >= 0]
    # Lower-casing may lengthen a text, so that a position may lie beyond its end.
    if not positions or len(facts.lower) != len(facts.text):
        return ""
    at = min(positions)
    start = max(facts.text.rfind("\n", 0, at) + 1, at - _BEFORE)
    end = facts.text.find("\n", at)
    return one_line(facts.text[start : end if end >= 0 else None], _LINE)
