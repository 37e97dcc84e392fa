"""Triage: what failed in a Spark job that uses the Kusto connector."""

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import click

from connector_healing.cli.kusto_collect import Collecting, collect_options, collected
from connector_healing.core.codec import to_json
from connector_healing.core.kusto.asking import CHOICES, answered
from connector_healing.core.kusto.case import (
    TEXT_LIMIT,
    KustoCase,
    case_from,
    options_from,
)
from connector_healing.core.kusto.collected import collection_text, evidence_text
from connector_healing.core.kusto.encoding import decoded, encoding_of, sound
from connector_healing.core.kusto.report import render_triage
from connector_healing.core.kusto.triage import KustoTriage
from connector_healing.core.kusto.triage import triage as triage_case
from connector_healing.core.kusto.vocabulary import QUESTIONS, Ask
from connector_healing.errors import UsageError

_FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)
_STANDARD_INPUT = "-"
_WIDEST = 4  #: Bytes of a character.


@click.group()
def triage() -> None:
    """What failed, why, what to do, and what must be asked first."""


@triage.command()
@click.argument("source", required=False)
@click.option("--options", "options_file", type=_FILE, help="The connector's options, as JSON.")
@click.option("--complete", is_flag=True, help="The options file holds every option of the job.")
@click.option("--log", "logs", type=_FILE, multiple=True, help="A log or a stack trace.")
@click.option("--text", "user_text", default="", help="What happened, in your words.")
@click.option("--ask", is_flag=True, help="Ask for the missing facts, one by one.")
@collect_options
@click.option("--json", "as_json", is_flag=True, help="JSON on standard output, nothing else.")
def kusto(
    source: str | None,
    options_file: Path | None,
    logs: tuple[Path, ...],
    user_text: str,
    *,
    complete: bool,
    ask: bool,
    as_json: bool,
    collecting: Collecting,
) -> None:
    """Triage a failure of the Kusto (Azure Data Explorer) Spark connector.

    With - the cases come as JSONL from standard input, {"id", "context", "evidence"} a line, and
    the answers go out as JSONL. Secrets that the connector logs never come back. With --collect
    the cluster is asked the follow-up commands, and what it answers is triaged again.
    """
    if source is not None:
        _refuse_mixture(
            source,
            mixed=bool(options_file or logs or user_text or ask or complete or collecting.collect),
        )
        _answer_lines(_standard_input().read())
        return
    if not (options_file or logs or user_text or ask):
        raise UsageError(
            "input", "nothing", "Give --options FILE, --log FILE, --text, --ask, or - for JSONL."
        )
    if complete and options_file is None:
        raise UsageError("--complete", "without --options", "It speaks of the options file.")
    case = _case(options_file, logs, sound(user_text), complete=complete)
    case, found = _asked(case) if ask else (case, triage_case(case))
    collection = collected(found.follow_up_commands, collecting)
    if collection is not None:
        found = triage_case(case.with_evidence(evidence_text(collection.evidence)))
    if as_json:
        plain = found.to_json()
        if collection is not None:
            plain = {**plain, "collected": json.loads(to_json(collection))}
        click.echo(json.dumps(plain, ensure_ascii=False, indent=2))
        return
    click.echo(render_triage(found))
    if collection is not None:
        click.echo(f"## What the cluster answered\n\n{collection_text(collection.evidence)}")


def _refuse_mixture(source: str, *, mixed: bool) -> None:
    if source != _STANDARD_INPUT:
        raise UsageError("SOURCE", source, "- for JSONL on standard input; files go to --log.")
    if mixed:
        raise UsageError("-", "with other input", "Give - alone: each line holds its whole case.")


def _standard_input() -> BinaryIO:
    """Standard input; a caller may have closed it."""
    if sys.stdin is None:
        raise UsageError("standard input", "closed", "It stays open for - and for --ask.")
    return sys.stdin.buffer


def _answer_lines(raw: bytes) -> None:
    text = decoded(raw)
    if not text.strip():
        raise UsageError("input", "", "It is empty: give JSONL, one case a line.")
    cases = [
        case_from(_parsed(line, f"line {number}"), where=f"line {number}")
        for number, line in enumerate(text.split("\n"), 1)
        if line.strip()
    ]
    for case in cases:
        click.echo(json.dumps(triage_case(case).to_json(), ensure_ascii=False))


def _parsed(line: str, where: str) -> object:
    try:
        value: object = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise UsageError(
            where, "not JSON", 'One JSON object a line: {"id", "context", "evidence"}.'
        ) from error
    return value


def _case(
    options_file: Path | None, logs: tuple[Path, ...], user_text: str, *, complete: bool
) -> KustoCase:
    case = KustoCase(user_text=user_text, of_connector=True)
    if options_file is not None:
        given = _parsed_file(options_file)
        if isinstance(given, dict) and isinstance(given.get("options"), dict):
            case = replace(
                case_from({"context": given}, where=str(options_file)),
                user_text=user_text or sound(str(given.get("user_text") or "")),
                of_connector=True,
            )
        else:
            case = replace(case, options=options_from(given, where=str(options_file)))
    if complete:
        case = replace(case, options_complete=True)
    for log in logs:
        case = case.with_evidence(_text_of(log))
    return case


def _parsed_file(path: Path) -> object:
    try:
        value: object = json.loads(_text_of(path))
    except (ValueError, RecursionError) as error:
        raise UsageError(
            "--options", str(path), "A file with one JSON object: option names to values."
        ) from error
    return value


def _text_of(path: Path) -> str:
    """A file's text; of a larger one than `TEXT_LIMIT` bytes the head and the tail."""
    size = path.stat().st_size
    with path.open("rb") as file:
        if size <= TEXT_LIMIT:
            return decoded(file.read())
        head = file.read(TEXT_LIMIT // 2)
        encoding, _ = encoding_of(head)
        # A character of a marked encoding begins at a multiple of its width.
        file.seek((size - TEXT_LIMIT // 2) // _WIDEST * _WIDEST)
        tail = file.read().decode(encoding, "replace").partition("\n")[2]
        return decoded(head).rpartition("\n")[0] + "\n" + tail


def _asked(case: KustoCase) -> tuple[KustoCase, KustoTriage]:
    """Ask until nothing is missing or everything was asked; each question comes once."""
    _standard_input()
    found = triage_case(case)
    while True:
        ask = next(iter(found.must_ask), None)
        if ask is None:
            break
        case = _answer(case, ask)
        found = triage_case(case)
    unknown = tuple(ask for ask, text in case.answers.items() if not text)
    return case, replace(found, must_ask=unknown)


def _answer(case: KustoCase, ask: Ask) -> KustoCase:
    question, where = QUESTIONS[ask]
    click.echo(f"{question}\n  Where to find it: {where}", err=True)
    if ask not in CHOICES:
        click.echo("  A text in one line, or @FILE; Enter if it is not known.", err=True)
    for text in _typed(ask):
        try:
            return answered(case, ask, _read_in(text))
        except UsageError as error:
            click.echo(f"  {error}", err=True)
    return case


def _typed(ask: Ask) -> Iterator[str]:
    while True:
        value: str = click.prompt(ask.value, default="", show_default=False, err=True)
        yield value


def _read_in(text: str) -> str:
    if not text.startswith("@"):
        return text
    path = Path(text[1:])
    if not path.is_file():
        raise UsageError("file", str(path), "The path of a file that is there.")
    return _text_of(path)
