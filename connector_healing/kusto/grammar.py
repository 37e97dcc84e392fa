"""Which commands may be sent to a cluster: a closed grammar, whatever made the text.

The triage fills in ids that come from logs, which is untrusted text, and checks them. Here the
finished text is checked once more: it must be one of the ``.show`` commands below (from the
connector's own commands and the Kusto documentation of management commands), followed by nothing
but the operators below over plain comparisons. A string in it is a GUID or an entity's name. What
is not in the grammar is not sent, so there is no way to chain, call, import or write anything.
"""

import re
from collections.abc import Mapping

from connector_healing.core.kusto.collected import bare_text
from connector_healing.core.kusto.commands import Endpoint, FollowUpCommand

#: No command of the grammar is longer, with the longest names that Kusto allows in it.
MAX_COMMAND = 4000

_GUID = "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_IDENTIFIER = "[A-Za-z_][A-Za-z0-9_]{0,255}"
#: Letters, digits, underscores, spaces, dots and dashes (Kusto: identifier naming rules), so no
#: quote, no backslash and no line end.
_NAME = r"[\w.\-](?:[\w.\- ]{0,254}[\w.\-])?"
_ENTITY = rf"(?:{_IDENTIFIER}|\['{_NAME}'\]|\[\"{_NAME}\"\])"
_POLICIES = (
    "caching|ingestionbatching|ingestiontime|merge|retention|sharding|streamingingestion|update"
)

_HEADS: Mapping[Endpoint, tuple[str, ...]] = {
    Endpoint.ENGINE: (
        r"capacity",
        r"cluster policy callout",
        r"commands(?:-and-queries)?",
        rf"database {_ENTITY} (?:principals|policy (?:{_POLICIES}))",
        r"databases",
        rf'ingestion failures(?: with \(OperationId="{_GUID}"\))?',
        rf"operation {_GUID} details",
        rf"operations(?: {_GUID})?",
        r"queries",
        r"streamingingestion failures",
        (
            rf"table {_ENTITY} (?:details|extents|ingestion csv mappings|principals|schema as json"
            rf"|policy (?:{_POLICIES}))"
        ),
        r"tables(?: with \(IncludeHiddenTables=true\))?",
        r"workload_groups",
    ),
    Endpoint.INGEST: (r"export containers", r"ingestion resources"),
}

#: As a name, and the colon of an extent's tag (``ingest-by:``).
_TEXT = r'"[\w.\-](?:[\w.\-: ]{0,254}[\w.\-:])?"'
_VALUE = rf"(?:{_TEXT}|ago\(\d{{1,4}}[dhm]\)|\d{{1,15}}|true|false)"
_COMPARED = rf"{_IDENTIFIER} ?(?:==|!=|=~|>=|<=|>|<| has| contains| startswith| endswith) ?{_VALUE}"
_NAMES = rf"{_IDENTIFIER}(?:, ?{_IDENTIFIER})*"
_COUNTED = rf"(?:{_IDENTIFIER} ?= ?)?(?:count\(\)|(?:sum|min|max|countif|dcount)\({_IDENTIFIER}\))"
_OPERATORS = (
    rf"where {_COMPARED}(?: and {_COMPARED})*",
    rf"project {_NAMES}",
    rf"summarize {_COUNTED}(?:, ?{_COUNTED})*(?: by {_NAMES})?",
    r"count",
    r"take \d{1,5}",
    rf"(?:order|sort) by {_IDENTIFIER}(?: asc| desc)?",
)
_PIPED = rf"(?: ?\| ?(?:{'|'.join(_OPERATORS)})){{0,6}}"

# ASCII: a name's letters are those of Kusto's documentation, and nothing looks like another.
_ALLOWED = {
    endpoint: re.compile(rf"\.show (?:{'|'.join(heads)}){_PIPED}", re.ASCII)
    for endpoint, heads in _HEADS.items()
}
_DATABASE = re.compile(_NAME, re.ASCII)


def refusal(command: FollowUpCommand) -> str | None:
    """Why this command may not be sent, as a sentence; None where it may."""
    text = bare_text(command.text)
    if len(text) > MAX_COMMAND:
        return f"Longer than {MAX_COMMAND} characters."
    if not text.startswith(".show "):
        return "Only .show commands are sent."
    if _ALLOWED[command.endpoint].fullmatch(text):
        return None
    other = Endpoint.INGEST if command.endpoint is Endpoint.ENGINE else Endpoint.ENGINE
    if _ALLOWED[other].fullmatch(text):
        return f"This is a command of the {other.value} endpoint."
    return "Not one of the .show commands and operators that are allowed."


def is_database_name(name: str) -> bool:
    """Whether Kusto can have a database of this name."""
    return bool(_DATABASE.fullmatch(name))
