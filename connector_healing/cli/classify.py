"""The command `classify`."""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from connector_healing.cli.output import table
from connector_healing.cli.text_files import text_of
from connector_healing.errors import UsageError

if TYPE_CHECKING:
    from connector_healing.core.failure import Diagnosis
    from connector_healing.core.logs.user_rules import UserRule

_RECORDS = (".jsonl", ".ndjson")
_SHOWN_IDS = 5


@click.command()
@click.argument("file", required=False, default="-", metavar="[FILE | -]")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, nothing else.")
@click.option("--group", is_flag=True, help="The same failures together, with their number.")
@click.option("--list", "as_list", is_flag=True, help="All subcategories with what holds of each.")
@click.option(
    "--rules", "rules_file", metavar="FILE", help="Your own rules in YAML; they come first."
)
def classify(
    file: str, *, as_json: bool, group: bool, as_list: bool, rules_file: str | None
) -> None:
    """What an error text or a log means, with the evidence and what to do.

    FILE is a text in any form, or JSON Lines with an id, a text and a context (status, headers,
    url, method, stage, ...); "-" or nothing: standard input.
    """
    rules = _rules(rules_file)
    if as_list:
        _list(as_json=as_json)
        return
    found = _diagnosed(_input(file), rules, apart=group)
    if group:
        _groups(list(found), as_json=as_json)
    elif as_json:
        for name, diagnosis in found:
            click.echo(json.dumps(_plain(name, diagnosis), ensure_ascii=False))
    else:
        for name, diagnosis in found:
            _tell(name, diagnosis)


def _rules(path: str | None) -> "tuple[UserRule, ...]":
    if path is None:
        return ()
    from connector_healing.runtime.rule_files import rules_in

    return rules_in(Path(path))


def _input(file: str) -> tuple[str, str]:
    """The name and the text."""
    text = text_of(file)
    if not text.strip():
        raise UsageError("input", "", "It is empty: give an error text, a log, or JSON Lines.")
    return file, text


def _diagnosed(
    given: tuple[str, str], rules: "tuple[UserRule, ...]", *, apart: bool
) -> "Iterator[tuple[str, Diagnosis]]":
    """The id and the diagnosis of each record, or of the text; its records one by one if apart."""
    from connector_healing.core.classify import classify as diagnose
    from connector_healing.core.logs.grouping import is_known, records_of
    from connector_healing.core.logs.reading import failure_of_text

    file, text = given
    if file.endswith(_RECORDS) or _is_records(text):
        for name, said, context in list(_records(text)):
            yield name, diagnose(failure_of_text(said, context, failure_id=name), rules)
        return
    if apart:
        for name, said in records_of(text):
            diagnosis = diagnose(failure_of_text(said), rules)
            if is_known(diagnosis):
                yield name, diagnosis
        return
    yield file, diagnose(failure_of_text(text, failure_id=file), rules)


def _is_records(text: str) -> bool:
    """Whether the first line is one of our records: a log may be JSON as well."""
    first = next(line for line in text.split("\n") if line.strip())
    try:
        row = json.loads(first)
    except (ValueError, RecursionError):
        return False
    return isinstance(row, dict) and "text" in row and ("id" in row or "context" in row)


def _records(text: str) -> Iterator[tuple[str, str, Mapping[str, object]]]:
    from connector_healing.core.logs.reading import context_of

    seen: set[str] = set()
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        where = f"line {number}"
        row = _object(line, where)
        said, context = row.get("text"), row.get("context")
        if not isinstance(said, str):
            raise UsageError(f"{where}: text", _shown(said), "It is a string.")
        if context is not None and not isinstance(context, dict):
            raise UsageError(f"{where}: context", _shown(context), "It is an object.")
        name = _id(row.get("id"), number)
        if name in seen:
            raise UsageError(f"{where}: id", _shown(name), "Each record has an id of its own.")
        seen.add(name)
        yield name, said, context_of(context or {}, f"{where}: context")


def _object(line: str, where: str) -> dict[str, Any]:
    """The object of a line, in which each half of a surrogate pair is replaced."""
    try:
        row = json.loads(line)
        if "\\ud" in line or "\\uD" in line:
            row = json.loads(json.dumps(row, ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError) as error:
        raise UsageError(where, _shown(line), "It is no JSON object.") from error
    if not isinstance(row, dict):
        raise UsageError(where, _shown(row), "It is a JSON object with id, text, context.")
    return row


def _id(given: object, number: int) -> str:
    """The id of a record; one without has the number of its line."""
    if given is None:
        return str(number)
    if not isinstance(given, str | int | float):
        raise UsageError(f"line {number}: id", _shown(given), "It is a string or a number.")
    return str(given)


def _shown(value: object) -> str:
    """What was given, short and free of secrets."""
    from connector_healing.core.redaction import Redactor

    return Redactor().excerpt(str(value), 60)


def _plain(name: str, diagnosis: "Diagnosis") -> dict[str, Any]:
    return {
        "id": name,
        "category": diagnosis.category,
        "subcategory": diagnosis.subcategory,
        "retryable": diagnosis.retryable,
        "human_needed": diagnosis.human_needed,
        "confidence": diagnosis.confidence,
        "cause": diagnosis.cause,
        "remedy": diagnosis.remedy,
        "evidence": [{"text": e.text, "where": e.where} for e in diagnosis.evidence],
        "also_possible": list(diagnosis.also_possible),
    }


def _tell(name: str, diagnosis: "Diagnosis") -> None:
    click.echo(
        f"{name}: {diagnosis.category}/{diagnosis.subcategory} "
        f"({diagnosis.confidence:.0%} sure; {_advice(diagnosis)})"
    )
    click.echo(f"  Cause:  {' '.join(diagnosis.cause.split())}")
    click.echo(f"  Remedy: {diagnosis.remedy}")
    for evidence in diagnosis.evidence:
        click.echo(f"  {evidence.where}: {' '.join(evidence.text.split())}")
    if diagnosis.also_possible:
        click.echo(f"  Also possible: {', '.join(diagnosis.also_possible)}")
    if diagnosis.category == "kusto":
        log = name if Path(name).is_file() else "FILE"
        click.echo(f"  Whole triage: connector-healing triage kusto --log {log}")


def _advice(diagnosis: "Diagnosis") -> str:
    if diagnosis.category == "unknown":
        return "a retry may help" if diagnosis.retryable else "not known"
    told = {
        (True, False): "a retry may help",
        (True, True): "a retry may help, and a person is needed",
        (False, True): "a person is needed",
    }
    return told.get((diagnosis.retryable, diagnosis.human_needed), "a patch is needed")


def _groups(found: "Iterable[tuple[str, Diagnosis]]", *, as_json: bool) -> None:
    from connector_healing.core.logs.grouping import grouped

    groups = grouped(list(found))
    if as_json:
        for group in groups:
            row = _plain(group.ids[0], group.diagnosis)
            row |= {"count": group.count, "fingerprint": group.fingerprint, "ids": list(group.ids)}
            click.echo(json.dumps(row, ensure_ascii=False))
        return
    table(
        "Failures",
        ["fingerprint", "count", "category", "subcategory", "cause", "where"],
        [
            (
                group.fingerprint,
                group.count,
                group.diagnosis.category,
                group.diagnosis.subcategory,
                " ".join(group.diagnosis.cause.split()),
                ", ".join(group.ids[:_SHOWN_IDS]),
            )
            for group in groups
        ],
    )


def _list(*, as_json: bool) -> None:
    from connector_healing.core.taxonomy import SUBCATEGORY_FACTS

    if as_json:
        for subcategory, facts in SUBCATEGORY_FACTS.items():
            row = {
                "category": facts.category,
                "subcategory": subcategory,
                "retryable": facts.retryable,
                "human_needed": facts.human_needed,
                "remedy": facts.remedy,
            }
            click.echo(json.dumps(row, ensure_ascii=False))
        return
    table(
        "Subcategories",
        ["subcategory", "category", "retryable", "human needed", "remedy"],
        [
            (s, f.category, "yes" if f.retryable else "", "yes" if f.human_needed else "", f.remedy)
            for s, f in SUBCATEGORY_FACTS.items()
        ],
    )
