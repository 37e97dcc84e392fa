"""Judges an option map against the connector's reference."""

import difflib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from connector_healing.core.kusto.option_reference import (
    CALLED_OTHERWISE,
    CONSTANTS,
    FOREIGN,
    OPTIONS,
    Kind,
    KustoOption,
)
from connector_healing.core.redaction import MASK


class Finding(StrEnum):
    """What is wrong with an option."""

    UNKNOWN = "unknown"  #: The connector ignores it silently.
    CONSTANT = "constant"  #: The name of the Scala constant stands where its value should.
    VALUE = "value"  #: No value of the enumeration.
    TYPE = "type"  #: It does not parse.
    COMBINATION = "combination"
    OVERFLOW = "overflow"
    RISK = "risk"


@dataclass(frozen=True, slots=True, kw_only=True)
class LintFinding:
    """One thing that is wrong with an option map."""

    finding: Finding
    option: str  #: As it was given.
    meant: str = ""  #: The real option's name, where it can be told.
    message: str


#: From this many MB on, times 1024 * 1024 overflows a 32-bit integer in connector 7.1.1.
BATCH_LIMIT_OVERFLOW = 2048

#: An asynchronous operation is looked at for the second time after 30 s (measured on 7.1.1).
SHORTEST_TIMEOUT = 30

_CLOSE = 0.82
_SHOWN = 80
_AUTH_METHODS = ("kustoaadappid", "accesstoken", "tokenprovidercallbackclasspath", "keyvaulturi")
#: What `validateStreamingProperties` refuses; a mapping by name is let through (7.1.1).
_STREAMING_FORBIDS = ("csvMapping", "ingestByTags", "dropByTags", "additionalTags", "creationTime")
_INTEGER = re.compile(r"[+-]?[0-9]{1,20}\Z")


def lint(options: Mapping[str, str | None]) -> tuple[LintFinding, ...]:
    """Everything that is wrong with the options, in the order in which they stand.

    Args:
        options: Names to values, secrets masked; the case of names does not matter.
    """
    present = {name.lower(): value or "" for name, value in options.items()}
    found = [f for name, value in options.items() for f in _of_one(name, value or "")]
    return (*found, *_combinations(present))


def _of_one(name: str, value: str) -> Iterator[LintFinding]:
    known = OPTIONS.get(name.lower())
    if known is None:
        yield from _unknown(name)
        return
    if value and value != MASK:
        yield from _value(known, name, value)


def _unknown(name: str) -> Iterator[LintFinding]:
    lower = name.strip().lower()
    if lower in FOREIGN or lower.startswith("spark."):
        return
    constant = CONSTANTS.get(lower.rpartition(".")[2])
    if constant:
        yield LintFinding(
            finding=Finding.CONSTANT,
            option=name,
            meant=constant,
            message=f"{name!r} is the name of a constant, not an option: it is ignored. "
            f"Pass its value, {constant!r}.",
        )
        return
    meant = CALLED_OTHERWISE.get(lower) or _closest(lower)
    advice = f" {meant!r} is probably meant." if meant else ""
    yield LintFinding(
        finding=Finding.UNKNOWN,
        option=name,
        meant=meant,
        message=f"{name!r} is not an option of the connector: it is ignored silently.{advice}",
    )


def _closest(lower: str) -> str:
    near = difflib.get_close_matches(lower[:_SHOWN], OPTIONS, n=1, cutoff=_CLOSE)
    return OPTIONS[near[0]].name if near else ""


def _value(option: KustoOption, name: str, value: str) -> Iterator[LintFinding]:
    if option.allowed and value not in option.allowed:
        allowed = ", ".join(option.allowed)
        yield LintFinding(
            finding=Finding.VALUE,
            option=name,
            meant=option.name,
            message=f"{option.name}={value[:_SHOWN]!r} is no value of it; "
            f"allowed, with this case: {allowed}.",
        )
    elif not _parses(option.kind, value):
        yield LintFinding(
            finding=Finding.TYPE,
            option=name,
            meant=option.name,
            message=f"{option.name}={value[:_SHOWN]!r} does not parse as {option.kind.value}.",
        )
    elif option.name == "clientBatchingLimit" and int(value) >= BATCH_LIMIT_OVERFLOW:
        yield LintFinding(
            finding=Finding.OVERFLOW,
            option=name,
            meant=option.name,
            message=f"clientBatchingLimit={value[:_SHOWN]} overflows a 32-bit integer: one blob "
            "a row is sent. Keep it <= 2047.",
        )
    elif option.name == "timeoutLimit" and int(value) < SHORTEST_TIMEOUT:
        yield LintFinding(
            finding=Finding.RISK,
            option=name,
            meant=option.name,
            message=f"timeoutLimit={value[:_SHOWN]} is shorter than the 30 s after which an "
            "export is looked at again: every longer export fails.",
        )


def _parses(kind: Kind, value: str) -> bool:
    value = value.strip()
    match kind:
        case Kind.INTEGER:
            return _INTEGER.match(value) is not None
        case Kind.BOOLEAN:
            return value.lower() in {"true", "false"}
        case Kind.LIMIT:
            return value == "none" or _INTEGER.match(value) is not None
        case Kind.JSON:
            return _is_json(value)
        case Kind.TEXT:
            return True


def _is_json(value: str) -> bool:
    try:
        json.loads(value)
    except (ValueError, RecursionError):
        return MASK in value
    return True


def _combinations(present: Mapping[str, str]) -> Iterator[LintFinding]:
    mode = present.get("writemode", "")
    properties = present.get("sparkingestionpropertiesjson", "")
    dynamic = present.get("adjustschema") == "GenerateDynamicCsvMapping"
    used = [OPTIONS[name].name for name in _AUTH_METHODS if present.get(name)]
    if len(used) > 1:
        yield _combination(used[0], f"More than one authentication method: {', '.join(used)}.")
    if present.get("temptablename") and (
        mode in {"Queued", "KustoStreaming"}
        or present.get("tablecreateoptions") == "CreateIfNotExist"
    ):
        yield _combination(
            "tempTableName",
            "tempTableName goes only with writeMode Transactional and FailIfNotExist.",
        )
    if mode == "KustoStreaming":
        forbidden = [key for key in _STREAMING_FORBIDS if f'"{key}"' in properties]
        if dynamic:
            forbidden.insert(0, "adjustSchema=GenerateDynamicCsvMapping")
        if forbidden:
            yield _combination(
                "writeMode", f"KustoStreaming cannot be combined with {', '.join(forbidden)}."
            )
    if dynamic and '"csvMappingNameReference"' in properties:
        yield _combination(
            "adjustSchema",
            "GenerateDynamicCsvMapping excludes csvMappingNameReference: two mappings.",
        )
    if "-" in present.get("kustotable", "") and "kustoquery" not in present:
        yield LintFinding(
            finding=Finding.RISK,
            option="kustoTable",
            meant="kustoTable",
            message="The connector turns '-' in kustoTable into '_': it writes to another table.",
        )


def _combination(option: str, message: str) -> LintFinding:
    return LintFinding(finding=Finding.COMBINATION, option=option, meant=option, message=message)
