"""Spark's named error conditions: what each means, and the parameters in its message.

The table beside this module lists each condition of Spark 4.0's `error-conditions.json`
(Apache-2.0) with its SQLSTATE and the beginning of its message template. What a condition means is
told by its name, else by its SQLSTATE, else by the state's class, so that conditions of later
versions are classified too.
"""

import json
import pkgutil
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from connector_healing.core.rules.signature import Weight
from connector_healing.core.taxonomy import FailureSubcategory as Sub

MAX_PARAMETER = 200  #: Characters of one parameter's value.
_CONDITION = re.compile(r"\[([A-Z][A-Z0-9_]{3,80}(?:\.[A-Z0-9_]{2,80})?)\]")
_SQLSTATE = re.compile(r"SQLSTATE: ?([0-9A-Z]{5})\b")
_PARAMETER = re.compile(r"<(\w{1,40})>")
_MARKUP = "`\"'"

#: By name, where the SQLSTATE would say something else; a name stands for its subclasses too.
BY_NAME: Mapping[str, Sub] = {
    "DATA_SOURCE_NOT_FOUND": Sub.DATA_SOURCE_MISSING,
    "AVRO_DATA_SOURCE_NOT_ENABLED": Sub.DATA_SOURCE_MISSING,
    "AVRO_NOT_LOADED_SQL_FUNCTIONS_UNUSABLE": Sub.DATA_SOURCE_MISSING,
    "PROTOBUF_NOT_LOADED_SQL_FUNCTIONS_UNUSABLE": Sub.DATA_SOURCE_MISSING,
    "KAFKA_DATA_SOURCE_NOT_ENABLED": Sub.DATA_SOURCE_MISSING,
    "PROTOBUF_DEPENDENCY_NOT_FOUND": Sub.CLASS_MISSING,
    "CANNOT_LOAD_PROTOBUF_CLASS": Sub.CLASS_MISSING,
    "CANNOT_LOAD_FUNCTION_CLASS": Sub.CLASS_MISSING,
    "FAILED_TO_LOAD_ROUTINE": Sub.CLASS_MISSING,
    "CODEC_NOT_AVAILABLE": Sub.CLASS_MISSING,
    "INCOMPATIBLE_DATASOURCE_REGISTER": Sub.VERSIONS_MIXED,
    "FAILED_READ_FILE": Sub.DOCUMENT_UNREADABLE,
    "FAILED_READ_FILE.FILE_NOT_EXIST": Sub.FILES_CHANGED,
    "FAILED_READ_FILE.NO_HINT": Sub.DOCUMENT_UNREADABLE,
    "MALFORMED_RECORD_IN_PARSING": Sub.TYPE_CHANGED,
    "MALFORMED_CSV_RECORD": Sub.TYPE_CHANGED,
    "MALFORMED_AVRO_MESSAGE": Sub.SCHEMA_MISREAD,
    "MALFORMED_PROTOBUF_MESSAGE": Sub.SCHEMA_MISREAD,
    "AVRO_INCOMPATIBLE_READ_TYPE": Sub.DOCUMENT_UNREADABLE,
    "INCONSISTENT_BEHAVIOR_CROSS_VERSION": Sub.TYPE_CHANGED,
    "CANNOT_MERGE_SCHEMAS": Sub.TYPES_MISMATCHED,
    "INCOMPATIBLE_DATA_FOR_TABLE": Sub.TYPES_MISMATCHED,
    "DIVIDE_BY_ZERO": Sub.JOB_CODE_FAILED,
    "INTERVAL_DIVIDED_BY_ZERO": Sub.JOB_CODE_FAILED,
    "REMAINDER_BY_ZERO": Sub.JOB_CODE_FAILED,
    "CANNOT_INVOKE_IN_TRANSFORMATIONS": Sub.JOB_CODE_FAILED,
    "MERGE_CARDINALITY_VIOLATION": Sub.JOB_CODE_FAILED,
    "SCALAR_SUBQUERY_TOO_MANY_ROWS": Sub.JOB_CODE_FAILED,
    "INVALID_DRIVER_MEMORY": Sub.DRIVER_MEMORY,
    "INVALID_EXECUTOR_MEMORY": Sub.EXECUTOR_MEMORY,
    "KRYO_BUFFER_OVERFLOW": Sub.RESULT_SIZE,
    "PATH_ALREADY_EXISTS": Sub.PATH_MISSING,
    "CONCURRENT_STREAM_LOG_UPDATE": Sub.STORAGE_BUSY,
    "UNABLE_TO_INFER_SCHEMA": Sub.PATH_MISSING,
    "LOAD_DATA_PATH_NOT_EXISTS": Sub.PATH_MISSING,
    "BATCH_METADATA_NOT_FOUND": Sub.PATH_MISSING,
    "RENAME_SRC_PATH_NOT_FOUND": Sub.FILES_CHANGED,
    "TABLE_OR_VIEW_NOT_FOUND": Sub.TABLE_UNRESOLVED,
    "SCHEMA_NOT_FOUND": Sub.TABLE_UNRESOLVED,
    "FAILED_JDBC": Sub.LOAD_JOB_FAILED,
}

#: By SQLSTATE, and by the two characters of its class.
BY_STATE: Mapping[str, Sub] = {
    "42703": Sub.COLUMN_UNRESOLVED,
    "42P01": Sub.TABLE_UNRESOLVED,
    "42704": Sub.TABLE_UNRESOLVED,
    "42P08": Sub.TABLE_UNRESOLVED,
    "42K02": Sub.DATA_SOURCE_MISSING,
    "42K03": Sub.PATH_MISSING,
    "42K09": Sub.TYPES_MISMATCHED,
    "42825": Sub.TYPES_MISMATCHED,
    "42826": Sub.TYPES_MISMATCHED,
    "42846": Sub.TYPES_MISMATCHED,
    "42KD9": Sub.TYPES_MISMATCHED,
    "42501": Sub.STORAGE_ACCESS,
    "42": Sub.SQL_INVALID,
    "0A": Sub.SQL_INVALID,
    "07": Sub.SQL_INVALID,
    "21": Sub.TYPES_MISMATCHED,
    "22": Sub.TYPE_CHANGED,
    "23": Sub.JOB_CODE_FAILED,
    "28": Sub.STORAGE_ACCESS,
    "38": Sub.UDF_FAILED,
    "39": Sub.UDF_FAILED,
    "40": Sub.STORAGE_BUSY,
    "46": Sub.SQL_INVALID,
    "53": Sub.EXECUTOR_MEMORY,
    "82": Sub.EXECUTOR_MEMORY,
    "54": Sub.SQL_INVALID,
    "56": Sub.SQL_INVALID,
    "58": Sub.STORAGE_CORRUPT,
    "F0": Sub.JOB_CODE_FAILED,
    "KD": Sub.STORAGE_CORRUPT,
    "P0": Sub.JOB_CODE_FAILED,
}

#: Conditions that only say that something below failed.
WRAPPERS = frozenset(
    {
        *("TASK_WRITE_FAILED", "STREAM_FAILED", "FAILED_JDBC", "SPARK_JOB_CANCELLED"),
        *("OPERATION_CANCELED", "UDTF_EXEC_ERROR", "FAILED_READ_FILE.NO_HINT"),
        *("PYTHON_EXCEPTION", "INTERNAL_ERROR", "CONNECT", "DATA_SOURCE_EXTERNAL_ERROR"),
    }
)
#: Conditions below which a function of the job raised something: memory or a module count more.
USER = frozenset({"FAILED_EXECUTE_UDF", "FOREACH_BATCH_USER_FUNCTION_ERROR"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SparkCondition:
    """A named error condition that stands in a text."""

    name: str
    sqlstate: str  #: Empty where none is known.
    subcategory: Sub
    weight: Weight
    parameters: Mapping[str, str]  #: From its message, by Spark's names.
    start: int  #: Where it stands in the line.


def conditions_in(line: str) -> Iterator[SparkCondition]:
    """The conditions that a line names, known ones or such with a SQLSTATE."""
    if "[" not in line:
        return
    states = _SQLSTATE.findall(line)
    for match in _CONDITION.finditer(line):
        name = match[1]
        known = _table().get(name) or _table().get(name.partition(".")[0])
        if known is None and not states:
            continue
        state = (known[0] if known else "") or (states[-1] if states else "")
        subcategory = _meaning(name, state)
        if subcategory is not None:
            template = known[1] if known and len(known) > 1 else ""
            yield SparkCondition(
                name=name,
                sqlstate=state,
                subcategory=subcategory,
                weight=_weight(name),
                parameters=parameters_of(template, line[match.end() :]),
                start=match.start(),
            )


def _weight(name: str) -> Weight:
    base = name.partition(".")[0]
    if name in WRAPPERS or base in WRAPPERS:
        return Weight.SYMPTOM
    return Weight.LIBRARY if base in USER else Weight.COMPONENT


def _meaning(name: str, state: str) -> Sub | None:
    by_name = BY_NAME.get(name) or BY_NAME.get(name.partition(".")[0])
    return by_name or BY_STATE.get(state) or BY_STATE.get(state[:2])


def parameters_of(template: str, message: str) -> dict[str, str]:
    """The values of a template's parameters in a message; none where the two do not fit.

    The literal pieces are looked for one after the other, so the time is linear.
    """
    pieces = _PARAMETER.split(template)
    if len(pieces) < 3:  # noqa: PLR2004  # text, name, text: at least one parameter
        return {}
    at = message.find(pieces[0].strip())
    if at < 0:
        return {}
    at += len(pieces[0].strip())
    found: dict[str, str] = {}
    for name, literal in zip(pieces[1::2], pieces[2::2], strict=True):
        end = _end_of(literal.strip(), message, at)
        if end < 0:
            break
        found[name] = message[at:end].strip().strip(_MARKUP)[:MAX_PARAMETER]
        at = end + len(literal.strip())
    return found


def _end_of(literal: str, message: str, at: int) -> int:
    """Where the text behind a parameter begins; a full stop only where a word ends."""
    if not literal:
        return at + MAX_PARAMETER
    if literal != ".":
        return message.find(literal, at)
    end = message.find(". ", at)
    return end if end >= 0 else len(message.rstrip(". \n"))


@cache
def _table() -> Mapping[str, list[str]]:
    read = pkgutil.get_data(__package__ or "", "spark_conditions.json")
    table: Mapping[str, list[str]] = json.loads(read or b"{}")
    return table
