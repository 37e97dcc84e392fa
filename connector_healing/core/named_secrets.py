"""Takes secrets out of a text by the names before them: ``name=value``, ``"name": "value"``."""

import re
import string
from collections.abc import Iterator

from connector_healing.core.secret_looks import is_plain
from connector_healing.core.secret_names import Place, hides, is_secret_name, may_be_secret

MASK = "***"

_NAME_LENGTH = 64
_LOOK = 200  #: Characters of a value that say whether it looks like a secret.

# It begins with a set of letters, which the engine scans for fast, and has no repetition before
# the word: what stands before is looked up afterwards, so that long words cost no more.
_HEAD = re.compile(
    r"""[abcjkpstvABCJKPSTV](?:(?<=[tT])(?i:okens?)|(?<=[oO][tT])(?i:p)
        |(?<=[kK])(?i:ey(?:s|[_-]?id)?)
        |(?<=[sS])(?i:ecrets?|ig(?:nature)?|id|ess(?:ion)?[_-]?id|ession|tr(?:ings?)?)
        |(?<=[pP])(?i:ass(?:words?|wd|phrase|codes?)?|wd|at)
        |(?<=[aA])(?i:ssertion|uth(?:orization)?)
        |(?<=[cC])(?i:ookies?|redentials?|reds)|(?<=[jJ])(?i:wt)|(?<=[vV])(?i:erifier)
        |(?<=[bB])(?i:earer))
        (?P<quote>\\?["'])?[ \t]{0,3}(?P<separator>=>|[=:])[ \t]{0,3}""",
    re.VERBOSE,
)
_QUOTED = r"""\\"[^"\\]*\\"|b?"(?:[^"\\]|\\.)*"?|b?'(?:[^'\\]|\\.)*'?"""
#: A list or a mapping without another one in it.
_CONTAINED = re.compile(r"\[[^\[\]{}]{0,8000}\]|\{[^\[\]{}]{0,8000}\}")
_AFTER_QUOTED_NAME = re.compile(rf"""{_QUOTED}|[^\s"'&,;<>{{}}\[\]()\\]+""", re.DOTALL)
_AFTER_BARE_NAME = re.compile(rf"""{_QUOTED}|[^\s"'&,;<>{{\[\\][^\s"'&,;<>\\]*""", re.DOTALL)
#: The strings of a list, and those of a mapping that are not its keys.
_ITEM = re.compile(r"""([\[,:{]\s{0,20})(\\?["'])([^"'\\]*)(\2)(?!\s{0,20}:)""")
_NAME_CHARACTERS = string.ascii_letters + string.digits + "_.-"
_FIRST_WORDS = (
    *("api ", "app ", "application ", "access ", "account ", "private ", "shared "),
    "connection ",
)
_LITERALS = frozenset({"null", "true", "false", "None", "True", "False", MASK})


def without_named(text: str) -> str:
    """The text with the values masked that stand under names of secrets."""
    pieces = list(_pieces(text))
    return "".join(pieces) if len(pieces) > 1 else text


def _pieces(text: str) -> Iterator[str]:
    done = 0
    for head in _HEAD.finditer(text):
        if head.start() < done:
            continue  # inside a value that is masked already
        masked = _masked(text, head)
        if masked is not None:
            start, end, value = masked
            yield text[done:start]
            yield value
            done = end
    yield text[done:]


def _masked(text: str, head: re.Match[str]) -> tuple[int, int, str] | None:
    """Where the value after this name stands and what to show for it; None: as it is."""
    start = head.start()
    word = text[start : head.start("separator")].rstrip(" \t\"'\\")
    name = (_name_before(text[max(0, start - _NAME_LENGTH) : start]) + word).lstrip("-.")
    quote = head["quote"] or ""
    place = _place(name, quote, head["separator"])
    if not may_be_secret(name, place):
        return None
    if contained := _CONTAINED.match(text, head.end()):
        inner = _ITEM.sub(_masked_item, contained.group())
        shown = inner[0] + without_named(inner[1:-1]) + inner[-1]
        return contained.start(), contained.end(), shown
    pattern = _AFTER_QUOTED_NAME if quote else _AFTER_BARE_NAME
    if not is_secret_name(name, place):
        # A doubtful value is looked at no further than it takes, so that many cost no more.
        found = pattern.match(text, head.end(), head.end() + _LOOK)
        if found is None or not hides(name, found.group().strip("\"'\\"), place):
            return None
    found = pattern.match(text, head.end())
    if found is None:
        return None
    shown = _masked_value(found.group(), json_key=quote.endswith('"'))
    return found.start(), found.end(), shown


def _place(name: str, quote: str, separator: str) -> Place:
    """What kind of name this is, by how it is written."""
    if name[:2].lower() == "x-":
        return Place.HEADER
    is_variable = name.isupper() and "_" in name
    if quote:
        return Place.SETTING if is_variable and quote == "'" else Place.FIELD
    return Place.SETTING if is_variable or "=" in separator else Place.TEXT


def _name_before(text: str) -> str:
    """The part of a name that ends a text: of ``{"stripe_api_`` it is ``stripe_api_``."""
    rest = text.rstrip(_NAME_CHARACTERS)
    name = text[len(rest) :]
    if name or not rest.endswith(" "):
        return name
    return next((w for w in _FIRST_WORDS if rest.lower().endswith(w)), "")


def _masked_item(match: re.Match[str]) -> str:
    if is_plain(match[3]):
        return match.group()
    return f"{match[1]}{match[2]}{MASK}{match[4]}"


def _masked_value(value: str, *, json_key: bool) -> str:
    if value in _LITERALS:
        return value
    for opening in ('\\"', 'b"', "b'", '"', "'"):
        if value.startswith(opening):
            closing = opening.removeprefix("b")
            closed = len(value) > len(opening) and value.endswith(closing)
            return f"{opening}{MASK}{closing if closed else ''}"
    # A bare number under a JSON key: the text must stay JSON.
    return f'"{MASK}"' if json_key else MASK
