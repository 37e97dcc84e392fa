"""Judges an option map against the connector's reference."""

import difflib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from connector_healing.core.kusto.masking import is_secret_option
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
_INTEGER = re.compile(r"[+-]?[0-9]{1,80}\Z")
#: Scala's `toInt` reads every number option into 32 bits.
_LOWEST, _HIGHEST = -(2**31), 2**31 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bound:
    """A number that parses, and does harm outside of these limits."""

    option: str
    least: int = _LOWEST
    most: int = _HIGHEST
    finding: Finding
    message: str


_BOUNDS = (
    _Bound(
        option="clientBatchingLimit",
        most=BATCH_LIMIT_OVERFLOW - 1,
        finding=Finding.OVERFLOW,
        message="overflows a 32-bit integer: one blob a row is sent. Keep it <= 2047.",
    ),
    _Bound(
        option="clientBatchingLimit",
        least=1,
        finding=Finding.RISK,
        message="leaves no room for a row: one blob a row is sent. The default is 300.",
    ),
    _Bound(
        option="streamingIngestSizeInMB",
        most=BATCH_LIMIT_OVERFLOW - 1,
        finding=Finding.OVERFLOW,
        message="does not fit a 32-bit integer in bytes. The default is 4; the service takes 10 MB"
        " at most at once.",
    ),
    _Bound(
        option="streamingIngestSizeInMB",
        least=1,
        finding=Finding.RISK,
        message="leaves no room for a row. The default is 4.",
    ),
    _Bound(
        option="timeoutLimit",
        least=SHORTEST_TIMEOUT,
        finding=Finding.RISK,
        message="is shorter than the 30 s after which an export is looked at again: every longer"
        " export fails.",
    ),
)


def lint(
    options: Mapping[str, str | None], shown: Callable[[str], str] = str
) -> tuple[LintFinding, ...]:
    """Everything that is wrong with the options, in the order in which they stand.

    Args:
        options: Names to values; the case of names does not matter.
        shown: Takes the secrets out of a name or a value before a finding tells it; a value of an
            option that holds a secret is never told.
    """
    present = {name.lower(): value or "" for name, value in options.items()}
    found = [f for name, value in options.items() for f in _of_one(name, value or "", shown)]
    return (*found, *_combinations(present))


def _of_one(name: str, value: str, shown: Callable[[str], str]) -> Iterator[LintFinding]:
    known = OPTIONS.get(name.lower())
    if known is None:
        yield from _unknown(name, shown)
    elif value and value != MASK:
        fault = _fault(known, value)
        if fault is not None:
            told = MASK if is_secret_option(name) else _told(shown(value)[:_SHOWN])
            yield LintFinding(
                finding=fault[0],
                option=name,
                meant=known.name,
                message=f"{known.name}={told} {fault[1]}",
            )


def _told(value: str) -> str:
    return value if _INTEGER.match(value) else repr(value)


def _unknown(name: str, shown: Callable[[str], str]) -> Iterator[LintFinding]:
    lower = name.strip().lower()
    if lower in FOREIGN or lower.startswith("spark."):
        return
    constant = CONSTANTS.get(lower.rpartition(".")[2])
    told = shown(name)
    if constant:
        yield LintFinding(
            finding=Finding.CONSTANT,
            option=told,
            meant=constant,
            message=f"{told!r} is the name of a constant, not an option: it is ignored. "
            f"Pass its value, {constant!r}.",
        )
        return
    meant = CALLED_OTHERWISE.get(lower) or _closest(lower)
    advice = f" {meant!r} is probably meant." if meant else ""
    yield LintFinding(
        finding=Finding.UNKNOWN,
        option=told,
        meant=meant,
        message=f"{told!r} is not an option of the connector: it is ignored silently.{advice}",
    )


def _closest(lower: str) -> str:
    near = difflib.get_close_matches(lower[:_SHOWN], OPTIONS, n=1, cutoff=_CLOSE)
    return OPTIONS[near[0]].name if near else ""


def _fault(option: KustoOption, value: str) -> tuple[Finding, str] | None:
    """What is wrong with a value, and the end of the sentence that says it."""
    if option.allowed and value not in option.allowed:
        allowed = ", ".join(option.allowed)
        return Finding.VALUE, f"is no value of it; allowed, with this case: {allowed}."
    if not _parses(option.kind, value):
        return Finding.TYPE, f"does not parse as {option.kind.value}."
    if option.kind not in {Kind.INTEGER, Kind.LIMIT} or value.strip() == "none":
        return None
    number = int(value)
    if not _LOWEST <= number <= _HIGHEST:
        return (
            Finding.TYPE,
            "does not fit a 32-bit integer: the job ends with a NumberFormatException.",
        )
    return next(
        (
            (bound.finding, bound.message)
            for bound in _BOUNDS
            if bound.option == option.name and not bound.least <= number <= bound.most
        ),
        None,
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
