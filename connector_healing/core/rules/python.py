"""Rules for Python's own exceptions, by whose statement raised them."""

import re

from connector_healing.core.rules.clues import Clues
from connector_healing.core.rules.rule import Rule
from connector_healing.core.secret_names import Place, may_be_secret
from connector_healing.core.taxonomy import FailureSubcategory as Sub

_ENOSPC, _EDQUOT = 28, 122

#: A call that does not fit its function, whatever the data.
_CALL = re.compile(
    r"unexpected keyword argument|required (?:positional|keyword)|positional arguments? but"
    r"|multiple values for|takes no (?:keyword )?arguments|object is not callable"
    r"|can.t instantiate abstract",
    re.IGNORECASE,
)
#: A list where an object was, or the other way round.
_ENVELOPE = re.compile(
    r"(?:list|tuple|string|byte) indices must be|'(?:list|tuple)' object has no attribute "
    r"'(?:get|items|keys|values)'|'dict' object has no attribute '(?:append|extend|sort)'",
    re.IGNORECASE,
)
_VALUE = re.compile(
    r"invalid literal|could not convert|invalid isoformat|does not match format|unconverted data"
    r"|values to unpack|is not a valid|out of range|unknown string format|conversionsyntax"
    r"|fromtimestamp|must be str|timestamp",
    re.IGNORECASE,
)
#: What JSON becomes in Python.
_JSON_TYPES = frozenset({"NoneType", "str", "int", "float", "bool", "list", "dict"})


def _own_key(clues: Clues) -> bool:
    return clues.own and clues.attribute("key_type") == "str"


def _own_number(clues: Clues) -> bool:
    return clues.own and clues.attribute("key_type") == "int"


def _own_wrapped(clues: Clues) -> bool:
    return clues.own and "KeyError" not in clues.root


def _through(clues: Clues) -> bool:
    return clues.through


def _own_json_value(clues: Clues) -> bool:
    return clues.own and clues.attribute("owner") in _JSON_TYPES


def _environment_secret(clues: Clues) -> bool:
    return _environment(clues) and may_be_secret(clues.attribute("key"), Place.SETTING)


def _environment(clues: Clues) -> bool:
    """`os.environ[...]` raises in the module `os`."""
    return clues.failure.raised_in == "os" and not clues.in_framework


MACHINE = (
    Rule(
        name="python.memory",
        subcategory=Sub.OUT_OF_MEMORY,
        cause="The process ran out of memory.",
        confidence=0.95,
        below=("MemoryError",),
    ),
    Rule(
        name="python.disk_full",
        subcategory=Sub.DISK_FULL,
        cause="The disk is full: {message}",
        confidence=0.95,
        below=("OSError",),
        errnos=(_ENOSPC, _EDQUOT),
    ),
    Rule(
        name="python.file",
        subcategory=Sub.CONFIGURATION_INVALID,
        cause="A file that the connector needs cannot be used: {message}",
        confidence=0.6,
        root=("PermissionError", "FileNotFoundError", "IsADirectoryError", "NotADirectoryError"),
    ),
    Rule(
        name="python.settings",
        subcategory=Sub.CONFIGURATION_INVALID,
        cause="A settings file cannot be parsed: {message}",
        confidence=0.85,
        root=(".TOMLDecodeError", ".TomlDecodeError", "yaml.error.YAMLError"),
    ),
    Rule(
        name="python.environment_secret",
        subcategory=Sub.CREDENTIALS_MISSING,
        cause="The environment has no {field}, which the connector reads.",
        confidence=0.9,
        root=("KeyError",),
        when=_environment_secret,
        also=(Sub.CONFIGURATION_MISSING,),
    ),
    Rule(
        name="python.environment",
        subcategory=Sub.CONFIGURATION_MISSING,
        cause="The environment has no {field}, which the connector reads.",
        confidence=0.9,
        root=("KeyError",),
        when=_environment,
    ),
)

CODE = (
    Rule(
        name="python.code",
        subcategory=Sub.CONNECTOR_BUG,
        cause="The connector's code is wrong whatever the API answers: {message}",
        confidence=0.9,
        root=(
            *("NameError", "ImportError", "SyntaxError", "RecursionError"),
            *("NotImplementedError", "ZeroDivisionError"),
        ),
    ),
    Rule(
        name="python.call",
        subcategory=Sub.CONNECTOR_BUG,
        cause="A call in the connector does not fit its function: {message}",
        confidence=0.85,
        root=("TypeError",),
        says=_CALL,
    ),
)

DATA = (
    Rule(
        name="python.key",
        subcategory=Sub.FIELD_CHANGED,
        cause="{place} reads the field {field}, which the API's record does not have.",
        confidence=0.85,
        root=("KeyError",),
        when=_own_key,
        also=(Sub.FIELD_RENAMED, Sub.FIELD_MOVED, Sub.FIELD_REMOVED, Sub.ENVELOPE_CHANGED),
    ),
    Rule(
        name="python.key_number",
        subcategory=Sub.ENVELOPE_CHANGED,
        cause="{place} reads item {field} of what is no list any more.",
        confidence=0.75,
        root=("KeyError",),
        when=_own_number,
        also=(Sub.TYPE_CHANGED,),
    ),
    Rule(
        name="python.envelope",
        subcategory=Sub.ENVELOPE_CHANGED,
        cause="{place} found a list where an object was, or the other way round: {message}",
        confidence=0.8,
        root=("TypeError", "AttributeError"),
        says=_ENVELOPE,
        when=_through,
        also=(Sub.TYPE_CHANGED, Sub.FIELD_CHANGED),
    ),
    Rule(
        name="python.index",
        subcategory=Sub.ENVELOPE_CHANGED,
        cause="{place} reads an item of a list that is shorter than it was.",
        confidence=0.55,
        root=("IndexError",),
        when=_through,
        also=(Sub.FIELD_CHANGED, Sub.TYPE_CHANGED),
    ),
    Rule(
        name="python.attribute",
        subcategory=Sub.TYPE_CHANGED,
        cause="{place} got a value of another type: {message}",
        confidence=0.75,
        root=("AttributeError",),
        when=_own_json_value,
        also=(Sub.FIELD_CHANGED, Sub.CONNECTOR_BUG),
    ),
    Rule(
        name="python.attribute_code",
        subcategory=Sub.CONNECTOR_BUG,
        cause="The connector asks an object for what it does not have: {message}",
        confidence=0.7,
        root=("AttributeError",),
        when=_through,
        also=(Sub.TYPE_CHANGED,),
    ),
    Rule(
        name="python.type",
        subcategory=Sub.TYPE_CHANGED,
        cause="{place} got a value of another type: {message}",
        confidence=0.75,
        root=("TypeError",),
        when=_through,
        also=(Sub.FIELD_CHANGED, Sub.ENVELOPE_CHANGED),
    ),
    Rule(
        name="python.value",
        subcategory=Sub.TYPE_CHANGED,
        cause="{place} got a value of another form: {message}",
        confidence=0.75,
        root=("ValueError", "ArithmeticError"),
        says=_VALUE,
        when=_through,
        also=(Sub.FIELD_CHANGED,),
    ),
    Rule(
        name="python.key_wrapped",
        subcategory=Sub.FIELD_CHANGED,
        cause="{place} raised {type} because the field {field} was missing.",
        confidence=0.6,
        below=("KeyError",),
        when=_own_wrapped,
        also=(Sub.FIELD_RENAMED, Sub.ENVELOPE_CHANGED, Sub.CONNECTOR_BUG),
    ),
    Rule(
        name="python.key_in_library",
        subcategory=Sub.FIELD_CHANGED,
        cause="{raised_in}, called by {place}, misses the field {field}.",
        confidence=0.5,
        root=("KeyError",),
        when=_through,
        also=(Sub.NOT_IN_CONNECTOR, Sub.CONNECTOR_BUG),
    ),
)

RULES = (*MACHINE, *CODE, *DATA)
